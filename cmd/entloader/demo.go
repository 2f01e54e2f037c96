package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/entloader/entloader/gql/lab"
)

// demo is what the flags of the command say.
type demo struct {
	units       int
	unitsSet    bool // the user gave a number
	db          string
	addr        string
	query       string
	querySet    bool // the user gave a query; an empty one is not valid
	statements  bool
	loaders     bool
	measure     time.Duration
	concurrency int
	latency     time.Duration
}

const demoUsage = `Usage: entloader demo [flags]

Seeds a laboratory (units, samples, results and more) in an embedded SQLite database and serves GraphQL over it, every
edge through generated loaders. With -query it answers one query instead, with -measure it compares loaders to none.

  entloader demo -query '{ units { name samples { serial results { value } } } }' -statements

Flags:
`

func parseDemo(args []string) (*demo, func(io.Writer), error) {
	d := &demo{}
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints errors, and usage where it belongs
	fs.IntVar(&d.units, "units", 500, "how many units to seed, each with about 10 samples with 3 results")
	fs.StringVar(&d.db, "db", "", "database `file` to keep, and to use again if it exists; without it, a temporary one is removed at the end")
	fs.StringVar(&d.addr, "addr", "127.0.0.1:8080", "TCP `address` to serve on; port 0 chooses a free one")
	fs.StringVar(&d.query, "query", "", "answer this GraphQL `query` as JSON on stdout and exit")
	fs.BoolVar(&d.statements, "statements", false, "print each SQL statement on stderr and, at the end, their number")
	fs.BoolVar(&d.loaders, "loaders", true, "answer through loaders; with false, each edge of each entity is one statement")
	fs.DurationVar(&d.measure, "measure", 0, "send requests for this `duration` with loaders and for as long without, print a comparison and exit")
	fs.IntVar(&d.concurrency, "concurrency", 16, "how many requests -measure has under way at any time")
	fs.DurationVar(&d.latency, "latency", 0, "`duration` that each SQL statement takes longer, as if over a network")
	usage := func(w io.Writer) {
		fmt.Fprint(w, demoUsage)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, usage, err
	}
	fs.Visit(func(f *flag.Flag) {
		d.unitsSet = d.unitsSet || f.Name == "units"
		d.querySet = d.querySet || f.Name == "query"
	})
	return d, usage, d.check(fs)
}

// check reports the first thing that makes no sense.
func (d *demo) check(fs *flag.FlagSet) error {
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: flags come before, and a query belongs in quotes behind -query", fs.Arg(0))
	case d.units < 1:
		return fmt.Errorf("-units is %d: it must be at least 1", d.units)
	case d.measure < 0:
		return fmt.Errorf("-measure is %v: it must not be negative", d.measure)
	case d.concurrency < 1:
		return fmt.Errorf("-concurrency is %d: it must be at least 1", d.concurrency)
	case d.latency < 0:
		return fmt.Errorf("-latency is %v: it must not be negative", d.latency)
	case d.measure > 0 && !d.loaders:
		return errors.New("-measure compares with and without loaders: leave -loaders out")
	case d.measure > 0 && d.statements:
		return errors.New("-measure sends too many statements to print: leave -statements out")
	}
	return nil
}

// runDemo checks everything that can be checked without a database before it makes one, since that can take minutes.
func runDemo(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	d, usage, err := parseDemo(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return nil
	case err != nil:
		return &usageError{err.Error(), usage}
	}
	if d.querySet {
		if err := lab.Check(d.query); err != nil {
			return err
		}
	}
	var ln net.Listener
	if !d.querySet && d.measure == 0 {
		if ln, err = listen(ctx, d.addr); err != nil {
			return err
		}
		defer ln.Close()
	}
	db, err := d.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	switch {
	case d.measure > 0:
		return d.compare(ctx, db, stdout, stderr)
	case d.querySet:
		return d.answer(ctx, db, stdout, stderr)
	}
	return d.serve(ctx, ln, db, stderr)
}

// open opens the database that the flags name, and makes it if there is none.
func (d *demo) open(ctx context.Context, stderr io.Writer) (*database, error) {
	bar := newProgress(stderr)
	db, err := openDatabase(ctx, d.db, d.units, d.latency, bar.update)
	bar.end()
	if err != nil {
		return nil, err
	}
	if db.reused && d.unitsSet && db.units != d.units {
		fmt.Fprintf(stderr, "entloader: %s has %d units; -units only counts for new databases\n", d.db, db.units)
	}
	return db, nil
}

// options are those of the laboratory's server.
func (d *demo) options() []lab.Option {
	if d.loaders {
		return nil
	}
	return []lab.Option{lab.WithoutLoaders()}
}
