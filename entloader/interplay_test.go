package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// A key that is primed after another batch with it was forgotten reaches who
// waits for it, and not with a zero value.
func TestPrimeAfterForgetReachesWaiter(t *testing.T) {
	t.Parallel()
	for _, neighbour := range []bool{false, true} {
		t.Run(fmt.Sprint("neighbour ", neighbour), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					if entloader.IsAlone(ctx) {
						return nil, errors.New("database is locked")
					}
					return tenfold(keys), nil
				}, entloader.WithQuiet(time.Millisecond))
				p := async(func() (int, error) { return l.Load(t.Context(), 1) })
				synctest.Wait()
				_, err := l.Load(entloader.Alone(t.Context()), 1) // any batch with the key that fails
				require.Error(t, err)
				if neighbour {
					go func() { _, _ = l.Load(t.Context(), 2) }()
					synctest.Wait()
				}
				l.Prime(t.Context(), 1, -1)
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, -1, v)
			})
		})
	}
}

// A missing key that is listed twice is missing twice.
func TestLoadMapWithMissingKeyTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(context.Context, []int) (map[int]int, error) { return nil, nil })
		found, err := l.LoadMap(t.Context(), []int{1, 1})
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

// A NaN that was refused has no entry.
func TestLoadMapOfNaN(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(context.Context, []float64) (map[float64]int, error) { return nil, nil })
		found, err := l.LoadMap(t.Context(), []float64{math.NaN()})
		require.ErrorContains(t, err, "NaN")
		require.Empty(t, found)
	})
}

// A batch that failed because another loader did not find something failed: its
// keys are not just missing.
func TestLoadMapOfFailedBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rates := entloader.NewLoader(func(context.Context, []string) (map[string]int, error) { return nil, nil })
		prices := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			if _, err := rates.Load(ctx, "EUR"); err != nil {
				return nil, err
			}
			return tenfold(keys), nil
		})
		_, err := prices.LoadMap(t.Context(), []int{1, 2})
		require.Error(t, err, "the batch failed")
	})
}

// A load from inside a fetch does not join a batch of somebody outside that waits
// for the place which the fetch holds.
func TestInnerLoadDoesNotWaitForItsOwnTurn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		quiet time.Duration
	}{{"queued", 0}, {"gathering", time.Millisecond}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				proceed := make(chan struct{})
				var l *entloader.Loader[int, int]
				l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					if slices.Contains(keys, 1) {
						<-proceed
						if _, err := l.Load(ctx, 2); err != nil {
							return nil, err
						}
					}
					return tenfold(keys), nil
				}, entloader.WithParallel(1), entloader.WithQuiet(c.quiet))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				one := async(func() (int, error) { return l.Load(ctx, 1) })
				synctest.Wait()
				l.Flush()
				synctest.Wait()
				two := async(func() (int, error) { return l.Load(ctx, 2) }) // from outside
				synctest.Wait()
				close(proceed)
				<-time.After(time.Second)
				require.True(t, one.ended(), "hangs: 1 holds the turn and waits for 2, 2 waits for the turn")
				require.True(t, two.ended())
			})
		})
	}
}

// letGo lets the loads inside the fetches of a test that has failed run into
// their deadline: cancelling the callers does not end a cycle.
func letGo() { <-time.After(2 * time.Minute) }

// Two loaders whose fetches use each other, no key depends on itself: a needs b's
// 1 for its 1, b needs a's 1 for its 2. a's fetch must not join the batch that
// gathers 2, which waits for a's fetch.
func TestTwoLoadersThatUseEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		var a, b *entloader.Loader[int, int]
		defer letGo()
		a = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			<-proceed
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := b.Load(ctx, 1)
			return tenfold(keys), err
		}, entloader.WithQuiet(time.Millisecond))
		b = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			if slices.Contains(keys, 2) {
				if _, err := a.Load(ctx, 1); err != nil {
					return nil, err
				}
			}
			return tenfold(keys), nil
		}, entloader.WithQuiet(time.Millisecond))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		one := async(func() (int, error) { return a.Load(ctx, 1) })
		<-time.After(2 * time.Millisecond) // a's fetch runs
		two := async(func() (int, error) { return b.Load(ctx, 2) })
		synctest.Wait()
		close(proceed) // its load of 1 joins the batch of 2
		<-time.After(time.Second)
		require.True(t, one.ended(), "a waits for b's batch, which waits for a's")
		require.True(t, two.ended())
	})
}

// The same with one key each that really depends on itself, through batches of
// two callers: an error, not a deadlock.
func TestCycleThroughTwoCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		var a, b *entloader.Loader[int, int]
		defer letGo()
		use := func(l **entloader.Loader[int, int]) func(context.Context, []int) (map[int]int, error) {
			return func(ctx context.Context, keys []int) (map[int]int, error) {
				<-proceed
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				_, err := (*l).Load(ctx, 1)
				return tenfold(keys), err
			}
		}
		a = entloader.NewLoader(use(&b), entloader.WithQuiet(0))
		b = entloader.NewLoader(use(&a), entloader.WithQuiet(0))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		one := async(func() (int, error) { return a.Load(ctx, 1) })
		two := async(func() (int, error) { return b.Load(ctx, 1) })
		<-time.After(time.Millisecond)
		close(proceed)
		<-time.After(time.Second)
		require.True(t, one.ended(), "it hangs")
		require.True(t, two.ended(), "it hangs")
		require.Error(t, one.err)
		require.Error(t, two.err)
	})
}

// A LoadAll whose keys are all primed does not wait for the batch.
func TestPrimeWakesLoadAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			<-release
			return tenfold(keys), nil
		}, entloader.WithQuiet(0))
		defer close(release)
		p := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{1, 2}) })
		<-time.After(time.Millisecond)
		l.PrimeAll(t.Context(), map[int]int{1: -1, 2: -2})
		synctest.Wait()
		require.True(t, p.ended())
		require.Equal(t, []int{-1, -2}, p.value)
	})
}

// A group that is primed is like one that was loaded: clipped, and never nil.
func TestPrimedGroupIsClipped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewGroupLoader(func(context.Context, []int) ([]int, error) { return nil, nil }, func(v int) int { return v })
		l.Prime(t.Context(), 1, make([]int, 1, 10))
		l.Prime(t.Context(), 2, nil)
		a, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		b, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		a, b = append(a, 1), append(b, 2)
		require.Equal(t, []int{0, 1}, a)
		require.Equal(t, []int{0, 2}, b)
		none, err := l.Load(t.Context(), 2)
		require.NoError(t, err)
		require.NotNil(t, none, "a group is never nil")
	})
}

// A fetch may edit inside a key which is a slice: the key was compared before.
func TestFetchEditsKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		id := func(k []int) string { return fmt.Sprint(k) }
		l := entloader.NewLoaderBy(id, func(_ context.Context, keys [][]int) (map[string]int, error) {
			found := map[string]int{id(keys[0]): 1}
			slices.Sort(keys[0])
			if fetches.Add(1) == 1 {
				return nil, errors.New("database is locked")
			}
			return found, nil
		})
		_, err := l.Load(t.Context(), []int{2, 1})
		require.ErrorContains(t, err, "locked")
		v, err := l.Load(t.Context(), []int{2, 1})
		require.NoError(t, err, "the error of a batch is kept for good")
		require.Equal(t, 1, v)
	})
}

// An error for a key that nobody asked for says that the fetch mixed something up.
func TestKeyErrorForStrangeKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			return tenfold(keys), entloader.KeyErrors[int]{99: errors.New("mixed up")}
		})
		_, err := l.Load(t.Context(), 1)
		require.Error(t, err)
	})
}

// A LoadAll that joined the batch of another viewer loads its keys again
// together, also where there is no cache.
func TestLoadAllAgainTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			seen.note(keys)
			found := make(map[int]string)
			for _, k := range keys {
				found[k] = viewerOf(ctx)
			}
			return found, nil
		}, entloader.WithoutCache(), entloader.WithQuiet(time.Millisecond))
		ada := async(func() (string, error) { return l.Load(as(t.Context(), "ada"), 1) })
		synctest.Wait()
		values, err := l.LoadAll(as(t.Context(), "bob"), []int{1, 2, 3, 3})
		require.NoError(t, err)
		require.Equal(t, []string{"bob", "bob", "bob", "bob"}, values)
		_, err = ada.wait()
		require.NoError(t, err)
		require.Equal(t, [][]int{{1, 2, 3}, {1, 2, 3}}, seen.all())
	})
}
