package equivalence

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/document"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// Two viewers under the same loaders each get their own answer, without any
// configuration; equal viewers share one.
func testViewersSeparate(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t)
	admin := viewer.NewContext(ctx, viewer.Viewer{Name: "ada", Admin: true})
	guest := viewer.NewContext(ctx, viewer.Viewer{Name: "gus"})
	guestAgain := viewer.NewContext(ctx, viewer.Viewer{Name: "gus"})
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()

	all, some := 0, 0
	for _, u := range units {
		for viewer, n := range map[context.Context]*int{admin: &all, guest: &some} {
			got, err := u.LoadIncidents(viewer)
			require.NoError(t, err)
			*n += len(got)
		}
	}
	lab.statements(t, 2)
	require.Greater(t, all, some)
	require.Equal(t, all, lab.Incident.Query().CountX(admin))
	require.Equal(t, some, lab.Incident.Query().CountX(guest))
	lab.rec.Reset()
	for _, u := range units {
		_, err := u.LoadIncidents(guestAgain)
		require.NoError(t, err)
	}
	lab.statements(t, 0)

	// At the same time: a load that waited for the batch of another viewer
	// finds out and gets a fetch of its own.
	loaders.ClearAll(ctx)
	concurrent, _ := lab.load(t)
	admin = viewer.NewContext(concurrent, viewer.Viewer{Name: "ada", Admin: true})
	guest = viewer.NewContext(concurrent, viewer.Viewer{Name: "gus"})
	units = lab.Unit.Query().AllX(concurrent)
	lab.rec.Reset()
	type pair struct{ admin, guest int }
	counts := make([]pair, len(units))
	each(append(units, units...), func(i int, u *ent.Unit) {
		if i < len(units) {
			got, err := u.LoadIncidents(admin)
			if err != nil {
				t.Error(err)
			}
			counts[i].admin = len(got)
		} else {
			got, err := u.LoadIncidents(guest)
			if err != nil {
				t.Error(err)
			}
			counts[i-len(units)].guest = len(got)
		}
	})
	lab.statements(t, 2)
	var sum pair
	for _, c := range counts {
		sum.admin += c.admin
		sum.guest += c.guest
	}
	require.Equal(t, pair{all, some}, sum)
}

func testSkipSoftDelete(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	visible, all := 0, 0
	for _, u := range units {
		got, err := u.LoadDocuments(ctx)
		require.NoError(t, err)
		visible += len(got)
		got, err = u.LoadDocuments(schema.SkipSoftDelete(ctx))
		require.NoError(t, err)
		all += len(got)
	}
	lab.statements(t, 2)
	require.Greater(t, all, visible)
	require.Equal(t, visible, lab.Document.Query().Where(document.HasUnit()).CountX(t.Context()))
}

// Eager-loaded edges are answered under the same rule.
func testSkipSoftDeleteEager(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().WithDocuments().AllX(ctx)
	lab.rec.Reset()
	all := 0
	for _, u := range units {
		got, err := u.LoadDocuments(schema.SkipSoftDelete(ctx))
		require.NoError(t, err)
		all += len(got)
	}
	lab.statements(t, 1)
	require.Equal(t, all, lab.Document.Query().Where(document.HasUnit()).CountX(schema.SkipSoftDelete(t.Context())))
}

func testWithScope(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	type region struct{}
	ctx, _ := lab.load(t, entloader.WithScope(func(ctx context.Context) any { return ctx.Value(region{}) }))
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for _, r := range []string{"north", "south", "north"} {
		for _, u := range units {
			_, err := u.LoadSamples(context.WithValue(ctx, region{}, r))
			require.NoError(t, err)
		}
	}
	lab.statements(t, 2)
}

// Values that differ for each caller, but that nothing below looks up, do not
// split batches.
func testForeignContextValuesDoNotSplit(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	type key struct{}
	for i, u := range units {
		_, err := u.LoadIncidents(context.WithValue(ctx, key{}, i))
		require.NoError(t, err)
	}
	lab.statements(t, 1)
}

// What was read inside a transaction is not served outside it, nor the other
// way round.
func testTransaction(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	ctx, loaders := lab.load(t)
	outside := lab.Unit.Query().AllX(ctx)
	before, err := outside[0].LoadSamples(ctx)
	require.NoError(t, err)

	tx, err := lab.Tx(ctx)
	require.NoError(t, err)
	inside := tx.Unit.Query().AllX(ctx)
	tx.Assignment.Delete().ExecX(ctx)
	tx.Label.Delete().ExecX(ctx)
	tx.Result.Delete().ExecX(ctx)
	tx.Sample.Delete().ExecX(ctx)
	lab.rec.Reset()
	for _, u := range inside {
		got, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	lab.statements(t, 1)
	byKey, err := loaders.Unit.Samples.Load(ent.NewTxContext(ctx, tx), inside[0].ID)
	require.NoError(t, err)
	require.Empty(t, byKey)
	lab.statements(t, 0)

	again, err := outside[0].LoadSamples(ctx)
	require.NoError(t, err)
	require.Equal(t, rows(t, before, false), rows(t, again, false))
	require.NoError(t, tx.Rollback())

	// A finished transaction fails, until Unwrap makes the entity one of the
	// outside: a lone key there.
	loaders.ClearAll(ctx)
	_, err = inside[0].LoadSamples(ctx)
	require.Error(t, err)
	got, err := inside[0].Unwrap().LoadSamples(ctx)
	require.NoError(t, err)
	require.Equal(t, rows(t, before, false), rows(t, got, false))
}

// Clients that share a driver and differ in interceptors do not share answers.
func testInterceptorsSeparateClients(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	strict := ent.NewClient(ent.Driver(lab.rec))
	strict.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			if list, ok := v.([]*ent.Sample); ok && len(list) > 0 {
				return list[:len(list)/2], err
			}
			return v, err
		})
	}))
	ctx, loaders := lab.load(t)
	a := lab.Unit.Query().AllX(ctx)
	b := strict.Unit.Query().AllX(ctx)
	for i := range a {
		for _, u := range []*ent.Unit{a[i], b[i]} {
			got, err := u.LoadSamples(ctx)
			require.NoError(t, err)
			require.Len(t, got, len(u.QuerySamples().AllX(t.Context())))
		}
	}
	// What is half of a unit's samples can not be told from half of those of all.
	require.Equal(t, entloader.Lone{Untold: len(a)}, ranAlone(t, loaders))
}

// An interceptor may edit the list that a batch returns, as it may that of ent's own query: what it lets through reaches
// its own unit.
func testInterceptorEditsTheList(t *testing.T, db Database) {
	for name, edit := range map[string]func([]*ent.Sample) []*ent.Sample{
		"drops": func(list []*ent.Sample) []*ent.Sample {
			return slices.DeleteFunc(list, func(s *ent.Sample) bool { return s.ID%3 == 0 })
		},
		"reverses": func(list []*ent.Sample) []*ent.Sample {
			slices.Reverse(list)
			return list
		},
	} {
		t.Run(name, func(t *testing.T) {
			lab := db.newLab(t, 10)
			lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
				return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
					v, err := next.Query(ctx, q)
					if list, ok := v.([]*ent.Sample); ok && err == nil {
						v = edit(list)
					}
					return v, err
				})
			}))
			ctx, _ := lab.load(t)
			units := lab.Unit.Query().AllX(ctx)
			lab.rec.Reset()
			got := make([][]*ent.Sample, len(units))
			for i, u := range units {
				var err error
				got[i], err = u.LoadSamples(ctx)
				require.NoError(t, err)
			}
			lab.statements(t, 1)
			found := 0
			for i, u := range units {
				require.Equal(t, rows(t, u.QuerySamples().AllX(t.Context()), false), rows(t, got[i], false))
				found += len(got[i])
			}
			require.Greater(t, found, len(units))
		})
	}
}

// A database error reaches every waiter, names the edge, and is not kept.
func testDatabaseError(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	broken := errors.New("database is locked")
	lab.rec.Before(func(context.Context, loadertest.Statement) error { return broken })
	each(units, func(_ int, u *ent.Unit) {
		_, err := u.LoadSamples(ctx)
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	})
	_, err := units[0].LoadSamples(ctx)
	require.EqualError(t, err, "entloader: Unit.samples: database is locked")
	lab.rec.Before(nil)
	_, err = units[0].LoadSamples(ctx)
	require.NoError(t, err)
}

// A panic of a fetch reaches every waiter and leaves the process alive.
func testPanic(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	for _, fail := range []func(){func() { panic("boom") }, runtime.Goexit} {
		lab.rec.Before(func(context.Context, loadertest.Statement) error { fail(); return nil })
		each(units, func(_ int, u *ent.Unit) {
			_, err := u.LoadSamples(ctx)
			var p *entloader.PanicError
			if !errors.As(err, &p) || len(p.Stack) == 0 {
				t.Error(err)
			}
		})
	}
	lab.rec.Before(nil)
	_, err := units[0].LoadSamples(ctx)
	require.NoError(t, err)
}

// A load under a context that has ended fails, as ent's own query does, also where it
// would send nothing: the answer is there, or there is no foreign key.
func testEndedContext(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	over, cancel := context.WithCancel(ctx)
	cancel()
	units := lab.Unit.Query().WithNotes().WithLocation().AllX(ctx)
	samples := lab.Sample.Query().Where(sample.TechnicianIDIsNil()).AllX(ctx)
	require.NotEmpty(t, samples)
	_, err := units[0].LoadSamples(ctx)
	require.NoError(t, err)
	lab.rec.Reset()
	for name, load := range map[string]func() error{
		"Unit.samples":      func() error { _, err := units[0].LoadSamples(over); return err },
		"Unit.notes":        func() error { _, err := units[0].LoadNotes(over); return err },
		"Unit.location":     func() error { _, err := units[0].LoadLocation(over); return err },
		"Sample.technician": func() error { _, err := samples[0].LoadTechnician(over); return err },
	} {
		err := load()
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, name)
	}
	lab.statements(t, 0)
}
