package equivalence

import (
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
)

// testCollations asks for keys that some collations hold for equal: case,
// accents, spaces at the end. Each has the rows that ent's query finds for it.
func testCollations(t *testing.T, db Database) {
	collations := map[string][]string{
		dialect.SQLite:   {"BINARY", "NOCASE", "RTRIM"},
		dialect.Postgres: {`"C"`, "loose"},
		dialect.MySQL:    {"utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_nopad_bin"},
	}
	for _, collation := range collations[db.Dialect] {
		t.Run(collation, func(t *testing.T) { testCollation(t, db, collation) })
	}
}

func testCollation(t *testing.T, db Database, collation string) {
	lab := db.newLab(t, 5)
	ctx := t.Context()
	if db.Dialect == dialect.Postgres {
		lab.exec(t, "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
	}
	lab.exec(t, "DROP TABLE sample_tags")
	lab.exec(t, "DROP TABLE tags")
	lab.exec(t, "CREATE TABLE tags (id varchar(64) COLLATE %s NOT NULL PRIMARY KEY, title varchar(64) NOT NULL)", collation)
	lab.exec(t, "CREATE TABLE sample_tags (sample_id bigint NOT NULL, tag_id varchar(64) COLLATE %s NOT NULL, PRIMARY KEY (sample_id, tag_id))", collation)

	likes := [][]string{
		{"fasting", "FASTING", "fasting ", "fästing"},
		{"Straße", "STRASSE", "strase"},
		{"パパ", "ハハ", "ぱぱ"},
		{"🍣", "🍺"},
		{"alone"},
	}
	const most = 4 // of these that are alike
	samples := lab.Sample.Query().Order(ent.Asc(sample.FieldID)).AllX(ctx)
	var keys []string
	for i, like := range likes {
		// One is the id of a tag; samples have them all, each of them another one.
		lab.exec(t, "INSERT INTO tags (id, title) VALUES ('%s', 'tag %d')", like[0], i)
		for j, key := range like {
			for k := range 3 {
				lab.exec(t, "INSERT INTO sample_tags (sample_id, tag_id) VALUES (%d, '%s')", samples[3*j+k].ID, key)
			}
			keys = append(keys, key)
		}
	}
	// Many keys: MariaDB makes a table of lists with more than a thousand.
	for i := range 1200 {
		keys = append(keys, fmt.Sprint("nobody has ", i))
	}

	loading, loaders := lab.load(t)
	lab.rec.Reset()
	groups, err := loaders.Tag.Samples.LoadAll(loading, keys)
	require.NoError(t, err)
	require.LessOrEqual(t, len(lab.rec.Reset()), most)
	tags, err := loaders.Tag.ByID.LoadAll(loading, keys)
	require.True(t, ent.IsNotFound(err))
	require.LessOrEqual(t, len(lab.rec.Reset()), most)
	one := lab.Tag.Query().FirstX(ctx)
	for i, key := range keys[:len(keys)-1195] {
		entity := *one
		entity.ID = key
		require.Equal(t, rows(t, entity.QuerySamples().AllX(ctx), false), rows(t, groups[i], false), "samples of %q", key)
		want, err := lab.Tag.Get(ctx, key)
		if ent.IsNotFound(err) {
			require.Nil(t, tags[i], "tag %q", key)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want.Title, tags[i].Title, "tag %q", key)
	}

	// Limits are per key, not per spelling.
	loading, _ = lab.load(t)
	lab.rec.Reset()
	for _, tag := range lab.Tag.Query().AllX(loading) {
		two := func(q *ent.SampleQuery) { q.Order(ent.Desc(sample.FieldTakenAt)).Limit(2) }
		got, err := tag.LoadSamples(loading, two)
		require.NoError(t, err)
		want := tag.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(2).AllX(ctx)
		require.Equal(t, rows(t, want, true), rows(t, got, true), "%q", tag.ID)
	}
	lab.statements(t, 1+1+len(likes))

	// From the other side, the tags of a sample, which the database joins.
	loading, _ = lab.load(t)
	e := edge{name: "Tags"}
	for _, s := range lab.all(t, loading, "Sample") {
		want, wantErr := e.query(ctx, s)
		got, err := e.load(loading, s)
		requireEqual(t, e, s, want, wantErr, got, err, false)
	}
}

func (l *lab) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	_, err := l.db.ExecContext(t.Context(), strings.TrimSpace(fmt.Sprintf(text, args...)))
	require.NoError(t, err)
}
