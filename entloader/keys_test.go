package entloader_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a loader without a cache sends the same key several times in one
// batch.
func TestWithoutCacheDuplicatesCollapse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			seen.note(keys)
			return tenfold(keys), nil
		}, entloader.WithoutCache())
		var all []*pending[int]
		for range 3 {
			for _, w := range waiters[:3] { // a thunk that is called sends the batch
				all = append(all, async(func() (int, error) { return w.load(l, t.Context(), 1) }))
			}
		}
		list := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{2, 1, 2, 1}) })
		for _, p := range all {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, 10, v)
		}
		values, err := list.wait()
		require.NoError(t, err)
		require.Equal(t, []int{20, 10, 20, 10}, values)
		require.Equal(t, [][]int{{1, 2}}, seen.all())
		a, b := l.LoadThunk(t.Context(), 1), l.LoadThunk(t.Context(), 1)
		for _, f := range []func() (int, error){a, b} {
			v, err := f()
			require.NoError(t, err)
			require.Equal(t, 10, v)
		}
		require.Equal(t, [][]int{{1, 2}, {1}}, seen.all(), "nothing is remembered")
	})
}

// Elsewhere each load of NaN adds an answer that nobody will find again.
func TestNaNIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nan := math.NaN()
		var fetches atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []float64) (map[float64]float64, error) {
			fetches.Add(1)
			found := make(map[float64]float64)
			for _, k := range keys {
				found[k] = k
			}
			return found, nil
		}, entloader.WithName("floats"))
		l.Prime(t.Context(), nan, 1)
		l.Clear(t.Context(), nan)
		_, err := l.Load(t.Context(), nan)
		require.ErrorContains(t, err, "entloader: floats: ")
		require.ErrorContains(t, err, "NaN")
		_, err = l.Load(entloader.Alone(t.Context()), nan)
		require.ErrorContains(t, err, "NaN")
		require.Zero(t, fetches.Load(), "it is not sent")
		values, err := l.LoadAll(t.Context(), []float64{1, nan, 2})
		require.ErrorContains(t, err, "NaN")
		require.Equal(t, []float64{1, 0, 2}, values)
		var failed entloader.KeyErrors[float64]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)

		type point struct{ x, y float64 }
		points := entloader.NewLoader(func(context.Context, []point) (map[point]int, error) { return nil, nil })
		_, err = points.Load(t.Context(), point{1, nan})
		require.ErrorContains(t, err, "NaN")
	})
}

// Elsewhere an empty list waits for a batch that is never sent, or sends IN ().
func TestNoKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var fetches atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			fetches.Add(1)
			return tenfold(keys), nil
		})
		for _, keys := range [][]int{nil, {}} {
			values, err := l.LoadAll(t.Context(), keys)
			require.NoError(t, err)
			require.NotNil(t, values)
			require.Empty(t, values)
			found, err := l.LoadMap(t.Context(), keys)
			require.NoError(t, err)
			require.NotNil(t, found)
			require.Empty(t, found)
		}
		l.PrimeAll(t.Context(), nil)
		require.Zero(t, fetches.Load())
		require.Equal(t, start, time.Now())
	})
}

// Elsewhere large lists are quadratic, or overflow what one statement takes.
func TestHundredThousandKeys(t *testing.T) {
	t.Parallel()
	const n = 100_000
	keys := make([]int, 0, n+n/10)
	for i := range n {
		keys = append(keys, (i*7919)%n)
	}
	keys = append(keys, keys[:n/10]...)
	for _, c := range []struct {
		name    string
		opts    []entloader.Option
		batches int
	}{
		{"one batch", nil, 1},
		{"bounded", []entloader.Option{entloader.WithMaxBatch(10_000)}, 10},
		{"without a cache", []entloader.Option{entloader.WithoutCache()}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, c.opts...)
				values, err := l.LoadAll(t.Context(), keys)
				require.NoError(t, err)
				for i, k := range keys {
					if values[i] != 10*k {
						t.Fatalf("key %d has %d", k, values[i])
					}
				}
				require.Len(t, seen.all(), c.batches)
				stats := l.Stats()
				require.Equal(t, n, stats.Keys)
				require.LessOrEqual(t, stats.Largest, n/c.batches)
				l.ClearAll(t.Context())
			})
		})
	}
}

// Elsewhere a filter is hashed to a string, or collapsed to its first part, and
// different ones meet; behind a pointer equal ones never do.
func TestDifferentKeysNeverMeet(t *testing.T) {
	t.Parallel()
	type filter struct{ Status, Serial string }
	// All of them print alike, or begin alike.
	filters := []filter{{"open", "a b"}, {"open a", "b"}, {"open a b", ""}, {"", "open a b"}, {"open", "a"}, {"open", ""}, {"", ""}}
	show := func(v any) string { return fmt.Sprintf("%#v", v) }

	t.Run("structs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []filter) (map[filter]string, error) {
				found := make(map[filter]string)
				for _, k := range keys {
					found[k] = show(k)
				}
				return found, nil
			})
			for range 2 {
				for _, f := range filters {
					v, err := l.Load(t.Context(), f)
					require.NoError(t, err)
					require.Equal(t, show(f), v)
				}
			}
			require.Equal(t, len(filters), l.Stats().Keys)
		})
	})
	t.Run("values of different types", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			keys := []any{1, int64(1), "1", 1.0, true, filter{"1", ""}, [1]int{1}, nil}
			l := entloader.NewLoader(func(_ context.Context, keys []any) (map[any]string, error) {
				found := make(map[any]string)
				for _, k := range keys {
					found[k] = fmt.Sprintf("%T", k)
				}
				return found, nil
			})
			values, err := l.LoadAll(t.Context(), append(keys, keys...))
			require.NoError(t, err)
			for i, v := range values {
				require.Equal(t, fmt.Sprintf("%T", keys[i%len(keys)]), v)
			}
			require.Equal(t, len(keys), l.Stats().Keys)
		})
	})
	t.Run("pointers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoaderBy(func(f *filter) filter { return *f }, func(_ context.Context, keys []*filter) (map[filter]string, error) {
				found := make(map[filter]string)
				for _, k := range keys {
					found[*k] = show(*k)
				}
				return found, nil
			})
			for range 2 {
				for _, f := range filters {
					v, err := l.Load(t.Context(), &f)
					require.NoError(t, err)
					require.Equal(t, show(f), v)
				}
			}
			require.Equal(t, len(filters), l.Stats().Keys, "equal filters are one key")
		})
	})
	t.Run("params", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			samples := entloader.DefineBy("samples", func(_ context.Context, f filter) *entloader.Loader[int, string] {
				return entloader.NewLoader(func(_ context.Context, keys []int) (map[int]string, error) {
					return map[int]string{keys[0]: show(f)}, nil
				})
			})
			ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
			for range 2 {
				for _, f := range filters {
					v, err := samples.From(ctx, f).Load(ctx, 1)
					require.NoError(t, err)
					require.Equal(t, show(f), v)
				}
			}
			all := entloader.LoadersFromContext(ctx).Stats()
			require.Len(t, all, len(filters))
			for _, s := range all {
				require.Equal(t, 1, s.Keys)
			}
		})
	})
}

// A list of keys that nothing is known of yet is loaded without a look for each of
// them, duplicates wherever they are.
func TestLoadAllOfAFreshLoader(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n, distinct := rng.IntN(40), 1+rng.IntN(40)
		keys := make([]int, n)
		for i := range keys {
			keys[i] = rng.IntN(distinct)
		}
		var opts []entloader.Option
		limit := math.MaxInt
		switch rng.IntN(4) {
		case 0:
			opts = append(opts, entloader.WithoutCache())
		case 1:
			opts = append(opts, entloader.WithCacheLimit(1+rng.IntN(10)))
		case 2:
			limit = 1 + rng.IntN(10)
			opts = append(opts, entloader.WithMaxBatch(limit))
		}
		different := make(map[int]bool)
		want := make([]string, n)
		for i, k := range keys {
			different[k], want[i] = true, fmt.Sprint(k)
		}
		var fetched atomic.Int64
		l := entloader.NewLoaderBy(strconv.Itoa, func(_ context.Context, keys []int) (map[string]string, error) {
			fetched.Add(int64(len(keys)))
			found := make(map[string]string)
			for _, k := range keys {
				found[fmt.Sprint(k)] = fmt.Sprint(k)
			}
			if len(found) != len(keys) || len(keys) > limit {
				return nil, fmt.Errorf("keys %v", keys)
			}
			return found, nil
		}, opts...)
		got, err := l.LoadAll(t.Context(), keys)
		require.NoError(t, err, "%v", keys)
		require.Equal(t, want, got)
		require.EqualValues(t, len(different), fetched.Load())
		s := l.Stats()
		require.Equal(t, []int{n, n - len(different), len(different), 0}, []int{s.Loads, s.Hits, s.Keys, s.Unasked}, "%v", keys)
	}
}
