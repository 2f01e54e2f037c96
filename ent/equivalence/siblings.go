package equivalence

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/note"
	"github.com/entloader/entloader/ent/result"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
)

func withWindow(n int) entloader.Option { return entloader.WithWindow(n) }

// each runs f for all entities at the same time.
func each[T any](list []T, f func(int, T)) {
	var wg sync.WaitGroup
	for i, x := range list {
		wg.Go(func() { f(i, x) })
	}
	wg.Wait()
}

// units adds n units without anything.
func (l *lab) units(t testing.TB, n int) {
	t.Helper()
	for start := 0; start < n; start += 1000 {
		builders := make([]*ent.UnitCreate, min(1000, n-start))
		for i := range builders {
			builders[i] = l.Unit.Create().SetCode(code(start + i)).SetName("unit").SetKind(unit.KindWard).SetInstalledAt(installed)
		}
		l.Unit.CreateBulk(builders...).SaveX(t.Context())
	}
	l.rec.Reset()
}

// A thousand siblings cost one statement, however they are asked.
func testOneStatementForSiblings(t *testing.T, db Database) {
	lab := db.newLab(t, 1000)
	ways := map[string]func(units []*ent.Unit, load func(*ent.Unit)){
		"goroutines": func(units []*ent.Unit, load func(*ent.Unit)) {
			each(units, func(_ int, u *ent.Unit) { load(u) })
		},
		"loop": func(units []*ent.Unit, load func(*ent.Unit)) {
			for _, u := range units {
				load(u)
			}
		},
		"mutex": func(units []*ent.Unit, load func(*ent.Unit)) {
			var mu sync.Mutex
			each(units, func(_ int, u *ent.Unit) {
				mu.Lock()
				defer mu.Unlock()
				load(u)
			})
		},
		"backwards": func(units []*ent.Unit, load func(*ent.Unit)) {
			for _, u := range slices.Backward(units) {
				load(u)
			}
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			ctx, _ := lab.load(t)
			units := lab.Unit.Query().AllX(ctx)
			require.Len(t, units, 1000)
			lab.statements(t, 1)
			var mu sync.Mutex
			n := 0
			way(units, func(u *ent.Unit) {
				samples, err := u.LoadSamples(ctx)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				n += len(samples)
				mu.Unlock()
			})
			lab.statements(t, 1)
			require.Equal(t, lab.Sample.Query().CountX(ctx), n)
			lab.rec.Reset()
		})
	}
}

func testWindows(t *testing.T, db Database) {
	lab := db.newLab(t, 0)
	lab.units(t, 25_000)
	ctx, loaders := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.statements(t, 1)
	for _, u := range units {
		_, err := u.LoadSamples(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 3) // 25,000 / DefaultWindow, rounded up
	stats := loaders.Stats()
	require.Len(t, stats, 1)
	require.Equal(t, entloader.Stats{
		Name: "Unit.samples", Loads: 25_000, Hits: 24_997, Batches: 3, Keys: 25_000, Largest: 10_000, Waits: 3, Siblings: 3,
	}, stats[0])
}

// A parent that is known to have no foreign key sends nothing.
func testNullForeignKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 0)
	lab.units(t, 100)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.statements(t, 1)
	for _, u := range units {
		location, err := u.LoadLocation(ctx) // a hidden foreign key
		require.NoError(t, err)
		require.Nil(t, location)
	}
	lab.statements(t, 0)
}

// What All returned belongs to the caller: it may be cut, sorted and emptied.
func testSliceBelongsToCaller(t *testing.T, db Database) {
	lab := db.newLab(t, 100)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	few := slices.Clone(units[:20])
	slices.SortFunc(few, func(a, b *ent.Unit) int { return b.ID - a.ID })
	for i := range units {
		units[i] = nil
	}
	lab.rec.Reset()
	for _, u := range few {
		samples, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Equal(t, rows(t, u.QuerySamples().AllX(t.Context()), false), rows(t, samples, false))
	}
	lab.statements(t, 21) // ours, and 20 to compare with
}

// A copy of an entity that was given another id is not its sibling.
func testCopyWithAnotherID(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().Order(ent.Asc(unit.FieldID)).AllX(ctx)
	c := *units[0]
	c.ID = units[5].ID
	got, err := c.LoadSamples(ctx)
	require.NoError(t, err)
	require.Equal(t, rows(t, units[5].QuerySamples().AllX(t.Context()), false), rows(t, got, false))
}

// The default limit of notes is one per unit, as in ent's edge query.
func testLimitOfInterceptorIsPerParent(t *testing.T, db Database) {
	lab := db.newLab(t, 60)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	full := 0
	for _, u := range units {
		notes, err := u.LoadNotes(ctx)
		require.NoError(t, err)
		if len(notes) == 5 {
			full++
		}
	}
	lab.statements(t, 1)
	for _, u := range units {
		notes, err := u.LoadNotes(ctx)
		require.NoError(t, err)
		require.Len(t, notes, len(u.QueryNotes().AllX(t.Context())), "unit %d", u.ID)
	}
	require.Greater(t, full, 3, "units with more notes than the limit")
	for _, u := range units {
		newest, err := u.LoadNotes(ctx, func(q *ent.NoteQuery) { q.Order(ent.Desc(note.FieldWrittenAt)) })
		require.NoError(t, err)
		want := u.QueryNotes().Order(ent.Desc(note.FieldWrittenAt), ent.Desc(note.FieldID)).AllX(t.Context())
		require.Equal(t, rows(t, want, true), rows(t, newest, true))
	}
}

// Loads of the same entity from two sets share their answer.
func testSetsShareAnswers(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, _ := lab.load(t)
	first := lab.Unit.Query().AllX(ctx)
	second := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for _, list := range [][]*ent.Unit{first, second} {
		for _, u := range list {
			_, err := u.LoadSamples(ctx)
			require.NoError(t, err)
		}
	}
	lab.statements(t, 1)
}

// Three levels are three statements: what a batch brings is a set as well.
func testLevels(t *testing.T, db Database) {
	lab := db.newLab(t, 50)
	ctx, _ := lab.load(t)
	for _, u := range lab.Unit.Query().AllX(ctx) {
		samples, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		for _, s := range samples {
			_, err := s.LoadResults(ctx)
			require.NoError(t, err)
			_, err = s.LoadTechnician(ctx)
			require.NoError(t, err)
		}
	}
	lab.statements(t, 4)
}

// An edge that was eager-loaded as a whole is answered from memory.
func testEagerLoaded(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	load := func(t *testing.T, statements int, q *ent.UnitQuery, e edge) {
		ctx, _ := lab.load(t)
		units := q.AllX(ctx)
		lab.rec.Reset()
		for _, u := range units {
			x := reflect.ValueOf(u)
			got, err := e.load(ctx, x)
			require.NoError(t, err)
			want, err := e.query(t.Context(), x)
			require.NoError(t, err)
			require.Equal(t, rows(t, stripEdges(want), false), rows(t, stripEdges(got), false))
		}
		lab.statements(t, statements+len(units))
	}
	typ := reflect.TypeFor[*ent.Unit]()
	samples := edge{entity: typ, name: "Samples"}
	documents := edge{entity: typ, name: "Documents"}
	t.Run("whole", func(t *testing.T) { load(t, 0, lab.Unit.Query().WithSamples(), samples) })
	t.Run("hidden foreign key, interceptor", func(t *testing.T) { load(t, 0, lab.Unit.Query().WithDocuments(), documents) })
	t.Run("nested", func(t *testing.T) {
		load(t, 0, lab.Unit.Query().WithSamples(func(q *ent.SampleQuery) { q.WithResults() }), samples)
	})
	t.Run("with options", func(t *testing.T) {
		load(t, 1, lab.Unit.Query().WithSamples(func(q *ent.SampleQuery) { q.Limit(3) }), samples)
	})
	t.Run("limited by an interceptor", func(t *testing.T) {
		ctx, _ := lab.load(t)
		units := lab.Unit.Query().WithNotes().AllX(ctx)
		lab.rec.Reset()
		for _, u := range units {
			notes, err := u.LoadNotes(ctx)
			require.NoError(t, err)
			require.Len(t, notes, len(u.QueryNotes().AllX(t.Context())))
		}
		lab.statements(t, 1+len(units))
	})
	t.Run("after a clear", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		units := lab.Unit.Query().WithSamples().AllX(ctx)
		lab.rec.Reset()
		loaders.Unit.Samples.ClearAll(ctx)
		_, err := units[0].LoadSamples(ctx)
		require.NoError(t, err)
		lab.statements(t, 1)
	})
}

// After a clear the window starts at one and doubles: a loop that clears on
// each turn sends one key a turn.
func testClearInLoop(t *testing.T, db Database) {
	lab := db.newLab(t, 64)
	ctx, loaders := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for _, u := range units {
		_, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		loaders.Unit.Samples.ClearAll(ctx)
	}
	lab.statements(t, 64)
	require.Equal(t, 64+63, loaders.Stats()[0].Keys)
	for _, u := range units {
		_, err := u.LoadSamples(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 7) // 1, 2, 4, …, 32, 1
}

func testByKey(t *testing.T, db Database) {
	lab := db.newLab(t, 20)
	ctx, loaders := lab.load(t)
	ids := lab.Unit.Query().IDsX(t.Context())
	lab.rec.Reset()

	groups, err := loaders.Unit.Samples.LoadAll(ctx, append(ids, ids[0], -1))
	require.NoError(t, err)
	lab.statements(t, 1)
	require.Equal(t, groups[0], groups[20])
	require.NotNil(t, groups[21])
	require.Empty(t, groups[21])

	units, err := loaders.Unit.ByID.LoadAll(ctx, []int{ids[3], -1, ids[2], ids[3]})
	lab.statements(t, 1)
	require.Equal(t, []int{ids[3], ids[2], ids[3]}, []int{units[0].ID, units[2].ID, units[3].ID})
	require.Nil(t, units[1])
	require.True(t, ent.IsNotFound(err))
	var failed entloader.KeyErrors[int]
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 1)

	// Keys that are asked for at the same time share a statement. What that time is
	// depends on what else the machine does, so they have plenty of it here.
	ctx, loaders = lab.load(t, entloader.WithQuiet(100*time.Millisecond), entloader.WithMaxWait(time.Minute))
	each(ids, func(_ int, id int) {
		u, err := loaders.Unit.ByID.Load(ctx, id)
		if err != nil || u.ID != id {
			t.Error(u, err)
		}
	})
	lab.statements(t, 1)

	loaders.Unit.ByID.Clear(ctx, ids[3])
	loaders.Unit.ByID.Prime(ctx, ids[3], &ent.Unit{Name: "primed"})
	u, err := loaders.Unit.ByID.Load(ctx, ids[3])
	require.NoError(t, err)
	require.Equal(t, "primed", u.Name)
	lab.statements(t, 0)

	// By key, an optional edge without a row is no error; a required one is.
	location, err := loaders.Unit.Location.Load(ctx, -1)
	require.NoError(t, err)
	require.Nil(t, location)
	_, err = loaders.Sample.Unit.Load(ctx, -1)
	require.True(t, ent.IsNotFound(err))
	require.ErrorContains(t, err, "Sample.unit")
}

// stripEdges returns entities without what was eager-loaded into them.
func stripEdges(v any) any {
	list, ok := v.([]*ent.Sample)
	if !ok {
		return v
	}
	out := make([]*ent.Sample, len(list))
	for i, s := range list {
		c := *s
		c.Edges = ent.SampleEdges{}
		out[i] = &c
	}
	return out
}

var installed = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

func code(i int) string { return fmt.Sprintf("T-%06d", i) }

// The foreign key of an optional field that is not nillable is 0 for NULL. NULL
// sends nothing, as elsewhere.
func testZeroForNull(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	results := lab.Result.Query().Where(result.InstrumentIDIsNil()).AllX(ctx)
	require.NotEmpty(t, results)
	lab.rec.Reset()
	for _, r := range results {
		instrument, err := r.LoadInstrument(ctx)
		require.NoError(t, err)
		require.Nil(t, instrument)
	}
	lab.statements(t, 0)
}

func testMiddleware(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	var seen []*ent.Loaders
	handler := ent.LoadersMiddleware(lab.Client)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, ent.LoadersFromContext(r.Context()))
		for _, u := range lab.Unit.Query().AllX(r.Context()) {
			if _, err := u.LoadSamples(r.Context()); err != nil {
				t.Error(err)
			}
		}
	}))
	for range 2 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}
	lab.statements(t, 4)
	require.Len(t, seen, 2)
	require.NotNil(t, seen[0])
	require.NotSame(t, seen[0], seen[1])
	require.Nil(t, ent.LoadersFromContext(t.Context()))
}

// testCacheLimitBelowTheSet loads an edge under loaders that remember fewer answers than there are siblings: none is
// loaded to be forgotten before it is asked for.
func testCacheLimitBelowTheSet(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t, entloader.WithCacheLimit(10))
	units := lab.Unit.Query().AllX(ctx)
	require.Len(t, units, 30)
	lab.rec.Reset()
	for _, u := range units {
		got, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		want, err := u.QuerySamples().Count(entloader.Alone(ctx))
		require.NoError(t, err)
		require.Len(t, got, want)
	}
	lab.statements(t, 3+30)
	require.Equal(t, 30, loaders.Stats()[0].Keys)
}
