package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// errReported fails the command after it has said why.
var errReported = errors.New("entloader: failed")

// usageError is the user's, who gets the usage with it.
type usageError struct {
	text  string // empty if it was printed already
	usage func(io.Writer)
}

func (e *usageError) Error() string { return e.text }

// command is a subcommand. Its run gets the arguments that follow the name.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

var commands = []command{
	{"describe", "print the loaders of an ent schema, and their SQL", runDescribe},
	{"init", "print or write the change that adds the extension to an ent project", runInit},
	{"demo", "serve GraphQL over a laboratory in an embedded database", runDemo},
}

// run is the whole command line: main without the process. It ends early when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "entloader: "+usage.text)
		usage.usage(stderr)
		return exitUsage
	case !errors.Is(err, errReported):
		fmt.Fprintln(stderr, err)
	}
	return exitFailed
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return &usageError{"say which command to run", printUsage}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		printUsage(stdout)
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	return &usageError{fmt.Sprintf("there is no command %q", args[0]), printUsage}
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: entloader <command> [flags]\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nentloader <command> -h prints the flags of a command.\n")
}
