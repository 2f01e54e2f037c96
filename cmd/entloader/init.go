package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const initUsage = `Usage: entloader init [flags] [<ent directory>]

Prints the change that adds the extension to an ent project, as a patch: to the file that calls entc.Generate, or a new
entc.go and what runs it where there is none. The directory is the one that holds the schema directory; the default is ./ent.
A file that is not understood stays as it is; what to add by hand is printed.

Flags:
`

func parseInit(args []string) (dir string, write bool, usage func(io.Writer), err error) {
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints errors, and usage where it belongs
	fs.BoolVar(&write, "w", false, "write the change instead of printing it")
	usage = func(w io.Writer) {
		fmt.Fprint(w, initUsage)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return "", false, usage, err
	}
	switch fs.NArg() {
	case 0:
		return "ent", write, usage, nil
	case 1:
		return filepath.Clean(fs.Arg(0)), write, usage, nil
	}
	return "", false, usage, errors.New("name one ent directory, e.g. entloader init ./ent; flags come before it")
}

func runInit(_ context.Context, args []string, stdout, stderr io.Writer) error {
	dir, write, usage, err := parseInit(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return nil
	case err != nil:
		return &usageError{err.Error(), usage}
	}
	changes, err := planInit(dir)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintf(stderr, "entloader: %s has the extension already\n", dir)
		return nil
	}
	for _, c := range changes {
		if write {
			err = c.write()
		} else {
			_, err = io.WriteString(stdout, c.patch())
		}
		if err != nil {
			return fmt.Errorf("entloader: cannot write the change of %s: %w", c.path, err)
		}
		if write {
			fmt.Fprintln(stderr, "entloader: wrote", c.path)
		}
	}
	if !write {
		fmt.Fprintln(stderr, "entloader: nothing is written yet; -w does it")
	}
	fmt.Fprintf(stderr, "entloader: then run: go get github.com/entloader/entloader && go generate ./%s\n", filepath.ToSlash(dir))
	return nil
}

// A change is what becomes of one file.
type change struct {
	path     string
	old, new string
	create   bool
}

// write writes the file. A new one does not replace a file that has appeared in the
// meantime.
func (c change) write() error {
	flags := os.O_WRONLY | os.O_TRUNC
	if c.create {
		flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(c.path, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(c.new)
	return errors.Join(err, f.Close())
}
