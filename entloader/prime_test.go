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

// Elsewhere a value that is primed while others wait for it comes too late: they
// wait on, and the key is fetched all the same.
func TestPrimeWakesWhoWaits(t *testing.T) {
	t.Parallel()
	for _, w := range waiters {
		if w.name != "Load" && w.name != "LoadThunk" {
			continue
		}
		t.Run(w.name+", batch running", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					<-release
					return tenfold(keys), nil
				}, entloader.WithQuiet(0))
				p := async(func() (int, error) { return w.load(l, t.Context(), 1) })
				other := async(func() (int, error) { return l.Load(t.Context(), 2) })
				<-time.After(time.Millisecond)
				l.Prime(t.Context(), 1, -1)
				synctest.Wait()
				require.True(t, p.ended())
				require.NoError(t, p.err)
				require.Equal(t, -1, p.value)
				require.False(t, other.ended())
				close(release)
				v, err := other.wait()
				require.NoError(t, err)
				require.Equal(t, 20, v)
				v, err = l.Load(t.Context(), 1)
				require.NoError(t, err)
				require.Equal(t, -1, v, "the fetch does not overwrite it")
			})
		})
	}
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint("batch not sent, PrimeAll ", all), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
				start := time.Now()
				one := async(func() (int, error) { return l.Load(t.Context(), 1) })
				two := async(func() (int, error) { return l.Load(t.Context(), 2) })
				three := async(func() (int, error) { return l.Load(t.Context(), 3) })
				list := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{3, 1, 4, 2}) })
				synctest.Wait()
				if all {
					l.PrimeAll(t.Context(), map[int]int{1: -1, 3: -3})
				} else {
					l.Prime(t.Context(), 1, -1)
					l.Prime(t.Context(), 3, -3)
				}
				synctest.Wait()
				require.True(t, one.ended())
				require.True(t, three.ended())
				require.False(t, two.ended())
				require.Equal(t, []int{-1, -3}, []int{one.value, three.value})
				l.Flush()
				v, err := two.wait()
				require.NoError(t, err)
				require.Equal(t, 20, v)
				values, err := list.wait()
				require.NoError(t, err)
				require.Equal(t, []int{-3, -1, 40, 20}, values)
				require.Equal(t, [][]int{{2, 4}}, seen.all())
				require.Equal(t, start, time.Now())
			})
		})
	}
	t.Run("nothing is left to send", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				seen.note(keys)
				return tenfold(keys), nil
			}, entloader.WithQuiet(time.Millisecond))
			p := async(func() (int, error) { return l.Load(t.Context(), 1) })
			list := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{1}) })
			synctest.Wait()
			l.Prime(t.Context(), 1, -1)
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, -1, v)
			values, err := list.wait()
			require.NoError(t, err)
			require.Equal(t, []int{-1}, values)
			<-time.After(time.Second)
			require.Empty(t, seen.all())
		})
	})
	t.Run("an answer stays", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil })
			_, err := l.Load(t.Context(), 1)
			require.NoError(t, err)
			l.Prime(t.Context(), 1, -1)
			l.Prime(t.Context(), 2, -2)
			l.Prime(t.Context(), 2, -3)
			values, err := l.LoadAll(t.Context(), []int{1, 2})
			require.NoError(t, err)
			require.Equal(t, []int{10, -2}, values)
			l.Clear(t.Context(), 2)
			v, err := l.Load(t.Context(), 2)
			require.NoError(t, err)
			require.Equal(t, 20, v, "a primed answer is cleared as any other")
		})
	})
	t.Run("without a cache", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil },
				entloader.WithoutCache(), entloader.WithQuiet(time.Millisecond)) // not sent as soon as nothing runs
			p := async(func() (int, error) { return l.Load(t.Context(), 1) })
			synctest.Wait()
			l.Prime(t.Context(), 1, -1)
			l.Prime(t.Context(), 2, -2)
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, -1, v)
			values, err := l.LoadAll(t.Context(), []int{1, 2})
			require.NoError(t, err)
			require.Equal(t, []int{10, 20}, values)
		})
	})
}

// An error that is primed reaches those who wait for the key, and the others get
// their value.
func TestPrimeError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(source(&seen), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
		one := async(func() (int, error) { return l.Load(t.Context(), 1) })
		two := async(func() (int, error) { return l.Load(t.Context(), 2) })
		synctest.Wait()
		l.PrimeError(t.Context(), 1, errClosed)
		_, err := one.wait()
		require.ErrorIs(t, err, errClosed)
		l.Flush()
		v, err := two.wait()
		require.NoError(t, err)
		require.Equal(t, 20, v)
		_, err = l.Load(t.Context(), 1)
		require.ErrorIs(t, err, errClosed)
		require.Equal(t, [][]int{{2}}, seen.all())
	})
}
