// Package seed fills the reference schema with a laboratory that is large, uneven and always the same.
//
// Rows are written by prepared statements, not by ent's builders, so that a hundred thousand units with a million
// samples take a minute or so. Table and column names are ent's constants: a change of the schema that seed misses fails
// to compile.
package seed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"

	"github.com/entloader/entloader/ent/unit"
)

// DefaultSeed is the seed that Run uses for Options.Seed 0.
const DefaultSeed = 20260101

// Options say how much is written. Equal options always write the same rows, byte for byte.
type Options struct {
	// Units is how many units there are; everything else is in proportion: about 10 samples a unit (many units have
	// none, few have more than 60) and about 3 results a sample. It must be at least 1.
	Units int
	// Seed chooses one of many laboratories of that size. 0 stands for DefaultSeed.
	Seed uint64
	// Dialect is that of the database, by ent's name: dialect.SQLite, which is the default, dialect.Postgres or
	// dialect.MySQL.
	Dialect string
	// Progress, if not nil, is called now and then on the goroutine of Run with how many of the units are written.
	Progress func(done, total int)
}

// Counts is the number of rows that were written, by the name of their table: counts[sample.Table].
type Counts map[string]int

// unitsPerFlush is how many units are generated between two writes. It bounds memory (about 5,000 samples with all that
// hangs on them) and the work between two looks at the context.
const unitsPerFlush = 500

// Run writes a laboratory into db, a database with the tables of the schema in it and no rows. It is all or nothing: one
// transaction, rolled back when it fails or ctx ends. Foreign keys are kept; SQLite and PostgreSQL check them.
//
// For speed, Run relaxes the durability of its connection to SQLite while it writes: a crash of the machine, not of the
// process, can damage the database file. Seed databases that can be made again.
func Run(ctx context.Context, db *sql.DB, opts Options) (Counts, error) {
	if opts.Units < 1 {
		return nil, fmt.Errorf("entloader: seed: Units is %d: set it to at least 1", opts.Units)
	}
	if opts.Seed == 0 {
		opts.Seed = DefaultSeed
	}
	if opts.Dialect == "" {
		opts.Dialect = dialect.SQLite
	}
	settings, err := settings(opts.Dialect)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("entloader: seed: no connection: %w", err)
	}
	defer conn.Close()
	if err := checkEmpty(ctx, conn, opts.Dialect); err != nil {
		return nil, err
	}
	restore, err := tune(ctx, conn, settings)
	if err != nil {
		return nil, err
	}
	counts, err := write(ctx, conn, opts)
	if err := errors.Join(err, restore()); err != nil {
		return nil, err
	}
	return counts, nil
}

// checkEmpty reports in the user's words what would otherwise be a missing table or a duplicate key.
func checkEmpty(ctx context.Context, conn *sql.Conn, name string) error {
	var filled bool
	err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+quote(name, unit.Table)+")").Scan(&filled)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("entloader: seed: stopped before the first unit: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("entloader: seed: cannot read the table %q; create the tables with client.Schema.Create first: %w", unit.Table, err)
	case filled:
		return fmt.Errorf("entloader: seed: the table %q has rows already; seed an empty database", unit.Table)
	}
	return nil
}

// write generates and writes everything in one transaction.
func write(ctx context.Context, conn *sql.Conn, opts Options) (Counts, error) {
	// Not under ctx: database/sql would roll back on a goroutine of its own when ctx ends, at the same time as tune's
	// restore runs. The statements are under ctx, so that they stop at once.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, fmt.Errorf("entloader: seed: cannot begin: %w", err)
	}
	defer tx.Rollback() // without effect after Commit
	done := 0
	fail := func(err error) (Counts, error) {
		// The driver says "interrupted"; what the caller wants to know is why.
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("entloader: seed: stopped after %d of %d units, nothing is kept: %w", done, opts.Units, err)
	}
	t := newTables(tx, opts.Dialect)
	defer t.close()
	lab := newLab(t, opts)
	lab.writeStock()
	if err := t.flush(ctx); err != nil {
		return fail(err)
	}
	for done < opts.Units {
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		n := min(unitsPerFlush, opts.Units-done)
		for i := range n {
			lab.writeUnit(done + i)
		}
		if err := t.flush(ctx); err != nil {
			return fail(err)
		}
		done += n
		if opts.Progress != nil {
			opts.Progress(done, opts.Units)
		}
	}
	if err := t.skipIDs(ctx, tx); err != nil {
		return fail(err)
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return t.counts(), nil
}
