package equivalence

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
)

// declared compares a dynamic edge of units, its rows and counts, with ent's own
// query. query is what the schema declares, with the tie-break.
func declared(t *testing.T, lab *lab, many func(*ent.Unit) ([]*ent.Sample, error), count func(*ent.Unit) (int, error), exist func(*ent.Unit) (bool, error), units []*ent.Unit, query func(*ent.Unit) *ent.SampleQuery) (found int) {
	t.Helper()
	ctx := t.Context()
	lab.rec.Reset()
	for i, u := range units {
		got, err := many(u)
		require.NoError(t, err)
		require.NotNil(t, got)
		found += len(got)
		if i == 0 {
			lab.statements(t, 1)
		} else {
			lab.statements(t, 0)
		}
		require.Equal(t, rows(t, query(u).AllX(ctx), true), rows(t, got, true))
		lab.rec.Reset()
	}
	require.NotZero(t, found, "the data has nothing for this dynamic edge")
	for _, u := range units {
		if count != nil {
			want, wantErr := query(u).Count(ctx)
			lab.rec.Reset()
			n, err := count(u)
			require.Equal(t, wantErr == nil, err == nil, "%v", err)
			require.Equal(t, want, n)
			require.LessOrEqual(t, len(lab.rec.Reset()), 1)
		}
		ok, err := exist(u)
		require.NoError(t, err)
		want, err := query(u).Exist(ctx)
		if refusesOrder(err) {
			want, err = len(query(u).AllX(ctx)) > 0, nil
		}
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	return found
}

func testDeclared(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	ctx, loaders := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	since := units[0].InstalledAt
	for _, x := range lab.Sample.Query().Order(sample.ByTakenAt()).AllX(t.Context()) {
		since = x.TakenAt // the middle one or so
		if lab.Sample.Query().Where(sample.TakenAtGTE(since)).CountX(t.Context()) < 100 {
			break
		}
	}
	for _, p := range []ent.UnitRecentSamplesParams{
		{Status: sample.StatusOpen},
		{Status: sample.StatusDone, Limit: 2},
		{Status: sample.StatusDone, Limit: 2, Offset: 1},
		{Status: sample.StatusDone, Since: entloader.Some(since), Limit: 1000},
	} {
		ctx, _ := lab.load(t) // other params would be a guess
		units := lab.Unit.Query().AllX(ctx)
		declared(t, lab,
			func(u *ent.Unit) ([]*ent.Sample, error) { return u.LoadRecentSamples(ctx, p) },
			func(u *ent.Unit) (int, error) { return u.CountRecentSamples(ctx, p) },
			func(u *ent.Unit) (bool, error) { return u.ExistRecentSamples(ctx, p) }, units,
			func(u *ent.Unit) *ent.SampleQuery {
				q := u.QuerySamples().Where(sample.StatusEQ(p.Status)).Order(ent.Desc(sample.FieldTakenAt, sample.FieldID))
				if at, ok := p.Since.Get(); ok {
					q.Where(sample.TakenAtGTE(at))
				}
				limit := p.Limit
				if limit == 0 {
					limit = 20
				}
				q.Limit(min(limit, 100))
				if p.Offset > 0 {
					q.Offset(p.Offset)
				}
				return q
			})
	}
	odd := ent.UnitOddSamplesParams{VolumeGT: 1, TakenAtNEQ: since, RemarkIsNil: true, SerialContainsFold: entloader.Some("s")}
	declared(t, lab,
		func(u *ent.Unit) ([]*ent.Sample, error) { return u.LoadOddSamples(ctx, odd) }, nil,
		func(u *ent.Unit) (bool, error) { return u.ExistOddSamples(ctx, odd) }, units,
		func(u *ent.Unit) *ent.SampleQuery {
			return u.QuerySamples().Where(sample.StatusNotIn("done", "rejected"), sample.VolumeGT(1), sample.VolumeLT(1000.5),
				sample.TakenAtNEQ(since), sample.TakenAtLT(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), sample.SerialContainsFold("s"),
				sample.RemarkIsNil(), sample.IDNEQ(0), sample.TechnicianIDNotNil()).
				Order(ent.Asc(sample.FieldStatus), ent.Desc(sample.FieldSerial)).Offset(1)
		})

	lab.rec.Reset()
	for _, u := range units {
		open, err := u.LoadOpenSamples(ctx)
		require.NoError(t, err)
		require.Len(t, open, u.QuerySamples().Where(sample.StatusEQ(sample.StatusOpen)).CountX(t.Context()))
		last, err := u.LoadLastSample(ctx)
		require.NoError(t, err)
		want, err := u.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).First(t.Context())
		if ent.IsNotFound(err) {
			require.Nil(t, last)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want.ID, last.ID)
	}
	lab.statements(t, 2+2*len(units))

	testFirst(t, lab)

	tags := lab.Tag.Query().AllX(ctx)
	lab.rec.Reset()
	for _, x := range tags { // M2M, with a limit
		got, err := x.LoadLatestSamples(ctx)
		require.NoError(t, err)
		want := x.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(3).AllX(t.Context())
		require.Equal(t, rows(t, want, true), rows(t, got, true))
	}
	lab.statements(t, 1+len(tags))
	require.Contains(t, loaders.Summary(), "Unit.last_sample: ")

	// Without loaders: the same answers from ent's own query.
	for _, u := range lab.Unit.Query().Limit(3).AllX(t.Context()) {
		a, err := u.LoadRecentSamples(t.Context(), ent.UnitRecentSamplesParams{Status: sample.StatusDone, Limit: 2})
		require.NoError(t, err)
		b, err := u.LoadRecentSamples(ctx, ent.UnitRecentSamplesParams{Status: sample.StatusDone, Limit: 2})
		require.NoError(t, err)
		require.Len(t, a, len(b))
		one, err := u.LoadFirstByStatus(t.Context(), ent.UnitFirstByStatusParams{Status: "running"})
		require.NoError(t, err)
		n, err := u.CountOpenSamples(t.Context())
		require.NoError(t, err)
		require.Equal(t, u.QuerySamples().Where(sample.StatusEQ(sample.StatusOpen)).CountX(t.Context()), n)
		two, err := u.LoadFirstByStatus(ctx, ent.UnitFirstByStatusParams{Status: "running"})
		require.NoError(t, err)
		require.Equal(t, one == nil, two == nil)
	}
}

// testFirst counts what there is to be the first of: as with a limit in ent, all
// rows, whether it is asked of entities, by key or without loaders.
func testFirst(t *testing.T, lab *lab) {
	ctx, loaders := lab.load(t)
	plain := t.Context()
	units := lab.Unit.Query().AllX(ctx)
	status := ent.UnitFirstByStatusParams{Status: "done"}
	lab.rec.Reset()
	one, some := false, false
	for _, u := range units {
		first := func() *ent.SampleQuery { return u.QuerySamples().Order(ent.Desc(sample.FieldTakenAt)).Limit(1) }
		done := func() *ent.SampleQuery {
			return u.QuerySamples().Where(sample.StatusEQ("done")).Order(ent.Asc(sample.FieldTakenAt)).Limit(1)
		}
		wantN, wantDone := first().CountX(plain), done().CountX(plain)
		one, some = one || wantDone == 0, some || wantN > 1
		for _, ctx := range []context.Context{ctx, plain} {
			n, err := u.CountLastSample(ctx)
			require.NoError(t, err)
			require.Equal(t, wantN, n)
			ok, err := u.ExistLastSample(ctx)
			if ctx != plain || !refusesOrder(err) { // ent's own query does not run there
				require.NoError(t, err)
				require.Equal(t, wantN > 0, ok)
			}
			n, err = u.CountFirstByStatus(ctx, status)
			require.NoError(t, err)
			require.Equal(t, wantDone, n)
			ok, err = u.ExistFirstByStatus(ctx, status)
			if ctx != plain || !refusesOrder(err) {
				require.NoError(t, err)
				require.Equal(t, wantDone > 0, ok)
			}
		}
		by := loaders.Unit.LastSample
		n, err := by.Count(ctx, u.ID)
		require.NoError(t, err)
		require.Equal(t, wantN, n)
		ok, err := by.Exist(ctx, u.ID)
		require.NoError(t, err)
		require.Equal(t, wantN > 0, ok)
		n, err = loaders.Unit.FirstByStatus.Count(ctx, u.ID, status)
		require.NoError(t, err)
		require.Equal(t, wantDone, n)
		ok, err = loaders.Unit.FirstByStatus.Exist(ctx, u.ID, status)
		require.NoError(t, err)
		wantOK, err := done().Exist(plain)
		if refusesOrder(err) {
			wantOK, err = wantDone > 0, nil
		}
		require.NoError(t, err)
		require.Equal(t, wantOK, ok)
	}
	require.True(t, one && some, "the data has nothing to tell these from each other")
	lab.statements(t, 4+(2+4+1)*len(units)) // one of each, and ent's own
}

// Params are compared by value; different ones never meet.
func testDeclaredParamsAreCompared(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	ctx, _ := lab.load(t)
	u := lab.Unit.Query().FirstX(ctx)
	load := func(want int, p ent.UnitRecentSamplesParams) {
		t.Helper()
		lab.rec.Reset()
		_, err := u.LoadRecentSamples(ctx, p)
		require.NoError(t, err)
		lab.statements(t, want)
	}
	now := time.Now()
	load(1, ent.UnitRecentSamplesParams{Status: "open"})
	load(0, ent.UnitRecentSamplesParams{Status: "open", Limit: 20})
	load(1, ent.UnitRecentSamplesParams{Status: "open", Limit: 100})
	load(0, ent.UnitRecentSamplesParams{Status: "open", Limit: 1000})
	load(1, ent.UnitRecentSamplesParams{Status: "open", Offset: 1})
	load(1, ent.UnitRecentSamplesParams{Status: "done"})
	load(1, ent.UnitRecentSamplesParams{Status: "open", Since: entloader.Some(now)})
	load(0, ent.UnitRecentSamplesParams{Status: "open", Since: entloader.Some(now.Round(0))})
	load(1, ent.UnitRecentSamplesParams{Status: "open", Since: entloader.Some(now.Add(1))})
	load(1, ent.UnitRecentSamplesParams{Status: "open", Since: entloader.Some(time.Time{})})

	odd := func(want int, p ent.UnitOddSamplesParams) {
		t.Helper()
		lab.rec.Reset()
		_, err := u.LoadOddSamples(ctx, p)
		require.NoError(t, err)
		lab.statements(t, want)
	}
	in := func(serials ...string) entloader.Optional[entloader.List[string]] {
		return entloader.Some(entloader.ListOf(serials...))
	}
	odd(1, ent.UnitOddSamplesParams{TakenAtNEQ: now})
	odd(0, ent.UnitOddSamplesParams{TakenAtNEQ: now.Round(0)})
	odd(1, ent.UnitOddSamplesParams{TakenAtNEQ: now, SerialIn: in()})
	odd(1, ent.UnitOddSamplesParams{TakenAtNEQ: now, SerialIn: in("a", "bc")})
	odd(0, ent.UnitOddSamplesParams{TakenAtNEQ: now, SerialIn: in("a", "bc")})
	odd(1, ent.UnitOddSamplesParams{TakenAtNEQ: now, SerialIn: in("ab", "c")})

	_, err := u.LoadRecentSamples(ctx, ent.UnitRecentSamplesParams{Limit: -1})
	require.EqualError(t, err, "entloader: Unit.recent_samples: Limit is -1: it has to be 0 or more")
	_, err = u.LoadOddSamples(ctx, ent.UnitOddSamplesParams{VolumeGT: math.NaN()})
	require.ErrorContains(t, err, "entloader: Unit.odd_samples: params that are not equal to themselves")
}

// What differs for each entity costs one window of guesses, as options do.
func testVaryingParams(t *testing.T, db Database) {
	lab := db.newLab(t, 100)
	ctx, loaders := lab.load(t, entloader.WithQuiet(0))
	for i, u := range lab.Unit.Query().AllX(ctx) {
		p := ent.UnitRecentSamplesParams{Status: "done", Since: entloader.Some(u.InstalledAt.Add(time.Duration(i) * time.Hour))}
		got, err := u.LoadRecentSamples(ctx, p)
		require.NoError(t, err)
		at, _ := p.Since.Get()
		require.Len(t, got, min(20, u.QuerySamples().Where(sample.StatusEQ("done"), sample.TakenAtGTE(at)).CountX(t.Context())))
	}
	keys := 0
	for _, s := range loaders.Stats() {
		keys += s.Keys
	}
	require.Equal(t, 100+99, keys)
}

func testDeclaredByKey(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, l := lab.load(t)
	u := lab.Unit.Query().Where(unit.HasSamplesWith(sample.StatusEQ("done"))).FirstX(t.Context())
	p := ent.UnitRecentSamplesParams{Status: "done", Limit: 3}
	lab.rec.Reset()
	got, err := l.Unit.RecentSamples.LoadAll(ctx, []int{u.ID, -1, u.ID}, p)
	require.NoError(t, err)
	require.NotEmpty(t, got[0])
	require.Empty(t, got[1])
	require.Equal(t, got[0], got[2])
	again, err := l.Unit.RecentSamples.Load(ctx, u.ID, p)
	require.NoError(t, err)
	require.Equal(t, got[0], again)
	lab.statements(t, 1)
	n, err := l.Unit.RecentSamples.Count(ctx, u.ID, p)
	require.NoError(t, err)
	require.Equal(t, u.QuerySamples().Where(sample.StatusEQ("done")).CountX(ctx), n)
	ok, err := l.Unit.RecentSamples.Exist(ctx, u.ID, p)
	require.NoError(t, err)
	require.True(t, ok)
	lab.rec.Reset()

	load := func(want int) {
		t.Helper()
		_, err := l.Unit.RecentSamples.Load(ctx, u.ID, p)
		require.NoError(t, err)
		lab.statements(t, want)
	}
	l.Unit.RecentSamples.Clear(ctx, u.ID)
	load(1)
	l.Unit.OpenSamples.ClearAll(ctx)
	load(0)
	l.Unit.RecentSamples.ClearAll(ctx)
	load(1)
	l.Unit.Samples.Clear(ctx, u.ID) // the edge, and with it what is dynamic about it
	load(1)
	l.Unit.RecentSamples.Clear(ctx, u.ID)
	l.Unit.RecentSamples.Prime(ctx, u.ID, p, nil)
	primed, err := l.Unit.RecentSamples.Load(ctx, u.ID, p)
	require.NoError(t, err)
	require.Empty(t, primed)
	lab.statements(t, 0)

	last, err := l.Unit.LastSample.LoadAll(ctx, []int{u.ID, -1})
	require.NoError(t, err)
	require.NotNil(t, last[0])
	require.Nil(t, last[1])
	first, err := l.Unit.FirstByStatus.Load(ctx, u.ID, ent.UnitFirstByStatusParams{Status: "done"})
	require.NoError(t, err)
	require.NotNil(t, first)
	open, err := l.Unit.OpenSamples.Load(ctx, u.ID)
	require.NoError(t, err)
	require.Len(t, open, u.QuerySamples().Where(sample.StatusEQ("open")).CountX(t.Context()))
}
