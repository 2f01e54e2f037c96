package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// byHand is what to do where a file is not understood.
const byHand = `entloader: %s stays as it is: %s
Add the extension by hand, to the call of entc.Generate in the program that go generate runs:

	ex, err := codegen.NewExtension() // import "github.com/entloader/entloader/entloader/codegen"
	if err != nil {
		log.Fatal(err)
	}
	err = entc.Generate("./schema", &gen.Config{}, entc.Extensions(ex)) // ex beside the extensions that are there
`

func notUnderstood(path, why string) error {
	return errors.New(strings.TrimSuffix(fmt.Sprintf(byHand, path, why), "\n"))
}

// planInit finds out what adds the extension to the project whose ent directory dir
// is. There are no changes if it is there already.
func planInit(dir string) ([]change, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("entloader: cannot list the files of %s: %w", dir, err)
	}
	var programs, directed []string // those that import entc, and those with directives
	text := map[string]string{}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("entloader: cannot read %s: %w", path, err)
		}
		text[path] = string(b)
		if importsEntc(text[path]) {
			programs = append(programs, path)
		}
		if len(directives(text[path])) > 0 {
			directed = append(directed, path)
		}
	}
	switch {
	case len(programs) > 1:
		return nil, notUnderstood(strings.Join(programs, " and "), "it is not clear which of them generates")
	case len(programs) == 1:
		c, err := extendProgram(programs[0], text[programs[0]])
		if err != nil || c.new == c.old {
			return nil, err
		}
		return []change{c}, nil
	case len(directed) > 1:
		return nil, notUnderstood(strings.Join(directed, " and "), "it is not clear which go:generate comment runs ent")
	}
	run := change{path: filepath.Join(dir, "generate.go"), create: true, new: "package ent\n\n//go:generate " + runProgram + "\n"}
	command := entCommand{schema: "./schema"}
	if len(directed) == 1 {
		run = change{path: directed[0], old: text[directed[0]]}
		line := directives(run.old)
		if len(line) > 1 {
			return nil, notUnderstood(run.path, "it has several go:generate comments")
		}
		if command, err = parseDirective(line[0]); err != nil {
			return nil, notUnderstood(run.path, err.Error())
		}
		run.new = strings.Replace(run.old, line[0], "//go:generate "+runProgram, 1)
	} else if _, ok := text[run.path]; ok {
		return nil, notUnderstood(run.path, "it has no go:generate comment")
	}
	schema := filepath.Join(dir, filepath.FromSlash(command.schema))
	if info, err := os.Stat(schema); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, fmt.Errorf("entloader: there is no schema directory %s: name the ent directory, e.g. entloader init ./ent", schema)
	} else if err != nil {
		return nil, fmt.Errorf("entloader: cannot read the schema directory: %w", err)
	}
	return []change{{path: filepath.Join(dir, "entc.go"), create: true, new: newProgram(command)}, run}, nil
}

// importsEntc reports whether a Go file imports the code generation of ent.
func importsEntc(text string) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil {
		return false
	}
	for _, i := range f.Imports {
		if i.Path.Value == strconv.Quote(entcPath) {
			return true
		}
	}
	return false
}
