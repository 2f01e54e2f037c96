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
		}, entloader.WithCache(cache))
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
		}), entloader.WithCache(cache))
		prices, err := l.LoadAll(t.Context(), []string{"a", "b", "c"})
		require.NoError(t, err)
		require.Equal(t, []string{"price of a", "price of b", "price of c"}, prices)
		require.Zero(t, l.Stats().Unkept)
	}
	require.EqualValues(t, 3, calls.Load())
	srv.Client().CloseIdleConnections()
}
