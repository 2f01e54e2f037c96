package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// files is what a directory holds, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	contents := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			contents[e.Name()] = "a directory"
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		contents[e.Name()] = string(data)
	}
	return contents
}

func TestDatabaseIsKeptAndReused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a lab?#100%.db") // a path is no URL
	const add = `mutation { createSample(input: {unitID: 1, serial: "kept", takenAt: "2026-01-01T00:00:00Z", volume: 1}) { serial } }`
	_, stderr := succeed(t, "demo", "-units", "7", "-db", path, "-query", add)
	require.Empty(t, stderr)
	require.Len(t, files(t, dir), 1, "neither a log nor an unfinished file is left")

	const list = `{ units { id } unit(id: 1) { samples { serial } } }`
	stdout, stderr := succeed(t, "demo", "-db", path, "-query", list)
	require.Contains(t, stdout, `{"id":"7"}]`)
	require.Contains(t, stdout, `"kept"`)
	require.Empty(t, stderr, "the default of -units is no wish")

	again, stderr := succeed(t, "demo", "-units", "9", "-db", path, "-query", list)
	require.Equal(t, stdout, again)
	require.Equal(t, "entloader: "+path+" has 7 units; -units only counts for new databases\n", stderr)
	require.Len(t, files(t, dir), 1)
}

// A relative path is relative to the working directory, also while the database is made.
func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	succeed(t, "demo", "-units", "1", "-db", "lab.db", "-query", `{ __typename }`)
	require.FileExists(t, filepath.Join(dir, "lab.db"))
	require.Len(t, files(t, dir), 1)
}

// Files that are not ours stay as they are, and nothing appears beside them.
func TestForeignFilesStayUntouched(t *testing.T) {
	t.Parallel()
	sqlite := func(statements string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite3", path)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), statements)
			require.NoError(t, err)
			require.NoError(t, db.Close())
		}
	}
	text := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	for name, c := range map[string]struct {
		make    func(t *testing.T, path string)
		message string
	}{
		"text":          {text("Dear diary, this is text that is certainly longer than the header of an SQLite database is, I hope."), "is not an SQLite database"},
		"short text":    {text("SQLite"), "is not an SQLite database"},
		"empty":         {text(""), "is not an SQLite database"},
		"database":      {sqlite("CREATE TABLE units (id integer); INSERT INTO units VALUES (1)"), "is a database that this command did not make"},
		"with WAL":      {sqlite("PRAGMA journal_mode = WAL; CREATE TABLE units (id integer)"), "is a database that this command did not make"},
		"other version": {sqlite("PRAGMA application_id = 1701737580; CREATE TABLE units (id integer)"), "was made for another version of the schema"},
		"directory": {func(t *testing.T, path string) {
			require.NoError(t, os.Mkdir(path, 0o700))
		}, "is not a file"},
		"log without a database": {func(t *testing.T, path string) {
			text("log")(t, path+"-wal")
		}, "lab.db-wal is left of a database that is gone"},
		"no directory": {func(t *testing.T, path string) {
			require.NoError(t, os.Remove(filepath.Dir(path)))
			text("a file")(t, filepath.Dir(path))
			t.Cleanup(func() { // for the comparison
				require.NoError(t, os.Remove(filepath.Dir(path)))
				require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
			})
		}, "cannot use the database file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "dir")
			require.NoError(t, os.Mkdir(dir, 0o700))
			path := filepath.Join(dir, "lab.db")
			c.make(t, path)
			var before map[string]string
			if name != "no directory" {
				before = files(t, dir)
			}
			status, stdout, stderr := execute(t.Context(), "demo", "-db", path, "-query", `{ __typename }`)
			require.Equal(t, exitFailed, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "entloader: ")
			require.Contains(t, stderr, c.message)
			if name != "no directory" {
				require.Equal(t, before, files(t, dir))
			}
		})
	}
}

func TestDirectoryDoesNotExist(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "lab.db")
	status, _, stderr := execute(t.Context(), "demo", "-db", path, "-query", `{ __typename }`)
	require.Equal(t, exitFailed, status)
	require.Contains(t, stderr, "entloader: cannot make the database file: ")
}

// A laboratory is there as a whole or not at all.
func TestInterruptedSeedingLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	db, err := openDatabase(ctx, filepath.Join(dir, "lab.db"), 5000, 0, func(done, total int) {
		if done > 500 {
			stop()
		}
	})
	require.Nil(t, db)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, files(t, dir))
}
