package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// mapCache is a cache in a map that can be broken.
type mapCache struct {
	mu     sync.Mutex
	values map[entloader.CacheKey]any
	broken bool
}

var errCache = errors.New("the cache is down")

func (c *mapCache) do(f func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return errCache
	}
	f()
	return nil
}

func (c *mapCache) Get(_ context.Context, k entloader.CacheKey) (v any, ok bool, err error) {
	err = c.do(func() { v, ok = c.values[k] })
	return v, ok, err
}

func (c *mapCache) Set(_ context.Context, k entloader.CacheKey, v any) error {
	return c.do(func() { c.values[k] = v })
}

func (c *mapCache) Delete(_ context.Context, k entloader.CacheKey) error {
	return c.do(func() { delete(c.values, k) })
}

func (c *mapCache) Clear(_ context.Context, k entloader.CacheKey) error {
	return c.do(func() {
		for other := range c.values {
			if other.Loader == k.Loader {
				delete(c.values, other)
			}
		}
	})
}

// A cache serves loaders of several requests, each viewer and each family apart.
func TestWithCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &mapCache{values: make(map[entloader.CacheKey]any)}
		var fetches atomic.Int64
		type tenant struct{}
		offices := entloader.DefineBy("offices", func(_ context.Context, open bool) *entloader.Loader[int, int] {
			return double(&fetches, entloader.WithCache(cache), entloader.WithScope(func(ctx context.Context) any { return ctx.Value(tenant{}) }))
		})
		request := func(name string) context.Context {
			ctx := context.WithValue(t.Context(), tenant{}, name)
			return entloader.NewLoadersContext(ctx, entloader.NewLoaders())
		}
		load := func(ctx context.Context, open bool, keys ...int) {
			t.Helper()
			values, err := offices.From(ctx, open).LoadAll(ctx, keys)
			require.NoError(t, err)
			for i, k := range keys {
				require.Equal(t, 2*k, values[i])
			}
		}
		load(request("a"), true, 1, 2)
		require.Equal(t, int64(1), fetches.Load())
		load(request("a"), true, 1, 2)
		require.Equal(t, int64(1), fetches.Load(), "another request finds them")
		load(request("a"), true, 2, 3)
		load(request("b"), true, 1)
		load(request("a"), false, 1)
		require.Equal(t, int64(4), fetches.Load(), "other keys, tenants and params do not")
		require.Contains(t, cache.values, entloader.CacheKey{Loader: "offices", Scope: "b", Params: true, Key: 1})

		ctx := request("a")
		offices.From(ctx, true).Clear(ctx, 1)
		load(ctx, true, 1)
		require.Equal(t, int64(5), fetches.Load())

		cache.broken = true
		load(request("a"), true, 1)
		ctx = request("a")
		load(ctx, true, 2)
		require.Equal(t, int64(7), fetches.Load(), "passed by")
		require.Equal(t, 2, offices.From(ctx, true).Stats().CacheErrors)
		cache.broken = false
		offices.From(ctx, true).ClearAll(ctx)
		require.Empty(t, cache.values)
	})
}

// What read its context is not kept: nobody could tell whom it is for.
func TestWithCacheKeepsNothingPrivate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type viewer struct{}
		cache := &mapCache{values: make(map[entloader.CacheKey]any)}
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			found := make(map[int]string)
			for _, k := range keys {
				found[k], _ = ctx.Value(viewer{}).(string)
			}
			return found, nil
		}, entloader.WithCache(cache), entloader.WithName("viewers"))
		v, err := l.Load(context.WithValue(t.Context(), viewer{}, "ada"), 1)
		require.NoError(t, err)
		require.Equal(t, "ada", v)
		require.Empty(t, cache.values)
		require.Equal(t, 1, l.Stats().Unkept)
		require.Contains(t, l.Stats().String(), "not for the cache: 1")
	})
}

// What net/http looks up in each request, for those who watch it, decides nothing.
func TestWithCacheKeepsAnswersOfAService(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "price of ", r.URL.Query().Get("id"))
	}))
	defer srv.Close()
	cache := &mapCache{values: make(map[entloader.CacheKey]any)}
	var calls atomic.Int32
	for range 2 {
		l := entloader.NewLoader(entloader.PerKey(2, func(ctx context.Context, id string) (string, error) {
			calls.Add(1)
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"?id="+id, nil)
			if err != nil {
				return "", err
			}
			resp, err := srv.Client().Do(req)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return string(body), err
		}), entloader.WithCache(cache), entloader.WithName("prices"))
		prices, err := l.LoadAll(t.Context(), []string{"a", "b", "c"})
		require.NoError(t, err)
		require.Equal(t, []string{"price of a", "price of b", "price of c"}, prices)
		require.Zero(t, l.Stats().Unkept)
	}
	require.EqualValues(t, 3, calls.Load())
	srv.Client().CloseIdleConnections()
}

// Elsewhere a clear during a fetch is forgotten when the fetch ends: what it read before
// the write is there for good.
func TestWithCacheClearDuringAFetch(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cache := &mapCache{values: make(map[entloader.CacheKey]any)}
			truth, hold := 1, make(chan struct{})
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				read := truth
				<-hold
				return map[int]int{keys[0]: read}, nil
			}, entloader.WithCache(cache), entloader.WithName("numbers"))
			early := async(func() (int, error) { return l.Load(t.Context(), 1) })
			<-time.After(time.Second)
			synctest.Wait()
			truth = 2
			if all {
				l.ClearAll(t.Context())
			} else {
				l.Clear(t.Context(), 1)
			}
			close(hold)
			v, err := early.wait()
			require.NoError(t, err)
			require.Equal(t, 1, v)
			require.Empty(t, cache.values)
			v, err = l.Load(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, 2, v)
		})
	}
}

// brokenCache panics.
type brokenCache struct{ mapCache }

func (*brokenCache) Get(context.Context, entloader.CacheKey) (any, bool, error) { panic("get") }
func (*brokenCache) Clear(context.Context, entloader.CacheKey) error            { panic("clear") }

// A cache that fails, in whichever way, fails no load.
func TestWithCacheFailsNoLoad(t *testing.T) {
	t.Parallel()
	tenfolds := func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil }
	l := entloader.NewLoader(tenfolds, entloader.WithName("numbers"), entloader.WithCache(&brokenCache{mapCache{values: make(map[entloader.CacheKey]any)}}))
	v, err := l.Load(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 10, v)
	l.ClearAll(t.Context())
	require.Equal(t, 2, l.Stats().CacheErrors)

	// A key of the cache that can not be one of a map.
	l = entloader.NewLoader(tenfolds, entloader.WithName("numbers"), entloader.WithCache(&mapCache{values: make(map[entloader.CacheKey]any)}),
		entloader.WithScope(func(context.Context) any { return []int{1} }))
	v, err = l.Load(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 10, v)

	// Others that fail.
	cache := &mapCache{values: make(map[entloader.CacheKey]any)}
	cache.values[entloader.CacheKey{Loader: "numbers", Key: 1}] = 10
	var seen calls[int]
	l = entloader.NewLoader(source(&seen), entloader.WithName("numbers"), entloader.WithCache(cache))
	for range 2 {
		values, err := l.LoadAll(t.Context(), []int{1, lockedKey})
		require.Equal(t, []int{10, 0}, values)
		var failed entloader.KeyErrors[int]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)
		require.ErrorIs(t, failed[lockedKey], errLocked)
	}
	require.Equal(t, [][]int{{lockedKey}, {lockedKey}}, seen.all(), "the error is not kept")
}

// Alone means that the source is asked, and loaders without a name would share answers.
func TestWithCacheIsPassedBy(t *testing.T) {
	t.Parallel()
	cache := &mapCache{values: make(map[entloader.CacheKey]any)}
	truth := 1
	fetch := func(_ context.Context, keys []int) (map[int]int, error) { return map[int]int{keys[0]: truth}, nil }
	l := entloader.NewLoader(fetch, entloader.WithName("numbers"), entloader.WithCache(cache))
	for range 2 {
		v, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 1, v)
		v, err = l.Load(entloader.Alone(t.Context()), 1)
		require.NoError(t, err)
		require.Equal(t, truth, v)
		truth = 2
	}
	require.Len(t, cache.values, 1)

	_, err := entloader.NewLoader(fetch, entloader.WithCache(cache)).Load(t.Context(), 1)
	require.ErrorContains(t, err, "needs a name")
}

// A nil that was kept is an answer.
func TestWithCacheKeepsNil(t *testing.T) {
	t.Parallel()
	cache := &mapCache{values: make(map[entloader.CacheKey]any)}
	fetches := 0
	for range 2 {
		l := entloader.NewLoader(func(context.Context, []int) (map[int]fmt.Stringer, error) {
			fetches++
			return map[int]fmt.Stringer{1: nil}, nil
		}, entloader.WithName("names"), entloader.WithCache(cache))
		v, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Nil(t, v)
	}
	require.Equal(t, 1, fetches)
}
