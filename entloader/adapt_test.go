package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Positions are what goes wrong in other loaders: too few values, one error for all, a
// fetch that sorts its keys.
func TestInOrder(t *testing.T) {
	t.Parallel()
	errBad := errors.New("bad")
	for _, c := range []struct {
		name   string
		values []int
		errs   []error
		want   []int
		failed map[int]error
		wrong  string // is part of the error of all keys
	}{
		{"values", []int{30, 10, 20}, nil, []int{30, 10, 20}, nil, ""},
		{"no errors in a list", []int{30, 10, 20}, []error{nil, nil, nil}, []int{30, 10, 20}, nil, ""},
		{"one nil for all", []int{30, 10, 20}, []error{nil}, []int{30, 10, 20}, nil, ""},
		{"one error of a key", []int{30, 0, 20}, []error{nil, errBad, nil}, []int{30, 0, 20}, map[int]error{1: errBad}, ""},
		{"errors alone", nil, []error{errBad, errBad, errBad}, []int{0, 0, 0}, map[int]error{1: errBad, 2: errBad, 3: errBad}, ""},
		{"one error of all", nil, []error{errBad}, nil, nil, "bad"},
		{"too few values", []int{30, 10}, nil, nil, nil, "2 values for 3 keys"},
		{"too few values beside errors", []int{30}, []error{nil, errBad, nil}, nil, nil, "1 values for 3 keys"},
		{"no values where keys have no error", nil, []error{nil, errBad, nil}, nil, nil, "0 values for 3 keys"},
		{"nothing", nil, nil, nil, nil, "0 values for 3 keys"},
		{"too many values", []int{30, 10, 20, 40}, nil, nil, nil, "4 values for 3 keys"},
		{"too few errors", []int{30, 10, 20}, []error{nil, errBad}, nil, nil, "2 errors for 3 keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := entloader.NewLoader(entloader.InOrder(func(_ context.Context, keys []int) ([]int, []error) {
				slices.Sort(keys)
				return c.values, c.errs
			}))
			values, err := l.LoadAll(t.Context(), []int{3, 1, 2})
			var failed entloader.KeyErrors[int]
			switch {
			case c.wrong != "":
				require.ErrorContains(t, err, c.wrong)
				require.ErrorAs(t, err, &failed)
				require.Len(t, failed, 3)
				return
			case c.failed == nil:
				require.NoError(t, err)
			default:
				require.ErrorAs(t, err, &failed)
				require.Len(t, failed, len(c.failed))
				for k, want := range c.failed {
					require.ErrorIs(t, failed[k], want)
				}
			}
			require.Equal(t, c.want, values)
		})
	}
	// One key with its error is no different.
	l := entloader.NewLoader(entloader.InOrder(func(context.Context, []int) ([]int, []error) { return nil, []error{errBad} }))
	_, err := l.Load(t.Context(), 1)
	require.ErrorIs(t, err, errBad)
}

func TestIndexed(t *testing.T) {
	t.Parallel()
	type user struct {
		id   int
		name string
	}
	rows := []user{{3, "cy"}, {2, "bo"}, {2, "bob"}, {1, "ada"}}
	l := entloader.NewLoader(entloader.Indexed(func(_ context.Context, keys []int) (found []user, err error) {
		if keys[0] == 99 {
			return nil, errClosed
		}
		for _, r := range rows {
			if slices.Contains(keys, r.id) {
				found = append(found, r)
			}
		}
		return found, nil
	}, func(u user) int { return u.id }))
	users, err := l.LoadAll(t.Context(), []int{1, 2, 3, 4})
	require.Equal(t, []user{{1, "ada"}, {}, {3, "cy"}, {}}, users)
	var failed entloader.KeyErrors[int]
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 2)
	require.ErrorContains(t, failed[2], "several rows")
	require.ErrorIs(t, failed[4], entloader.ErrNotFound)
	_, err = l.Load(t.Context(), 99)
	require.ErrorIs(t, err, errClosed)

	strange := entloader.NewLoader(entloader.Indexed(func(context.Context, []int) ([]user, error) { return rows, nil }, func(u user) int { return u.id }))
	_, err = strange.Load(t.Context(), 1)
	require.ErrorContains(t, err, "nobody asked for")
}

func TestOrZero(t *testing.T) {
	t.Parallel()
	for _, none := range []map[int]int{nil, {}} {
		l := entloader.NewLoader(entloader.OrZero(func(context.Context, []int) (map[int]int, error) { return none, nil }))
		values, err := l.LoadAll(t.Context(), []int{2, 1})
		require.NoError(t, err)
		require.Equal(t, []int{0, 0}, values)
	}
	l := entloader.NewLoader(entloader.OrZero(func(_ context.Context, keys []int) (map[int]int, error) {
		slices.Sort(keys)
		if slices.Contains(keys, lockedKey) {
			return nil, errLocked
		}
		return map[int]int{1: 10}, entloader.KeyErrors[int]{2: fmt.Errorf("price: %w", entloader.ErrNotFound), 3: errClosed}
	}))
	values, err := l.LoadAll(t.Context(), []int{4, 3, 2, 1})
	require.Equal(t, []int{0, 0, 0, 10}, values)
	var failed entloader.KeyErrors[int]
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 1)
	require.ErrorIs(t, failed[3], errClosed)
	_, err = l.Load(t.Context(), lockedKey)
	require.ErrorIs(t, err, errLocked)
}

// A family is cleared as a whole, whatever the params, and no other loader with it.
func TestClearAFamily(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		family := func(name string) *entloader.DefinitionBy[bool, int, int, int] {
			return entloader.DefineBy(name, func(context.Context, bool) *entloader.Loader[int, int] {
				return entloader.NewLoader(source(&seen))
			})
		}
		offices, other := family("offices"), family("other")
		offices.Clear(t.Context(), 1) // without loaders there is nothing to clear
		ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		fetches := func() int {
			before := len(seen.all())
			for _, open := range []bool{false, true} {
				for _, d := range []*entloader.DefinitionBy[bool, int, int, int]{offices, other} {
					for k := range 2 {
						_, err := d.From(ctx, open).Load(ctx, k)
						require.NoError(t, err)
					}
				}
			}
			return len(seen.all()) - before
		}
		require.Equal(t, 8, fetches())
		require.Zero(t, fetches())
		offices.Clear(ctx, 1)
		require.Equal(t, 2, fetches())
		offices.ClearAll(ctx)
		require.Equal(t, 4, fetches())
	})
}
