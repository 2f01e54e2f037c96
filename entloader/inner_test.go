package entloader_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a load from inside a fetch waits for the batch it is part of, or for
// a place that the fetch itself holds.
func TestLoadFromInsideAFetch(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 4} {
		t.Run(fmt.Sprint("other loader, parallel ", parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				inner := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, entloader.WithParallel(parallel))
				outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					values, err := inner.LoadAll(ctx, keys)
					found := make(map[int]int)
					for i, k := range keys {
						found[k] = values[i] + 1
					}
					return found, err
				}, entloader.WithParallel(parallel), entloader.WithMaxBatch(2))
				values, err := outer.LoadAll(t.Context(), []int{1, 2, 3, 4, 5})
				require.NoError(t, err)
				require.Equal(t, []int{11, 21, 31, 41, 51}, values)
			})
		})
		t.Run(fmt.Sprint("other keys of the same loader, parallel ", parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var depth *entloader.Loader[int, int]
				depth = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					found := make(map[int]int)
					for _, k := range keys {
						if k == 0 {
							found[k] = 0
							continue
						}
						d, err := depth.Load(ctx, k-1)
						if err != nil {
							return nil, err
						}
						found[k] = d + 1
					}
					return found, nil
				}, entloader.WithParallel(parallel))
				v, err := depth.Load(t.Context(), 20)
				require.NoError(t, err)
				require.Equal(t, 20, v)
			})
		})
	}
	for _, w := range waiters {
		t.Run("own key, "+w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l *entloader.Loader[int, int]
				l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					if _, err := w.load(l, ctx, keys[0]); err != nil {
						return nil, err
					}
					return tenfold(keys), nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel() // or a failure would leave goroutines
				p := async(func() (int, error) { return l.Load(ctx, 1) })
				<-time.After(time.Second)
				require.True(t, p.ended(), "it hangs")
				require.ErrorContains(t, p.err, "from inside its own fetch")
				require.NotErrorIs(t, p.err, context.Canceled)
			})
		})
		t.Run("own key through another loader, "+w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a, b *entloader.Loader[int, int]
				a = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					v, err := w.load(b, ctx, keys[0])
					return map[int]int{keys[0]: v}, err
				})
				b = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					v, err := w.load(a, ctx, keys[0])
					return map[int]int{keys[0]: v}, err
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p := async(func() (int, error) { return a.Load(ctx, 1) })
				<-time.After(time.Second)
				require.True(t, p.ended(), "it hangs")
				require.ErrorContains(t, p.err, "from inside its own fetch")
			})
		})
	}
}

// A fetch that loads its own key for somebody else does not wait for itself.
func TestLoadOwnKeyAsAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *entloader.Loader[int, string]
		l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			found := make(map[int]string)
			for _, k := range keys {
				found[k] = viewerOf(ctx)
				if found[k] != "root" {
					v, err := l.Load(as(ctx, "root"), k)
					if err != nil {
						return nil, err
					}
					found[k] += " by " + v
				}
			}
			return found, nil
		})
		for k := range 3 {
			v, err := l.Load(as(t.Context(), "ada"), k)
			require.NoError(t, err)
			require.Equal(t, "ada by root", v)
		}
	})
}
