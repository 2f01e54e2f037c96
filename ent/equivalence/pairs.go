package equivalence

import (
	"context"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/tag"
)

// testRepeatedPairs runs tests again where join tables hold a pair twice. ent's own
// query is DISTINCT by default.
func testRepeatedPairs(t *testing.T, db Database) {
	db.repeats = true
	t.Run("Edges", func(t *testing.T) { testEdges(t, db) })
	t.Run("Options", func(t *testing.T) { testOptions(t, db) })
	t.Run("Limits", func(t *testing.T) { testRepeatedPairsInLimits(t, db) })
	t.Run("EagerLoaded", func(t *testing.T) { testEagerLoaded(t, db) })
}

// A limit is one of different rows. Where it took pairs for rows, a second statement
// tells them apart; with an offset the first one does.
func testRepeatedPairsInLimits(t *testing.T, db Database) {
	lab := db.newLab(t, 12)
	plain := t.Context()
	for _, page := range []struct{ limit, offset int }{{2, 0}, {3, 0}, {2, 1}} {
		most := 2
		if page.offset > 0 {
			most = 1
		}
		t.Run(fmt.Sprint(page), func(t *testing.T) {
			newest := func(q *ent.SampleQuery) {
				q.Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(page.limit).Offset(page.offset)
			}
			titles := func(q *ent.TagQuery) {
				q.Order(ent.Desc(tag.FieldTitle, tag.FieldID)).Limit(page.limit).Offset(page.offset)
			}
			for name, from := range map[string]func() (context.Context, context.Context){
				"siblings": func() (context.Context, context.Context) { ctx, _ := lab.load(t); return ctx, ctx },
				"lone":     func() (context.Context, context.Context) { ctx, _ := lab.load(t); return plain, ctx },
			} {
				queried, ctx := from()
				sent := 0
				tags := lab.Tag.Query().AllX(queried)
				for _, x := range tags {
					lab.rec.Reset()
					got, err := x.LoadSamples(ctx, newest)
					require.NoError(t, err)
					sent += len(lab.rec.Reset())
					q := x.QuerySamples()
					newest(q)
					require.Equal(t, rows(t, q.AllX(plain), true), rows(t, got, true), name)
				}
				if name == "siblings" {
					require.Equal(t, most, sent)
				}
				require.LessOrEqual(t, sent, most*len(tags))
				if name == "siblings" && db.Dialect == dialect.SQLite {
					continue // it looks for each key, which shows no pair twice: the schema has to tell
				}
				sent = 0
				for _, x := range lab.Sample.Query().AllX(queried) {
					lab.rec.Reset()
					got, err := x.LoadTags(ctx, titles)
					require.NoError(t, err)
					sent += len(lab.rec.Reset())
					q := x.QueryTags()
					titles(q)
					require.Equal(t, rows(t, q.AllX(plain), true), rows(t, got, true), name)
				}
				if name == "siblings" {
					require.Equal(t, most, sent)
				}
			}
		})
	}
	// A dynamic edge, by key as well.
	ctx, loaders := lab.load(t)
	tags := lab.Tag.Query().AllX(ctx)
	ids := make([]string, len(tags))
	for i, x := range tags {
		ids[i] = x.ID
	}
	lab.rec.Reset()
	byKey, err := loaders.Tag.LatestSamples.LoadAll(ctx, ids)
	require.NoError(t, err)
	lab.statements(t, 2)
	for i, x := range tags {
		got, err := x.LoadLatestSamples(ctx)
		require.NoError(t, err)
		want := x.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(3).AllX(plain)
		require.Equal(t, rows(t, want, true), rows(t, got, true))
		require.Equal(t, rows(t, want, true), rows(t, byKey[i], true))
	}
}

// repeatPairs rebuilds the join tables as a database that ent did not make may have
// them: without a key, each pair twice, and some three times.
func (l *lab) repeatPairs(t testing.TB) {
	t.Helper()
	rebuilt := 0
	for _, table := range migrate.Tables {
		if len(table.PrimaryKey) != 2 || len(table.Columns) != 2 { // an edge schema: its rows may differ
			continue
		}
		rebuilt++
		l.exec(t, "CREATE TABLE pairs AS SELECT * FROM %s", table.Name)
		l.exec(t, "DROP TABLE %s", table.Name)
		l.exec(t, "CREATE TABLE %s AS SELECT * FROM pairs", table.Name)
		l.exec(t, "INSERT INTO %s SELECT * FROM pairs", table.Name)
		l.exec(t, "INSERT INTO %s SELECT * FROM pairs ORDER BY 1, 2 LIMIT 5", table.Name)
		l.exec(t, "DROP TABLE pairs")
	}
	require.Equal(t, 4, rebuilt)
}
