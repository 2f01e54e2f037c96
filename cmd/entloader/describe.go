package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader/codegen"
)

const describeUsage = `Usage: entloader describe [flags] <schema>

Prints what the extension generates for an ent schema, which is named as in entc.go: entloader describe ./ent/schema.
Run it within the module of the schema. For each edge there are its kind, what rows are asked for by, the column where the
database finds that (the foreign key, or the column of a join table), the generated methods, and the SQL of a load for
several entities on SQLite. … stands for the list of columns that the statement begins with. * stands behind edges whose
target has interceptors or a policy: they may change the statement. Nothing is written.

-json also tells the SQL of each method, the parameters of dynamic edges, and more.

Flags, to be given as the options in entc.go are:
`

// describe is what the flags of the command say.
type describe struct {
	schema  string
	json    bool
	options []codegen.Option
}

func parseDescribe(args []string) (*describe, func(io.Writer), error) {
	d := &describe{}
	fs := flag.NewFlagSet("describe", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints errors, and usage where it belongs
	fs.BoolVar(&d.json, "json", false, "print JSON instead of a table")
	graphql := fs.Bool("graphql", false, "as codegen.WithGraphQLMethods does: a method without options for each edge")
	prefix := fs.String("prefix", "", "what the names of methods start with, as for codegen.WithMethodPrefix (default \"Load\")")
	usage := func(w io.Writer) {
		fmt.Fprint(w, describeUsage)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, usage, err
	}
	if fs.NArg() != 1 {
		return nil, usage, errors.New("name one schema directory, e.g. entloader describe ./ent/schema; flags come before it")
	}
	d.schema = fs.Arg(0)
	if *graphql {
		d.options = append(d.options, codegen.WithGraphQLMethods())
	}
	if *prefix != "" {
		d.options = append(d.options, codegen.WithMethodPrefix(*prefix))
	}
	return d, usage, nil
}

func runDescribe(_ context.Context, args []string, stdout, _ io.Writer) error {
	d, usage, err := parseDescribe(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return nil
	case err != nil:
		return &usageError{err.Error(), usage}
	}
	g, err := loadGraph(d.schema)
	if err != nil {
		return err
	}
	found, err := codegen.Describe(g, d.options...)
	if err != nil {
		return err
	}
	if d.json {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err = out.Encode(found)
	} else {
		err = printDescription(stdout, found)
	}
	if err != nil {
		return fmt.Errorf("entloader: cannot write the description: %w", err)
	}
	return nil
}

// loadGraph loads a schema as ent's code generation does.
func loadGraph(path string) (*gen.Graph, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("entloader: cannot read the schema: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("entloader: schema %s is no directory: name the package that holds the schema, e.g. ./ent/schema", path)
	case !filepath.IsAbs(path):
		path = "./" + filepath.ToSlash(filepath.Clean(path)) // or go takes it for the path of an import
	}
	storage, err := gen.NewStorage("sql")
	if err != nil {
		return nil, fmt.Errorf("entloader: %w", err)
	}
	g, err := entc.LoadGraph(path, &gen.Config{Storage: storage})
	if err != nil {
		return nil, fmt.Errorf("entloader: schema %s: %w", path, err)
	}
	return g, nil
}

// printDescription prints a table of all loaders, and one of what has none.
func printDescription(w io.Writer, d *codegen.Description) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "LOADER\tKIND\tKEY\tCOLUMN\tMETHODS\tSQL")
	for _, l := range d.Loaders {
		kind, names := l.Kind, make([]string, len(l.Methods))
		if l.Hooked {
			kind += "*"
		}
		for i, m := range l.Methods {
			names[i] = strings.TrimPrefix(m.Name, l.Schema+".")
		}
		sql := l.Methods[0].SQL
		if sql == "" {
			sql = "(ent's own edge query)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, kind, l.Key, l.Column, strings.Join(names, ", "), sql)
	}
	if err := t.Flush(); err != nil || len(d.LeftOut) == 0 {
		return err
	}
	fmt.Fprint(t, "\nLEFT OUT\tREASON\n")
	for _, o := range d.LeftOut {
		name := o.Schema
		if o.Edge != "" {
			name += "." + o.Edge
		}
		fmt.Fprintf(t, "%s\t%s\n", name, o.Reason)
	}
	return t.Flush()
}
