package entloader_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a clear and a load within one window send the key twice, and a
// clear while a fetch is running leaves the row it read before in the cache.
func TestClear(t *testing.T) {
	t.Parallel()
	clears := map[string]func(*entloader.Loader[int, int64], context.Context){
		"Clear":    func(l *entloader.Loader[int, int64], ctx context.Context) { l.Clear(ctx, 2, 1) },
		"ClearAll": func(l *entloader.Loader[int, int64], ctx context.Context) { l.ClearAll(ctx) },
	}
	for name, forget := range clears {
		t.Run(name+" within a window", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				var row atomic.Int64
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
					seen.note(keys)
					found := make(map[int]int64)
					for _, k := range keys {
						found[k] = row.Load()
					}
					return found, nil
				}, entloader.WithQuiet(time.Millisecond))
				a := async(func() (int64, error) { return l.Load(t.Context(), 1) })
				synctest.Wait()
				forget(l, t.Context())
				row.Store(1)
				b := async(func() (int64, error) { return l.Load(t.Context(), 1) })
				c := async(func() (int64, error) { return l.Load(t.Context(), 2) })
				for _, p := range []*pending[int64]{a, b, c} {
					_, err := p.wait()
					require.NoError(t, err)
				}
				require.Equal(t, []int64{1, 1}, []int64{b.value, c.value})
				for _, keys := range seen.all() {
					require.Equal(t, slices.Compact(slices.Clone(keys)), keys, "no key is twice in a fetch")
				}
				v, err := l.Load(t.Context(), 1)
				require.NoError(t, err)
				require.Equal(t, int64(1), v)
			})
		})
		for _, order := range []string{"old ends first", "new ends first", "old ends without new"} {
			t.Run(name+" during a fetch, "+order, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					var row atomic.Int64
					release := []chan struct{}{make(chan struct{}), make(chan struct{})}
					l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
						v := row.Load() // read early, answered late
						<-release[seen.note(keys)]
						return map[int]int64{1: v}, nil
					}, entloader.WithQuiet(0))
					old := async(func() (int64, error) { return l.Load(t.Context(), 1) })
					synctest.Wait()
					row.Store(1)
					forget(l, t.Context())
					load := func() *pending[int64] {
						p := async(func() (int64, error) { return l.Load(t.Context(), 1) })
						synctest.Wait()
						return p
					}
					var fresh *pending[int64]
					switch order {
					case "old ends first":
						fresh = load()
						close(release[0])
						synctest.Wait()
						require.True(t, old.ended())
						require.False(t, fresh.ended())
						close(release[1])
					case "new ends first":
						fresh = load()
						close(release[1])
						synctest.Wait()
						require.True(t, fresh.ended())
						close(release[0])
					case "old ends without new":
						close(release[0])
						synctest.Wait()
						close(release[1])
						fresh = load()
					}
					v, err := old.wait()
					require.NoError(t, err)
					require.Zero(t, v, "who waits gets what was read for it")
					v, err = fresh.wait()
					require.NoError(t, err)
					require.Equal(t, int64(1), v)
					v, err = l.Load(t.Context(), 1)
					require.NoError(t, err)
					require.Equal(t, int64(1), v, "the stale row does not stay")
					require.Len(t, seen.all(), 2)
				})
			})
		}
	}
}
