// Command entloader shows what entloader does, and helps to add it to a project:
//
//	entloader init ./ent               # print the change that adds the extension; -w writes it
//	entloader describe ./ent/schema    # print the loaders of a schema, and their SQL
//	entloader demo                     # serve GraphQL over a laboratory in an embedded SQLite database
//
// Run a command with -h for its flags.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal lets the command finish what it is doing, the second one ends the process.
	context.AfterFunc(ctx, stop)
	// A reader of stdout who has seen enough is an error of the write, not the end of the process: there is a database to
	// remove.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
