// Package codegen is the ent extension that generates edge loaders. It is
// imported by the entc.go of a project, and by nothing else:
//
//	ex, err := codegen.NewExtension()
//	if err != nil { … }
//	err = entc.Generate("./schema", &gen.Config{}, entc.Extensions(ex))
package codegen

import (
	"embed"
	"errors"
	"fmt"
	"go/token"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

//go:embed template/*.tmpl
var templates embed.FS

// Extension generates loaders into an ent package.
type Extension struct {
	entc.DefaultExtension
	config config
}

// config is what options set.
type config struct {
	GraphQL bool
	Strict  bool
	Prefix  string
}

// Option configures an Extension.
type Option func(*config) error

// WithGraphQLMethods also generates a method without options per edge, named
// like the field of a GraphQL schema: func (*Unit) Samples(ctx). gqlgen binds
// it to Unit.samples without a resolver and without configuration.
func WithGraphQLMethods() Option {
	return func(c *config) error {
		c.GraphQL = true
		return nil
	}
}

// WithMethodPrefix sets what the names of the methods on entities start with.
// The default is Load.
func WithMethodPrefix(prefix string) Option {
	return func(c *config) error {
		if !token.IsIdentifier(prefix) || !token.IsExported(prefix) {
			return fmt.Errorf("entloader: WithMethodPrefix(%q): the prefix must be an exported Go identifier, e.g. \"Fetch\"", prefix)
		}
		c.Prefix = prefix
		return nil
	}
}

// WithStrict makes Load methods fail with entloader.ErrNoLoaders where the
// context has no loaders, instead of sending a query of their own.
func WithStrict() Option {
	return func(c *config) error {
		c.Strict = true
		return nil
	}
}

// NewExtension returns the extension, or an error that names the option that
// is wrong.
func NewExtension(opts ...Option) (*Extension, error) {
	e := &Extension{config: config{Prefix: "Load"}}
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(&e.config))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return e, nil
}

// Hooks checks the schema and registers the templates. Registered here they are
// there whatever the order of extensions.
func (e *Extension) Hooks() []gen.Hook {
	return []gen.Hook{
		func(next gen.Generator) gen.Generator {
			return gen.GenerateFunc(func(g *gen.Graph) error {
				m, err := e.model(g)
				if err != nil {
					return err
				}
				funcs := map[string]any{"entloader": func() *model { return m }}
				t, err := gen.NewTemplate("entloader").Funcs(funcs).
					ParseFS(templates, "template/edge.tmpl", "template/internal.tmpl", "template/loaders.tmpl")
				if err != nil {
					return fmt.Errorf("entloader: parsing templates: %w", err)
				}
				dynamic, err := gen.NewTemplate("entloader_dynamic").Funcs(funcs).
					SkipIf(func(*gen.Graph) bool { return !m.hasDynamic() }).
					ParseFS(templates, "template/dynamic.tmpl")
				if err != nil {
					return fmt.Errorf("entloader: parsing templates: %w", err)
				}
				g.Templates = append(g.Templates, t, dynamic)
				if err := next.Generate(g); err != nil {
					return err
				}
				return m.verify(g)
			})
		},
	}
}

// model returns what is to be generated for a graph, or all that is wrong with it.
func (e *Extension) model(g *gen.Graph) (*model, error) {
	if name := g.Storage.Name; name != "sql" {
		return nil, fmt.Errorf("entloader: storage driver %q is not supported: use the sql driver", name)
	}
	m, err := newModel(g, e.config)
	if err != nil {
		return nil, err
	}
	return m, errors.Join(m.checkSchema(), m.checkHandwritten())
}
