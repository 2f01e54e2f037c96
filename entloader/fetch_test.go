package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// A row of a one-to-many query.
type row struct{ parent, id int }

// Elsewhere the fetch has to bring the rows into the order of the keys, and one
// that returns them as the database does mixes them up without an error.
func TestGroupLoader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rows []row
		want [][]row
		err  string
	}{
		{"in the order of the keys", []row{{3, 1}, {3, 2}, {1, 3}}, [][]row{{{3, 1}, {3, 2}}, {{1, 3}}, {}}, ""},
		{"in any order", []row{{1, 9}, {3, 8}, {1, 7}, {3, 1}}, [][]row{{{3, 8}, {3, 1}}, {{1, 9}, {1, 7}}, {}}, ""},
		{"none", nil, [][]row{{}, {}, {}}, ""},
		{"one twice", []row{{2, 1}, {2, 1}}, [][]row{{}, {}, {{2, 1}, {2, 1}}}, ""},
		{"of a strange parent", []row{{1, 1}, {4, 2}}, nil, "key 4, which nobody asked for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewGroupLoader(func(_ context.Context, keys []int) ([]row, error) {
					seen.note(keys)
					return c.rows, nil
				}, func(r row) int { return r.parent }, entloader.WithName("rows"))
				got, err := l.LoadAll(t.Context(), []int{3, 1, 2, 3})
				require.Equal(t, [][]int{{1, 2, 3}}, seen.all())
				if c.err != "" {
					require.ErrorContains(t, err, "entloader: rows: ")
					require.ErrorContains(t, err, c.err)
					require.Equal(t, make([][]row, 4), got)
					return
				}
				require.NoError(t, err)
				require.Equal(t, append(c.want, c.want[0]), got)
				for _, group := range got {
					require.NotNil(t, group)
					require.Equal(t, len(group), cap(group))
				}
			})
		})
	}
}

// A function that reads the key of a row is part of the fetch: elsewhere its
// panic is the end of the process.
func TestGroupLoaderPanicOfKeyFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := entloader.NewGroupLoader(func(context.Context, []int) ([]*row, error) {
			return []*row{nil}, nil
		}, func(r *row) int { return r.parent })
		_, err := l.Load(t.Context(), 1)
		var pe *entloader.PanicError
		require.ErrorAs(t, err, &pe)
	})
}

// Elsewhere a key that is not comparable is collapsed to its first element, or
// hashed so that two of them meet.
func TestLoaderByKeysThatAreNotComparable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		path := func(p []string) string { return fmt.Sprintf("%q", p) }
		l := entloader.NewLoaderBy(path, func(_ context.Context, keys [][]string) (map[string]int, error) {
			fetches.Add(1)
			found := make(map[string]int)
			for _, k := range keys {
				if len(k) > 0 {
					found[path(k)] = len(k)
				}
			}
			clear(keys) // the list is the fetch's own
			return found, nil
		}, entloader.WithName("paths"))
		a, ab, joined := []string{"a"}, []string{"a", "b"}, []string{"a b"}
		values, err := l.LoadAll(t.Context(), [][]string{a, ab, joined, {"a", "b"}, {}})
		require.Equal(t, []int{1, 2, 1, 2, 0}, values)
		var failed entloader.KeyErrors[string]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)
		require.ErrorIs(t, failed[path(nil)], entloader.ErrNotFound)
		require.ErrorContains(t, err, "paths")

		found, err := l.LoadMap(t.Context(), [][]string{ab, nil})
		require.NoError(t, err)
		require.Equal(t, map[string]int{path(ab): 2}, found)
		require.Equal(t, int64(1), fetches.Load())
		stats := l.Stats()
		require.Equal(t, 4, stats.Keys)

		l.Clear(t.Context(), []string{"a", "b"})
		l.Prime(t.Context(), []string{"a", "b"}, 7)
		v, err := l.Load(t.Context(), slices.Clone(ab))
		require.NoError(t, err)
		require.Equal(t, 7, v)
		l.PrimeAll(t.Context(), map[string]int{path([]string{"z"}): 26})
		v, err = l.LoadThunk(t.Context(), []string{"z"})()
		require.NoError(t, err)
		require.Equal(t, 26, v)
		require.Equal(t, int64(1), fetches.Load())
	})
}

// Keys that differ only in what does not matter are one key.
func TestLoaderByEqualKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen calls[string]
		l := entloader.NewLoaderBy(strings.ToLower, func(_ context.Context, keys []string) (map[string]string, error) {
			seen.note(keys)
			found := make(map[string]string)
			for _, k := range keys {
				found[strings.ToLower(k)] = "asked as " + k
			}
			return found, nil
		})
		values, err := l.LoadAll(t.Context(), []string{"Ada", "ADA", "bob", "ada"})
		require.NoError(t, err)
		require.Equal(t, []string{"asked as Ada", "asked as Ada", "asked as bob", "asked as Ada"}, values)
		require.Equal(t, [][]string{{"Ada", "bob"}}, seen.all())
	})
}

// Elsewhere a loader for a source without bulk access opens as many connections
// as there are keys.
func TestPerKeyIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, most, rounds int }{
		{1, 1, 20}, {3, 3, 7}, {20, 20, 1}, {100, 20, 1}, {0, 1, 20}, {-1, 1, 20},
	} {
		t.Run(fmt.Sprint(c.n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running, most, called atomic.Int64
				l := entloader.NewLoader(entloader.PerKey(c.n, func(_ context.Context, key int) (int, error) {
					defer running.Add(-1)
					called.Add(1)
					if n := running.Add(1); n > most.Load() {
						most.Store(n)
					}
					<-time.After(time.Second)
					return 10 * key, nil
				}), entloader.WithQuiet(0))
				keys := make([]int, 20)
				for i := range keys {
					keys[i] = i
				}
				start := time.Now()
				values, err := l.LoadAll(t.Context(), keys)
				require.NoError(t, err)
				require.Equal(t, 190, values[19])
				require.Equal(t, int64(c.most), most.Load())
				require.Equal(t, int64(20), called.Load())
				require.Equal(t, time.Duration(c.rounds)*time.Second, time.Since(start))
			})
		})
	}
}

// Elsewhere one order that can not be found fails the page.
func TestPerKeyErrorsAreOfOneKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		l := entloader.NewLoader(entloader.PerKey(2, func(_ context.Context, key int) (int, error) {
			if key%2 == 1 {
				return -1, fmt.Errorf("order %d: %w", key, gone)
			}
			return 10 * key, nil
		}))
		values, err := l.LoadAll(t.Context(), []int{0, 1, 2, 3})
		require.Equal(t, []int{0, 0, 20, 0}, values)
		var failed entloader.KeyErrors[int]
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 2)
		require.ErrorIs(t, failed[1], gone)
		require.ErrorContains(t, failed[3], "order 3")
		require.Zero(t, l.Stats().Errors)

		found, err := entloader.PerKey(2, func(context.Context, int) (int, error) { return 0, gone })(t.Context(), []int{1})
		require.NotNil(t, found, "keys that failed are no failed batch")
		require.ErrorIs(t, err, gone)
		found, err = entloader.PerKey(2, func(context.Context, int) (int, error) { return 0, gone })(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

// Elsewhere the calls go on for a page that was closed long ago.
func TestPerKeyStopsWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int64
		ignore := make(chan struct{})
		l := entloader.NewLoader(entloader.PerKey(2, func(ctx context.Context, key int) (int, error) {
			called.Add(1)
			if key == 0 {
				<-ignore // it does not look at its context
			} else {
				<-ctx.Done()
			}
			return 0, ctx.Err()
		}), entloader.WithQuiet(0))
		ctx, cancel := context.WithCancel(t.Context())
		p := async(func() ([]int, error) { return l.LoadAll(ctx, []int{0, 1, 2, 3, 4, 5}) })
		<-time.After(time.Second)
		require.Equal(t, int64(2), called.Load())
		cancel()
		synctest.Wait()
		require.True(t, p.ended())
		require.ErrorIs(t, p.err, context.Canceled)
		close(ignore)
		synctest.Wait()
		require.Equal(t, int64(2), called.Load())
	})
}

// Elsewhere a panic in a goroutine of the fetch is the end of the process, and a
// runtime.Goexit hangs it.
func TestPerKeyPanicAndGoexit(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, leave := range map[string]func(){
		"panic":  func() { panic(boom) },
		"Goexit": func() { runtime.Goexit() },
	} {
		for _, n := range []int{1, 4} {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var broken atomic.Bool
					broken.Store(true)
					l := entloader.NewLoader(entloader.PerKey(n, func(_ context.Context, key int) (int, error) {
						if key == 2 && broken.Load() {
							leave()
						}
						return 10 * key, nil
					}))
					_, err := l.LoadAll(t.Context(), []int{1, 2, 3})
					var failed entloader.KeyErrors[int]
					require.ErrorAs(t, err, &failed)
					require.Len(t, failed, 3)
					for _, err := range failed {
						var pe *entloader.PanicError
						require.ErrorAs(t, err, &pe)
						require.Contains(t, string(pe.Stack), "fetch_test.go", "it is the stack of the call")
						if name == "panic" {
							require.ErrorIs(t, err, boom)
						} else {
							require.ErrorContains(t, err, "Goexit")
						}
					}
					broken.Store(false)
					values, err := l.LoadAll(t.Context(), []int{1, 2, 3})
					require.NoError(t, err)
					require.Equal(t, []int{10, 20, 30}, values)
				})
			})
		}
	}
}

// A map of what there is: keys without an answer are no error, other failures
// are.
func TestLoadMap(t *testing.T) {
	t.Parallel()
	closed, locked := errors.New("closed"), errors.New("database is locked")
	for _, c := range []struct {
		name string
		err  error
		omit int
		want map[int]int
		fail []int
	}{
		{"all", nil, -1, map[int]int{1: 10, 2: 20, 3: 30}, nil},
		{"one missing", nil, 2, map[int]int{1: 10, 3: 30}, nil},
		{"one failed", entloader.KeyErrors[int]{1: closed}, -1, map[int]int{2: 20, 3: 30}, []int{1}},
		{"one failed, one missing", entloader.KeyErrors[int]{1: closed}, 3, map[int]int{2: 20}, []int{1}},
		{"one failed as not found", entloader.KeyErrors[int]{1: fmt.Errorf("no price: %w", entloader.ErrNotFound)}, -1, map[int]int{2: 20, 3: 30}, nil},
		{"the batch failed", locked, -1, map[int]int{}, []int{1, 2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					found := tenfold(keys)
					delete(found, c.omit)
					return found, c.err
				})
				got, err := l.LoadMap(t.Context(), []int{3, 1, 2})
				require.Equal(t, c.want, got)
				if c.fail == nil {
					require.NoError(t, err)
					return
				}
				var failed entloader.KeyErrors[int]
				require.ErrorAs(t, err, &failed)
				require.Len(t, failed, len(c.fail))
				for _, k := range c.fail {
					require.Error(t, failed[k])
					require.ErrorContains(t, failed[k], "entloader: loader: ")
				}
			})
		})
	}
}

// Elsewhere a loop that loads one key after the other can not be batched at all.
func TestLoadThunk(t *testing.T) {
	t.Parallel()
	newLoader := func(seen *calls[int], opts ...entloader.Option) *entloader.Loader[int, int] {
		return entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			seen.note(keys)
			found := tenfold(keys)
			delete(found, 13)
			return found, ctx.Err()
		}, append([]entloader.Option{entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour)}, opts...)...)
	}
	t.Run("collect now, wait later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen)
			start := time.Now()
			var thunks []func() (int, error)
			for k := range 100 {
				thunks = append(thunks, l.LoadThunk(t.Context(), k))
			}
			synctest.Wait()
			require.Empty(t, seen.all())
			for k, f := range slices.Backward(thunks) {
				v, err := f()
				if k == 13 {
					require.ErrorIs(t, err, entloader.ErrNotFound)
					require.ErrorContains(t, err, "entloader: loader: ")
					continue
				}
				require.NoError(t, err)
				require.Equal(t, 10*k, v)
			}
			require.Len(t, seen.all(), 1)
			require.Equal(t, start, time.Now(), "the first that is called sends the batch")
		})
	})
	t.Run("called again, and by several", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen)
			f := l.LoadThunk(t.Context(), 1)
			same := l.LoadThunk(t.Context(), 1)
			all := []*pending[int]{async(f), async(f), async(same)}
			for _, p := range all {
				v, err := p.wait()
				require.NoError(t, err)
				require.Equal(t, 10, v)
			}
			l.Clear(t.Context(), 1)
			v, err := f()
			require.NoError(t, err)
			require.Equal(t, 10, v)
			require.Len(t, seen.all(), 1)
		})
	})
	t.Run("never called", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen)
			l.LoadThunk(t.Context(), 1)
			f := l.LoadThunk(t.Context(), 2)
			v, err := f()
			require.NoError(t, err)
			require.Equal(t, 20, v)
			v, err = l.Load(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, 10, v)
			require.Equal(t, [][]int{{1, 2}}, seen.all())
		})
	})
	t.Run("called after the answer came", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen)
			f := l.LoadThunk(t.Context(), 1)
			l.Flush()
			synctest.Wait()
			require.Len(t, seen.all(), 1)
			late := l.LoadThunk(t.Context(), 1)
			for _, f := range []func() (int, error){f, late} {
				v, err := f()
				require.NoError(t, err)
				require.Equal(t, 10, v)
			}
		})
	})
	t.Run("cancelled in between", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen)
			ctx, cancel := context.WithCancel(t.Context())
			f := l.LoadThunk(ctx, 1)
			other := l.LoadThunk(t.Context(), 2)
			cancel()
			_, err := f()
			require.ErrorIs(t, err, context.Canceled)
			v, err := other()
			require.NoError(t, err)
			require.Equal(t, 20, v)
		})
	})
	t.Run("two viewers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
				found := make(map[int]string)
				for _, k := range keys {
					found[k] = viewerOf(ctx)
				}
				return found, nil
			})
			for k := range 3 {
				a, b := l.LoadThunk(as(t.Context(), "ada"), k), l.LoadThunk(as(t.Context(), "bob"), k)
				v, err := b()
				require.NoError(t, err)
				require.Equal(t, "bob", v)
				v, err = a()
				require.NoError(t, err)
				require.Equal(t, "ada", v)
			}
		})
	})
	t.Run("a full batch", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen calls[int]
			l := newLoader(&seen, entloader.WithMaxBatch(2), entloader.WithParallel(1))
			var thunks []func() (int, error)
			for k := range 5 {
				thunks = append(thunks, l.LoadThunk(t.Context(), k))
			}
			for k, f := range thunks {
				v, err := f()
				require.NoError(t, err)
				require.Equal(t, 10*k, v)
			}
			require.ElementsMatch(t, [][]int{{0, 1}, {2, 3}, {4}}, seen.all())
		})
	})
}

// Keys of the same type as what they are compared by are not compared by
// themselves: an answer that must not stay is forgotten all the same.
func TestLoaderByForgetsWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fails := true
		l := entloader.NewLoaderBy(strings.ToLower, func(_ context.Context, keys []string) (map[string]int, error) {
			if fails {
				return nil, errors.New("database is locked")
			}
			return map[string]int{strings.ToLower(keys[0]): 7}, nil
		})
		_, err := l.Load(t.Context(), "Key")
		require.ErrorContains(t, err, "database is locked")
		fails = false
		n, err := l.Load(t.Context(), "KEY")
		require.NoError(t, err)
		require.Equal(t, 7, n)
	})
}
