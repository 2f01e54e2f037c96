package lab_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/seed"
	"github.com/entloader/entloader/ent/view"
	"github.com/entloader/entloader/entloader/loadertest"
)

// open returns a laboratory of its own for the test. The recorder has no statements yet.
func open(t *testing.T, units int) (*ent.Client, *loadertest.Recorder) {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "lab.db") + "?_fk=1&_journal=WAL&_sync=OFF&_busy_timeout=5000&_txlock=immediate"
	db, err := sql.Open("sqlite3", dsn)
	require.NoError(t, err)
	rec := loadertest.NewRecorder(entsql.OpenDB(dialect.SQLite, db))
	client := ent.NewClient(ent.Driver(rec))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	// A copy: a migration writes into its tables, and the tests run in parallel.
	tables, err := schema.CopyTables(migrate.Tables)
	require.NoError(t, err)
	require.NoError(t, migrate.Create(t.Context(), client.Schema, tables))
	require.NoError(t, view.Create(t.Context(), db))
	_, err = seed.Run(t.Context(), db, seed.Options{Units: units})
	require.NoError(t, err)
	rec.Reset()
	return client, rec
}
