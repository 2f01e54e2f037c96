// Command chinook reads a database that was not made for ent: the Chinook sample
// database, a shop for music. It prints artists with their albums, and these
// with their tracks, genres and playlists:
//
//	go run ./examples/chinook -db chinook.sqlite
//
// The file is Chinook_Sqlite.sqlite of https://github.com/lerocha/chinook-database,
// under any name.
//
// What to look at: list.go, which loads in plain nested loops, and the last lines
// of the output, which show that five statements were enough. The schema of the
// tables is in ent/schema.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/entloader/entloader/examples/chinook/ent"
)

const usage = `Usage: chinook -db file [-artists n]

Prints artists of the Chinook sample database (SQLite) with their albums, tracks, genres and playlists, and on stderr the
statements that it took.

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. It returns the exit status: 0, 1 if it failed,
// 2 if the arguments make no sense.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("chinook", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	path := fs.String("db", "", "database `file`; it is only read")
	artists := fs.Int("artists", 3, "how many artists to print, at most")
	help := func(w io.Writer) {
		fmt.Fprint(w, usage)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help(stdout)
		return 0
	case err != nil:
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: the file belongs behind -db", fs.Arg(0))
	case *path == "":
		err = errors.New("name the file of the Chinook sample database with -db")
	case *artists < 1:
		err = fmt.Errorf("-artists is %d: it must be at least 1", *artists)
	}
	if err != nil {
		fmt.Fprintln(stderr, "chinook:", err)
		help(stderr)
		return 2
	}
	if err := show(ctx, *path, *artists, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "chinook:", err)
		return 1
	}
	return 0
}

// show prints n artists of the database in the file, then the statements.
func show(ctx context.Context, path string, n int, stdout, stderr io.Writer) error {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close() // of a database that was only read
	log := &statementLog{Driver: entsql.OpenDB(dialect.SQLite, db)}
	client := ent.NewClient(ent.Driver(log))
	ctx = ent.NewLoadersContext(ctx, ent.NewLoaders(client))
	if err := list(ctx, stdout, client, n); err != nil {
		return err
	}
	return log.print(stderr)
}
