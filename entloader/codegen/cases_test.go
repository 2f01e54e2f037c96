package codegen_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"text/template"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/codegen"
)

var update = flag.Bool("update", false, "write what the cases in testdata print, after they ran, as what is wanted")

// A shape is how a schema is generated.
type shape struct {
	name     string
	features []gen.Feature
	prefix   string // Load if empty
	strict   bool
	graphQL  bool
	after    bool // behind another extension, which is behind ours otherwise
}

// cases are the folders of testdata with a schema. Each has what is wanted: in
// want.txt what the package declares and what the oracle says of its edges, or
// the error in error.txt, if the schema must not be generated. An own.go has what
// the oracle does not know. After a change:
//
//	go test ./entloader/codegen -run TestCases -update
var cases = []shape{
	// Foreign key columns with the name of the id column that they point to, as in
	// Album.ArtistId and Artist.ArtistId. ent v0.14.6 takes the id of the entity for
	// such a foreign key, unless the key is a field and the edge names no column.
	{name: "idcolumn"},
	// Unique fields of every type, and unique indexes. Types that are no keys in Go
	// are left out.
	{name: "unique"},
	// Ids and unique fields that are bytes, in every form.
	{name: "bytes"},
	// Types and edges that are left out, with edges from and to them. All else works.
	{name: "skip"},
	// Edges with a window of their own.
	{name: "window"},
	// Packages named like what generated code imports, and like its variables; types
	// and edges whose names are the same when they are put together.
	{name: "names"},
}

// mistakes are the folders of testdata with a schema that has no loaders.
var mistakes = []shape{
	{name: "clashes"},
	{name: "annotations"},
}

// TestCases generates, compiles and runs the schemas in testdata.
func TestCases(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	p := newProject(t, "example.com/cases")
	for _, c := range cases {
		p.copy(testdata(t, c.name), c.name, every)
		require.NoError(t, p.sub(c.name).generateShape(c), c.name)
	}
	printed := p.check(cases)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want(t, testdata(t, c.name, "want.txt"), p.sub(c.name).api()+"\n"+printed[c.name])
		})
	}
}

// TestCasesThatFail generates nothing of the schemas in testdata that can have no
// loaders, and says all that is wrong.
func TestCasesThatFail(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	p := newProject(t, "example.com/cases")
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			p.copy(testdata(t, c.name), c.name, every)
			p := p.sub(c.name)
			p.t = t
			before := p.list()
			err := p.generateShape(c)
			require.Error(t, err)
			require.Equal(t, before, p.list(), "nothing was written")
			want(t, testdata(t, c.name, "error.txt"), strings.ReplaceAll(err.Error(), p.dir+string(filepath.Separator), "")+"\n")
		})
	}
}

// list lists the files of a project.
func (p *project) list() (files []string) {
	require.NoError(p.t, filepath.WalkDir(p.dir, func(file string, d fs.DirEntry, err error) error {
		files = append(files, file)
		return err
	}))
	return files
}

// want compares with a file, or writes it.
func want(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(text), got, "to take it as what is wanted, run the test with -update")
}

// testdata is a path in testdata, wherever the generation has gone.
func testdata(t testing.TB, path ...string) string {
	return filepath.Join(append([]string{root(t), "entloader", "codegen", "testdata"}, path...)...)
}

func every(line string) (string, bool) { return line, true }

func (p *project) generateShape(c shape) error {
	p.t.Helper()
	opts := []codegen.Option{codegen.WithMethodPrefix(c.methodPrefix())}
	if c.strict {
		opts = append(opts, codegen.WithStrict())
	}
	if c.graphQL {
		opts = append(opts, codegen.WithGraphQLMethods())
	}
	extensions := []entc.Option{extension(p.t, opts...), entc.Extensions(otherExtension{})}
	if c.after {
		slices.Reverse(extensions)
	}
	return p.generate(gen.Config{Features: c.features, Hooks: []gen.Hook{p.required}}, extensions...)
}

// required is a hook that tells the oracle which edges are required: what is generated could be wrong.
func (p *project) required(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		if err := next.Generate(g); err != nil {
			return err
		}
		var text strings.Builder
		text.WriteString("package ent\n\nvar oracleRequired = map[string]bool{\n")
		for _, n := range g.Nodes {
			for _, e := range n.Edges {
				if e.Unique && !e.Optional {
					fmt.Fprintf(&text, "%q: true,\n", n.Name+"."+e.StructField())
				}
			}
		}
		text.WriteString("}\n")
		p.write("ent/oracle_required.go", text.String())
		return nil
	})
}

func (c shape) methodPrefix() string {
	if c.prefix == "" {
		return "Load"
	}
	return c.prefix
}

// check runs the oracle on packages of the project, and what they have of their
// own: all in one program, which links what they share once. It returns what they
// print.
func (p *project) check(shapes []shape) map[string]string {
	p.t.Helper()
	p.copy(testdata(p.t, "oracle"), "oracle", every)
	type pkg struct {
		Name, Prefix string
		Strict, Own  bool
	}
	var all []pkg
	for _, c := range shapes {
		_, err := os.Stat(filepath.Join(p.dir, c.name, "ent", "own.go"))
		k := pkg{c.name, c.methodPrefix(), c.strict, err == nil}
		all = append(all, k)
		p.execute(filepath.Join(c.name, "ent", "oracle.go"), caseFile, map[string]any{"Path": p.path, "Case": k})
	}
	p.execute("main.go", mainFile, map[string]any{"Path": p.path, "Cases": all})
	printed := make(map[string]string)
	for _, section := range strings.Split(p.run("run", "-gcflags="+p.path+"/...=-N -l", "."), "\x00")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		printed[name] = text
	}
	require.Len(p.t, printed, len(shapes))
	return printed
}

func (p *project) execute(file string, t *template.Template, data any) {
	p.t.Helper()
	var text strings.Builder
	require.NoError(p.t, t.Execute(&text, data))
	p.write(file, text.String())
}

// caseFile stands in the generated package: each package that makes its loaders
// compiles the generic code of the runtime for its key types.
var caseFile = template.Must(template.New("").Parse(`package ent

import (
	"context"

	"entgo.io/ent/dialect"

	"{{ .Path }}/{{ .Case.Name }}/ent/migrate"
	"{{ .Path }}/oracle"
)

// OracleCase is the package as the oracle sees it.
func OracleCase() oracle.Case {
	return oracle.Case{
		Name: "{{ .Case.Name }}", Prefix: "{{ .Case.Prefix }}", Strict: {{ .Case.Strict }},
		Client:     func(drv dialect.Driver) any { return NewClient(Driver(drv)) },
		NewLoaders: func(client any) any { return NewLoaders(client.(*Client)) },
		Attach: func(ctx context.Context, loaders any) context.Context {
			return NewLoadersContext(ctx, loaders.(*Loaders))
		},
		IsNotFound: IsNotFound,
		Required:   oracleRequired,
		Tables:     migrate.Tables,
	}
}
`))

var mainFile = template.Must(template.New("").Parse(`package main

import (
	"fmt"
	"io"
	"os"

	{{- $path := .Path }}
	{{- range .Cases }}
		{{ .Name }} "{{ $path }}/{{ .Name }}/ent"
		_ "{{ $path }}/{{ .Name }}/ent/runtime"
	{{- end }}
)

func main() {
	failed := false
	run := func(name string, checks ...func(io.Writer)) {
		defer func() {
			if err := recover(); err != nil {
				failed = true
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			}
		}()
		fmt.Printf("\x00%s\n", name)
		for _, check := range checks {
			check(os.Stdout)
		}
	}
	{{- range .Cases }}
		run("{{ .Name }}", {{ .Name }}.OracleCase().Check{{ if .Own }}, {{ .Name }}.Own{{ end }})
	{{- end }}
	if failed {
		os.Exit(1)
	}
}
`))

// api lists what the extension declares for users, without bodies and comments.
func (p *project) api() string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "ent", "entloader*.go"))
	require.NoError(p.t, err)
	require.NotEmpty(p.t, files)
	set := token.NewFileSet()
	var all []string
	add := func(d any) {
		var b bytes.Buffer
		require.NoError(p.t, printer.Fprint(&b, set, d))
		all = append(all, relation.ReplaceAllString(b.String(), "["))
	}
	for _, file := range files {
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		require.NoError(p.t, err)
		ast.FileExports(f)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Body = nil; d.Recv == nil || ast.IsExported(receiver(d)) {
					add(d)
				}
			case *ast.GenDecl:
				if d.Tok == token.TYPE {
					add(d)
				}
			}
		}
	}
	sort.Strings(all)
	return strings.Join(all, "\n") + "\n"
}

// relation is what ties a loader by key to its relation.
var relation = regexp.MustCompile(`\[entloader\w+, `)

// receiver is the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	return fmt.Sprint(typ)
}
