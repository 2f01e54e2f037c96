package equivalence

import (
	"context"
	"reflect"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// testCuts shows that no answer depends on how siblings are cut into windows, windows
// into batches and batches into lists of parameters (SQLite has a list as one argument):
// rows and counts of edges with random options, dynamic edges, and loads by key.
func testCuts(t *testing.T, db Database) {
	lab := db.newLab(t, 15)
	plain := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		e := rapid.SampledFrom(optionEdges).Draw(rt, "edge")
		o := drawOptions(rt, db.Dialect)
		window := rapid.IntRange(1, 9).Draw(rt, "window")
		batch := rapid.IntRange(1, 9).Draw(rt, "batch")
		list := rapid.IntRange(1, 9).Draw(rt, "list")
		run := rapid.SampledFrom([]string{"All", "Count", "Exist"}).Draw(rt, "run")
		defer loadertest.SetParameters(loadertest.SetParameters(list))
		byKey := batch
		if db.Dialect != dialect.SQLite {
			byKey = min(batch, list)
		}
		cut := min(window, byKey)

		ctx, loaders := lab.load(t, withWindow(window), entloader.WithMaxBatch(batch))
		siblings := lab.all(t, ctx, e.entity.Elem().Name())
		opts := make([]reflect.Value, len(o.apply))
		for i, f := range o.apply {
			opts[i] = reflect.ValueOf(f)
		}
		if o.limited && !o.ordered { // any of the rows would do
			opts = append(opts, reflect.ValueOf(func(q *ent.SampleQuery) { q.Order(ent.Asc(sample.FieldID)) }))
			o.ties = func(*ent.SampleQuery) {}
		}
		load := func(ctx context.Context, x reflect.Value) (any, error) {
			if run == "All" {
				return e.load(ctx, x, opts...)
			}
			return e.count(ctx, run, x, opts...)
		}
		query := opts
		if o.ties != nil && run == "All" {
			query = append(opts[:len(opts):len(opts)], reflect.ValueOf(o.ties))
		}
		lab.rec.Reset()
		answered := 0
		for _, i := range rapid.Permutation(indexes(len(siblings))).Draw(rt, "turns") {
			got, err := load(ctx, siblings[i])
			sent := len(lab.rec.Reset())
			want, wantErr := e.run(plain, run, siblings[i], query...)
			lab.rec.Reset()
			if refusesOrder(wantErr) {
				require.NoError(rt, err)
				continue
			}
			if wantErr != nil {
				require.Error(rt, err, "%s: %s", o, e)
				continue
			}
			require.NoError(rt, err, "%s: %s", o, e)
			answered += sent
			if run == "All" {
				require.Equal(rt, rows(t, want, o.ties != nil), rows(t, got, o.ties != nil), "%s: %s of %v", o, e, siblings[i])
			} else {
				require.Equal(rt, want, got, "%s: %s of %s of %v", o, run, e, siblings[i])
			}
		}
		if answered > 0 {
			require.GreaterOrEqual(rt, answered, (len(siblings)+cut-1)/cut, "the lists were not cut")
		}

		// A dynamic edge, and the edge by key, with keys twice and keys of no unit.
		params := ent.UnitRecentSamplesParams{Status: sample.StatusDone, Limit: rapid.IntRange(1, 3).Draw(rt, "limit")}
		units := lab.Unit.Query().AllX(ctx)
		keys := []int{-1}
		want := [][]string{nil}
		for _, u := range units {
			keys = append(keys, u.ID, u.ID)
			all := rows(t, u.QuerySamples().AllX(plain), false)
			want = append(want, all, all)
			recent, err := u.LoadRecentSamples(ctx, params)
			require.NoError(rt, err)
			query := u.QuerySamples().Where(sample.StatusEQ(sample.StatusDone)).Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(params.Limit)
			require.Equal(rt, rows(t, query.AllX(plain), true), rows(t, recent, true))
		}
		lab.rec.Reset()
		groups, err := loaders.Unit.Samples.LoadAll(ctx, keys)
		require.NoError(rt, err)
		if e.String() != "Unit.Samples" { // whose answers may be there
			require.GreaterOrEqual(rt, len(lab.rec.Reset()), (len(units)+byKey)/byKey, "the lists were not cut")
		}
		for i, g := range groups {
			require.Equal(rt, want[i], rows(t, g, false))
		}
		lab.rec.Reset()
	})
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
