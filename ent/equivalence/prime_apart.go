package equivalence

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	stdent "entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/document"
	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
)

// testPrimedAtTheDoor takes a row that another query brought while keys of a viewer gather who may not see it.
func testPrimedAtTheDoor(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
	// Loads with the same end, or none, come in without the lock of the loader.
	admin := viewer.NewContext(ctx, viewer.Viewer{Name: "ada", Admin: true})
	guest := viewer.NewContext(ctx, viewer.Viewer{Name: "gus"})
	hidden := lab.Incident.Query().Where(incident.Confidential(true)).FirstX(admin).ID
	public := lab.Incident.Query().Where(incident.Confidential(false)).FirstX(admin).ID
	_, err := lab.Incident.Get(guest, hidden)
	require.True(t, ent.IsNotFound(err))

	var wg sync.WaitGroup
	load := func(id int, check func(*ent.Incident, error)) {
		before := waits(loaders, "Incident by id")
		wg.Go(func() { check(loaders.Incident.ByID.Load(guest, id)) })
		for waits(loaders, "Incident by id") == before {
			runtime.Gosched()
		}
	}
	load(public, func(i *ent.Incident, err error) {
		if err != nil || i.ID != public {
			t.Error(i, err)
		}
	})
	for _, u := range lab.Unit.Query().AllX(ctx) {
		_, err := u.LoadIncidents(admin) // whose rows are on offer from now on
		require.NoError(t, err)
	}
	all, err := loaders.Incident.ByID.LoadAll(admin, []int{hidden})
	require.NoError(t, err)
	require.Equal(t, hidden, all[0].ID)
	load(hidden, func(i *ent.Incident, err error) {
		if !ent.IsNotFound(err) || i != nil {
			t.Error("the guest sees what is hidden", i, err)
		}
	})
	loaders.Flush()
	wg.Wait()
}

// waits returns how many loads of a loader waited so far.
func waits(loaders *ent.Loaders, name string) (n int) {
	for _, s := range loaders.Stats() {
		if s.Name == name {
			n += s.Waits
		}
	}
	return n
}

// testPrimedViewers loads incidents of units and then by id, as viewers who do not all see the same.
func testPrimedViewers(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t)
	admin := viewer.NewContext(ctx, viewer.Viewer{Name: "ada", Admin: true})
	guest := viewer.NewContext(ctx, viewer.Viewer{Name: "gus"})
	ids := lab.Incident.Query().IDsX(admin)
	for _, u := range lab.Unit.Query().AllX(ctx) {
		_, err := u.LoadIncidents(admin)
		require.NoError(t, err)
	}
	lab.rec.Reset()
	all, err := loaders.Incident.ByID.LoadAll(admin, ids)
	require.NoError(t, err)
	lab.statements(t, 0)
	require.NotContains(t, all, (*ent.Incident)(nil))
	some, err := loaders.Incident.ByID.LoadAll(guest, ids)
	require.True(t, ent.IsNotFound(err))
	lab.statements(t, 1)
	for i, id := range ids {
		_, err := lab.Incident.Get(guest, id)
		require.Equal(t, ent.IsNotFound(err), some[i] == nil)
	}

	// What a query outside of our batches read from its context is not known: a policy keeps its rows from being taken.
	loaders.ClearAll(ctx)
	lab.Incident.Query().AllX(admin)
	lab.rec.Reset()
	_, err = loaders.Incident.ByID.LoadAll(admin, ids)
	require.NoError(t, err)
	lab.statements(t, 1)
	_, err = lab.Incident.Query().Where(incident.Confidential(true)).First(admin)
	require.NoError(t, err, "the data has nothing to hide")
}

// testPrimedSoftDelete loads documents, deleted ones included, and then by id without them; and the other way round.
func testPrimedSoftDelete(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	plain := schema.SkipSoftDelete(t.Context())
	ids := lab.Document.Query().Where(document.HasUnit()).IDsX(plain)
	require.Greater(t, len(ids), lab.Document.Query().Where(document.HasUnit()).CountX(t.Context()))
	skip := func(ctx context.Context) context.Context { return schema.SkipSoftDelete(ctx) }
	keep := func(ctx context.Context) context.Context { return ctx }
	for _, c := range []struct {
		name        string
		bring, load func(context.Context) context.Context
		statements  int
	}{
		{"both with deleted ones", skip, skip, 0},
		{"the first with deleted ones", skip, keep, 1},
		{"the second with deleted ones", keep, skip, 1},
		{"both without", keep, keep, 1}, // those that are deleted are not there
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, loaders := lab.load(t)
			for _, u := range lab.Unit.Query().AllX(ctx) {
				_, err := u.LoadDocuments(c.bring(ctx))
				require.NoError(t, err)
			}
			lab.rec.Reset()
			got, _ := loaders.Document.ByID.LoadAll(c.load(ctx), ids)
			lab.statements(t, c.statements)
			for i, id := range ids {
				want, err := lab.Document.Get(c.load(t.Context()), id)
				require.Equal(t, ent.IsNotFound(err), got[i] == nil)
				if err == nil {
					require.Equal(t, rows(t, want, false), rows(t, got[i], false))
				}
			}
		})
	}
	t.Run("of a query", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		lab.Document.Query().AllX(skip(ctx))
		lab.rec.Reset()
		_, err := loaders.Document.ByID.LoadAll(ctx, ids)
		require.True(t, ent.IsNotFound(err))
		lab.statements(t, 1)
	})
}

// testPrimedAndInterceptors has interceptors that hide rows, or change them: a row that went past one is not taken where
// ent's query would have it go past.
func testPrimedAndInterceptors(t *testing.T, db Database) {
	type hideKey struct{}
	hidden := func(ctx context.Context) context.Context { return context.WithValue(ctx, hideKey{}, true) }
	hide := ent.TraverseFunc(func(ctx context.Context, q ent.Query) error {
		if q, ok := q.(*ent.UnitQuery); ok && ctx.Value(hideKey{}) != nil {
			q.Where(unit.KindNEQ(unit.KindWard))
		}
		return nil
	})
	// sees has the entities in its hands: f returns those that it lets through.
	sees := func(f func(context.Context, []*ent.Unit) []*ent.Unit) ent.Interceptor {
		return ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				v, err := next.Query(ctx, q)
				if list, ok := v.([]*ent.Unit); ok {
					return f(ctx, list), err
				}
				return v, err
			})
		})
	}
	drop := sees(func(ctx context.Context, list []*ent.Unit) []*ent.Unit {
		return slices.DeleteFunc(list, func(u *ent.Unit) bool {
			// In the list of an edge to many they are still there.
			qc := stdent.QueryFromContext(ctx)
			return u.Kind == unit.KindWard && qc.Op == stdent.OpQueryOnly
		})
	})
	alter := sees(func(ctx context.Context, list []*ent.Unit) []*ent.Unit {
		for _, u := range list {
			u.Name = "***"
		}
		return list
	})
	through := sees(func(_ context.Context, list []*ent.Unit) []*ent.Unit { return list })
	eager := ent.TraverseFunc(func(_ context.Context, q ent.Query) error {
		if q, ok := q.(*ent.UnitQuery); ok {
			q.WithLocation()
		}
		return nil
	})
	same := func(ctx context.Context) context.Context { return ctx }
	query := func(t *testing.T, lab *lab, ctx context.Context) { lab.Unit.Query().AllX(ctx) }
	batch := func(t *testing.T, lab *lab, ctx context.Context) {
		for _, l := range lab.Location.Query().Where(location.HasUnits()).AllX(ctx) {
			_, err := l.LoadUnits(ctx)
			require.NoError(t, err)
		}
	}
	for _, c := range []struct {
		name        string
		interceptor ent.Interceptor
		late        bool // added when the units were brought
		bring       func(*testing.T, *lab, context.Context)
		load        func(context.Context) context.Context
		statements  int
	}{
		{"none, query", nil, false, query, same, 0},
		{"none, batch", nil, false, batch, same, 0},
		{"hides by context, batch", hide, false, batch, same, 0},
		{"hides by context, batch, but only afterwards", hide, false, batch, hidden, 1},
		{"hides by context, query", hide, false, query, same, 1}, // nobody saw what it looked up
		{"hides by context, query, but only afterwards", hide, false, query, hidden, 1},
		{"hides, added late, query", hide, true, query, hidden, 1},
		{"hides, added late, batch", hide, true, batch, hidden, 1},
		{"drops, query", drop, false, query, same, 1},
		{"drops, batch", drop, false, batch, same, 1},
		{"drops, added late, batch", drop, true, batch, same, 1},
		{"alters, query", alter, false, query, same, 1},
		{"alters, batch", alter, false, batch, same, 1},
		{"alters, added late, query", alter, true, query, same, 1},
		{"only sees, batch", through, false, batch, same, 1}, // who knows
		{"loads eagerly, query", eager, false, query, same, 2},
		{"loads eagerly, batch", eager, false, batch, same, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := db.newLab(t, 20)
			// Every unit is somewhere, so that the batch brings all of them.
			lab.Unit.Update().SetLocationID(lab.Location.Query().FirstIDX(t.Context())).ExecX(t.Context())
			if c.interceptor != nil && !c.late {
				lab.Unit.Intercept(c.interceptor)
			}
			ctx, _ := lab.load(t)
			samples := lab.Sample.Query().AllX(ctx)
			c.bring(t, lab, ctx)
			if c.late {
				lab.Unit.Intercept(c.interceptor)
			}
			lab.rec.Reset()
			e := edge{entity: reflect.TypeFor[*ent.Sample](), name: "Unit", unique: true}
			got, errs := make([]any, len(samples)), make([]error, len(samples))
			for i, s := range samples {
				got[i], errs[i] = e.load(c.load(ctx), reflect.ValueOf(s))
			}
			lab.statements(t, c.statements)
			for i, s := range samples {
				want, err := e.query(c.load(t.Context()), reflect.ValueOf(s))
				requireEqual(t, e, reflect.ValueOf(s), want, err, got[i], errs[i], false)
			}
		})
	}
}

// testPrimedTransaction goes back and forth in a transaction that has written: what it brings is taken inside, and not
// outside.
func testPrimedTransaction(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, loaders := lab.load(t)
	outside := lab.Unit.Query().AllX(ctx)
	tx, err := lab.Tx(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	tx.Unit.Update().SetName("inside").ExecX(ctx)
	lab.rec.Reset()
	for _, u := range tx.Unit.Query().AllX(ctx) {
		samples, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		for _, s := range samples {
			u, err := s.LoadUnit(ctx)
			require.NoError(t, err)
			require.Equal(t, "inside", u.Name)
			s, err = loaders.Sample.BySerial.Load(ent.NewTxContext(ctx, tx), s.Serial)
			require.NoError(t, err)
			_, err = s.LoadUnit(ctx)
			require.NoError(t, err)
		}
	}
	lab.statements(t, 2)
	for _, u := range outside {
		got, err := loaders.Unit.ByCode.Load(ctx, u.Code)
		require.NoError(t, err)
		require.Equal(t, rows(t, u, false), rows(t, got, false))
	}
	lab.statements(t, 0)
}

// testPrimedSession has variables of the session, which ent's driver reads from the context: what a query brought under
// others is not taken.
func testPrimedSession(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	ctx, _ := lab.load(t)
	lab.Unit.Query().AllX(ctx)
	s := lab.Sample.Query().FirstX(ctx)
	session := sql.WithVar(ctx, "lab.tenant", "one")
	_, wantErr := s.QueryUnit().Only(session) // fails where there are no such variables
	lab.rec.Reset()
	_, err := s.LoadUnit(session)
	require.Equal(t, wantErr == nil, err == nil, err)
	require.NotEmpty(t, lab.rec.Reset())
	_, err = s.LoadUnit(ctx)
	require.NoError(t, err)
	lab.statements(t, 0)
}

// testPrimedAndEdited changes the entities in hand: ent's query does not see that, so what is taken must not.
func testPrimedAndEdited(t *testing.T, db Database) {
	lab := db.newLab(t, 20)
	lab.Unit.Update().SetRetiredAt(installed).ExecX(t.Context())
	lab.Sample.Update().SetRemark("as it is").ExecX(t.Context())
	editUnit := func(u *ent.Unit) {
		u.ID, u.Name, u.Code, *u.RetiredAt = -u.ID, "edited", "edited", time.Time{}
		u.Edges.Samples = []*ent.Sample{}
	}
	editSample := func(s *ent.Sample) {
		s.Serial, *s.Remark, s.Status = "edited", "edited", sample.StatusRejected
		if s.TechnicianID != nil {
			s.TechnicianID[0]++
		}
	}
	ctx, loaders := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	var samples []*ent.Sample
	for _, u := range units {
		list, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		samples = append(samples, list...)
	}
	want := make([]*ent.Sample, len(samples))
	wantUnit := make([]*ent.Unit, len(samples))
	for i, s := range samples {
		want[i] = lab.Sample.GetX(t.Context(), s.ID)
		wantUnit[i] = s.QueryUnit().OnlyX(t.Context())
	}
	lab.rec.Reset()
	var wg sync.WaitGroup
	for _, u := range units {
		wg.Go(func() { editUnit(u) }) // while it is taken
	}
	found, foundUnit := make([]*ent.Sample, len(samples)), make([]*ent.Unit, len(samples))
	for i, s := range samples {
		wg.Go(func() {
			var err, unitErr error
			foundUnit[i], unitErr = s.LoadUnit(ctx)
			editSample(s) // against the rules
			found[i], err = loaders.Sample.BySerial.Load(ctx, want[i].Serial)
			if err := errors.Join(err, unitErr); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	lab.statements(t, 0)
	for i := range samples {
		require.Equal(t, rows(t, want[i], false), rows(t, found[i], false))
		require.Equal(t, rows(t, wantUnit[i], false), rows(t, foundUnit[i], false))
	}
	for i, u := range units {
		got, err := loaders.Unit.ByID.Load(ctx, -u.ID)
		require.NoError(t, err)
		require.Equal(t, rows(t, lab.Unit.GetX(t.Context(), got.ID), false), rows(t, got, false), i)
	}
}

// edit changes the fields of an entity, and what they point to, but for its id.
func edit(entity reflect.Value) {
	for i := range entity.NumField() {
		f := entity.Field(i)
		if name := entity.Type().Field(i).Name; !f.CanSet() || name == "ID" || name == "Edges" {
			continue
		}
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		f.SetZero()
	}
}

// A nil that is primed says that there is no target.
func testPrimedWithNil(t *testing.T, db Database) {
	lab := db.newLab(t, 3)
	ctx, loaders := lab.load(t)
	u, s := lab.Unit.Query().FirstX(t.Context()), lab.Sample.Query().FirstX(t.Context())
	key := ent.LocationByParentIDNameKey{ParentID: 1, Name: "hall"}
	loaders.Unit.ByID.Prime(ctx, u.ID, nil)
	loaders.Location.ByParentIDName.Prime(ctx, key, nil)
	loaders.Sample.Technician.Prime(ctx, s.ID, nil)
	lab.rec.Reset()
	_, err := loaders.Unit.ByID.Load(ctx, u.ID)
	require.True(t, ent.IsNotFound(err))
	_, err = loaders.Location.ByParentIDName.Load(ctx, key)
	require.True(t, ent.IsNotFound(err))
	got, err := loaders.Sample.Technician.Load(ctx, s.ID)
	require.NoError(t, err)
	require.Nil(t, got)
	lab.statements(t, 0)
}
