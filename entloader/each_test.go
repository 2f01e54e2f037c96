package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// double is a loader of a number's double that counts its fetches.
func double(fetches *atomic.Int64, opts ...entloader.Option) *entloader.Loader[int, int] {
	return entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
		fetches.Add(1)
		found := make(map[int]int, len(keys))
		for _, k := range keys {
			found[k] = 2 * k
		}
		return found, nil
	}, opts...)
}

// pass lets time pass in a bubble. Under -race go1.26.8 crashes on a receive from
// a timer of a bubble that has expired already, as one for no time has.
func pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// Two loaders in turn, an Each inside an Each, items that work for different
// times before they load: as few batches as there are, whatever the time takes.
func TestEachIsExact(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(i int) time.Duration{
		"no work":   func(int) time.Duration { return 0 },
		"same work": func(int) time.Duration { return 20 * time.Millisecond },
		"uneven":    func(i int) time.Duration { return time.Duration(i%7) * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				synctest.Test(t, func(t *testing.T) {
					var a, b, c atomic.Int64
					first, second, third := double(&a), double(&b), double(&c)
					var sum atomic.Int64
					start := time.Now()
					err := entloader.Each(t.Context(), numbers(100), func(ctx context.Context, i int) error {
						pass(work(i))
						v, err := first.Load(ctx, i)
						if err != nil {
							return err
						}
						pass(work(i))
						if v, err = second.Load(ctx, v); err != nil {
							return err
						}
						return entloader.Each(ctx, []int{v, v + 1, v + 2}, func(ctx context.Context, j int) error {
							pass(work(j))
							w, err := third.Load(ctx, j)
							sum.Add(int64(w))
							return err
						})
					})
					require.NoError(t, err)
					require.Equal(t, []int64{1, 1, 1}, []int64{a.Load(), b.Load(), c.Load()})
					require.Equal(t, int64(2*(3*4*4950+300)), sum.Load())
					require.LessOrEqual(t, time.Since(start), 3*work(6)+3*work(1), "no timer")
					require.Equal(t, 1, first.Stats().Waiting)
				})
			}
		})
	}
}

// A fetch under an Each that loads from another loader, by calls of PerKey, an Each of
// its own or one call for all, sends that one's keys at once and together.
func TestEachWithLoadInsideFetch(t *testing.T) {
	t.Parallel()
	for _, places := range []int{1, 7, 50, 100} {
		var names *entloader.Loader[int, int]
		load := func(ctx context.Context, k int) (int, error) { return names.Load(ctx, k) }
		for name, fetch := range map[string]func(context.Context, []int) (map[int]int, error){
			"PerKey": entloader.PerKey(places, load),
			"Each": func(ctx context.Context, keys []int) (map[int]int, error) {
				return tenfold(keys), entloader.Each(ctx, keys, func(ctx context.Context, k int) error {
					_, err := load(ctx, k)
					return err
				})
			},
			"LoadAll": func(ctx context.Context, keys []int) (map[int]int, error) {
				_, err := names.LoadAll(ctx, keys)
				return tenfold(keys), err
			},
		} {
			t.Run(fmt.Sprint(name, ", ", places), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					names = entloader.NewLoader(source(&seen), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
					outer := entloader.NewLoader(fetch, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
					start := time.Now()
					require.NoError(t, entloader.Each(t.Context(), numbers(50), func(ctx context.Context, i int) error {
						v, err := outer.Load(ctx, i)
						if v != 10*i {
							t.Error(i, v)
						}
						return err
					}))
					require.Zero(t, time.Since(start), "no timer")
					want := 1
					if name == "PerKey" {
						want = (50 + places - 1) / places // as many as can be at the same time
					}
					require.Len(t, seen.all(), want)
					require.Equal(t, 1, outer.Stats().Waiting)
				})
			})
		}
	}
}

// A thunk that is called within an Each waits for the other members.
func TestEachThunks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		start := time.Now()
		require.NoError(t, entloader.Each(t.Context(), numbers(20), func(ctx context.Context, i int) error {
			one, two := l.LoadThunk(ctx, i), l.LoadThunk(ctx, 100+i)
			for want, thunk := range map[int]func() (int, error){2 * i: one, 2*i + 200: two} {
				if v, err := thunk(); err != nil || v != want {
					return fmt.Errorf("%d instead of %d, %w", v, want, err)
				}
			}
			return nil
		}))
		require.Zero(t, time.Since(start))
		require.Equal(t, int64(1), fetches.Load())
	})
}

// LoadAll inside an Each joins the keys of the others.
func TestEachLoadAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		require.NoError(t, entloader.Each(t.Context(), numbers(40), func(ctx context.Context, i int) error {
			got, err := l.LoadAll(ctx, []int{i, i + 1, i})
			if err == nil && (got[0] != 2*i || got[1] != 2*i+2 || got[2] != 2*i) {
				t.Error(i, got)
			}
			return err
		}))
		require.Equal(t, int64(1), fetches.Load())
	})
}

// A member that waits for something else delays the others, and does not stop
// them.
func TestEachNeverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		loaded := make(chan struct{})
		var once sync.Once
		require.NoError(t, entloader.Each(t.Context(), numbers(5), func(ctx context.Context, i int) error {
			if i == 0 {
				<-loaded // from a sibling: outside of what Each knows
				return nil
			}
			_, err := l.Load(ctx, i)
			once.Do(func() { close(loaded) })
			return err
		}))
		require.Equal(t, int64(1), fetches.Load())
	})
}

// The batch of a loader with a limit is sent when it is full. No member counts twice for
// that, and nothing is sent for the ones after it before all of them wait.
func TestEachWithFullBatches(t *testing.T) {
	t.Parallel()
	for _, members := range []int{1, 2, 3, 8} {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			for range 200 {
				var a, b atomic.Int64
				full, other := double(&a, entloader.WithMaxBatch(members)), double(&b)
				require.NoError(t, entloader.Each(t.Context(), numbers(members), func(ctx context.Context, i int) error {
					for level := range 3 {
						key := level*members + i
						if _, err := full.Load(ctx, key); err != nil {
							return err
						}
						if _, err := other.Load(ctx, key); err != nil {
							return err
						}
					}
					return nil
				}))
				require.Equal(t, []int64{3, 3}, []int64{a.Load(), b.Load()})
				require.Zero(t, full.Stats().Quiet+other.Stats().Quiet, "no timer")
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var a, b atomic.Int64
		one, other := double(&a, entloader.WithMaxBatch(1)), double(&b)
		start := time.Now()
		require.NoError(t, entloader.Each(t.Context(), numbers(3), func(ctx context.Context, i int) error {
			if _, err := one.Load(ctx, i); err != nil {
				return err
			}
			_, err := other.Load(ctx, i)
			return err
		}))
		require.Zero(t, time.Since(start), "no timer")
		require.Equal(t, []int64{3, 1}, []int64{a.Load(), b.Load()})
	})
}

// Loads of a fetch that fill a batch go on while some of them are about to wait: those
// who wait for the fetch are active all the same.
func TestEachWithFullBatchInsideFetch(t *testing.T) {
	t.Parallel()
	for range 500 {
		var a, b atomic.Int64
		inner, third := double(&a, entloader.WithMaxBatch(4)), double(&b)
		outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() { _, _ = inner.Load(ctx, i) })
			}
			wg.Wait()
			return tenfold(keys), nil
		})
		require.NoError(t, entloader.Each(t.Context(), numbers(2), func(ctx context.Context, i int) error {
			if _, err := outer.Load(ctx, i); err != nil {
				return err
			}
			_, err := third.Load(ctx, i)
			return err
		}))
		require.Equal(t, 1, third.Stats().Waiting, "no timer")
		require.Equal(t, int64(1), b.Load())
	}
}

// Members that work for long are waited for, as long as no 50 ms go by without a key.
func TestEachWaitsForSlowMembers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		start := time.Now()
		require.NoError(t, entloader.Each(t.Context(), numbers(6), func(ctx context.Context, i int) error {
			pass(time.Duration(i) * 40 * time.Millisecond)
			_, err := l.Load(ctx, i)
			return err
		}))
		require.Equal(t, 200*time.Millisecond, time.Since(start))
		require.Equal(t, int64(1), fetches.Load())
	})
}

// Who is not in an Each does not wait for its members, be it for a key of theirs or for
// another one: at most the quiet time.
func TestEachDoesNotKeepOthersWaiting(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]func(*entloader.Loader[int, int], int) error{
		"a key of theirs": func(l *entloader.Loader[int, int], _ int) error {
			_, err := l.Load(context.Background(), 1)
			return err
		},
		"another key": func(l *entloader.Loader[int, int], i int) error {
			_, err := l.Load(context.Background(), 100+i)
			return err
		},
		"a list": func(l *entloader.Loader[int, int], i int) error {
			_, err := l.LoadAll(context.Background(), []int{1, 100 + i})
			return err
		},
		"a list of theirs": func(l *entloader.Loader[int, int], i int) error {
			_, err := l.LoadAll(context.Background(), []int{1, 2})
			return err
		},
	} {
		for _, order := range []string{"before", "at the same time", "after"} {
			t.Run(fmt.Sprint(name, ", ", order), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var fetches atomic.Int64
					l := double(&fetches, entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(time.Millisecond))
					served := make(chan struct{})
					outside := func() *pending[struct{}] {
						var wg sync.WaitGroup
						start := time.Now()
						for i := range 20 {
							wg.Go(func() {
								if err := load(l, i); err != nil {
									t.Error(err)
								}
								if waited := time.Since(start); waited > time.Millisecond {
									t.Error("waited", waited)
								}
							})
						}
						return async(func() (struct{}, error) {
							wg.Wait()
							close(served)
							return struct{}{}, nil
						})
					}
					var others *pending[struct{}]
					if order == "before" {
						others = outside()
						synctest.Wait()
					}
					// Without an end, as those of others: with one they would not meet at the door.
					within := async(func() (struct{}, error) {
						return struct{}{}, entloader.Each(context.Background(), numbers(3), func(ctx context.Context, i int) error {
							if i == 0 {
								<-served
								return nil
							}
							_, err := l.Load(context.WithoutCancel(ctx), i)
							return err
						})
					})
					if order == "after" {
						synctest.Wait()
					}
					if others == nil {
						others = outside()
					}
					_, err := others.wait()
					require.NoError(t, err)
					_, err = within.wait()
					require.NoError(t, err)
					require.Equal(t, int64(1), fetches.Load())
				})
			})
		}
	}
}

// A member whose key is primed goes on: the others wait for it again.
func TestEachAfterPrime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var a, b atomic.Int64
		first, second := double(&a), double(&b)
		goOn, primed := make(chan struct{}), make(chan struct{})
		within := async(func() (struct{}, error) {
			return struct{}{}, entloader.Each(t.Context(), numbers(3), func(ctx context.Context, i int) error {
				if i == 2 {
					<-goOn
				} else if _, err := first.Load(ctx, i); err != nil {
					return err
				}
				if i == 0 {
					close(primed)
				}
				_, err := second.Load(ctx, i)
				return err
			})
		})
		synctest.Wait()
		first.Prime(t.Context(), 0, 0)
		<-primed
		synctest.Wait() // the member waits for its second key
		require.Zero(t, b.Load(), "another member is about to load")
		close(goOn)
		_, err := within.wait()
		require.NoError(t, err)
		require.Equal(t, int64(1), a.Load())
		// All three wait then, for a batch of each loader. Whether 1 is in time for the other one
		// depends on which of the two is sent first.
		require.Contains(t, []int64{1, 2}, b.Load(), "0 and 2 together")
	})
}

func TestEachErrors(t *testing.T) {
	t.Parallel()
	require.NoError(t, entloader.Each(t.Context(), []int{}, func(context.Context, int) error { return errors.New("never") }))
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		err := entloader.Each(t.Context(), numbers(10), func(ctx context.Context, i int) error {
			if i == 3 {
				return broken
			}
			<-ctx.Done()
			_, err := l.Load(ctx, i)
			return err
		})
		require.Equal(t, broken, err)
		err = entloader.Each(t.Context(), numbers(10), func(ctx context.Context, i int) error {
			if i == 3 {
				panic("boom")
			}
			_, err := l.Load(ctx, i)
			return err
		})
		var p *entloader.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, "boom", p.Value)
		// One leaves while it waits: the others are sent.
		ctx, cancel := context.WithCancel(t.Context())
		err = entloader.Each(t.Context(), numbers(10), func(c context.Context, i int) error {
			if i == 3 {
				go func() { synctest.Wait(); cancel() }()
				<-ctx.Done()
				return nil
			}
			v, err := l.Load(c, 100+i)
			if v != 200+2*i {
				t.Error(v)
			}
			return err
		})
		require.NoError(t, err)
	})
}

// Loaders that prime each other fetch one after the other, and leave out what
// the other one brought.
func TestLock(t *testing.T) {
	t.Parallel()
	type user struct {
		id   int
		name string
	}
	users := map[int]user{1: {1, "ada"}, 2: {2, "bob"}}
	synctest.Test(t, func(t *testing.T) {
		var (
			lock     entloader.Lock
			rows     atomic.Int64
			byID     *entloader.Loader[int, user]
			byName   *entloader.Loader[string, user]
			running  atomic.Int64
			together atomic.Int64
		)
		enter := func() func() {
			if running.Add(1) > 1 {
				together.Add(1)
			}
			<-time.After(time.Millisecond)
			return func() { running.Add(-1) }
		}
		byID = entloader.NewLoader(func(ctx context.Context, ids []int) (map[int]user, error) {
			defer enter()()
			found := make(map[int]user)
			for _, id := range ids {
				rows.Add(1)
				found[id] = users[id]
				byName.Prime(ctx, users[id].name, users[id])
			}
			return found, nil
		}, entloader.WithLock(&lock))
		byName = entloader.NewLoader(func(ctx context.Context, names []string) (map[string]user, error) {
			defer enter()()
			found := make(map[string]user)
			for _, u := range users {
				for _, n := range names {
					if u.name == n {
						rows.Add(1)
						found[n] = u
						byID.Prime(ctx, u.id, u)
					}
				}
			}
			return found, nil
		}, entloader.WithLock(&lock))
		var wg sync.WaitGroup
		for range 20 {
			for id, u := range users {
				wg.Go(func() {
					if got, err := byID.Load(t.Context(), id); err != nil || got != u {
						t.Error(got, err)
					}
				})
				wg.Go(func() {
					if got, err := byName.Load(t.Context(), u.name); err != nil || got != u {
						t.Error(got, err)
					}
				})
			}
		}
		wg.Wait()
		require.Zero(t, together.Load(), "fetches at the same time")
		require.Equal(t, int64(2), rows.Load())
	})
}

// A fetch that loads under its own lock does not wait for itself, nor for a
// batch that waits for the lock.
func TestLockIsReentrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lock entloader.Lock
		var fetches atomic.Int64
		inner := double(&fetches, entloader.WithLock(&lock))
		started := make(chan struct{})
		outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			close(started)
			<-time.After(10 * time.Millisecond)
			return inner.LoadMap(ctx, keys)
		}, entloader.WithLock(&lock))
		var wg sync.WaitGroup
		wg.Go(func() {
			if v, err := outer.Load(t.Context(), 1); err != nil || v != 2 {
				t.Error(v, err)
			}
		})
		<-started
		wg.Go(func() { // its batch waits for the lock
			if v, err := inner.Load(t.Context(), 1); err != nil || v != 2 {
				t.Error(v, err)
			}
		})
		wg.Wait()
	})
}

func TestCacheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches, entloader.WithCacheLimit(10))
		for range 3 {
			for i := range 100 {
				v, err := l.Load(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, 2*i, v)
			}
		}
		require.Equal(t, int64(300), fetches.Load(), "the oldest go first")
		for i := 90; i < 100; i++ {
			_, err := l.Load(t.Context(), i)
			require.NoError(t, err)
		}
		require.Equal(t, int64(300), fetches.Load(), "the last ten are there")
		// More than the limit at once: all are answered.
		values, err := l.LoadAll(t.Context(), numbers(1000))
		require.NoError(t, err)
		require.Equal(t, 1998, values[999])
		for range 1000 { // keys that are cleared and come again
			l.Clear(t.Context(), 1)
			_, err := l.Load(t.Context(), 1)
			require.NoError(t, err)
		}
	})
}

// A lock may be wanted by what its holder waits for, through a loader without the lock
// or another lock. Elsewhere that hangs.
func TestLockOfAWaiter(t *testing.T) {
	t.Parallel()
	t.Run("through another loader", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, early := range []bool{false, true} {
				var lock entloader.Lock
				proceed, hold := make(chan struct{}), make(chan struct{})
				var a, b, c *entloader.Loader[int, int]
				b = entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil }, entloader.WithLock(&lock))
				c = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					<-proceed
					_, err := b.Load(ctx, keys[0])
					return tenfold(keys), err
				})
				a = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					<-hold
					_, err := c.Load(ctx, keys[0])
					return tenfold(keys), err
				}, entloader.WithLock(&lock))
				outsider := async(func() (int, error) { return c.Load(t.Context(), 1) })
				holder := async(func() (int, error) { return a.Load(t.Context(), 1) })
				// Either what a waits for comes to want the lock, or a is about to wait for
				// what wants it already.
				first, second := proceed, hold
				if early {
					first, second = hold, proceed
				}
				<-time.After(time.Second)
				close(first)
				<-time.After(time.Second)
				close(second)
				for _, p := range []*pending[int]{outsider, holder} {
					v, err := p.wait()
					require.NoError(t, err)
					require.Equal(t, 10, v)
				}
			}
		})
	})
	t.Run("two locks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var one, two entloader.Lock
			var a, b *entloader.Loader[int, int]
			other := func(l **entloader.Loader[int, int]) func(context.Context, []int) (map[int]int, error) {
				return func(ctx context.Context, keys []int) (map[int]int, error) {
					if keys[0] == 1 {
						<-time.After(time.Second)
						if _, err := (*l).Load(ctx, 2); err != nil {
							return nil, err
						}
					}
					return tenfold(keys), nil
				}
			}
			a = entloader.NewLoader(other(&b), entloader.WithLock(&one))
			b = entloader.NewLoader(other(&a), entloader.WithLock(&two))
			for _, p := range []*pending[int]{
				async(func() (int, error) { return a.Load(t.Context(), 1) }),
				async(func() (int, error) { return b.Load(t.Context(), 1) }),
			} {
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, 10, v)
			}
		})
	})
}
