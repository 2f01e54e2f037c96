package entloader_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere a runtime.Goexit in a fetch, which is what testify's require does
// there, hangs every waiter, and a panic takes the process with it.
func TestPanicAndGoexitReachEveryWaiter(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		fetch func()
		check func(t *testing.T, err *entloader.PanicError)
	}{
		{"panic", func() { panic("bang") }, func(t *testing.T, err *entloader.PanicError) {
			require.Equal(t, "bang", err.Value)
			require.NoError(t, err.Unwrap())
		}},
		{"panic with an error", func() { panic(boom) }, func(t *testing.T, err *entloader.PanicError) {
			require.ErrorIs(t, err, boom)
		}},
		{"panic with nil", func() { panic(any(nil)) }, func(t *testing.T, err *entloader.PanicError) {
			var pe *runtime.PanicNilError
			require.ErrorAs(t, err, &pe)
		}},
		{"index out of range", func() { var list []int; list[len(list)]++ }, func(t *testing.T, err *entloader.PanicError) {
			var re runtime.Error
			require.ErrorAs(t, err, &re)
		}},
		{"Goexit", func() { runtime.Goexit() }, func(t *testing.T, err *entloader.PanicError) {
			require.ErrorContains(t, err, "Goexit")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				broken.Store(true)
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					if broken.Load() {
						c.fetch()
					}
					return tenfold(keys), nil
				}, entloader.WithParallel(1), entloader.WithName("prices"))
				for range 2 { // the place of a fetch that broke is free again
					var all []*pending[int]
					for i := range 3 {
						for _, w := range waiters {
							all = append(all, async(func() (int, error) { return w.load(l, t.Context(), i) }))
						}
					}
					for _, p := range all {
						_, err := p.wait()
						var pe *entloader.PanicError
						require.ErrorAs(t, err, &pe)
						require.NotEmpty(t, pe.Stack)
						require.NotContains(t, err.Error(), "goroutine", "clients of an API see the text")
						require.ErrorContains(t, err, "prices")
						c.check(t, pe)
					}
				}
				_, err := l.Load(entloader.Alone(t.Context()), 7)
				var pe *entloader.PanicError
				require.ErrorAs(t, err, &pe)
				broken.Store(false)
				v, err := l.Load(t.Context(), 2)
				require.NoError(t, err, "it was not kept")
				require.Equal(t, 20, v)
			})
		})
	}
}
