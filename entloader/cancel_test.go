package entloader_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere the batch runs on the context of whoever came first: when that one
// leaves, everybody fails with "context canceled".
func TestFirstCallerDoesNotDecideForOthers(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"cancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			stop := time.AfterFunc(5*time.Millisecond, cancel)
			return ctx, func() { stop.Stop(); cancel() }
		},
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 5*time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					if _, ok := ctx.Deadline(); ok {
						return nil, errors.New("the fetch has the deadline of a caller")
					}
					select {
					case <-ctx.Done():
						return nil, ctx.Err()
					case <-time.After(20 * time.Millisecond):
						return tenfold(keys), nil
					}
				}, entloader.WithQuiet(time.Millisecond))
				ctx, cancel := leave(t.Context())
				defer cancel()
				start := time.Now()
				first := async(func() (int, error) { return l.Load(ctx, 1) })
				synctest.Wait()
				same := async(func() (int, error) { return l.Load(t.Context(), 1) })
				other := async(func() (int, error) { return l.Load(t.Context(), 2) })

				_, err := first.wait()
				require.ErrorIs(t, err, ctx.Err())
				require.Equal(t, 5*time.Millisecond, first.at.Sub(start), "the first leaves when its own context ends")
				v, err := same.wait()
				require.NoError(t, err)
				require.Equal(t, 10, v)
				v, err = other.wait()
				require.NoError(t, err)
				require.Equal(t, 20, v)
				require.Equal(t, [][]int{{1, 2}}, seen.all())
			})
		})
	}
}

// Elsewhere a fetch that nobody waits for runs to its end, and whoever joins it
// then gets "context canceled".
func TestLastWaiterCancelsTheFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		release := make(chan struct{})
		var ended atomic.Bool
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			if seen.note(keys) == 0 {
				<-ctx.Done()
				ended.Store(true)
				<-release // it takes its time to notice
				return nil, ctx.Err()
			}
			return tenfold(keys), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a := async(func() (int, error) { return l.Load(ctx, 1) })
		ctx2, cancel2 := context.WithCancel(t.Context())
		defer cancel2()
		b := async(func() (int, error) { return l.Load(ctx2, 1) })
		l.Flush()
		synctest.Wait()
		l.Flush()
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.True(t, a.ended())
		require.False(t, b.ended())
		require.False(t, ended.Load(), "somebody still waits")
		cancel2()
		synctest.Wait()
		require.True(t, b.ended())
		require.True(t, ended.Load(), "nobody waits")

		v, err := l.Load(t.Context(), 1)
		require.NoError(t, err, "a load that comes later has a fetch of its own")
		require.Equal(t, 10, v)
		close(release)
		synctest.Wait()
		v, err = l.Load(t.Context(), 1)
		require.NoError(t, err, "what the first fetch ended with is forgotten")
		require.Equal(t, 10, v)
		require.Equal(t, [][]int{{1}, {1}}, seen.all())
	})
}

// Elsewhere a waiter that was cancelled stays until the fetch ends.
func TestCancelledWaiterLeavesAtOnce(t *testing.T) {
	t.Parallel()
	cause := errors.New("the user went away")
	for _, w := range waiters {
		for name, quiet := range map[string]time.Duration{"gathering": time.Hour, "running": 0} {
			t.Run(w.name+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					var fetches atomic.Int64
					l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
						fetches.Add(1)
						<-release // it does not look at its context
						return tenfold(keys), nil
					}, entloader.WithQuiet(quiet), entloader.WithMaxWait(quiet))
					ctx, cancel := context.WithCancelCause(t.Context())
					p := async(func() (int, error) { return w.load(l, ctx, 1) })
					synctest.Wait()
					require.False(t, p.ended())
					start := time.Now()
					cancel(cause)
					synctest.Wait()
					require.True(t, p.ended())
					require.Equal(t, start, p.at)
					require.ErrorIs(t, p.err, context.Canceled)
					require.ErrorIs(t, p.err, cause)
					before := fetches.Load()
					_, err := w.load(l, ctx, 2)
					require.ErrorIs(t, err, cause, "a context that has ended is refused")
					require.Equal(t, before, fetches.Load())
					close(release)
				})
			})
		}
	}
}

// Elsewhere an answer that is there is given to those whose request has ended.
func TestEndedContextIsRefused(t *testing.T) {
	t.Parallel()
	for _, w := range waiters {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil })
			v, err := w.load(l, t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, 10, v)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = w.load(l, ctx, 1)
			require.ErrorIs(t, err, context.Canceled, w.name)
			_, err = w.load(l, entloader.Alone(ctx), 1)
			require.ErrorIs(t, err, context.Canceled, w.name)
		})
	}
}
