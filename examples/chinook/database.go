package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/examples/chinook/ent/migrate"
)

// openDatabase opens the file read-only, and makes sure that it is Chinook.
func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s: name the one of the Chinook sample database with -db", path)
	case err != nil:
		return nil, fmt.Errorf("cannot open the database file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file: name the one of the Chinook sample database with -db", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the database file: %w", err)
	}
	db, err := sql.Open("sqlite3", dataSource(abs, "mode=ro"))
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	if err := checkTables(ctx, db); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s is not the Chinook sample database: %w", path, err)
	}
	return db, nil
}

// dataSource is what the driver is given to open the file of an absolute path: a
// URL, since a path may hold a question mark.
func dataSource(path, params string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: params}
	return dsn.String()
}

// checkTables reports the first table or column of the schema that the database
// does not have. A statement would fail as well, but with less to go by.
func checkTables(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := make(map[string]map[string]bool)
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		if columns[table] == nil {
			columns[table] = make(map[string]bool)
		}
		columns[table][column] = true
	}
	if err := rows.Err(); err != nil {
		return err
	}
	// Made for migrations, which this program never runs.
	for _, t := range migrate.Tables {
		if columns[t.Name] == nil {
			return fmt.Errorf("it has no table %s", t.Name)
		}
		for _, c := range t.Columns {
			if !columns[t.Name][c.Name] {
				return fmt.Errorf("its table %s has no column %s", t.Name, c.Name)
			}
		}
	}
	return nil
}
