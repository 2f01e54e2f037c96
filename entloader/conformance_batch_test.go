package entloader_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// What is asked for at one moment is a batch, within its bounds.
func TestConformanceBatches(t *testing.T) {
	t.Parallel()
	max := func(n int) []entloader.Option { return []entloader.Option{entloader.WithMaxBatch(n)} }
	one := func(r round) []round { return []round{r} }
	converse(t, []conversation{
		{"a key", nil, one(round{ask: []int{7}, sent: [][]int{{7}}})},
		{"zero", nil, one(round{ask: []int{0, -1}, sent: [][]int{{-1, 0}}})},
		{"two keys", nil, one(round{ask: []int{2, 1}, sent: [][]int{{1, 2}}})},
		{"a key twice", nil, one(round{ask: []int{1, 1}, sent: [][]int{{1}}})},
		{"at most two", max(2), one(round{ask: []int{1, 2, 3}, sent: [][]int{{1, 2}, {3}}})},
		{"exactly two", max(2), one(round{ask: []int{1, 2}, sent: [][]int{{1, 2}}})},
		{"at most five", max(5), one(round{ask: []int{8, 7, 6, 5, 4, 3, 2, 1}, sent: [][]int{{4, 5, 6, 7, 8}, {1, 2, 3}}})},
		{"duplicates take no place", max(3), one(round{ask: []int{1, 2, 1, 1, 1, 2, 3}, sent: [][]int{{1, 2, 3}}})},
		{"a duplicate of a batch that has left", max(2), one(round{ask: []int{1, 2, 1, 3}, sent: [][]int{{1, 2}, {3}}})},
		{"known keys take no place", max(2), one(round{
			first: func(ctx context.Context, l *entloader.Loader[int, int]) { l.Prime(ctx, 1, -1) },
			ask:   []int{2, 1, 3}, want: []int{20, -1, 30}, sent: [][]int{{2, 3}},
		})},
		{"no batching", max(1), one(round{ask: []int{1, 2, 1, 3}, sent: [][]int{{1}, {2}, {3}}})},
		{"an error of one batch of two", max(2), one(round{
			ask: []int{1, lockedKey, 2, 3}, fails: map[int]error{1: errLocked, lockedKey: errLocked}, sent: [][]int{{1, lockedKey}, {2, 3}},
		})},
	})
}

// Whoever knows that no more keys will come says so, and waits for no time; what
// is never called for is never sent.
func TestConformanceFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(source(&seen), entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
		start := time.Now()
		var all []*pending[int]
		for _, keys := range [][]int{{1, 2}, {1, 3}} {
			for _, k := range keys {
				all = append(all, async(func() (int, error) { return l.Load(t.Context(), k) }))
			}
			synctest.Wait()
			l.Flush()
			synctest.Wait()
		}
		l.LoadThunk(t.Context(), 4)
		synctest.Wait()
		for i, want := range []int{10, 20, 10, 30} {
			require.True(t, all[i].ended())
			require.NoError(t, all[i].err)
			require.Equal(t, want, all[i].value)
		}
		require.Equal(t, [][]int{{1, 2}, {3}}, seen.all())
		require.Equal(t, start, time.Now())
	})
}

// A load that begins some goroutines later is of the same moment.
func TestConformanceChainOfGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		l := entloader.NewLoader(source(&seen), entloader.WithQuiet(time.Millisecond))
		var wg sync.WaitGroup
		var chain func(k int)
		chain = func(k int) {
			if k > 4 {
				return
			}
			wg.Go(func() {
				wg.Go(func() { wg.Go(func() { chain(k + 1) }) })
				if v, err := l.Load(t.Context(), k); err != nil || v != 10*k {
					t.Error(k, v, err)
				}
			})
		}
		chain(1)
		wg.Wait()
		require.Equal(t, [][]int{{1, 2, 3, 4}}, seen.all())
	})
}

// Four fields of one query: the friends of two of them are loaded when the two
// are there, and one of those is known by then.
func TestConformanceLevels(t *testing.T) {
	t.Parallel()
	friends := map[int]int{1: 2, 2: 3, 3: 1}
	for name, all := range map[string]func(ctx context.Context, fields []func(context.Context) error) error{
		"goroutines": func(ctx context.Context, fields []func(context.Context) error) error {
			var all []*pending[any]
			for _, f := range fields {
				all = append(all, async(func() (any, error) { return nil, f(ctx) }))
			}
			for _, p := range all {
				if _, err := p.wait(); err != nil {
					return err
				}
			}
			return nil
		},
		"Each": func(ctx context.Context, fields []func(context.Context) error) error {
			return entloader.Each(ctx, fields, func(ctx context.Context, f func(context.Context) error) error { return f(ctx) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					seen.note(keys)
					found := make(map[int]int)
					for _, k := range keys {
						found[k] = friends[k]
					}
					return found, nil
				})
				var got [4]int
				field := func(i, key, levels int) func(context.Context) error {
					return func(ctx context.Context) (err error) {
						for got[i] = key; levels > 0 && err == nil; levels-- {
							got[i], err = l.Load(ctx, got[i])
						}
						return err
					}
				}
				require.NoError(t, all(t.Context(), []func(context.Context) error{field(0, 1, 1), field(1, 2, 1), field(2, 1, 2), field(3, 2, 2)}))
				require.Equal(t, [4]int{2, 3, 3, 1}, got)
				require.Equal(t, [][]int{{1, 2}, {3}}, seen.all())
			})
		})
	}
}

// Two loaders that load from a third share one fetch of it.
func TestConformanceLoaderWithinLoader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var deep calls[int]
		third := entloader.NewLoader(source(&deep), entloader.WithQuiet(time.Millisecond))
		within := func(seen *calls[int]) *entloader.Loader[int, int] {
			return entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
				seen.note(keys)
				return third.LoadMap(ctx, keys)
			})
		}
		var inA, inB calls[int]
		a, b := within(&inA), within(&inB)
		var all []*pending[int]
		for k := range 2 {
			all = append(all, async(func() (int, error) { return a.Load(t.Context(), k) }))
			all = append(all, async(func() (int, error) { return b.Load(t.Context(), k+2) }))
		}
		for i, want := range []int{0, 20, 10, 30} {
			v, err := all[i].wait()
			require.NoError(t, err)
			require.Equal(t, want, v)
		}
		require.Equal(t, [][]int{{0, 1}}, inA.all())
		require.Equal(t, [][]int{{2, 3}}, inB.all())
		require.Len(t, deep.all(), 1)
		require.ElementsMatch(t, []int{0, 1, 2, 3}, deep.all()[0])
	})
}

// A bound that bounds nothing is none: elsewhere it is an error, or a batch that
// is never full.
func TestConformanceOptionsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := entloader.NewLoader(source(&seen), entloader.WithMaxBatch(n), entloader.WithParallel(n),
				entloader.WithCacheLimit(n), entloader.WithWindow(n), entloader.WithQuiet(time.Duration(n)), entloader.WithMaxWait(time.Duration(n)))
			for range 2 {
				values, err := l.LoadAll(t.Context(), numbers(9))
				require.NoError(t, err)
				require.Equal(t, 80, values[8])
			}
			require.Equal(t, [][]int{numbers(9)}, seen.all())
		})
	}
}

// lookingObserver asks the loader for its figures whenever it is told something.
type lookingObserver struct {
	loader *entloader.Loader[int, int]
	looked atomic.Int64
}

func (o *lookingObserver) look() {
	if o.loader.Stats().Batches > 0 {
		o.looked.Add(1)
	}
}

func (o *lookingObserver) BatchStart(ctx context.Context, _ entloader.Batch) context.Context {
	o.look()
	return ctx
}

func (o *lookingObserver) BatchEnd(context.Context, entloader.Batch, time.Duration, error) { o.look() }

// Elsewhere a tracer that looks at what it traces waits for itself.
func TestConformanceObserverLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[int]
		o := &lookingObserver{}
		o.loader = entloader.NewLoader(source(&seen), entloader.WithObserver(o), entloader.WithMaxBatch(1))
		_, err := o.loader.Load(t.Context(), 1)
		require.NoError(t, err)
		_, err = o.loader.LoadAll(t.Context(), []int{2, 3})
		require.NoError(t, err)
		require.Equal(t, int64(6), o.looked.Load())
	})
}
