package equivalence

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
)

// heap returns the bytes in use after everything unreachable is gone. Cleanups
// of one collection make room that only the next ones see.
func heap() uint64 {
	for range 4 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Results that nobody holds any more are not held by the loaders either.
func TestDroppedResultsAreFreed(t *testing.T) {
	lab := SQLite.newLab(t, 0)
	lab.units(t, 1000)
	ctx, loaders := lab.load(t)
	grown := func(rounds int) uint64 {
		for range rounds {
			require.Len(t, lab.Unit.Query().AllX(ctx), 1000)
			lab.rec.Reset()
		}
		return heap()
	}
	few := grown(10)
	many := grown(1000)
	t.Logf("heap after 10 rounds: %d kB, after 1,010: %d kB", few/1024, many/1024)
	require.LessOrEqual(t, many, 2*few)
	runtime.KeepAlive(loaders)
}

// How many statements there are does not depend on when memory is collected.
func TestPrimedWhenNobodyHoldsTheRows(t *testing.T) {
	lab := SQLite.newLab(t, 20)
	ctx, _ := lab.load(t)
	var samples []*ent.Sample
	for _, u := range lab.Unit.Query().AllX(ctx) {
		list, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		samples = append(samples, list...)
	}
	heap()
	lab.rec.Reset()
	for _, s := range samples {
		_, err := s.LoadUnit(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 0)
}

var kept *ent.Unit

// An entity that is kept for long keeps neither its siblings nor the loaders.
func TestKeptEntityIsSmall(t *testing.T) {
	lab := SQLite.newLab(t, 0)
	lab.units(t, 20_000)
	t.Cleanup(func() { kept = nil })
	query := func() {
		ctx, _ := lab.load(t)
		units := lab.Unit.Query().AllX(ctx)
		_, err := units[0].LoadSamples(ctx)
		require.NoError(t, err)
		kept = units[7]
	}
	query()
	lab.rec.Reset()
	with := heap()
	id := kept.ID
	kept = nil
	without := heap()
	t.Logf("one unit %d keeps %d bytes alive", id, int64(with)-int64(without))
	require.LessOrEqual(t, int64(with)-int64(without), int64(1024))
}
