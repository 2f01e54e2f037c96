package seed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// A setting is one of the connection, and the value that it has while Run writes.
type setting struct {
	name  string
	value int
	// read asks for the value that it has, write sets it; write has a verb for the value.
	read, write string

	was int // set by tune
}

// settings are those of a connection to a database of the given dialect.
func settings(name string) ([]setting, error) {
	switch name {
	case dialect.SQLite:
		pragma := func(name string, value int) setting {
			return setting{name: name, value: value, read: "PRAGMA " + name, write: "PRAGMA " + name + " = %d"}
		}
		return []setting{
			pragma("synchronous", 0),
			pragma("cache_size", -256<<10), // in KiB: the right-hand edges of all indexes stay in memory
		}, nil
	case dialect.MySQL:
		// InnoDB checks a foreign key row by row: of two rows of one statement that refer to each other it takes
		// neither.
		const checks = "@@SESSION.foreign_key_checks"
		return []setting{{name: checks, value: 0, read: "SELECT " + checks, write: "SET " + checks + " = %d"}}, nil
	case dialect.Postgres:
		return nil, nil
	}
	return nil, fmt.Errorf("entloader: seed: dialect %q: seed writes to %q, %q and %q", name, dialect.SQLite, dialect.Postgres, dialect.MySQL)
}

// tune sets the connection up for bulk writes, and returns what sets it back as it was.
func tune(ctx context.Context, conn *sql.Conn, settings []setting) (restore func() error, err error) {
	for i := range settings {
		s := &settings[i]
		if err := conn.QueryRowContext(ctx, s.read).Scan(&s.was); err != nil {
			return nil, fmt.Errorf("entloader: seed: cannot read %s; is Options.Dialect that of the database? %w", s.name, err)
		}
	}
	set := func(ctx context.Context, s *setting, value int) error {
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(s.write, value)); err != nil {
			return fmt.Errorf("entloader: seed: cannot set %s: %w", s.name, err)
		}
		return nil
	}
	restore = func() error {
		var errs []error
		for i := range settings {
			errs = append(errs, set(context.WithoutCancel(ctx), &settings[i], settings[i].was))
		}
		return errors.Join(errs...)
	}
	for i := range settings {
		if err := set(ctx, &settings[i], settings[i].value); err != nil {
			return nil, errors.Join(err, restore())
		}
	}
	return restore, nil
}

// skipIDs makes PostgreSQL go on behind the ids that were written: unlike the other databases, it does not notice them.
func (t *tables) skipIDs(ctx context.Context, tx *sql.Tx) error {
	if t.dialect != dialect.Postgres {
		return nil
	}
	for _, tb := range t.all {
		if tb.rows == 0 {
			continue
		}
		// NULL, and nothing to set, where the first column has no sequence.
		const skip = "SELECT setval(pg_get_serial_sequence($1, $2), $3)"
		if _, err := tx.ExecContext(ctx, skip, quote(t.dialect, tb.name), tb.columns[0], tb.rows); err != nil {
			return fmt.Errorf("table %q: the sequence of %q: %w", tb.name, tb.columns[0], err)
		}
	}
	return nil
}

// quote quotes an identifier.
func quote(name, ident string) string {
	var b entsql.Builder
	b.SetDialect(name)
	return b.Quote(ident)
}
