package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/seed"
	"github.com/entloader/entloader/ent/view"
)

// create makes a laboratory at path. It appears there only when it is complete: what is interrupted leaves nothing.
func create(ctx context.Context, path string, units int, progress func(done, total int)) (err error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "." // CreateTemp would take the directory for temporary files, from where nothing can be renamed
	}
	f, err := os.CreateTemp(dir, name+".seeding-*")
	if err != nil {
		return fmt.Errorf("entloader: cannot make the database file: %w", err)
	}
	defer f.Close()
	defer func() {
		if err != nil {
			// The journal is in memory, so there is no other file.
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := fill(ctx, f.Name(), units, progress); err != nil {
		return err
	}
	// Seeding does not wait for the disk; once, at the end, is enough.
	if err := errors.Join(f.Sync(), f.Chmod(0o644), os.Rename(f.Name(), path)); err != nil {
		return fmt.Errorf("entloader: cannot keep the database file: %w", err)
	}
	return nil
}

// fill makes the tables, their rows and the mark by which recognize knows them.
func fill(ctx context.Context, path string, units int, progress func(done, total int)) (err error) {
	db, err := connect(path, "_fk=1&_journal=MEMORY&_sync=OFF", 1, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := createTables(ctx, db); err != nil {
		return err
	}
	if _, err := seed.Run(ctx, db, seed.Options{Units: units, Progress: progress}); err != nil {
		return err
	}
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", int32(applicationID), int32(schemaVersion()))
	if _, err := db.ExecContext(ctx, mark); err != nil {
		return fmt.Errorf("entloader: cannot mark the database file: %w", err)
	}
	return nil
}

func createTables(ctx context.Context, db *sql.DB) error {
	// A copy: the migration writes into its tables, and a process may make several databases at the same time.
	tables, err := schema.CopyTables(migrate.Tables)
	if err == nil {
		err = migrate.Create(ctx, migrate.NewSchema(entsql.OpenDB(dialect.SQLite, db)), tables)
	}
	if err != nil {
		return fmt.Errorf("entloader: cannot create the tables: %w", err)
	}
	return view.Create(ctx, db)
}
