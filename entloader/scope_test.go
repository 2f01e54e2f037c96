package entloader_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere whoever opens the batch decides who is looking: loaders that are
// made once per process show the rows of one viewer to the next.
func TestFirstViewerDoesNotDecideForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			seen.note(keys)
			found := make(map[int]string)
			for _, k := range keys {
				found[k] = fmt.Sprintf("%d as %s", k, viewerOf(ctx))
			}
			return found, nil
		})
		type traceKey struct{}
		load := func(viewer string, key int) *pending[string] {
			ctx := context.WithValue(as(t.Context(), viewer), traceKey{}, new(int))
			return async(func() (string, error) { return l.Load(ctx, key) })
		}
		for round := range 3 {
			// The first round can not know yet what the fetch will look up.
			key := 10 * round
			got := map[string]*pending[string]{
				fmt.Sprintf("%d as ada", key):   load("ada", key),
				fmt.Sprintf("%d as bob", key):   load("bob", key),
				fmt.Sprintf("%d as ada", key+1): load("ada", key+1),
				fmt.Sprintf("%d as bob", key+1): load("bob", key+1),
				fmt.Sprintf("%d as ", key):      async(func() (string, error) { return l.Load(t.Context(), key) }),
			}
			for want, p := range got {
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, want, v)
			}
		}
		fetches := len(seen.all())
		for want, p := range map[string]*pending[string]{"0 as ada": load("ada", 0), "0 as bob": load("bob", 0)} {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, want, v)
		}
		require.Len(t, seen.all(), fetches, "both answers are remembered")

		require.Positive(t, l.Stats().Lone.Context, "some waited for another viewer's answer")

		// Equal viewers share a fetch, whatever else is in their contexts.
		var same []*pending[string]
		for k := range 10 {
			same = append(same, load("ada", 100+k))
		}
		for _, p := range same {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Len(t, seen.all(), fetches+1)
	})
}

// Elsewhere loads share whatever they may; here a tracer or a profiler that a fetch
// runs under must not split them, though each caller has a span of its own.
func TestTracersDoNotSeparate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			seen.note(keys)
			pprof.Do(ctx, pprof.Labels("fetch", "tenfold"), func(ctx context.Context) {
				trace.WithRegion(ctx, "fetch", func() {})
			})
			return tenfold(keys), nil
		})
		for range 2 {
			var all []*pending[int]
			for k := range 20 {
				pprof.Do(t.Context(), pprof.Labels("caller", fmt.Sprint(k)), func(ctx context.Context) {
					all = append(all, async(func() (int, error) { return l.Load(ctx, k) }))
				})
			}
			for k, p := range all {
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, 10*k, v)
			}
		}
		require.Len(t, seen.all(), 1)
	})
}

// What two loads differ in may be more than look-ups show, and a value that can
// not be compared is nobody else's.
func TestScopeSeparates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		tenant := new(string) // a pointer is a fine key as well
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
			return map[int]int64{keys[0]: n.Add(1)}, nil
		}, entloader.WithScope(func(ctx context.Context) any { return ctx.Value(tenant) }))
		for _, c := range []struct {
			name   string
			tenant any
			want   int64
		}{
			{"first", "a", 1}, {"equal", "a", 1}, {"other", "b", 2}, {"none", nil, 3}, {"first again", "a", 1},
			{"not comparable", []string{"a"}, 4}, {"not comparable again", []string{"a"}, 5},
		} {
			v, err := l.Load(context.WithValue(t.Context(), tenant, c.tenant), 1)
			require.NoError(t, err, c.name)
			require.Equal(t, c.want, v, c.name)
		}
	})
}

// Elsewhere what a fetch read through another loader does not count: an answer
// that depends on the viewer is shared with another one.
func TestViewerOfALoadInsideAFetchCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			return map[int]string{keys[0]: viewerOf(ctx)}, nil
		})
		outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			v, err := inner.Load(ctx, keys[0])
			return map[int]string{keys[0]: v}, err
		})
		for range 2 {
			for _, viewer := range []string{"ada", "bob", ""} {
				v, err := outer.Load(as(t.Context(), viewer), 1)
				require.NoError(t, err)
				require.Equal(t, viewer, v)
			}
		}
		require.Equal(t, 3, outer.Stats().Batches)
	})
}

// Elsewhere a function of the application that panics for one caller leaves the
// loader locked for all others.
func TestPanicOfScopeFunction(t *testing.T) {
	t.Parallel()
	l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil },
		entloader.WithScope(func(ctx context.Context) any { return ctx.Value(viewerKey{}).(string) }))
	require.Panics(t, func() { _, _ = l.Load(t.Context(), 1) }, "no viewer")
	p := async(func() (int, error) { return l.Load(as(t.Context(), "ada"), 1) })
	select {
	case <-p.done:
		require.NoError(t, p.err)
	case <-time.After(2 * time.Second):
		require.FailNow(t, "the loader is locked for good")
	}
}

// A load may come when a batch has its answer, but has not said so yet: what it
// was opened under must still be known.
func TestScopeWhileABatchEnds(t *testing.T) {
	t.Parallel()
	l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
		return tenfold(keys), nil
	}, entloader.WithScope(func(ctx context.Context) any { return viewerOf(ctx) }), entloader.WithMaxBatch(1), entloader.WithoutCache())
	var wg sync.WaitGroup
	viewers := []string{"ada", "bob"}
	for i := range 8 {
		ctx := as(t.Context(), viewers[i%2])
		wg.Go(func() {
			for range 500 {
				if v, err := l.Load(ctx, 7); err != nil || v != 70 {
					t.Errorf("%d, %v", v, err)
				}
			}
		})
	}
	wg.Wait()
}

// Loads with the very same context share a fetch, also where something in it can not be
// compared.
func TestSameContextOfUncomparableValues(t *testing.T) {
	t.Parallel()
	type rolesKey struct{}
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					ctx.Value(rolesKey{})
					return tenfold(keys), nil
				})
				ctx := context.WithValue(t.Context(), rolesKey{}, []string{"admin"})
				for round := range 2 {
					var all []*pending[int]
					for k := range 10 {
						all = append(all, async(func() (int, error) { return w.load(l, ctx, 10*round+k) }))
					}
					for k, p := range all {
						v, err := p.wait()
						require.NoError(t, err)
						require.Equal(t, 10*(10*round+k), v)
					}
				}
				if w.name != "LoadThunk" { // each of which sends
					require.Len(t, seen.all(), 2)
				}
				before := len(seen.all())
				_, err := w.load(l, context.WithValue(t.Context(), rolesKey{}, []string{"admin"}), 3)
				require.NoError(t, err)
				require.Len(t, seen.all(), before+1, "another context has a fetch of its own")
			})
		})
	}
}
