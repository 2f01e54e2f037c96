package equivalence

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
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

// testPrimedByChance queries, loads, edits and clears under the same loaders, as chance will have it. Each load is
// compared with ent's own query.
func testPrimedByChance(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	edges := make(map[reflect.Type][]edge)
	for _, e := range lab.edges() {
		edges[e.entity] = append(edges[e.entity], e)
	}
	queries := lab.queries()
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
