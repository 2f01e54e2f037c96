package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/unit"
)

// database is an open laboratory. Close removes it if it is a temporary one.
type database struct {
	db        *sql.DB
	temporary string // the directory to remove, if any
	reused    bool   // it was there before
	units     int
}

// Connections of a server: readers do not block each other, nor does a writer block them. The time-out is for writers
// that wait for each other, which must know that they are writers from the start.
const serving = "_fk=1&_journal=WAL&_sync=NORMAL&_busy_timeout=5000&_txlock=immediate&_stmt_cache_size=32"

// conns is how many connections there are: as many as one server would have to itself on a database that it shares.
const conns = 16

// cacheKiB is divided among all connections.
const cacheKiB = 256 << 10

// openDatabase opens the laboratory in the file path. If there is no such file, it makes one with that many units. An
// empty path stands for a temporary file: an in-memory database shared by several connections locks whole tables. Each
// statement takes longer by latency.
func openDatabase(ctx context.Context, path string, units int, latency time.Duration, progress func(done, total int)) (_ *database, err error) {
	d := &database{}
	if path == "" {
		if d.temporary, err = os.MkdirTemp("", "entloader-demo-"); err != nil {
			return nil, fmt.Errorf("entloader: cannot make a temporary directory; name a file with -db: %w", err)
		}
		path = filepath.Join(d.temporary, "lab.db")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.reused, err = recognize(path); err != nil {
		return nil, err
	}
	if !d.reused {
		if err := create(ctx, path, units, progress); err != nil {
			return nil, err
		}
	}
	if d.db, err = connect(path, fmt.Sprintf("mode=rw&_cache_size=-%d&%s", cacheKiB/conns, serving), conns, latency); err != nil {
		return nil, err
	}
	if err := d.db.QueryRowContext(ctx, "SELECT count(*) FROM "+unit.Table).Scan(&d.units); err != nil {
		return nil, fmt.Errorf("entloader: cannot read the database file %s: %w", path, err)
	}
	return d, nil
}

// connect returns a pool of connections to the file.
func connect(path, params string, conns int, latency time.Duration) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("entloader: cannot open the database file %s: %w", path, err)
	}
	// A URL, since a path may hold a question mark.
	name := filepath.ToSlash(abs)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // C:/…
	}
	dsn := url.URL{Scheme: "file", Path: name, RawQuery: params}
	db := sql.OpenDB(&connector{dsn.String(), latency})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// client returns a client whose statements m observes.
func (d *database) client(m *meter) *ent.Client {
	return ent.NewClient(ent.Driver(m.observe(entsql.OpenDB(dialect.SQLite, d.db))))
}

// Close closes the database. The last connection writes back what is in the write-ahead log, and removes the log.
func (d *database) Close() error {
	var errs []error
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.temporary != "" {
		errs = append(errs, os.RemoveAll(d.temporary))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("entloader: cannot close the database: %w", err)
	}
	return nil
}
