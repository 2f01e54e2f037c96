package entloader_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/entloader/entloader/entloader"
)

// No test leaves a goroutine behind, however its loads ended.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// viewerKey is a context key as applications have them.
type viewerKey struct{}

func as(ctx context.Context, viewer string) context.Context {
	return context.WithValue(ctx, viewerKey{}, viewer)
}

func viewerOf(ctx context.Context) string {
	v, _ := ctx.Value(viewerKey{}).(string)
	return v
}

// A pending load runs on a goroutine of its own.
type pending[V any] struct {
	done  chan struct{}
	value V
	err   error
	at    time.Time // when it ended
}

// async starts a load. A panic of it is an error, so that one test fails and not
// the process.
func async[V any](load func() (V, error)) *pending[V] {
	p := &pending[V]{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer func() {
			if v := recover(); v != nil {
				p.err = fmt.Errorf("the load panicked: %v", v)
			}
			p.at = time.Now()
		}()
		p.value, p.err = load()
	}()
	return p
}

// ended reports whether the load has returned; call synctest.Wait before.
func (p *pending[V]) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *pending[V]) wait() (V, error) {
	<-p.done
	return p.value, p.err
}

// calls notes which keys a fetch was given, call by call.
type calls[K cmp.Ordered] struct {
	mu   sync.Mutex
	list [][]K
}

// note returns how many calls there were before.
func (c *calls[K]) note(keys []K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, slices.Sorted(slices.Values(keys)))
	return len(c.list) - 1
}

// all returns the keys of each call, sorted.
func (c *calls[K]) all() [][]K {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// tenfold answers every key with ten times itself.
func tenfold(keys []int) map[int]int {
	found := make(map[int]int, len(keys))
	for _, k := range keys {
		found[k] = 10 * k
	}
	return found
}

// A waiter is one way to load a key; all of them must behave alike.
type waiter struct {
	name string
	load func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error)
}

var waiters = []waiter{
	{"Load", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		return l.Load(ctx, key)
	}},
	{"LoadAll", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		values, err := l.LoadAll(ctx, []int{key})
		return values[0], err
	}},
	{"LoadMap", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		values, err := l.LoadMap(ctx, []int{key})
		return values[key], err
	}},
	{"LoadThunk", func(l *entloader.Loader[int, int], ctx context.Context, key int) (int, error) {
		return l.LoadThunk(ctx, key)()
	}},
}

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

// Elsewhere whoever opens the batch decides who is looking: loaders that are
// made once per process show the rows of one viewer to the next.
func TestFirstViewerDoesNotDecideForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			seen.note(keys)
			found := make(map[int]string)
			for _, k := range keys {
				found[k] = fmt.Sprintf("%d as %s", k, viewerOf(ctx))
			}
			return found, nil
		})
		type traceKey struct{}
		load := func(viewer string, key int) *pending[string] {
			ctx := context.WithValue(as(t.Context(), viewer), traceKey{}, new(int))
			return async(func() (string, error) { return l.Load(ctx, key) })
		}
		for round := range 3 {
			// The first round can not know yet what the fetch will look up.
			key := 10 * round
			got := map[string]*pending[string]{
				fmt.Sprintf("%d as ada", key):   load("ada", key),
				fmt.Sprintf("%d as bob", key):   load("bob", key),
				fmt.Sprintf("%d as ada", key+1): load("ada", key+1),
				fmt.Sprintf("%d as bob", key+1): load("bob", key+1),
				fmt.Sprintf("%d as ", key):      async(func() (string, error) { return l.Load(t.Context(), key) }),
			}
			for want, p := range got {
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, want, v)
			}
		}
		fetches := len(seen.all())
		for want, p := range map[string]*pending[string]{"0 as ada": load("ada", 0), "0 as bob": load("bob", 0)} {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, want, v)
		}
		require.Len(t, seen.all(), fetches, "both answers are remembered")

		// Equal viewers share a fetch, whatever else is in their contexts.
		var same []*pending[string]
		for k := range 10 {
			same = append(same, load("ada", 100+k))
		}
		for _, p := range same {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Len(t, seen.all(), fetches+1)
	})
}

// What two loads differ in may be more than look-ups show, and a value that can
// not be compared is nobody else's.
func TestScopeSeparates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		tenant := new(string) // a pointer is a fine key as well
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
			return map[int]int64{keys[0]: n.Add(1)}, nil
		}, entloader.WithScope(func(ctx context.Context) any { return ctx.Value(tenant) }))
		for _, c := range []struct {
			name   string
			tenant any
			want   int64
		}{
			{"first", "a", 1}, {"equal", "a", 1}, {"other", "b", 2}, {"none", nil, 3}, {"first again", "a", 1},
			{"not comparable", []string{"a"}, 4}, {"not comparable again", []string{"a"}, 5},
		} {
			v, err := l.Load(context.WithValue(t.Context(), tenant, c.tenant), 1)
			require.NoError(t, err, c.name)
			require.Equal(t, c.want, v, c.name)
		}
	})
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

// Elsewhere a clear and a load within one window send the key twice, and a
// clear while a fetch is running leaves the row it read before in the cache.
func TestClear(t *testing.T) {
	t.Parallel()
	clears := map[string]func(*entloader.Loader[int, int64], context.Context){
		"Clear":    func(l *entloader.Loader[int, int64], ctx context.Context) { l.Clear(ctx, 2, 1) },
		"ClearAll": func(l *entloader.Loader[int, int64], ctx context.Context) { l.ClearAll(ctx) },
	}
	for name, forget := range clears {
		t.Run(name+" within a window", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				var row atomic.Int64
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
					seen.note(keys)
					found := make(map[int]int64)
					for _, k := range keys {
						found[k] = row.Load()
					}
					return found, nil
				}, entloader.WithQuiet(time.Millisecond))
				a := async(func() (int64, error) { return l.Load(t.Context(), 1) })
				synctest.Wait()
				forget(l, t.Context())
				row.Store(1)
				b := async(func() (int64, error) { return l.Load(t.Context(), 1) })
				c := async(func() (int64, error) { return l.Load(t.Context(), 2) })
				for _, p := range []*pending[int64]{a, b, c} {
					_, err := p.wait()
					require.NoError(t, err)
				}
				require.Equal(t, []int64{1, 1}, []int64{b.value, c.value})
				for _, keys := range seen.all() {
					require.Equal(t, slices.Compact(slices.Clone(keys)), keys, "no key is twice in a fetch")
				}
				v, err := l.Load(t.Context(), 1)
				require.NoError(t, err)
				require.Equal(t, int64(1), v)
			})
		})
		for _, order := range []string{"old ends first", "new ends first", "old ends without new"} {
			t.Run(name+" during a fetch, "+order, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen calls[int]
					var row atomic.Int64
					release := []chan struct{}{make(chan struct{}), make(chan struct{})}
					l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int64, error) {
						v := row.Load() // read early, answered late
						<-release[seen.note(keys)]
						return map[int]int64{1: v}, nil
					}, entloader.WithQuiet(0))
					old := async(func() (int64, error) { return l.Load(t.Context(), 1) })
					synctest.Wait()
					row.Store(1)
					forget(l, t.Context())
					load := func() *pending[int64] {
						p := async(func() (int64, error) { return l.Load(t.Context(), 1) })
						synctest.Wait()
						return p
					}
					var fresh *pending[int64]
					switch order {
					case "old ends first":
						fresh = load()
						close(release[0])
						synctest.Wait()
						require.True(t, old.ended())
						require.False(t, fresh.ended())
						close(release[1])
					case "new ends first":
						fresh = load()
						close(release[1])
						synctest.Wait()
						require.True(t, fresh.ended())
						close(release[0])
					case "old ends without new":
						close(release[0])
						synctest.Wait()
						close(release[1])
						fresh = load()
					}
					v, err := old.wait()
					require.NoError(t, err)
					require.Zero(t, v, "who waits gets what was read for it")
					v, err = fresh.wait()
					require.NoError(t, err)
					require.Equal(t, int64(1), v)
					v, err = l.Load(t.Context(), 1)
					require.NoError(t, err)
					require.Equal(t, int64(1), v, "the stale row does not stay")
					require.Len(t, seen.all(), 2)
				})
			})
		}
	}
}

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

// Elsewhere a loader without a cache sends the same key several times in one
// batch.
func TestWithoutCacheDuplicatesCollapse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			seen.note(keys)
			return tenfold(keys), nil
		}, entloader.WithoutCache())
		var all []*pending[int]
		for range 3 {
			for _, w := range waiters[:3] { // a thunk that is called sends the batch
				all = append(all, async(func() (int, error) { return w.load(l, t.Context(), 1) }))
			}
		}
		list := async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{2, 1, 2, 1}) })
		for _, p := range all {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, 10, v)
		}
		values, err := list.wait()
		require.NoError(t, err)
		require.Equal(t, []int{20, 10, 20, 10}, values)
		require.Equal(t, [][]int{{1, 2}}, seen.all())
		a, b := l.LoadThunk(t.Context(), 1), l.LoadThunk(t.Context(), 1)
		for _, f := range []func() (int, error){a, b} {
			v, err := f()
			require.NoError(t, err)
			require.Equal(t, 10, v)
		}
		require.Equal(t, [][]int{{1, 2}, {1}}, seen.all(), "nothing is remembered")
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

// Elsewhere a lone key waits for 16 ms on each level, and under load one batch
// becomes many.
func TestTimeOfDispatch(t *testing.T) {
	t.Parallel()
	bubble := func(name string, test func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time), opts ...entloader.Option) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, opts...)
				test(t, l, &seen, time.Now())
			})
		})
	}
	load := func(t *testing.T, l *entloader.Loader[int, int], key int) *pending[int] {
		p := async(func() (int, error) { return l.Load(t.Context(), key) })
		synctest.Wait()
		return p
	}
	bubble("a lone key waits a moment", func(t *testing.T, l *entloader.Loader[int, int], _ *calls[int], start time.Time) {
		_, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(start), 2*time.Millisecond)
	})
	bubble("keys of one moment are one batch", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], _ time.Time) {
		var all []*pending[int]
		for k := range 500 {
			all = append(all, async(func() (int, error) { return l.Load(t.Context(), k) }))
		}
		for k, p := range all {
			v, err := p.wait()
			require.NoError(t, err)
			require.Equal(t, 10*k, v)
		}
		require.Len(t, seen.all(), 1)
	})
	bubble("each key prolongs the wait", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 3 {
			all = append(all, load(t, l, k))
			<-time.After(900 * time.Microsecond)
		}
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, [][]int{{0, 1, 2}}, seen.all())
		require.Equal(t, 1800*time.Microsecond+time.Millisecond, time.Since(start))
	}, entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(time.Second))
	bubble("but not for ever", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 10 {
			all = append(all, load(t, l, k))
			<-time.After(900 * time.Microsecond)
		}
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, 3*time.Millisecond, all[0].at.Sub(start))
		require.Equal(t, []int{0, 1, 2, 3}, seen.all()[0])
	}, entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(3*time.Millisecond))
	bubble("the whole wait bounds the quiet time", func(t *testing.T, l *entloader.Loader[int, int], _ *calls[int], start time.Time) {
		_, err := l.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 3*time.Millisecond, time.Since(start))
	}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(3*time.Millisecond))
	bubble("a full batch leaves at once", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], start time.Time) {
		var all []*pending[int]
		for k := range 25 {
			all = append(all, load(t, l, k))
		}
		require.Len(t, seen.all(), 2)
		require.True(t, all[19].ended())
		require.False(t, all[20].ended())
		l.Flush()
		for _, p := range all {
			_, err := p.wait()
			require.NoError(t, err)
		}
		require.Equal(t, start, time.Now())
		stats := l.Stats()
		require.Equal(t, []int{3, 25, 10, 2, 1}, []int{stats.Batches, stats.Keys, stats.Largest, stats.Full, stats.Flushed})
	}, entloader.WithMaxBatch(10), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
	bubble("flush with nothing to send", func(t *testing.T, l *entloader.Loader[int, int], seen *calls[int], _ time.Time) {
		l.Flush()
		l.Clear(t.Context())
		l.ClearAll(t.Context())
		require.Empty(t, seen.all())
	})
}

// Elsewhere the chunks of one batch all run at once, on a pool that has fewer
// connections.
func TestFetchesAtTheSameTimeAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			defer running.Add(-1)
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			<-time.After(time.Millisecond)
			return tenfold(keys), nil
		}, entloader.WithParallel(2), entloader.WithMaxBatch(3))
		keys := make([]int, 30)
		for i := range keys {
			keys[i] = i
		}
		start := time.Now()
		values, err := l.LoadAll(t.Context(), keys)
		require.NoError(t, err)
		require.Equal(t, 290, values[29])
		require.Equal(t, int64(2), most.Load())
		require.Equal(t, 5*time.Millisecond, time.Since(start), "ten batches, two at a time")

		// Whoever waits for a turn leaves at once as well.
		ctx, cancel := context.WithCancel(t.Context())
		var busy []*pending[[]int]
		for k := range 2 {
			busy = append(busy, async(func() ([]int, error) { return l.LoadAll(t.Context(), []int{100 + 3*k, 101 + 3*k, 102 + 3*k}) }))
		}
		synctest.Wait()
		queued := async(func() ([]int, error) { return l.LoadAll(ctx, []int{200, 201, 202}) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.True(t, queued.ended())
		require.ErrorIs(t, queued.err, context.Canceled)
		for _, p := range busy {
			_, err := p.wait()
			require.NoError(t, err)
		}
	})
}

// Elsewhere a load from inside a fetch waits for the batch it is part of, or for
// a place that the fetch itself holds.
func TestLoadFromInsideAFetch(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 4} {
		t.Run(fmt.Sprint("other loader, parallel ", parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				inner := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, entloader.WithParallel(parallel))
				outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					values, err := inner.LoadAll(ctx, keys)
					found := make(map[int]int)
					for i, k := range keys {
						found[k] = values[i] + 1
					}
					return found, err
				}, entloader.WithParallel(parallel), entloader.WithMaxBatch(2))
				values, err := outer.LoadAll(t.Context(), []int{1, 2, 3, 4, 5})
				require.NoError(t, err)
				require.Equal(t, []int{11, 21, 31, 41, 51}, values)
			})
		})
		t.Run(fmt.Sprint("other keys of the same loader, parallel ", parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var depth *entloader.Loader[int, int]
				depth = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					found := make(map[int]int)
					for _, k := range keys {
						if k == 0 {
							found[k] = 0
							continue
						}
						d, err := depth.Load(ctx, k-1)
						if err != nil {
							return nil, err
						}
						found[k] = d + 1
					}
					return found, nil
				}, entloader.WithParallel(parallel))
				v, err := depth.Load(t.Context(), 20)
				require.NoError(t, err)
				require.Equal(t, 20, v)
			})
		})
	}
	for _, w := range waiters {
		t.Run("own key, "+w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l *entloader.Loader[int, int]
				l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					if _, err := w.load(l, ctx, keys[0]); err != nil {
						return nil, err
					}
					return tenfold(keys), nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel() // or a failure would leave goroutines
				p := async(func() (int, error) { return l.Load(ctx, 1) })
				<-time.After(time.Second)
				require.True(t, p.ended(), "it hangs")
				require.ErrorContains(t, p.err, "from inside its own fetch")
				require.NotErrorIs(t, p.err, context.Canceled)
			})
		})
		t.Run("own key through another loader, "+w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a, b *entloader.Loader[int, int]
				a = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					v, err := w.load(b, ctx, keys[0])
					return map[int]int{keys[0]: v}, err
				})
				b = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
					v, err := w.load(a, ctx, keys[0])
					return map[int]int{keys[0]: v}, err
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p := async(func() (int, error) { return a.Load(ctx, 1) })
				<-time.After(time.Second)
				require.True(t, p.ended(), "it hangs")
				require.ErrorContains(t, p.err, "from inside its own fetch")
			})
		})
	}
}

// Elsewhere what a fetch read through another loader does not count: an answer
// that depends on the viewer is shared with another one.
func TestViewerOfALoadInsideAFetchCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			return map[int]string{keys[0]: viewerOf(ctx)}, nil
		})
		outer := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
			v, err := inner.Load(ctx, keys[0])
			return map[int]string{keys[0]: v}, err
		})
		for range 2 {
			for _, viewer := range []string{"ada", "bob", ""} {
				v, err := outer.Load(as(t.Context(), viewer), 1)
				require.NoError(t, err)
				require.Equal(t, viewer, v)
			}
		}
		require.Equal(t, 3, outer.Stats().Batches)
	})
}

// Elsewhere each load of NaN adds an answer that nobody will find again.
func TestNaNIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nan := math.NaN()
		var fetches atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []float64) (map[float64]float64, error) {
			fetches.Add(1)
			found := make(map[float64]float64)
			for _, k := range keys {
				found[k] = k
			}
			return found, nil
		}, entloader.WithName("floats"))
		l.Prime(t.Context(), nan, 1)
		l.Clear(t.Context(), nan)
		_, err := l.Load(t.Context(), nan)
		require.ErrorContains(t, err, "entloader: floats: ")
		require.ErrorContains(t, err, "NaN")
		_, err = l.Load(entloader.Alone(t.Context()), nan)
		require.ErrorContains(t, err, "NaN")
		require.Zero(t, fetches.Load(), "it is not sent")
		values, err := l.LoadAll(t.Context(), []float64{1, nan, 2})
		require.ErrorContains(t, err, "NaN")
		require.Equal(t, []float64{1, 0, 2}, values)
		var failed entloader.KeyErrors[float64]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)

		type point struct{ x, y float64 }
		points := entloader.NewLoader(func(context.Context, []point) (map[point]int, error) { return nil, nil })
		_, err = points.Load(t.Context(), point{1, nan})
		require.ErrorContains(t, err, "NaN")
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

// Elsewhere an empty list waits for a batch that is never sent, or sends IN ().
func TestNoKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var fetches atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			fetches.Add(1)
			return tenfold(keys), nil
		})
		for _, keys := range [][]int{nil, {}} {
			values, err := l.LoadAll(t.Context(), keys)
			require.NoError(t, err)
			require.NotNil(t, values)
			require.Empty(t, values)
			found, err := l.LoadMap(t.Context(), keys)
			require.NoError(t, err)
			require.NotNil(t, found)
			require.Empty(t, found)
		}
		l.PrimeAll(t.Context(), nil)
		require.Zero(t, fetches.Load())
		require.Equal(t, start, time.Now())
	})
}

// Elsewhere large lists are quadratic, or overflow what one statement takes.
func TestHundredThousandKeys(t *testing.T) {
	t.Parallel()
	const n = 100_000
	keys := make([]int, 0, n+n/10)
	for i := range n {
		keys = append(keys, (i*7919)%n)
	}
	keys = append(keys, keys[:n/10]...)
	for _, c := range []struct {
		name    string
		opts    []entloader.Option
		batches int
	}{
		{"one batch", nil, 1},
		{"bounded", []entloader.Option{entloader.WithMaxBatch(10_000)}, 10},
		{"without a cache", []entloader.Option{entloader.WithoutCache()}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					return tenfold(keys), nil
				}, c.opts...)
				values, err := l.LoadAll(t.Context(), keys)
				require.NoError(t, err)
				for i, k := range keys {
					if values[i] != 10*k {
						t.Fatalf("key %d has %d", k, values[i])
					}
				}
				require.Len(t, seen.all(), c.batches)
				stats := l.Stats()
				require.Equal(t, n, stats.Keys)
				require.LessOrEqual(t, stats.Largest, n/c.batches)
				l.ClearAll(t.Context())
			})
		})
	}
}

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
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil }, entloader.WithoutCache())
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

// A load under Alone takes part in nothing: elsewhere the way around the cache
// is a second loader.
func TestAloneTakesPartInNothing(t *testing.T) {
	t.Parallel()
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					n := seen.note(keys)
					return map[int]int{keys[0]: n}, nil
				}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
				start := time.Now()
				waiting := async(func() (int, error) { return l.Load(t.Context(), 1) })
				synctest.Wait()
				for want := range 2 {
					v, err := w.load(l, entloader.Alone(t.Context()), 1)
					require.NoError(t, err)
					require.Equal(t, want, v)
				}
				require.False(t, waiting.ended())
				require.Equal(t, start, time.Now())
				l.Flush()
				v, err := waiting.wait()
				require.NoError(t, err)
				require.Equal(t, 2, v)
				require.Equal(t, 2, l.Stats().Alone)
				require.True(t, strings.HasPrefix(l.Stats().String(), "loader: 3 loads"), l.Stats().String())
			})
		})
	}
}

// Elsewhere a thunk for a key that was primed waits for a batch that there is not.
func TestThunkOfPrimedKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil })
		l.Prime(t.Context(), 1, -1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := async(l.LoadThunk(ctx, 1))
		<-time.After(time.Second)
		require.True(t, p.ended())
		require.Equal(t, -1, p.value)
	})
}

// A thunk for NaN is refused as a load is: sent, its answer would be one that
// nobody asked for, and fail the neighbours.
func TestThunkOfNaNIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		l := entloader.NewLoader(func(_ context.Context, keys []float64) (map[float64]float64, error) {
			sent.Add(int64(len(keys)))
			found := make(map[float64]float64)
			for _, k := range keys {
				found[k] = k
			}
			return found, nil
		})
		nan, one := l.LoadThunk(t.Context(), math.NaN()), l.LoadThunk(t.Context(), 1)
		_, err := nan()
		require.ErrorContains(t, err, "NaN")
		v, err := one()
		require.NoError(t, err)
		require.Equal(t, 1.0, v)
		require.Equal(t, int64(1), sent.Load())
	})
}

// Elsewhere a function of the application that panics for one caller leaves the
// loader locked for all others.
func TestPanicOfScopeFunction(t *testing.T) {
	t.Parallel()
	l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) { return tenfold(keys), nil },
		entloader.WithScope(func(ctx context.Context) any { return ctx.Value(viewerKey{}).(string) }))
	require.Panics(t, func() { _, _ = l.Load(t.Context(), 1) }, "no viewer")
	p := async(func() (int, error) { return l.Load(as(t.Context(), "ada"), 1) })
	select {
	case <-p.done:
		require.NoError(t, p.err)
	case <-time.After(2 * time.Second):
		require.FailNow(t, "the loader is locked for good")
	}
}

// Thunks for different keys of one batch are no hits, as loads are none.
func TestThunksAreNoHits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		l := double(&fetches)
		var last func() (int, error)
		for k := range 100 {
			last = l.LoadThunk(t.Context(), k)
		}
		_, err := last()
		require.NoError(t, err)
		stats := l.Stats()
		require.Equal(t, []int{100, 0}, []int{stats.Loads, stats.Hits})
	})
}

// A thunk that is refused as a cycle does not wait: elsewhere the fetch goes on
// when the last one has left.
func TestThunkOfACycleIsNoWaiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var over atomic.Bool
		var l *entloader.Loader[int, int]
		l = entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			_, _ = l.LoadThunk(ctx, 1)()
			select {
			case <-ctx.Done():
				over.Store(true)
			case <-release:
			}
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		p := async(func() (int, error) { return l.Load(ctx, 1) })
		<-time.After(time.Second)
		cancel()
		_, err := p.wait()
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		require.True(t, over.Load(), "nobody waits for the fetch")
	})
}
