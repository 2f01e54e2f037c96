package entloader_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// Loads that come at the same time reach the batch without the lock of the
// loader. However they meet: no batch is larger than its limit, no key is twice
// in one, every load has its answer, and each is counted once.
func TestManyLoadsAtTheDoor(t *testing.T) {
	t.Parallel()
	const loads, keys, limit = 3000, 700, 64
	for _, name := range []string{"one context", "two contexts", "primed meanwhile", "cleared meanwhile", "without a cache", "watched", "in an Each"} {
		t.Run(name, func(t *testing.T) {
			var (
				mu      sync.Mutex
				largest int
				twice   bool
			)
			opts := []entloader.Option{entloader.WithMaxBatch(limit)}
			if name == "without a cache" {
				opts = append(opts, entloader.WithoutCache())
			}
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				mu.Lock()
				defer mu.Unlock()
				largest = max(largest, len(keys))
				slices.Sort(keys)
				twice = twice || len(slices.Compact(slices.Clone(keys))) != len(keys)
				return tenfold(keys), nil
			}, opts...)
			other, cancel := context.WithCancel(t.Context())
			defer cancel()
			load := func(ctx context.Context, i int) error {
				if name == "two contexts" && i%3 == 0 {
					ctx = other
				}
				key := rand.IntN(keys)
				switch {
				case name == "primed meanwhile" && i%50 == 0:
					l.Prime(ctx, key, 10*key)
				case name == "cleared meanwhile" && i%50 == 0:
					l.Clear(ctx, key)
				}
				v, err := l.Load(ctx, key)
				if err != nil || v != 10*key {
					t.Errorf("key %d: %d, %v", key, v, err)
				}
				return err
			}
			over, watcher := make(chan struct{}), async(func() (any, error) { return nil, nil })
			if name == "watched" { // whoever takes the lock may meet loads that are about to come in
				watcher = async(func() (any, error) {
					for {
						select {
						case <-over:
							return nil, nil
						default:
							l.Stats()
						}
					}
				})
			}
			if name == "in an Each" {
				require.NoError(t, entloader.Each(t.Context(), numbers(loads), load))
			} else {
				var wg sync.WaitGroup
				for i := range loads {
					wg.Go(func() { _ = load(t.Context(), i) })
				}
				wg.Wait()
			}
			close(over)
			_, err := watcher.wait()
			require.NoError(t, err)
			require.LessOrEqual(t, largest, limit)
			require.False(t, twice, "a key was twice in a batch")
			require.Equal(t, loads, l.Stats().Loads)
			if name == "one context" || name == "two contexts" {
				require.LessOrEqual(t, l.Stats().Keys, keys, "no key is fetched twice")
			}
		})
	}
}

// A load that came in by the door leaves as soon as its context ends, and those
// of other contexts stay.
func TestCancelledAtTheDoor(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
		<-release
		return tenfold(keys), nil
	}, entloader.WithMaxBatch(100), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	var left, stayed sync.WaitGroup
	for i := range 99 {
		left.Go(func() {
			_, err := l.Load(ctx, i)
			if err == nil {
				t.Errorf("key %d came after its context had ended", i)
			}
		})
	}
	for l.Stats().Waits < 99 {
		// Until all of them wait.
	}
	stayed.Go(func() {
		v, err := l.Load(t.Context(), 99)
		if err != nil || v != 990 {
			t.Errorf("key 99: %d, %v", v, err)
		}
	})
	for l.Stats().Waits < 100 {
		// Until the batch is full, and runs.
	}
	cancel()
	left.Wait()
	close(release)
	stayed.Wait()
}

// The load that opened a batch is the one that sees when the context of all ends.
// Should it leave earlier, since its key was primed, the others see it all the same.
func TestOpenerLeavesTheDoor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
			return tenfold(keys), nil
		}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		var opener, others sync.WaitGroup
		opener.Go(func() {
			v, err := l.Load(ctx, 0)
			require.NoError(t, err)
			require.Equal(t, 7, v)
		})
		synctest.Wait()
		for i := range 9 {
			others.Go(func() {
				_, err := l.Load(ctx, i+1)
				require.ErrorIs(t, err, context.Canceled)
			})
		}
		synctest.Wait()
		l.Prime(ctx, 0, 7)
		opener.Wait()
		cancel()
		others.Wait()
		require.Zero(t, l.Stats().Batches)
	})
}

// lateContext calls hook when it has been asked for its error the first time, as if the
// load that asked lost its processor then.
type lateContext struct {
	context.Context
	once sync.Once
	hook func()
}

func (c *lateContext) Err() error {
	err := c.Context.Err()
	c.once.Do(c.hook)
	return err
}

// A load whose context ends right after it looked at that joins a batch which has roused
// all others of that context before. It leaves at once, too.
func TestContextEndsBeforeTheLoadJoins(t *testing.T) {
	t.Parallel()
	for _, door := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				return tenfold(keys), nil
			}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
			ctx, cancel := context.WithCancel(context.Background())
			load := func(ctx context.Context, key int) *pending[int] {
				p := async(func() (int, error) { return l.Load(ctx, key) })
				synctest.Wait()
				return p
			}
			first, second := load(ctx, 1), load(context.Background(), 2)
			start := time.Now()
			_, err := l.Load(&lateContext{Context: ctx, hook: func() {
				cancel()
				synctest.Wait()
				require.True(t, first.ended())
				if door { // it is open again for the next one
					load(context.Background(), 3)
				}
			}}, 4)
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, time.Since(start))
			l.Flush()
			_, err = second.wait()
			require.NoError(t, err)
		})
	}
}

// Where batches get full, the next one has no timer before those who are ready to
// run had their turn. If they do not fill it, it is sent in time.
func TestTimerAfterAFullBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 50
		for _, n := range []int{limit, 1, limit, 20, 3, limit + 7} {
			start := time.Now()
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				return tenfold(keys), nil
			}, entloader.WithMaxBatch(limit), entloader.WithQuiet(time.Second))
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					v, err := l.Load(t.Context(), i)
					require.NoError(t, err)
					require.Equal(t, 10*i, v)
				})
			}
			wg.Wait()
			took := time.Since(start)
			if n == limit {
				require.Zero(t, took)
			} else {
				require.LessOrEqual(t, took, 20*time.Millisecond, "its longest wait")
				require.Positive(t, took)
			}
			require.Equal(t, (n+limit-1)/limit, l.Stats().Batches)
		}
	})
}

// Of many loads not each looks at the clock: the quiet time after the last of them is
// at least what was asked for, and at most twice that.
func TestQuietTimeAfterManyLoads(t *testing.T) {
	t.Parallel()
	const quiet = 10 * time.Millisecond
	for _, n := range []int{1, 2, 8, 9, 30, 40} {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
				return tenfold(keys), nil
			}, entloader.WithQuiet(quiet), entloader.WithMaxWait(time.Hour))
			var (
				wg   sync.WaitGroup
				last time.Time
			)
			for i := range n {
				<-time.After(quiet / 2)
				last = time.Now()
				wg.Go(func() {
					_, err := l.Load(t.Context(), i)
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			wg.Wait()
			took := time.Since(last)
			require.GreaterOrEqual(t, took, quiet)
			require.LessOrEqual(t, took, 2*quiet)
			if n <= 8 {
				require.Equal(t, quiet, took)
			}
			require.Equal(t, 1, l.Stats().Batches)
		})
	}
}

// The door is open only while nothing else is known: a load of a key whose answer is
// there, or on its way in another batch, does not wait for the one that gathers.
func TestDoorStaysShutWhereOthersAreKnown(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]entloader.Option{
		"default":         nil,
		"without a cache": {entloader.WithoutCache()},
		"cache limit":     {entloader.WithCacheLimit(1)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := make(chan struct{})
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					if slices.Contains(keys, 7) {
						<-hold
					}
					return tenfold(keys), nil
				}, append(opts, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))...)
				load := func(key int) *pending[int] {
					p := async(func() (int, error) { return l.Load(context.Background(), key) })
					synctest.Wait()
					return p
				}
				seven := load(7)
				l.Flush()
				load(1)
				two := load(2)
				l.Prime(t.Context(), 1, 11)
				load(3)
				again := load(7) // of the batch that runs
				if name == "default" {
					one := load(1)
					require.True(t, one.ended(), "its answer is there")
				}
				l.Flush()
				synctest.Wait()
				require.True(t, two.ended())
				require.False(t, again.ended())
				close(hold)
				for _, p := range []*pending[int]{seven, again} {
					v, err := p.wait()
					require.NoError(t, err)
					require.Equal(t, 70, v)
				}
			})
		})
	}
}
