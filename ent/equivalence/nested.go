package equivalence

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
)

// An interceptor may load: inside and outside of a transaction, by one caller
// or many, and what it finds is shared like any other answer.
func testLoadFromInterceptor(t *testing.T, db Database) {
	lab := db.newLab(t, 20)
	nested := 0
	lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			for _, s := range v.([]*ent.Sample) {
				if _, err := s.LoadTechnician(ctx); err != nil {
					return nil, err
				}
				nested++
			}
			return v, err
		})
	}))
	check := func(t *testing.T, ctx context.Context, units []*ent.Unit) {
		lab.rec.Reset()
		each(units, func(_ int, u *ent.Unit) {
			if _, err := u.LoadSamples(ctx); err != nil {
				t.Error(err)
			}
			if _, err := u.LoadIncidents(ctx); err != nil {
				t.Error(err)
			}
		})
		lab.statements(t, 3)
	}
	t.Run("outside", func(t *testing.T) {
		ctx, _ := lab.load(t)
		check(t, ctx, lab.Unit.Query().AllX(ctx))
		require.NotZero(t, nested)
	})
	t.Run("transaction", func(t *testing.T) {
		ctx, _ := lab.load(t)
		tx, err := lab.Tx(ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		check(t, ctx, tx.Unit.Query().AllX(ctx))
	})
}

// A fetch that loads its own key is told so, and does not wait for itself.
func testLoadOwnKeyFromInterceptor(t *testing.T, db Database) {
	lab := db.newLab(t, 3)
	var nested error
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			_, nested = units[1].LoadSamples(ctx)
			return next.Query(ctx, q)
		})
	}))
	_, err := units[0].LoadSamples(ctx)
	require.NoError(t, err)
	require.ErrorContains(t, nested, "from inside its own fetch")
}
