package entloader_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a lone key waits for 16 ms on each level, and under load one batch
// becomes many.
func TestTimeOfDispatch(t *testing.T) {
	t.Parallel()
	bubble := func(name string, test func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time), opts ...entloader.Option) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, opts...)
				test(t, l, &seen, time.Now())
			})
		})
	}
	load := func(t *testing.T, l *entloader.Loader[int, int], key int) *pending[int] {
		p := async(func() (int, error) { return l.Load(t.Context(), key) })
		synctest.Wait()
		return p
	}
	bubble("a lone key waits a moment", func(t *testing.T, l *entloader.Loader[int, int], _ *calls[int], start time.Time) {
		_, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(start), 2*time.Millisecond)
	})
	bubble("keys of one moment are one batch", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], _ time.Time) {
		var all []*pending[int]
		for k := range 500 {
			all = append(all, async(func() (int, error) { return l.Load(t.Context(), k) }))
		}
		for k, p := range all {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, 10*k, v)
		}
		require.Len(t, seen.all(), 1)
	})
	bubble("each key prolongs the wait", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 3 {
			all = append(all, load(t, l, k))
			<-time.After(900 * time.Microsecond)
		}
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, [][]int{{0, 1, 2}}, seen.all())
		require.Equal(t, 1800*time.Microsecond+time.Millisecond, time.Since(start))
	}, entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(time.Second))
	bubble("but not for ever", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 10 {
			all = append(all, load(t, l, k))
			<-time.After(900 * time.Microsecond)
		}
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, 3*time.Millisecond, all[0].at.Sub(start))
		require.Equal(t, []int{0, 1, 2, 3}, seen.all()[0])
	}, entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(3*time.Millisecond))
	bubble("the whole wait bounds the quiet time", func(t *testing.T, l *entloader.Loader[int, int], _ *calls[int], start time.Time) {
		_, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 3*time.Millisecond, time.Since(start))
	}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(3*time.Millisecond))
	bubble("a full batch leaves at once", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 25 {
			all = append(all, load(t, l, k))
		}
		require.Len(t, seen.all(), 2)
		require.True(t, all[19].ended())
		require.False(t, all[20].ended())
		l.Flush()
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, start, time.Now())
		stats := l.Stats()
		require.Equal(t, []int{3, 25, 10, 2, 1}, []int{stats.Batches, stats.Keys, stats.Largest, stats.Full, stats.Flushed})
	}, entloader.WithMaxBatch(10), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
	bubble("flush with nothing to send", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], _ time.Time) {
		l.Flush()
		l.Clear(t.Context())
		l.ClearAll(t.Context())
		require.Empty(t, seen.all())
	})
}

// Elsewhere the chunks of one batch all run at once, on a pool that has fewer
// connections.
func TestFetchesAtTheSameTimeAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			defer running.Add(-1)
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			<-time.After(time.Millisecond)
			return tenfold(keys), nil
		}, entloader.WithParallel(2), entloader.WithMaxBatch(3))
		keys := make([]int, 30)
		for i := range keys {
			keys[i] = i
		}
		start := time.Now()
		values, err := l.LoadAll(t.Context(), keys)
		require.NoError(t, err)
		require.Equal(t, 290, values[29])
		require.Equal(t, int64(2), most.Load())
		require.Equal(t, 5*time.Millisecond, time.Since(start), "ten batches, two at a time")

		// Whoever waits for a turn leaves at once as well.
		ctx, cancel := context.WithCancel(t.Context())
		var busy []*pending[[]int]
		for k := range 2 {
			busy = append(busy, async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{100 + 3*k, 101 + 3*k, 102 + 3*k}) }))
		}
		synctest.Wait()
		queued := async(func() ([]int, error) { return l.LoadAll(ctx, []int{200, 201, 202}) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.True(t, queued.ended())
		require.ErrorIs(t, queued.err, context.Canceled)
		for _, p := range busy {
			_, err := p.wait()
			require.NoError(t, err)
		}
	})
}
