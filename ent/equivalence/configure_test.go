package equivalence

import (
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// The functions are given once in a program, so this test runs on one database.
func TestDeclaredFunc(t *testing.T) {
	lab := SQLite.newLab(t, 10)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	p := ent.UnitStaleSamplesParams{StatusIn: entloader.ListOf(sample.StatusOpen, sample.StatusRunning), Days: 3}
	_, err := units[0].LoadStaleSamples(ctx, p)
	require.EqualError(t, err, "entloader: Unit.stale_samples: its function is not configured: call ConfigureLoaders of the ent package at start-up")
	require.EqualError(t, ent.ConfigureLoaders(ent.LoadersConfig{}), "entloader: LoadersConfig: functions are missing: UnitStaleSamples")
	const newestOnly = -1
	now := time.Now()
	require.NoError(t, ent.ConfigureLoaders(ent.LoadersConfig{
		UnitStaleSamples: func(q *ent.SampleQuery, p ent.UnitStaleSamplesParams) {
			q.Where(func(s *sql.Selector) {
				if p.Days == newestOnly {
					s.OrderBy(sql.Desc(s.C(sample.FieldID))).Limit(1)
					return
				}
				s.Where(sql.LT(s.C(sample.FieldTakenAt), now.AddDate(0, 0, -p.Days)))
			})
		},
	}))
	lab.rec.Reset()
	found := 0
	for _, u := range units {
		got, err := u.LoadStaleSamples(ctx, p)
		require.NoError(t, err)
		want := u.QuerySamples().Where(sample.StatusIn("open", "running"), sample.TakenAtLT(now.AddDate(0, 0, -3))).AllX(t.Context())
		require.Equal(t, rows(t, want, false), rows(t, got, false))
		found += len(got)
	}
	require.NotZero(t, found)
	lab.statements(t, 1+len(units))

	// A function that limits its statement by itself can not have one for all.
	p.Days = newestOnly
	ctx, loaders := lab.load(t)
	units = lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for _, u := range units {
		got, err := u.LoadStaleSamples(ctx, p)
		require.NoError(t, err)
		n, err := u.CountStaleSamples(ctx, p)
		require.NoError(t, err)
		query := func() *ent.SampleQuery {
			return u.QuerySamples().Where(sample.StatusIn("open", "running"), func(s *sql.Selector) { s.OrderBy(sql.Desc(s.C(sample.FieldID))).Limit(1) })
		}
		want := query().AllX(t.Context())
		require.Equal(t, rows(t, want, false), rows(t, got, false))
		require.Equal(t, query().CountX(t.Context()), n)
	}
	lab.statements(t, 4*len(units))
	require.Equal(t, entloader.Lone{Bounded: 2 * len(units)}, ranAlone(t, loaders))
}
