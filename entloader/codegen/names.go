package codegen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader"
)

// A name is one that the generated code of a package declares: a type or a
// function, or a method if typ is set.
type name struct{ typ, ident string }

func (n name) String() string {
	if n.typ != "" {
		return n.typ + "." + n.ident
	}
	return n.ident
}

// packageNames are the exported names that the extension adds to the package.
func (m *model) packageNames() map[name]string {
	all := make(map[name]string)
	for _, f := range []string{"Loaders", "NewLoaders", "NewLoadersContext", "LoadersFromContext", "LoadersMiddleware"} {
		all[name{ident: f}] = "it is part of every package with loaders: rename the other one"
	}
	for _, t := range m.Types {
		if len(t.Keys) > 0 {
			way := fmt.Sprintf("it holds the loaders of schema %s by key: name them with entloader.Name(…) on the schema, or leave them out with entloader.Skip()", t.Name)
			all[name{ident: t.LoadersType()}] = way
			all[name{"Loaders", t.Base}] = way
			all[name{t.LoadersType(), "Siblings"}] = "it declares siblings: rename the other one"
		}
		for _, k := range t.Keys {
			if k.Struct() {
				all[name{ident: k.Key.Go}] = fmt.Sprintf("it is the key of %s of schema %s: rename it with entloader.Name(…) there, or leave it out with entloader.Skip()", k.Of, t.Name)
			}
		}
		for _, e := range t.Edges {
			way := fmt.Sprintf("it loads edge %s of schema %s: rename it with entloader.Name(…) on the edge, change codegen.WithMethodPrefix, or leave it out with entloader.Skip()", e.Name, t.Name)
			all[name{t.Name, e.Method}] = way
			for _, c := range e.Counts() {
				all[name{t.Name, c.Name}] = way
			}
			if e.GraphQL != "" {
				all[name{t.Name, e.GraphQL}] = way
			}
		}
		for _, d := range t.Dynamic {
			for _, n := range d.names() {
				all[n] = fmt.Sprintf("it is part of Dynamic(%q) on edge %s of schema %s: give the dynamic edge another name", d.Spec.Label, d.Edge.Name, t.Name)
			}
		}
	}
	if m.HasFuncs() {
		for _, f := range []string{"LoadersConfig", "ConfigureLoaders"} {
			all[name{ident: f}] = "it configures the dynamic edges with functions: rename the other one"
		}
	}
	return all
}

// checkSchema finds generated names that clash with those that ent generates.
func (m *model) checkSchema() error {
	taken := map[name]string{{"Loaders", "Scope"}: "a method of all loaders", {"Loaders", "Loaders"}: "a part of all loaders"}
	for i, t := 0, reflect.TypeFor[*entloader.Loaders](); i < t.NumMethod(); i++ {
		taken[name{"Loaders", t.Method(i).Name}] = "a method of all loaders"
	}
	for _, n := range m.graph.Nodes {
		taken[name{ident: n.Name}] = "the type of schema " + n.Name
		for _, f := range []string{"Update", "Unwrap", "String", "Value", "ID", "Edges"} {
			taken[name{n.Name, f}] = "a name of ent"
		}
		for _, f := range n.Fields {
			taken[name{n.Name, f.StructField()}] = fmt.Sprintf("field %q of schema %s", f.Name, n.Name)
		}
		for _, e := range n.Edges {
			taken[name{n.Name, "Query" + e.StructField()}] = fmt.Sprintf("the query of edge %q of schema %s", e.Name, n.Name)
			if named, _ := n.FeatureEnabled(gen.FeatureNamedEdges.Name); named && !e.Unique {
				taken[name{n.Name, "Named" + e.StructField()}] = fmt.Sprintf("the named queries of edge %q of schema %s", e.Name, n.Name)
			}
		}
	}
	errs := m.clashes(taken)
	for _, n := range m.graph.Nodes {
		if n.PackageDir() == "entloader" {
			errs = append(errs, fmt.Errorf("entloader: the file of schema %s would be entloader.go, which has the loaders: rename the type", n.Name))
		}
	}
	if m.Config.GraphQL && slices.ContainsFunc(m.graph.Templates, func(t *gen.Template) bool { return t.Lookup("gql_edge") != nil }) {
		errs = append(errs, errors.New("entloader: entgql generates the methods of codegen.WithGraphQLMethods as well: leave out the option, and map fields to Load methods in gqlgen.yml (fieldName: LoadSamples)"))
	}
	seen := make(map[name]*edgeModel)
	called := make(map[string]string)
	for _, t := range m.Types {
		if other, ok := called[t.Base]; ok {
			errs = append(errs, fmt.Errorf("entloader: the loaders by key of schemas %s and %s would both be called %s: rename one with entloader.Name(…)", other, t.Name, t.Base))
		}
		called[t.Base] = t.Name
	}
	for _, t := range m.Types {
		for _, e := range t.Edges {
			n := name{t.Name, e.Method}
			if other := seen[n]; other != nil {
				errs = append(errs, fmt.Errorf("entloader: edges %s and %s of schema %s would both be loaded by %s: rename one with entloader.Name(…)", other.Name, e.Name, t.Name, n))
			}
			seen[n] = e
		}
	}
	errs = append(errs, m.checkKeys()...)
	return errors.Join(append(errs, m.checkDynamic()...)...)
}

// checkKeys finds loaders by key whose names meet.
func (m *model) checkKeys() (errs []error) {
	for _, t := range m.Types {
		of := map[string]string{"Siblings": "the method that declares siblings"}
		for _, k := range t.Keys {
			if other, ok := of[k.Field]; ok {
				errs = append(errs, fmt.Errorf("entloader: schema %s: %s.%s would be that of %s and of %s: rename one with entloader.Name(…), or leave it out with entloader.Skip()", t.Name, t.LoadersType(), k.Field, other, k.Of))
			}
			of[k.Field] = k.Of
		}
	}
	return errs
}

// names are the names that a dynamic edge adds.
func (d *dynamicModel) names() []name {
	t := d.Edge.Owner.Name
	names := []name{{t, d.Method()}, {d.Edge.Owner.LoadersType(), d.Base}}
	for _, c := range d.Counts() {
		names = append(names, name{t, c.Name})
	}
	if len(d.Params) > 0 {
		names = append(names, name{ident: d.ParamsType()})
	}
	return names
}

// checkDynamic finds dynamic edges whose names meet with each other, or with those
// of edges.
func (m *model) checkDynamic() []error {
	var errs []error
	owners := make(map[name]string)
	for _, t := range m.Types {
		for _, k := range t.Keys {
			owners[name{t.LoadersType(), k.Field}] = k.Name
		}
		for _, e := range t.Edges {
			owners[name{t.Name, e.Method}] = "edge " + e.Name
			for _, c := range e.Counts() {
				owners[name{t.Name, c.Name}] = "edge " + e.Name
			}
		}
	}
	for _, t := range m.Types {
		for _, d := range t.Dynamic {
			for _, n := range d.names() {
				if other, ok := owners[n]; ok {
					errs = append(errs, fmt.Errorf("entloader: schema %s, edge %s, Dynamic(%q): its name %s is that of %s already: give one another name", t.Name, d.Edge.Name, d.Spec.Label, n, other))
				}
				owners[n] = fmt.Sprintf("Dynamic(%q) on edge %s", d.Spec.Label, d.Edge.Name)
			}
		}
	}
	return errs
}

// checkHandwritten finds generated names that clash with those of files in the
// package that were written by hand.
func (m *model) checkHandwritten() error {
	taken := make(map[name]string)
	files, err := filepath.Glob(filepath.Join(m.graph.Target, "*.go"))
	if err != nil {
		return fmt.Errorf("entloader: listing the files of %s: %w", m.graph.Target, err)
	}
	set := token.NewFileSet()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		// A file that does not parse is for the compiler to complain about.
		if err != nil || ast.IsGenerated(f) || f.Name.Name == "main" {
			continue
		}
		for _, d := range f.Decls {
			for _, n := range declared(d) {
				taken[n] = set.Position(d.Pos()).String()
			}
		}
	}
	return errors.Join(m.clashes(taken)...)
}

func (m *model) clashes(taken map[name]string) []error {
	var errs []error
	names := m.packageNames()
	for _, n := range slices.SortedFunc(maps.Keys(names), func(a, b name) int { return strings.Compare(a.String(), b.String()) }) {
		if other, ok := taken[n]; ok {
			errs = append(errs, fmt.Errorf("entloader: generated name %s would clash with %s; %s", n, other, names[n]))
		}
	}
	return errs
}

// declared lists what a declaration declares.
func declared(d ast.Decl) (names []name) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		n := name{ident: d.Name.Name}
		if d.Recv != nil {
			typ := d.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			if id, ok := typ.(*ast.Ident); ok {
				n.typ = id.Name
			}
		}
		names = append(names, n)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, name{ident: s.Name.Name})
			case *ast.ValueSpec:
				for _, id := range s.Names {
					names = append(names, name{ident: id.Name})
				}
			}
		}
	}
	return names
}
