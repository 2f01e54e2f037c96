package entloader_test

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// What is known is not fetched again, until it is cleared.
func TestConformanceCache(t *testing.T) {
	t.Parallel()
	type act = func(context.Context, *entloader.Loader[int, int])
	clearing := func(keys ...int) act {
		return func(ctx context.Context, l *entloader.Loader[int, int]) { l.Clear(ctx, keys...) }
	}
	clearingAll := func(ctx context.Context, l *entloader.Loader[int, int]) { l.ClearAll(ctx) }
	primingError := func(key int) act {
		return func(ctx context.Context, l *entloader.Loader[int, int]) { l.PrimeError(ctx, key, errClosed) }
	}
	// priming makes each key its own negative.
	priming := func(keys ...int) act {
		return func(ctx context.Context, l *entloader.Loader[int, int]) {
			for _, k := range keys {
				l.Prime(ctx, k, -k)
			}
		}
	}
	primingAll := func(keys ...int) act {
		return func(ctx context.Context, l *entloader.Loader[int, int]) {
			values := make(map[int]int)
			for _, k := range keys {
				values[k] = -k
			}
			l.PrimeAll(ctx, values)
		}
	}
	both := func(acts ...act) act {
		return func(ctx context.Context, l *entloader.Loader[int, int]) {
			for _, f := range acts {
				f(ctx, l)
			}
		}
	}
	fails := func(keys ...int) map[int]error {
		errs := map[int]error{closedKey: errClosed, missingKey: entloader.ErrNotFound, lockedKey: errLocked}
		maps.DeleteFunc(errs, func(k int, _ error) bool { return !slices.Contains(keys, k) })
		return errs
	}
	uncached := []entloader.Option{entloader.WithoutCache()}

	converse(t, []conversation{
		{"known in part, then as a whole", nil, []round{
			{ask: []int{1, 2}, sent: [][]int{{1, 2}}},
			{ask: []int{1, 3}, sent: [][]int{{3}}},
			{ask: []int{3, 1, 2}},
		}},
		{"errors of keys are known", nil, []round{
			{ask: []int{1, closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{1, closedKey, missingKey}}},
			{ask: []int{missingKey, 1, 9, closedKey}, fails: fails(closedKey, missingKey), sent: [][]int{{9}}},
			{ask: []int{closedKey}, fails: fails(closedKey)},
		}},
		{"the error of a fetch is not", nil, []round{
			{ask: []int{1, lockedKey}, fails: map[int]error{1: errLocked, lockedKey: errLocked}, sent: [][]int{{1, lockedKey}}},
			{ask: []int{1}, sent: [][]int{{1}}},
			{ask: []int{1, lockedKey}, fails: fails(lockedKey), sent: [][]int{{lockedKey}}},
		}},

		{"clear", nil, []round{
			{ask: []int{1, 2, 3}, sent: [][]int{{1, 2, 3}}},
			{first: clearing(1), ask: []int{1, 2, 3}, sent: [][]int{{1}}},
			{first: clearing(1, 2), ask: []int{1, 2, 3}, sent: [][]int{{1, 2}}},
			{first: clearing(), ask: []int{1, 2, 3}},
			{first: clearing(99), ask: []int{1, 2, 3}},
			{first: clearingAll, ask: []int{1, 2, 3}, sent: [][]int{{1, 2, 3}}},
		}},
		{"clear before anything was loaded", nil, []round{{first: both(clearing(1), clearingAll), ask: []int{1}, sent: [][]int{{1}}}}},
		{"clear after an error", nil, []round{
			{ask: []int{1, closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{1, closedKey, missingKey}}},
			{first: clearing(closedKey), ask: []int{1, closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{closedKey}}},
			{first: clearing(missingKey), ask: []int{1, closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{missingKey}}},
		}},

		{"prime", nil, []round{
			{first: priming(1), ask: []int{1, 2}, want: []int{-1, 20}, sent: [][]int{{2}}},
			{first: priming(3, 4), ask: []int{4, 3}, want: []int{-4, -3}},
			{first: primingAll(5, 6), ask: []int{6, 1, 5}, want: []int{-6, -1, -5}},
		}},
		{"prime leaves what is known", nil, []round{
			{first: priming(1), ask: []int{1, 2}, want: []int{-1, 20}, sent: [][]int{{2}}},
			{first: func(ctx context.Context, l *entloader.Loader[int, int]) { l.Prime(ctx, 1, -100) }, ask: []int{1}, want: []int{-1}},
			{first: both(priming(2), primingAll(2)), ask: []int{1, 2}, want: []int{-1, 20}},
		}},
		{"prime over an error that is known", nil, []round{
			{ask: []int{1, closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{1, closedKey, missingKey}}},
			{first: both(priming(closedKey), primingAll(missingKey)), ask: []int{closedKey, missingKey, 1}, want: []int{-closedKey, -missingKey, 10}},
		}},
		{"prime an error", nil, []round{
			{first: primingError(1), ask: []int{1, 2}, fails: map[int]error{1: errClosed}, want: []int{0, 20}, sent: [][]int{{2}}},
			{first: primingError(2), ask: []int{1, 2}, fails: map[int]error{1: errClosed}},
			{first: clearing(1, 2), ask: []int{1, 2}, sent: [][]int{{1, 2}}},
			{first: both(clearing(1), primingError(1), priming(1)), ask: []int{1, 2}, want: []int{-1, 20}},
			{first: func(_ context.Context, l *entloader.Loader[int, int]) {
				require.PanicsWithValue(t, "entloader: PrimeError: the error is nil: prime the key with a value, by Prime",
					func() { l.PrimeError(t.Context(), 3, nil) })
			}, ask: []int{3}, sent: [][]int{{3}}},
		}},
		{"clear and prime", nil, []round{
			{first: priming(1), ask: []int{1, 2}, want: []int{-1, 20}, sent: [][]int{{2}}},
			{first: both(clearing(1, 2), primingAll(1, 2)), ask: []int{1, 2}, want: []int{-1, -2}},
			{first: both(priming(closedKey), priming(missingKey)), ask: []int{closedKey, missingKey}, want: []int{-closedKey, -missingKey}},
		}},
		{"prime and clear", nil, []round{
			{first: both(priming(1, 2), clearing(1)), ask: []int{3, 1, 2}, want: []int{30, 10, -2}, sent: [][]int{{1, 3}}},
			{first: both(priming(4, 5), clearingAll), ask: []int{3, 4, 5}, sent: [][]int{{3, 4, 5}}},
		}},

		{"without a cache", uncached, []round{
			{ask: []int{1, 2}, sent: [][]int{{1, 2}}},
			{ask: []int{1, 3}, sent: [][]int{{1, 3}}},
			{ask: []int{1, 2, 3}, sent: [][]int{{1, 2, 3}}},
			{ask: []int{1}, sent: [][]int{{1}}},
			{ask: []int{1}, sent: [][]int{{1}}},
			{ask: []int{closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{closedKey, missingKey}}},
			{ask: []int{closedKey, missingKey}, fails: fails(closedKey, missingKey), sent: [][]int{{closedKey, missingKey}}},
			{ask: []int{lockedKey}, fails: fails(lockedKey), sent: [][]int{{lockedKey}}},
		}},
		{"without a cache nothing is primed or cleared", uncached, []round{
			{first: priming(1), ask: []int{missingKey, 1}, fails: fails(missingKey), sent: [][]int{{1, missingKey}}},
			{first: both(primingAll(1, 2), clearing(1)), ask: []int{1, 2, 3}, sent: [][]int{{1, 2, 3}}},
			{first: both(priming(1, 2), clearingAll), ask: []int{3, 2, 1}, sent: [][]int{{1, 2, 3}}},
		}},
	})
}

// A fetch that forgets everything when it starts: its own answer is for who
// waits, and for nobody later. So a loader can batch and keep nothing.
func TestConformanceClearInsideFetch(t *testing.T) {
	t.Parallel()
	for _, a := range askers {
		t.Run(a.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				var l *entloader.Loader[int, int]
				fetch := source(&seen)
				l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					l.ClearAll(ctx)
					return fetch(ctx, keys)
				}, entloader.WithQuiet(time.Millisecond))
				for i := range 2 {
					round{ask: []int{1, 2, 1}, sent: [][]int{{1, 2}}}.hold(t, i, l, &seen, a.ask)
				}
			})
		})
	}
}

// Pointers are keys by their identity, whatever they point to.
func TestConformancePointerKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{ id int }
		a, b := &key{1}, &key{1}
		var sent [][]*key
		l := entloader.NewLoader(func(_ context.Context, keys []*key) (map[*key]*key, error) {
			sent = append(sent, keys)
			found := make(map[*key]*key)
			for _, k := range keys {
				found[k] = k
			}
			return found, nil
		})
		for range 2 {
			values, err := l.LoadAll(t.Context(), []*key{a, b, a})
			require.NoError(t, err)
			require.Same(t, a, values[0])
			require.Same(t, b, values[1])
			require.Same(t, a, values[2])
			l.Clear(t.Context(), a)
		}
		require.Len(t, sent, 2)
		require.Len(t, sent[0], 2)
		require.Len(t, sent[1], 1)
		require.Same(t, a, sent[1][0])
	})
}

// A cache of one's own has what was fetched, and only what it lacks is fetched.
// What it says counts; what it can not have said is passed by.
func TestConformanceOwnCache(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]entloader.Option{
		"besides the memory of the loader": nil,
		"in its place":                     {entloader.WithoutCache()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cache := &mapCache{values: make(map[entloader.CacheKey]any)}
				var seen calls[int]
				l := entloader.NewLoader(source(&seen), append(opts, entloader.WithCache(cache), entloader.WithName("prices"))...)
				key := func(k int) entloader.CacheKey { return entloader.CacheKey{Loader: "prices", Key: k} }
				want := func(sent [][]int, keys ...int) {
					t.Helper()
					require.Equal(t, sent, seen.all())
					require.Len(t, cache.values, len(keys))
					for _, k := range keys {
						require.Contains(t, cache.values, key(k))
					}
				}
				load := func(keys ...int) []int {
					t.Helper()
					values, err := l.LoadAll(t.Context(), keys)
					require.NoError(t, err)
					return values
				}
				require.Equal(t, []int{10, 20}, load(1, 2))
				want([][]int{{1, 2}}, 1, 2)
				require.Equal(t, []int{30, 20}, load(3, 2))
				want([][]int{{1, 2}, {3}}, 1, 2, 3)

				l.Clear(t.Context(), 2)
				l.Clear(t.Context(), 99)
				want([][]int{{1, 2}, {3}}, 1, 3)
				require.Equal(t, []int{10, 20}, load(1, 2))
				want([][]int{{1, 2}, {3}, {2}}, 1, 2, 3)
				l.Clear(t.Context(), 1, 2)
				want([][]int{{1, 2}, {3}, {2}}, 3)
				l.ClearAll(t.Context())
				want([][]int{{1, 2}, {3}, {2}})

				cache.values[key(7)], cache.values[key(8)] = -7, "not a price"
				require.Equal(t, []int{-7, 80}, load(7, 8))
				want([][]int{{1, 2}, {3}, {2}, {8}}, 7, 8)
				_, err := l.LoadAll(t.Context(), []int{closedKey, missingKey})
				require.Error(t, err)
				want([][]int{{1, 2}, {3}, {2}, {8}, {closedKey, missingKey}}, 7, 8)
			})
		})
	}
}

// A value that is primed is of this loader: the cache of all requests does not
// take it from somebody who has not fetched it.
func TestConformanceOwnCacheIsNotPrimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &mapCache{values: make(map[entloader.CacheKey]any)}
		var fetches atomic.Int64
		l := double(&fetches, entloader.WithCache(cache))
		l.Prime(t.Context(), 1, -1)
		v, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, -1, v)
		require.Empty(t, cache.values)
		require.Zero(t, fetches.Load())
	})
}
