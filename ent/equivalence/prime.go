package equivalence

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	stdent "entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/document"
	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// testBackEdges goes along an edge and back again: the second way costs no statement, since the rows were brought by the
// query that the first way began with. All is compared with ent's own queries.
func testBackEdges(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	for _, c := range []struct{ typ, there, back string }{
		{"Unit", "Samples", "Unit"},
		{"Unit", "Notes", "Unit"},     // of which interceptors let some through
		{"Unit", "Incidents", "Unit"}, // and a policy
		{"Unit", "Documents", "Unit"},
		{"Location", "Units", "Location"},
		{"Location", "Children", "Parent"},
		{"Sample", "Results", "Sample"},
		{"Sample", "Aliquots", "Source"},
		{"Sample", "Label", "Sample"},
		{"Label", "Sample", "Label"}, // by the foreign key on the other side
		{"Sample", "Assignments", "Sample"},
		{"Instrument", "Calibrations", "Instrument"},
		{"Technician", "Samples", "Technician"}, // ids are UUIDs
		{"Technician", "Certifications", "Technician"},
		{"Technician", "Badge", "Technician"}, // the id is the foreign key
		{"Badge", "Technician", "Badge"},
		{"Technician", "Partner", "Partner"}, // both have one
		{"Project", "Assignments", "Project"},
	} {
		t.Run(c.typ+"."+c.there+"."+c.back, func(t *testing.T) {
			for name, run := range map[string]func([]reflect.Value, func(reflect.Value)){
				"loop": func(list []reflect.Value, f func(reflect.Value)) {
					for _, x := range list {
						f(x)
					}
				},
				"goroutines": func(list []reflect.Value, f func(reflect.Value)) {
					each(list, func(_ int, x reflect.Value) { f(x) })
				},
			} {
				ctx, loaders := lab.load(t)
				list := lab.all(t, ctx, c.typ)
				lab.rec.Reset()
				found := make(chan reflect.Value, 100_000)
				run(list, func(x reflect.Value) {
					v, err := edge{name: c.there}.load(ctx, x)
					for _, y := range many(v) {
						w, err := edge{name: c.back}.load(ctx, y)
						if err != nil || reflect.ValueOf(w).IsNil() {
							t.Errorf("%s of %v: %v", c.back, y, err)
						}
						found <- y
					}
					if err != nil {
						t.Error(err)
					}
				})
				lab.statements(t, 1, name)
				close(found)
				require.NotEmpty(t, found)
				primed := 0
				for _, s := range loaders.Stats() {
					primed += s.Primed
				}
				require.Positive(t, primed)
				require.Contains(t, loaders.Summary(), "; primed: ")
				n := 0
				for y := range found {
					if n++; n > 200 {
						break
					}
					e := edge{entity: y.Type(), name: c.back, unique: true}
					want, wantErr := e.query(t.Context(), y)
					got, err := e.load(ctx, y)
					requireEqual(t, e, y, want, wantErr, got, err, false)
				}
				lab.rec.Reset()
			}
		})
	}
}

// many returns the entities that a load brought.
func many(v any) (list []reflect.Value) {
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.Slice:
		for i := range rv.Len() {
			list = append(list, rv.Index(i))
		}
	case !rv.IsNil():
		list = append(list, rv)
	}
	return list
}

// Five levels, of which two lead back, are three statements; and those that were taken have siblings as well.
func testPrimedLevels(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, _ := lab.load(t)
	for _, u := range lab.Unit.Query().Order(ent.Desc(unit.FieldCode)).AllX(ctx) {
		samples, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		for _, s := range samples {
			results, err := s.LoadResults(ctx)
			require.NoError(t, err)
			for _, r := range results {
				s, err := r.LoadSample(ctx)
				require.NoError(t, err)
				u, err := s.LoadUnit(ctx)
				require.NoError(t, err)
				_, err = u.LoadSamples(ctx)
				require.NoError(t, err)
			}
		}
	}
	lab.statements(t, 3)
	t.Run("siblings", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		lab.Unit.Query().AllX(ctx)
		samples := lab.Sample.Query().AllX(ctx)
		lab.rec.Reset()
		for _, s := range samples {
			u, err := s.LoadUnit(ctx)
			require.NoError(t, err)
			_, err = u.LoadLocation(ctx)
			require.NoError(t, err)
		}
		lab.statements(t, 1)
		for _, s := range loaders.Stats() {
			require.Equal(t, entloader.Lone{}, s.Lone)
		}
	})
}

// A primer is a row that is loaded by a key after another query brought it.
type primer struct {
	name string
	// bring brings the rows under ctx, by a query or by a load.
	bring func(t *testing.T, lab *lab, ctx context.Context)
	// statements is how many are sent when all samples are loaded by id.
	statements int
	// opts are those of the loaders, under those bring runs.
	opts []entloader.Option
}

// loadSamples loads the samples of all units.
func loadSamples(opts ...func(*ent.SampleQuery)) func(*testing.T, *lab, context.Context) {
	return func(t *testing.T, lab *lab, ctx context.Context) {
		for _, u := range lab.Unit.Query().AllX(ctx) {
			_, err := u.LoadSamples(ctx, opts...)
			require.NoError(t, err)
		}
	}
}

// testPrimed brings samples in many ways and loads them by id and by serial number.
func testPrimed(t *testing.T, db Database) {
	l := db.newLab(t, 20)
	all := l.Sample.Query().AllX(t.Context())
	ids, serials := make([]int, len(all)), make([]string, len(all))
	for i, s := range all {
		ids[i], serials[i] = s.ID, s.Serial
	}
	for _, c := range []primer{
		{name: "a batch", bring: loadSamples()},
		{name: "a batch by id", bring: func(t *testing.T, _ *lab, ctx context.Context) {
			_, err := ent.LoadersFromContext(ctx).Sample.ByID.LoadAll(ctx, ids)
			require.NoError(t, err)
		}},
		{name: "a batch by key", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			_, err := ent.LoadersFromContext(ctx).Unit.Samples.LoadAll(ctx, lab.Unit.Query().IDsX(ctx))
			require.NoError(t, err)
		}},
		{name: "a query", bring: func(_ *testing.T, lab *lab, ctx context.Context) { lab.Sample.Query().AllX(ctx) }},
		{name: "a query with an order", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().Order(sample.ByTakenAt(), ent.Asc(sample.FieldID)).AllX(ctx)
		}},
		{name: "an order that adds a column", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().Order(sample.ByResultsCount(sql.OrderSelectAs("n"))).AllX(ctx)
		}},
		{name: "two pages", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().Order(ent.Asc(sample.FieldID)).Limit(10).AllX(ctx)
			lab.Sample.Query().Order(ent.Asc(sample.FieldID)).Offset(10).Limit(10_000).AllX(ctx)
		}},
		{name: "a limit", bring: loadSamples(func(q *ent.SampleQuery) { q.Limit(10_000) })}, // of whole rows
		{name: "windows", bring: loadSamples(), opts: []entloader.Option{withWindow(4)}},
		{name: "many to many", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			for _, p := range lab.Project.Query().AllX(ctx) {
				_, err := p.LoadSamples(ctx)
				require.NoError(t, err)
			}
		}, statements: 1}, // some samples have no project
		{name: "equal scope", bring: loadSamples(), opts: []entloader.Option{entloader.WithScope(func(context.Context) any { return 1 })}},

		// The rules of what does not prime.
		{name: "nothing", bring: func(*testing.T, *lab, context.Context) {}, statements: 1},
		{name: "options", bring: loadSamples(func(q *ent.SampleQuery) { q.Where(sample.IDGT(0)) }), statements: 1},
		{name: "eager load in options", bring: loadSamples(func(q *ent.SampleQuery) { q.WithUnit() }), statements: 1},
		{name: "select in options", bring: loadSamples(func(q *ent.SampleQuery) { q.Select(sample.FieldSerial, sample.FieldUnitID) }), statements: 1},
		{name: "a declared edge", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			for _, u := range lab.Unit.Query().AllX(ctx) {
				_, err := u.LoadOpenSamples(ctx)
				require.NoError(t, err)
			}
		}, statements: 1},
		{name: "counts", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			for _, u := range lab.Unit.Query().AllX(ctx) {
				_, err := u.CountSamples(ctx)
				require.NoError(t, err)
				_, err = u.ExistSamples(ctx)
				require.NoError(t, err)
			}
		}, statements: 1},
		{name: "predicates", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().Where(sample.IDGT(0)).AllX(ctx)
		}, statements: 1},
		{name: "edge query", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Unit.Query().QuerySamples().AllX(ctx)
		}, statements: 1},
		{name: "select", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().Select(sample.FieldSerial, sample.FieldUnitID).AllX(ctx)
		}, statements: 1},
		{name: "modify", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			q := lab.Sample.Query()
			q.Modify(func(*sql.Selector) {})
			q.AllX(ctx)
		}, statements: 1},
		{name: "eager load", bring: func(_ *testing.T, lab *lab, ctx context.Context) { lab.Sample.Query().WithUnit().AllX(ctx) }, statements: 1},
		{name: "eager loaded", bring: func(_ *testing.T, lab *lab, ctx context.Context) { lab.Unit.Query().WithSamples().AllX(ctx) }, statements: 1},
		{name: "without loaders", bring: func(t *testing.T, lab *lab, _ context.Context) { lab.Sample.Query().AllX(t.Context()) }, statements: 1},
		{name: "alone", bring: func(t *testing.T, lab *lab, ctx context.Context) { loadSamples()(t, lab, entloader.Alone(ctx)) }, statements: 1},
		{name: "another client", bring: func(t *testing.T, l *lab, ctx context.Context) {
			other := &lab{Client: ent.NewClient(ent.Driver(l.rec)), rec: l.rec}
			loadSamples()(t, other, ctx)
		}, statements: 1},
		{name: "a transaction", bring: func(t *testing.T, l *lab, ctx context.Context) {
			tx, err := l.Tx(ctx)
			require.NoError(t, err)
			loadSamples()(t, &lab{Client: tx.Client(), rec: l.rec}, ctx)
			require.NoError(t, tx.Commit())
		}, statements: 1},
		{name: "no cache", bring: func(_ *testing.T, lab *lab, ctx context.Context) { lab.Sample.Query().AllX(ctx) },
			opts: []entloader.Option{entloader.WithoutCache()}, statements: 1},
		{name: "a scope that differs", bring: loadSamples(), opts: []entloader.Option{entloader.WithScope(counter())}, statements: len(all)},
		{name: "cleared", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			loadSamples()(t, lab, ctx)
			ent.LoadersFromContext(ctx).Unit.Notes.Clear(ctx, 1) // whatever it is
		}, statements: 1},
		{name: "all cleared", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			loadSamples()(t, lab, ctx)
			ent.LoadersFromContext(ctx).ClearAll(ctx)
		}, statements: 1},
		{name: "all cleared before the first load", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			lab.Sample.Query().AllX(ctx)
			ent.LoadersFromContext(ctx).ClearAll(ctx)
		}, statements: 1},
		{name: "cleared meanwhile, batch", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			defer lab.rec.Before(nil)
			lab.rec.Before(func(context.Context, loadertest.Statement) error {
				ent.LoadersFromContext(ctx).Sample.ByID.Clear(ctx, ids[0])
				return nil
			})
			loadSamples()(t, lab, ctx)
		}, statements: 1},
		{name: "cleared meanwhile, query", bring: func(_ *testing.T, lab *lab, ctx context.Context) {
			defer lab.rec.Before(nil)
			lab.rec.Before(func(context.Context, loadertest.Statement) error {
				ent.LoadersFromContext(ctx).Unit.Notes.ClearAll(ctx)
				return nil
			})
			lab.Sample.Query().AllX(ctx)
		}, statements: 1},
		{name: "failed", bring: func(t *testing.T, lab *lab, ctx context.Context) {
			_, err := lab.Sample.Query().Order(func(s *sql.Selector) { s.OrderBy("no_column") }).All(ctx)
			require.Error(t, err)
		}, statements: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, loaders := l.load(t, c.opts...)
			c.bring(t, l, ctx)
			l.rec.Reset()
			byID, err := loaders.Sample.ByID.LoadAll(ctx, ids)
			require.NoError(t, err)
			l.statements(t, c.statements, "by id")
			for i := range all {
				require.Equal(t, rows(t, all[i], false), rows(t, byID[i], false))
			}
		})
		t.Run(c.name+", by serial", func(t *testing.T) {
			ctx, loaders := l.load(t, c.opts...)
			c.bring(t, l, ctx)
			l.rec.Reset()
			got := make([]*ent.Sample, len(all))
			each(serials, func(i int, serial string) {
				s, err := loaders.Sample.BySerial.Load(ctx, serial)
				if err != nil {
					t.Error(err)
				}
				got[i] = s
			})
			require.Equal(t, c.statements > 0, len(l.rec.Reset()) > 0)
			for i := range all {
				require.Equal(t, rows(t, all[i], false), rows(t, got[i], false))
			}
		})
	}
}

// counter returns a scope that is another one each time.
func counter() func(context.Context) any {
	return func(context.Context) any { return new(int) }
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

// testPrimedKeys has keys that are NULL for some, and by collations that are looser than Go.
func testPrimedKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t)
	lab.Instrument.Query().AllX(ctx)
	lab.Technician.Query().AllX(ctx)
	lab.rec.Reset()

	t.Run("NULL", func(t *testing.T) {
		instruments := lab.Instrument.Query().AllX(t.Context())
		lab.rec.Reset()
		null := 0
		for _, i := range instruments {
			if i.AssetTag == nil {
				null++
				continue
			}
			got, err := loaders.Instrument.ByAssetTag.Load(ctx, *i.AssetTag)
			require.NoError(t, err)
			require.Equal(t, rows(t, i, false), rows(t, got, false))
		}
		require.Positive(t, null)
		lab.statements(t, 0)
		_, err := loaders.Instrument.ByAssetTag.Load(ctx, "")
		require.True(t, ent.IsNotFound(err))
		lab.statements(t, 1)

		locations, err := lab.Location.Query().All(ctx)
		require.NoError(t, err)
		lab.rec.Reset()
		for _, l := range locations {
			if l.ParentID == nil {
				_, err := loaders.Location.ByParentIDName.Load(ctx, ent.LocationByParentIDNameKey{Name: l.Name})
				require.True(t, ent.IsNotFound(err))
				require.NotEmpty(t, lab.rec.Reset())
				continue
			}
			got, err := loaders.Location.ByParentIDName.Load(ctx, ent.LocationByParentIDNameKey{ParentID: *l.ParentID, Name: l.Name})
			require.NoError(t, err)
			require.Equal(t, rows(t, l, false), rows(t, got, false))
			lab.statements(t, 0)
		}
	})
	t.Run("in another case", func(t *testing.T) {
		for _, x := range lab.Technician.Query().AllX(t.Context()) {
			for _, email := range []string{x.Email, strings.ToUpper(x.Email)} {
				want, wantErr := lab.Technician.Query().Where(technician.Email(email)).Only(t.Context())
				lab.rec.Reset()
				got, err := loaders.Technician.ByEmail.Load(ctx, email)
				if ent.IsNotFound(wantErr) {
					require.True(t, ent.IsNotFound(err))
					continue
				}
				require.NoError(t, wantErr)
				require.NoError(t, err)
				require.Equal(t, rows(t, want, false), rows(t, got, false))
				if email == x.Email {
					lab.statements(t, 0)
				} else {
					lab.statements(t, 1) // the database knows
				}
			}
		}
	})
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

// testPrimedByChance queries, loads, edits and clears under the same loaders, as chance will have it. Each load is
// compared with ent's own query.
func testPrimedByChance(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	edges := make(map[reflect.Type][]edge)
	for _, e := range lab.edges() {
		edges[e.entity] = append(edges[e.entity], e)
	}
	queries := lab.queries()
	contexts := map[string]func(context.Context) context.Context{
		"plain":   func(ctx context.Context) context.Context { return ctx },
		"admin":   func(ctx context.Context) context.Context { return viewer.NewContext(ctx, viewer.Viewer{Admin: true}) },
		"deleted": func(ctx context.Context) context.Context { return schema.SkipSoftDelete(ctx) },
	}
	primed := 0
	rapid.Check(t, func(rt *rapid.T) {
		ctx, loaders := lab.load(t)
		var inHand, own []reflect.Value // own may be edited
		draw := func(list []reflect.Value) reflect.Value {
			return list[rapid.IntRange(0, len(list)-1).Draw(rt, "which")]
		}
		as := func(ctx context.Context) context.Context {
			return contexts[rapid.SampledFrom(keys(contexts)).Draw(rt, "as")](ctx)
		}
		for range rapid.IntRange(3, 25).Draw(rt, "steps") {
			step := rapid.SampledFrom([]string{"query", "load", "load", "load", "load", "edit", "clear"}).Draw(rt, "step")
			switch {
			case step == "query" || len(inHand) == 0:
				typ := rapid.SampledFrom(keys(queries)).Draw(rt, "type")
				q := queries[typ].Call(nil)[0]
				if limit := rapid.IntRange(0, 10).Draw(rt, "limit"); limit > 0 {
					q.MethodByName("Limit").Call([]reflect.Value{reflect.ValueOf(limit)})
				}
				list := many(q.MethodByName("All").Call([]reflect.Value{reflect.ValueOf(as(ctx))})[0].Interface())
				inHand = append(inHand, list...)
				if len(list) > 0 && list[0].Elem().FieldByName("ID").IsValid() { // else ent goes by the fields
					own = append(own, list...)
				}
			case step == "load":
				x := draw(inHand)
				for _, e := range edges[x.Type()] {
					under := rapid.SampledFrom(keys(contexts)).Draw(rt, "as")
					got, err := e.load(contexts[under](ctx), x)
					want, wantErr := e.query(contexts[under](t.Context()), x)
					if e.entity == reflect.TypeFor[*ent.Unit]() && e.name == "Notes" { // any five of them
						require.NoError(rt, err)
						require.Len(rt, many(got), len(many(want)))
					} else {
						requireEqual(t, e, x, want, wantErr, got, err, false)
					}
					inHand = append(inHand, many(got)...)
				}
			case step == "edit" && len(own) > 0:
				edit(draw(own).Elem())
			case step == "clear":
				loaders.ClearAll(ctx)
			}
		}
		for _, s := range loaders.Stats() {
			primed += s.Primed
		}
		lab.rec.Reset()
	})
	require.Positive(t, primed)
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
