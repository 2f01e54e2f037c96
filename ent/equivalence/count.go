package equivalence

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	entgo "entgo.io/ent"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
)

// testCounts compares Count and Exist of every edge with ent's own, in the ways
// that an entity comes to its loaders.
func testCounts(t *testing.T, db Database) {
	lab := db.newLab(t, 12)
	plain := t.Context()
	edges := 0
	for _, e := range lab.edges() {
		if e.unique {
			continue
		}
		edges++
		t.Run(e.String(), func(t *testing.T) {
			for _, run := range []string{"Count", "Exist"} {
				entities := lab.all(t, plain, e.entity.Elem().Name())
				want := make([]any, len(entities))
				for i, x := range entities {
					var err error
					want[i], err = e.run(plain, run, x)
					require.NoError(t, err)
				}
				require.Condition(t, func() bool {
					for _, v := range want {
						if !reflect.ValueOf(v).IsZero() {
							return true
						}
					}
					return false
				}, "the data has nothing for this edge")
				for name, opts := range map[string][]entloader.Option{"one window": nil, "small windows": {withWindow(7)}} {
					ctx, _ := lab.load(t, opts...)
					siblings := lab.all(t, ctx, e.entity.Elem().Name())
					lab.rec.Reset()
					for i, x := range siblings {
						got, err := e.count(ctx, run, x)
						require.NoError(t, err)
						require.Equal(t, want[i], got, "%s: %s of %v", name, run, x)
					}
					if opts == nil {
						lab.statements(t, 1, "zero is an answer as well")
					} else {
						lab.statements(t, (len(siblings)+6)/7)
					}
				}
				ctx, _ := lab.load(t) // of no set
				got := make([]any, len(entities))
				each(entities, func(i int, x reflect.Value) {
					v, err := e.count(ctx, run, x)
					require.NoError(t, err)
					got[i] = v
				})
				require.Equal(t, want, got)
				for i, x := range entities[:min(3, len(entities))] { // no loaders
					v, err := e.count(plain, run, x)
					require.NoError(t, err)
					require.Equal(t, want[i], v)
				}
			}
		})
	}
	require.GreaterOrEqual(t, edges, 20, "edges to many of the reference schema")
}

// Interceptors see the operation that ent's Count and Exist have, once for the
// batch. Where one returns another value than it was given, each key is asked
// alone, and the answer is still ent's.
func testCountsAndInterceptors(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	plain := t.Context()
	var ops []string
	change := func(v ent.Value) ent.Value { return v }
	lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			qc := entgo.QueryFromContext(ctx)
			ops = append(ops, fmt.Sprint(qc.Op, qc.Limit != nil, qc.Unique != nil, qc.Fields))
			v, err := next.Query(ctx, q)
			if err != nil {
				return nil, err
			}
			return change(v), nil
		})
	}))
	compare := func(statements int) {
		t.Helper()
		ctx, loaders := lab.load(t)
		units := lab.Unit.Query().Order(unit.ByID()).AllX(ctx)
		wantN, wantB := make([]int, len(units)), make([]bool, len(units))
		ops = nil
		for i, u := range lab.Unit.Query().Order(unit.ByID()).AllX(plain) {
			wantN[i] = u.QuerySamples().CountX(plain)
			wantB[i] = u.QuerySamples().ExistX(plain)
		}
		asEnt := ops[:2]
		ops = nil
		lab.rec.Reset()
		for i, u := range units {
			n, err := u.CountSamples(ctx)
			require.NoError(t, err)
			require.Equal(t, wantN[i], n)
		}
		require.Equal(t, asEnt[0], ops[0])
		ops = nil
		for i, u := range units {
			ok, err := u.ExistSamples(ctx)
			require.NoError(t, err)
			require.Equal(t, wantB[i], ok)
		}
		require.Equal(t, asEnt[1], ops[0])
		lab.statements(t, statements)
		require.Equal(t, entloader.Lone{Untold: statements - 2}, ranAlone(t, loaders))
	}
	compare(2)
	change = func(v ent.Value) ent.Value {
		switch v := v.(type) {
		case int:
			return v + 1
		case []int:
			return v[:0:0]
		}
		return v
	}
	compare(2 + 2*6)
}

// What interceptors and policies look up separates counts as it separates loads.
func testCountsAndContext(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	ctx, _ := lab.load(t)
	admin := viewer.NewContext(ctx, viewer.Viewer{Admin: true})
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	differ := false
	for _, u := range units {
		some, err := u.CountIncidents(ctx)
		require.NoError(t, err)
		all, err := u.CountIncidents(admin)
		require.NoError(t, err)
		require.Equal(t, u.QueryIncidents().CountX(t.Context()), some)
		require.Equal(t, u.QueryIncidents().CountX(viewer.NewContext(t.Context(), viewer.Viewer{Admin: true})), all)
		differ = differ || some != all
	}
	require.True(t, differ)
	lab.statements(t, 2+2*len(units))
}

// Counts by key, without entities; a clear of the edge clears them as well.
func testCountsByKey(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	ctx, l := lab.load(t)
	u := lab.Unit.Query().Where(unit.HasSamples()).FirstX(t.Context())
	want := u.QuerySamples().CountX(t.Context())
	lab.rec.Reset()
	n, err := l.Unit.Samples.Count(ctx, u.ID)
	require.NoError(t, err)
	require.Equal(t, want, n)
	ok, err := l.Unit.Samples.Exist(ctx, u.ID)
	require.NoError(t, err)
	require.True(t, ok)
	n, err = l.Unit.Samples.Count(ctx, -1)
	require.NoError(t, err)
	require.Zero(t, n)
	lab.statements(t, 3)
	lab.rec.Reset()
	_, err = l.Unit.Samples.Count(ctx, u.ID)
	require.NoError(t, err)
	lab.statements(t, 0)
	l.Unit.Samples.Clear(ctx, u.ID)
	_, err = l.Unit.Samples.Count(ctx, u.ID)
	require.NoError(t, err)
	lab.statements(t, 1)
}
