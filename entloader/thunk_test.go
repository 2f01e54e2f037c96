package entloader_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a thunk for a key that was primed waits for a batch that there is not.
func TestThunkOfPrimedKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil })
		l.Prime(t.Context(), 1, -1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := async(l.LoadThunk(ctx, 1))
		<-time.After(time.Second)
		require.True(t, p.ended())
		require.Equal(t, -1, p.value)
	})
}

// A thunk for NaN is refused as a load is: sent, its answer would be one that
// nobody asked for, and fail the neighbours.
func TestThunkOfNaNIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []float64) (map[float64]float64, error) {
			sent.Add(int64(len(keys)))
			found := make(map[float64]float64)
			for _, k := range keys {
				found[k] = k
			}
			return found, nil
		})
		nan, one := l.LoadThunk(t.Context(), math.NaN()), l.LoadThunk(t.Context(), 1)
		_, err := nan()
		require.ErrorContains(t, err, "NaN")
		v, err := one()
		require.NoError(t, err)
		require.Equal(t, 1.0, v)
		require.Equal(t, int64(1), sent.Load())
	})
}

// Thunks for different keys of one batch are no hits, as loads are none.
func TestThunksAreNoHits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		var last func() (int, error)
		for k := range 100 {
			last = l.LoadThunk(t.Context(), k)
		}
		_, err := last()
		require.NoError(t, err)
		stats := l.Stats()
		require.Equal(t, []int{100, 0}, []int{stats.Loads, stats.Hits})
	})
}

// A thunk that is refused as a cycle does not wait: elsewhere the fetch goes on
// when the last one has left.
func TestThunkOfACycleIsNoWaiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var over atomic.Bool
		var l *entloader.Loader[int, int]
		l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			_, _ = l.LoadThunk(ctx, 1)()
			select {
			case <-ctx.Done():
				over.Store(true)
			case <-release:
			}
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		p := async(func() (int, error) { return l.Load(ctx, 1) })
		<-time.After(time.Second)
		cancel()
		_, err := p.wait()
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		require.True(t, over.Load(), "nobody waits for the fetch")
	})
}
