package entloader_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a fetch that sorts its keys, as a driver or a merge join may, puts
// the values to the wrong keys without an error.
func TestFetchMayEditItsKeys(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func([]int){
		"sort":    func(keys []int) { slices.Sort(keys) },
		"reverse": func(keys []int) { slices.Reverse(keys) },
		"zero":    func(keys []int) { clear(keys) },
		"append": func(keys []int) {
			keys = append(keys[:1], 97, 98, 99)
			slices.Sort(keys)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keys := []int{5, 3, 9, 3, 1, 7}
				var fail atomic.Bool
				fetch := func(_ context.Context, keys []int) (map[int]int, error) {
					found := tenfold(keys)
					edit(keys)
					if fail.Load() {
						return nil, errors.New("database is locked")
					}
					return found, nil
				}
				for _, opts := range [][]entloader.Option{nil, {entloader.WithoutCache()}, {entloader.WithMaxBatch(2)}} {
					l := entloader.NewLoader(fetch, opts...)
					given := slices.Clone(keys)
					fail.Store(true)
					_, err := l.LoadAll(t.Context(), given)
					require.Error(t, err)
					fail.Store(false)
					values, err := l.LoadAll(t.Context(), given)
					require.NoError(t, err, "the error of the batch is forgotten for all its keys")
					require.Equal(t, []int{50, 30, 90, 30, 10, 70}, values)
					require.Equal(t, keys, given, "the keys of the caller are its own")
					for _, k := range keys {
						v, err := l.Load(t.Context(), k)
						require.NoError(t, err)
						require.Equal(t, 10*k, v)
					}
				}

				g := entloader.NewGroupLoader(func(_ context.Context, keys []int) ([]int, error) {
					var rows []int
					for _, k := range keys {
						rows = append(rows, 10*k, 10*k+1)
					}
					edit(keys)
					return rows, nil
				}, func(row int) int { return row / 10 })
				groups, err := g.LoadAll(t.Context(), keys)
				require.NoError(t, err)
				for i, k := range keys {
					require.Equal(t, []int{10 * k, 10*k + 1}, groups[i])
				}
			})
		})
	}
}

// Elsewhere the key list of a caller is the batch: editing it while the fetch
// runs changes what others load.
func TestCallerMayEditItsKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			<-release
			return tenfold(keys), nil
		}, entloader.WithQuiet(time.Millisecond))
		ctx, cancel := context.WithCancel(t.Context())
		keys := []int{1, 2, 3}
		all := async(func() ([]int, error) { return l.LoadAll(ctx, keys) })
		one := async(func() (int, error) { return l.Load(t.Context(), 3) })
		synctest.Wait()
		cancel()
		_, err := all.wait()
		require.ErrorIs(t, err, context.Canceled)
		clear(keys) // the caller has left, its list is its own again
		close(release)
		v, err := one.wait()
		require.NoError(t, err)
		require.Equal(t, 30, v)
	})
}

// Elsewhere one caller appends to the slice that it was given, and another one
// finds the row in its own.
func TestSharedSlicesDoNotGrowIntoEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		buffer := make([]int, 0, 100) // the fetch uses it again and again
		l := entloader.NewGroupLoader(func(_ context.Context, keys []int) ([]int, error) {
			buffer = buffer[:0]
			for _, k := range keys {
				buffer = append(buffer, 10*k, 10*k+1)
			}
			return buffer, nil
		}, func(row int) int { return row / 10 }, entloader.WithParallel(1))
		groups, err := l.LoadAll(t.Context(), []int{1, 2})
		require.NoError(t, err)
		a, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		_, err = l.Load(t.Context(), 3)
		require.NoError(t, err)

		first, second := append(groups[0], -1), append(a, -2)
		require.Equal(t, []int{10, 11, -1}, first)
		require.Equal(t, []int{10, 11, -2}, second)
		a, err = l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, []int{10, 11}, a)
		require.Equal(t, []int{20, 21}, groups[1], "the neighbour is not overwritten")
	})
}
