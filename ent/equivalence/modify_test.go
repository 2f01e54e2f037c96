package equivalence

import (
	"context"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/predicate"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// Modifiers are batched where a row depends on that row alone. SQLite runs what
// groups by a part of what it selects; others refuse that of ent as well.
func TestModify(t *testing.T) {
	lab := SQLite.newLab(t, 12)
	for name, c := range map[string]struct {
		modify func(*sql.Selector)
		alone  bool
	}{
		"where":      {modify: func(s *sql.Selector) { s.Where(sql.EQ(s.C(sample.FieldStatus), "done")) }},
		"expression": {modify: func(s *sql.Selector) { s.AppendSelectExprAs(sql.Raw("volume * 2"), "twice") }},
		"group":      {modify: func(s *sql.Selector) { s.GroupBy(s.C(sample.FieldStatus)) }, alone: true},
		"aggregate":  {modify: func(s *sql.Selector) { s.AppendSelectAs(sql.Max(s.C(sample.FieldVolume)), "most") }, alone: true},
		"limit":      {modify: func(s *sql.Selector) { s.OrderBy(s.C(sample.FieldID)).Limit(1) }, alone: true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, loaders := lab.load(t)
			units := lab.Unit.Query().AllX(ctx)
			lab.rec.Reset()
			option := func(q *ent.SampleQuery) { q.Modify(c.modify) }
			for i, u := range units {
				got, err := u.LoadSamples(ctx, option)
				require.NoError(t, err)
				if i == 0 {
					lab.statements(t, 1)
				}
				q := u.QuerySamples()
				option(q)
				want := q.AllX(t.Context())
				require.Equal(t, unordered(t, want), unordered(t, got))
				for k := range got {
					if name == "expression" {
						twice, err := got[k].Value("twice")
						require.NoError(t, err)
						require.Equal(t, 2*got[k].Volume, twice)
					}
				}
			}
			sent := len(units)
			counted := 0
			for _, s := range loaders.Stats() {
				counted += s.Alone
			}
			if c.alone {
				sent += len(units) - 1
				require.Equal(t, len(units), counted)
			} else {
				require.Zero(t, counted)
			}
			lab.statements(t, sent)
		})
	}
	// A selector function of a predicate can do what a modifier can.
	ctx, loaders := lab.load(t)
	for _, u := range lab.Unit.Query().AllX(ctx) {
		option := func(q *ent.SampleQuery) {
			q.Where(predicate.Sample(func(s *sql.Selector) { s.OrderBy(sql.Desc(s.C(sample.FieldID))).Limit(1) }))
		}
		got, err := u.LoadSamples(ctx, option)
		require.NoError(t, err)
		q := u.QuerySamples()
		option(q)
		require.Equal(t, rows(t, q.AllX(t.Context()), false), rows(t, got, false))
	}
	require.Equal(t, 12, loaders.Stats()[0].Alone)
}

// What a traverser adds to a selector shows only when the statement is made.
func TestTraverserThatLimits(t *testing.T) {
	lab := SQLite.newLab(t, 12)
	lab.Sample.Intercept(ent.TraverseFunc(func(_ context.Context, q ent.Query) error {
		q.(*ent.SampleQuery).Where(func(s *sql.Selector) { s.OrderBy(sql.Desc(s.C(sample.FieldID))).Limit(2) })
		return nil
	}))
	ctx, loaders := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	found := 0
	for _, u := range units {
		got, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Equal(t, rows(t, u.QuerySamples().AllX(t.Context()), false), rows(t, got, false))
		n, err := u.CountSamples(ctx)
		require.NoError(t, err)
		require.Equal(t, u.QuerySamples().CountX(t.Context()), n)
		found += len(got)
	}
	require.Greater(t, found, 2, "two for each unit, not for all")
	lab.statements(t, 4*len(units))
	require.Equal(t, entloader.Lone{Bounded: 2 * len(units)}, ranAlone(t, loaders))
	require.Contains(t, loaders.Summary(), "1 batches of 12 keys (largest 12, unasked 0), 12 alone, 0 errors; sent: siblings 1; lone: 12 bounded\n")
}
