package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// execute runs the command line in this process.
func execute(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestPrintsArtists(t *testing.T) {
	status, stdout, stderr := execute(t, "-db", lookalike(t))
	require.Zero(t, status, stderr)
	require.Equal(t, `Band
  First (2 tracks, 1.99)
    60:00  One  Rock      Music #1, Music #2
    2:05   Two  no genre  (no name) #4, Music #1
  Second (1 track, 1.99)
    1:00  Three  Rock  Music #1
Soloist
  no albums
(no name)
  Noise (1 track, 0.00)
    0:00  Hum  no genre  no playlist
`, stdout)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	require.Len(t, lines, 6)
	for i, start := range []string{
		"1. SELECT `Artist`.",
		"2. Artist.albums (keys: 3) SELECT `Album`.",
		"3. Album.tracks (keys: 3) SELECT `Track`.",
		"4. Genre by id (keys: 1) SELECT `Genre`.",
		"5. Track.playlists (keys: 4) SELECT `Playlist`.",
		"statements: 5",
	} {
		require.True(t, strings.HasPrefix(lines[i], start), lines[i])
	}
}

func TestPrintsChinook(t *testing.T) {
	path := chinook(t)
	status, stdout, stderr := execute(t, "-db", path, "-artists", "1")
	require.Zero(t, status, stderr)
	require.True(t, strings.HasPrefix(stdout, `AC/DC
  For Those About To Rock We Salute You (10 tracks, 9.90)
    5:44  For Those About To Rock (We Salute You)  Rock  Heavy Metal Classic #17, Music #1, Music #8
`), stdout)
	require.Equal(t, 1+2+18, strings.Count(stdout, "\n"), "an artist, two albums, 18 tracks")

	// However many they are, it takes as many statements.
	status, stdout, stderr = execute(t, "-db", path, "-artists", "1000")
	require.Zero(t, status, stderr)
	require.Equal(t, 275+347+71+3503, strings.Count(stdout, "\n"), "all artists, albums, artists without any, and tracks")
	require.True(t, strings.HasSuffix(stderr, "\nstatements: 5\n"))
	require.Less(t, len(stderr), 3000, "keys are cut short")
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args    []string
		message string
	}{
		{nil, "name the file of the Chinook sample database with -db"},
		{[]string{"chinook.sqlite"}, `unexpected argument "chinook.sqlite": the file belongs behind -db`},
		{[]string{"-db", "f", "-artists", "0"}, "-artists is 0: it must be at least 1"},
		{[]string{"-db", "f", "-artists", "x"}, `invalid value "x" for flag -artists`},
		{[]string{"-file", "f"}, "flag provided but not defined: -file"},
	} {
		status, stdout, stderr := execute(t, c.args...)
		require.Equal(t, 2, status)
		require.Empty(t, stdout)
		require.True(t, strings.HasPrefix(stderr, "chinook: "+c.message), stderr)
		require.Contains(t, stderr, "Usage: chinook -db file")
	}
	status, stdout, stderr := execute(t, "-h")
	require.Zero(t, status)
	require.Contains(t, stdout, "-artists")
	require.Empty(t, stderr)
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	database := func(name, statement string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite3", dataSource(path, "mode=rwc"))
		require.NoError(t, err)
		_, err = db.Exec(statement)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		return path
	}
	missing := filepath.Join(dir, "missing")
	for path, message := range map[string]string{
		missing: "there is no file " + missing,
		dir:     dir + " is not a file",
		file("text", strings.Repeat("no database ", 100)): "text is not the Chinook sample database: file is not a database",
		file("empty", ""): "empty is not the Chinook sample database: it has no table Album",
		database("other", "CREATE TABLE users (id INTEGER PRIMARY KEY)"):                        "other is not the Chinook sample database: it has no table Album",
		database("another", "CREATE TABLE Album (AlbumId INTEGER PRIMARY KEY, Title NVARCHAR)"): "another is not the Chinook sample database: its table Album has no column ArtistId",
	} {
		status, stdout, stderr := execute(t, "-db", path)
		require.Equal(t, 1, status)
		require.Empty(t, stdout)
		require.True(t, strings.HasPrefix(stderr, "chinook: "), stderr)
		require.Contains(t, stderr, message)
	}
	require.NoFileExists(t, missing)
}

func TestDatabaseIsReadOnly(t *testing.T) {
	path := lookalike(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	s := newShop(t, path)
	_, err = s.Artist.Create().SetName("New").Save(t.Context())
	require.ErrorContains(t, err, "attempt to write a readonly database")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after))
}
