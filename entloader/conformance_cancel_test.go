package entloader_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// When all have left before the batch is sent, there is nothing to fetch.
func TestConformanceAllLeave(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]entloader.Option{nil, {entloader.WithoutCache()}} {
		for _, w := range waiters {
			if w.name == "LoadThunk" {
				continue // its call sends the batch
			}
			t.Run(w.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					l := entloader.NewLoader(source(&seen), append(opts, entloader.WithQuiet(time.Millisecond))...)
					ctx, cancel := context.WithCancel(t.Context())
					var all []*pending[int]
					for k := range 3 {
						all = append(all, async(func() (int, error) { return w.load(l, ctx, k) }))
					}
					synctest.Wait()
					cancel()
					for _, p := range all {
						_, err := p.wait()
						require.ErrorIs(t, err, context.Canceled)
					}
					<-time.After(time.Second)
					require.Empty(t, seen.all())

					v, err := w.load(l, t.Context(), 2)
					require.NoError(t, err, "whoever comes later is not concerned")
					require.Equal(t, 20, v)
					require.Equal(t, [][]int{{2}}, seen.all())
				})
			})
		}
	}
}

// When some have left, the others get what the fetch brings; what is known of
// the keys of those who left is what it found, and no cancellation.
func TestConformanceSomeLeave(t *testing.T) {
	t.Parallel()
	broken := errors.New("the pool is closed")
	for _, c := range []struct {
		name    string
		running bool // the batch was sent before they leave
		fails   error
	}{
		{"before the fetch", false, nil},
		{"before a fetch that fails", false, broken},
		{"during the fetch", true, nil},
		{"during a fetch that fails", true, broken},
	} {
		for _, w := range waiters {
			t.Run(c.name+", "+w.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					release := make(chan struct{})
					l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
						if seen.note(keys) > 0 {
							return tenfold(keys), nil
						}
						<-release
						return tenfold(keys), c.fails
					}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
					ctx, cancel := context.WithCancel(t.Context())
					stay := []*pending[int]{async(func() (int, error) { return l.Load(t.Context(), 1) })}
					synctest.Wait()
					leave := async(func() (int, error) { return w.load(l, ctx, 2) }) // a thunk sends the batch
					synctest.Wait()
					if c.running {
						l.Flush()
						synctest.Wait()
					}
					cancel()
					_, err := leave.wait()
					require.ErrorIs(t, err, context.Canceled)
					require.NotErrorIs(t, err, broken)
					if !c.running && w.name != "LoadThunk" {
						stay = append(stay, async(func() (int, error) { return l.Load(t.Context(), 3) }))
						synctest.Wait()
					}
					l.Flush()
					close(release)
					for _, p := range stay {
						v, err := p.wait()
						require.ErrorIs(t, err, c.fails)
						if c.fails == nil {
							require.NotZero(t, v)
						}
					}
					require.Len(t, seen.all(), 1)

					// All of them are well now, also the key that somebody left.
					l.Flush()
					again := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{1, 2, 3}) })
					synctest.Wait()
					l.Flush()
					values, err := again.wait()
					require.NoError(t, err)
					require.Equal(t, []int{10, 20, 30}, values)
				})
			})
		}
	}
}
