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

// Each key has its own end; that of a fetch is one of all its keys.
func TestConformanceErrors(t *testing.T) {
	t.Parallel()
	one := func(r round) []round { return []round{r} }
	converse(t, []conversation{
		{"a key that fails", nil, one(round{ask: []int{closedKey}, fails: map[int]error{closedKey: errClosed}, sent: [][]int{{closedKey}}})},
		{"a key that is missing", nil, one(round{ask: []int{missingKey}, fails: map[int]error{missingKey: entloader.ErrNotFound}, sent: [][]int{{missingKey}}})},
		{"one after the other", nil, []round{
			{ask: []int{closedKey}, fails: map[int]error{closedKey: errClosed}, sent: [][]int{{closedKey}}},
			{ask: []int{2}, sent: [][]int{{2}}},
		}},
		{"all ends at once", nil, one(round{
			ask:   []int{closedKey, 1, missingKey, 2, closedKey},
			fails: map[int]error{closedKey: errClosed, missingKey: entloader.ErrNotFound},
			sent:  [][]int{{1, 2, closedKey, missingKey}},
		})},
		{"the fetch", nil, one(round{
			ask:   []int{1, lockedKey, closedKey, missingKey},
			fails: map[int]error{1: errLocked, lockedKey: errLocked, closedKey: errLocked, missingKey: errLocked},
			sent:  [][]int{{1, closedKey, missingKey, lockedKey}},
		})},
		{"the fetch, without a cache", []entloader.Option{entloader.WithoutCache()}, one(round{
			ask: []int{1, lockedKey}, fails: map[int]error{1: errLocked, lockedKey: errLocked}, sent: [][]int{{1, lockedKey}},
		})},
	})
}

// A fetch without answers has found nothing, whether it says so with an empty map
// or with none.
func TestConformanceNoAnswers(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]map[int]int{"nil": nil, "empty": {}} {
		for _, a := range askers {
			t.Run(name+", "+a.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := entloader.NewLoader(func(context.Context, []int) (map[int]int, error) { return found, nil })
					values, errs := a.ask(t.Context(), l, []int{1, 2})
					require.Equal(t, []int{0, 0}, values)
					for _, err := range errs {
						require.ErrorIs(t, err, entloader.ErrNotFound)
					}
				})
			})
		}
	}
}

// A loader without a fetch is refused where it is made, not where it is used.
func TestConformanceNoFetch(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(){
		"NewLoader: the fetch":      func() { entloader.NewLoader[int, int](nil) },
		"NewLoaderBy: the fetch":    func() { entloader.NewLoaderBy[int, int, int](func(k int) int { return k }, nil) },
		"NewLoaderBy: the id":       func() { entloader.NewLoaderBy[int, int](nil, source(new(calls[int]))) },
		"NewGroupLoader: the fetch": func() { entloader.NewGroupLoader(nil, func(v int) int { return v }) },
		"NewGroupLoader: the by": func() {
			entloader.NewGroupLoader[int](func(context.Context, []int) ([]int, error) { return nil, nil }, nil)
		},
		"PerKey: the fetch": func() { entloader.PerKey[int, int](4, nil) },
	} {
		require.PanicsWithValue(t, "entloader: "+name+" function is nil", make)
	}
}

// A key whose answer nobody fetches may fail as it likes; its neighbours do not
// notice, nor does the process.
func TestConformanceErrorNobodyLooksAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key int
		err error // of the neighbour
	}{{closedKey, nil}, {missingKey, nil}, {lockedKey, errLocked}} {
		t.Run(fmt.Sprint(c.key), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(source(&seen), entloader.WithQuiet(time.Millisecond))
				l.LoadThunk(t.Context(), c.key)
				neighbour := l.LoadThunk(t.Context(), 1)
				<-time.After(time.Second) // the batch leaves without being called for
				require.Equal(t, [][]int{{1, c.key}}, seen.all())
				v, err := neighbour()
				require.ErrorIs(t, err, c.err)
				if c.err == nil {
					require.Equal(t, 10, v)
				}
			})
		})
	}
}

// Errors of keys that come from elsewhere, and are no answer of this fetch, fail
// it as any error does.
func TestConformanceKeyErrorsOfAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		rates := entloader.NewLoader(source(&seen), entloader.WithName("rates"))
		prices := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			if _, err := rates.LoadAll(ctx, []int{1, closedKey}); err != nil {
				return tenfold(keys), fmt.Errorf("no rates: %w", err)
			}
			return tenfold(keys), nil
		}, entloader.WithName("prices"))
		_, err := prices.LoadAll(t.Context(), []int{1, 2})
		var failed entloader.KeyErrors[int]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 2)
		for _, k := range []int{1, 2} {
			require.ErrorIs(t, failed[k], errClosed)
			require.ErrorContains(t, failed[k], "entloader: prices: no rates: ")
			require.ErrorContains(t, failed[k], "entloader: rates: closed")
		}
		require.Equal(t, 1, prices.Stats().Errors)
	})
}
