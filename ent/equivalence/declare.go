package equivalence

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/result"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
)

// declare calls loaders.X.Siblings with entities of a type X.
func declare(loaders *ent.Loaders, entities []reflect.Value) {
	of := reflect.ValueOf(loaders).Elem().FieldByName(entities[0].Elem().Type().Name())
	of.MethodByName("Siblings").Call(entities)
}

// bulk creates n units with a sample each, half of them with a location.
func (l *lab) bulk(t testing.TB, n int) ([]*ent.Unit, []*ent.Sample) {
	t.Helper()
	ctx := t.Context()
	place := l.Location.Create().SetName("Site").SetKind(location.KindSite).SaveX(ctx)
	units := make([]*ent.UnitCreate, n)
	for i := range units {
		units[i] = l.Unit.Create().SetCode(code(i)).SetName("unit").SetKind(unit.KindWard).SetInstalledAt(installed)
		if i%2 == 0 {
			units[i].SetLocation(place)
		}
	}
	us := l.Unit.CreateBulk(units...).SaveX(ctx)
	samples := make([]*ent.SampleCreate, n)
	for i, u := range us {
		samples[i] = l.Sample.Create().SetSerial(code(i)).SetTakenAt(installed).SetVolume(1).SetUnit(u)
	}
	ss := l.Sample.CreateBulk(samples...).SaveX(ctx)
	l.rec.Reset()
	return us, ss
}

// testSiblingsOfCreateBulk declares created entities.
func testSiblingsOfCreateBulk(t *testing.T, db Database) {
	lab := db.newLab(t, 0)
	units, samples := lab.bulk(t, 50)
	ctx, loaders := lab.load(t)
	loaders.Unit.Siblings(units...)
	loaders.Sample.Siblings(samples...)
	lab.statements(t, 0)
	for i, u := range units {
		got, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Equal(t, rows(t, u.QuerySamples().AllX(t.Context()), false), rows(t, got, false))
		place, err := u.LoadLocation(ctx) // a hidden foreign key that a created entity shows
		require.NoError(t, err)
		require.Equal(t, i%2 == 0, place != nil)
	}
	// Samples, locations by foreign key, and of the units that show none; and 50
	// to compare with.
	lab.statements(t, 3+50)
	for _, s := range samples {
		u, err := s.LoadUnit(ctx)
		require.NoError(t, err)
		require.Equal(t, s.UnitID, u.ID)
	}
	lab.statements(t, 1)
}

// testSiblingsOfSeveralQueries declares what several queries brought: with the keys
// that were read then.
func testSiblingsOfSeveralQueries(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	ctx, loaders := lab.load(t)
	done := lab.Sample.Query().Where(sample.StatusEQ(sample.StatusDone)).AllX(ctx)
	open := lab.Sample.Query().Where(sample.StatusEQ(sample.StatusOpen)).AllX(ctx)
	require.NotEmpty(t, done)
	require.NotEmpty(t, open)
	all := append(slices.Clone(done), open...)
	for _, s := range all {
		s.UnitID = -1 // in memory only: ent's edge query takes no notice, nor do we
	}
	all = append(all, nil, done[0], nil, &ent.Sample{}) // nothing to load, and twice
	loaders.Sample.Siblings(all...)
	lab.rec.Reset()
	all = slices.DeleteFunc(all, func(s *ent.Sample) bool { return s == nil || s.ID == 0 })
	for _, s := range all {
		_, err := s.LoadResults(ctx)
		require.NoError(t, err)
		_, err = s.LoadUnit(ctx)
		require.NoError(t, err)
		_, err = s.LoadSource(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 3)
	for _, s := range all {
		u, err := s.LoadUnit(ctx)
		require.NoError(t, err)
		require.Equal(t, s.QueryUnit().OnlyIDX(t.Context()), u.ID)
		source, err := s.LoadSource(ctx)
		require.NoError(t, err)
		want, err := s.QuerySource().Only(t.Context())
		require.NoError(t, ent.MaskNotFound(err))
		require.Equal(t, rows(t, want, true), rows(t, source, true))
	}
	loaders.Sample.Siblings() // of nothing
}

// testSiblingsThatShowNoKeys declares entities that do not show their foreign keys:
// these are unknown, not absent.
func testSiblingsThatShowNoKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 20)
	ctx, loaders := lab.load(t)
	plain := t.Context()
	samples := lab.Sample.Query().Select(sample.FieldID).AllX(plain)
	loaders.Sample.Siblings(samples...)
	results := lab.Result.Query().Order(ent.Asc(result.FieldID)).AllX(plain) // the instrument of some is 0
	loaders.Result.Siblings(results...)
	lab.rec.Reset()
	for _, s := range samples {
		u, err := s.LoadUnit(ctx)
		require.NoError(t, err)
		require.NotNil(t, u)
		_, err = s.LoadTechnician(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 2)
	without := 0
	for _, r := range results {
		i, err := r.LoadInstrument(ctx)
		require.NoError(t, err)
		if i == nil {
			without++
			continue
		}
		require.Equal(t, r.InstrumentID, i.ID)
	}
	lab.statements(t, 2) // by foreign key, and by id where that is 0
	require.Equal(t, lab.Result.Query().Where(result.InstrumentIDIsNil()).CountX(plain), without)
	lab.rec.Reset()
	for _, r := range results {
		s, err := r.LoadSample(ctx)
		require.NoError(t, err)
		require.NotNil(t, s)
	}
	lab.statements(t, 1)
}

// testSiblingsOfTransaction declares entities of a transaction together with those of
// its outside: they share nothing.
func testSiblingsOfTransaction(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, loaders := lab.load(t)
	outside := lab.Unit.Query().AllX(t.Context())
	tx, err := lab.Tx(ctx)
	require.NoError(t, err)
	inside := tx.Unit.Query().AllX(t.Context())
	loaders.Unit.Siblings(append(slices.Clone(outside), inside...)...)
	lab.rec.Reset()
	n := 0
	for _, u := range outside {
		notes, err := u.LoadNotes(ctx)
		require.NoError(t, err)
		n += len(notes)
	}
	lab.statements(t, 1)
	require.NotZero(t, n)
	tx.Note.Delete().ExecX(ctx)
	lab.rec.Reset()
	for _, u := range inside {
		notes, err := u.LoadNotes(ctx)
		require.NoError(t, err)
		require.Empty(t, notes)
	}
	lab.statements(t, 1)
	require.NoError(t, tx.Rollback())

	// Outside of their transaction they are lone keys, until declared again.
	for _, u := range inside {
		u.Unwrap()
	}
	got, err := inside[0].LoadSamples(ctx)
	require.NoError(t, err)
	require.Equal(t, rows(t, outside[0].QuerySamples().AllX(t.Context()), false), rows(t, got, false))
	loaders.Unit.Siblings(inside...)
	lab.rec.Reset()
	for _, u := range inside {
		_, err := u.LoadSamples(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 1)
}

// testSiblingsAreASet cuts a declared set into windows like any other; it belongs to
// its loaders.
func testSiblingsAreASet(t *testing.T, db Database) {
	lab := db.newLab(t, 0)
	units, _ := lab.bulk(t, 25)
	ctx, loaders := lab.load(t, entloader.WithWindow(10))
	loaders.Unit.Siblings(units...)
	for _, u := range units {
		_, err := u.LoadSamples(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 3)
	other, _ := lab.load(t, entloader.WithQuiet(0))
	for _, u := range units[:3] {
		_, err := u.LoadSamples(other)
		require.NoError(t, err)
	}
	lab.statements(t, 3)
	each(units, func(_ int, u *ent.Unit) {
		if _, err := u.LoadNotes(ctx); err != nil {
			t.Error(err)
		}
	})
	lab.statements(t, 3)
}
