package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere "database is locked" is the answer until the process ends.
func TestBatchErrorIsNotKept(t *testing.T) {
	t.Parallel()
	locked := errors.New("database is locked")
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					if seen.note(keys) == 0 {
						return tenfold(keys), locked
					}
					return tenfold(keys), nil
				}, entloader.WithName("prices"))
				one, two := l.LoadThunk(t.Context(), 1), l.LoadThunk(t.Context(), 2)
				same := async(func() (int, error) { return w.load(l, t.Context(), 1) })
				synctest.Wait() // a thunk sends what was gathered
				for _, p := range []*pending[int]{same, async(one), async(two)} {
					v, err := p.wait()
					require.ErrorIs(t, err, locked, "it reaches every waiter")
					require.ErrorContains(t, err, "entloader: prices: ")
					require.Zero(t, v)
				}
				v, err := w.load(l, t.Context(), 2)
				require.NoError(t, err, "and nobody else")
				require.Equal(t, 20, v)
				require.Equal(t, [][]int{{1, 2}, {2}}, seen.all())
				require.Equal(t, 1, l.Stats().Errors)
			})
		})
	}
}

// Elsewhere the error of one key fails its neighbours.
func TestKeyErrorIsOfOneKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closed := errors.New("closed")
		var seen calls[int]
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			if seen.note(keys) > 0 {
				return tenfold(keys), nil
			}
			found := tenfold(keys)
			delete(found, 2)
			return found, entloader.KeyErrors[int]{2: closed, 3: closed}
		})
		values, err := l.LoadAll(t.Context(), []int{1, 2, 3, 4, 2})
		require.Equal(t, []int{10, 0, 0, 40, 0}, values)
		require.ErrorIs(t, err, closed)
		var failed entloader.KeyErrors[int]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 2)
		require.ErrorIs(t, failed[2], closed)
		require.ErrorIs(t, failed[3], closed, "an error counts for more than a value")

		for _, w := range waiters {
			_, err = w.load(l, t.Context(), 2)
			require.ErrorIs(t, err, closed, "it is kept")
			v, err := w.load(l, t.Context(), 4)
			require.NoError(t, err)
			require.Equal(t, 40, v)
		}
		require.Zero(t, l.Stats().Errors, "no batch failed")
		require.Equal(t, [][]int{{1, 2, 3, 4}}, seen.all())
		l.Clear(t.Context(), 2)
		v, err := l.Load(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, 20, v)
		_, err = l.Load(t.Context(), 3)
		require.ErrorIs(t, err, closed)
		require.Equal(t, [][]int{{1, 2, 3, 4}, {2}}, seen.all())
	})
}

// Elsewhere a parent without children is an error, and the error of the
// database is a parent without children.
func TestParentWithoutChildren(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locked := errors.New("database is locked")
		var broken atomic.Bool
		l := entloader.NewGroupLoader(func(context.Context, []int) ([]int, error) {
			if broken.Load() {
				return nil, locked
			}
			return []int{20}, nil
		}, func(row int) int { return row / 10 })
		broken.Store(true)
		_, err := l.Load(t.Context(), 1)
		require.ErrorIs(t, err, locked)
		groups, err := l.LoadAll(t.Context(), []int{1, 2})
		require.ErrorIs(t, err, locked)
		require.Equal(t, [][]int{nil, nil}, groups)
		found, err := l.LoadMap(t.Context(), []int{1, 2})
		require.ErrorIs(t, err, locked)
		require.Empty(t, found)
		broken.Store(false)

		groups, err = l.LoadAll(t.Context(), []int{1, 2})
		require.NoError(t, err)
		require.Equal(t, [][]int{{}, {20}}, groups)
		group, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.NotNil(t, group)
		require.Empty(t, group)
		found, err = l.LoadMap(t.Context(), []int{1, 2})
		require.NoError(t, err)
		require.Equal(t, map[int][]int{1: {}, 2: {20}}, found)
	})
}

// Elsewhere a key without an answer is a zero value, or fails the batch.
func TestMissingKeyIsNotFoundAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			seen.note(keys)
			found := tenfold(keys)
			delete(found, 2)
			return found, nil
		}, entloader.WithName("prices"))
		values, err := l.LoadAll(t.Context(), []int{1, 2, 3})
		require.Equal(t, []int{10, 0, 30}, values)
		var failed entloader.KeyErrors[int]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)
		require.ErrorIs(t, failed[2], entloader.ErrNotFound)
		require.ErrorContains(t, failed[2], "prices")
		_, err = l.Load(t.Context(), 2)
		require.ErrorIs(t, err, entloader.ErrNotFound)
		require.ErrorContains(t, err, "prices")
		found, err := l.LoadMap(t.Context(), []int{1, 2, 3})
		require.NoError(t, err)
		require.Equal(t, map[int]int{1: 10, 3: 30}, found)
		require.Len(t, seen.all(), 1, "that there is none is an answer as well")
	})
}

// Elsewhere an answer for a key that nobody asked for goes unnoticed: ids of one
// table looked up in another.
func TestAnswerForAStrangeKeyFailsTheBatch(t *testing.T) {
	t.Parallel()
	for name, fetch := range map[string]func(context.Context, []int) (map[int]int, error){
		"besides": func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(append(keys, 99)), nil },
		"instead": func(context.Context, []int) (map[int]int, error) { return map[int]int{99: 1}, nil },
		"with KeyError": func(context.Context, []int) (map[int]int, error) {
			return map[int]int{99: 1}, entloader.KeyErrors[int]{1: errors.ErrUnsupported}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mixed atomic.Bool
				mixed.Store(true)
				l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					if mixed.Load() {
						return fetch(ctx, keys)
					}
					return tenfold(keys), nil
				})
				_, err := l.LoadAll(t.Context(), []int{1, 2})
				var failed entloader.KeyErrors[int]
				require.ErrorAs(t, err, &failed)
				for _, k := range []int{1, 2} {
					require.ErrorContains(t, failed[k], "nobody asked for")
					require.NotErrorIs(t, failed[k], entloader.ErrNotFound)
				}
				mixed.Store(false)
				v, err := l.Load(t.Context(), 1)
				require.NoError(t, err)
				require.Equal(t, 10, v)
			})
		})
	}
}

// Elsewhere the error of one key is kept like a value: a service that is busy once is
// busy for the rest of the request.
func TestTransientErrorIsNotKept(t *testing.T) {
	t.Parallel()
	require.NoError(t, entloader.Transient(nil))
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				errBusy := errors.New("busy")
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					switch {
					case keys[0] == 2:
						return map[int]int{}, entloader.KeyErrors[int]{2: errClosed}
					case len(seen.all()) == 1:
						return map[int]int{}, entloader.KeyErrors[int]{1: fmt.Errorf("price service: %w", entloader.Transient(errBusy))}
					}
					return tenfold(keys), nil
				})
				_, err := w.load(l, t.Context(), 1)
				require.ErrorIs(t, err, errBusy)
				require.ErrorContains(t, err, "price service: busy")
				_, err = w.load(l, t.Context(), 2)
				require.ErrorIs(t, err, errClosed)
				v, err := w.load(l, t.Context(), 1)
				require.NoError(t, err)
				require.Equal(t, 10, v)
				_, err = w.load(l, t.Context(), 2)
				require.ErrorIs(t, err, errClosed, "an error like any other is kept")
				require.Equal(t, [][]int{{1}, {2}, {1}}, seen.all())
			})
		})
	}
}
