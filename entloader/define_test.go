package entloader_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// A request makes its loaders on first use; elsewhere they are made for the
// process, and one request is answered from the memory of another.
func TestDefineIsOnePerRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made, fetches atomic.Int64
		prices := entloader.Define("prices", func(context.Context) *entloader.Loader[int, int] {
			made.Add(1)
			return double(&fetches)
		})
		one := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		two := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		require.Zero(t, made.Load(), "nobody has used it")

		var all []*pending[*entloader.Loader[int, int]]
		for range 20 {
			all = append(all, async(func() (*entloader.Loader[int, int], error) {
				return prices.From(context.WithValue(one, viewerKey{}, "ada")), nil
			}))
		}
		for _, p := range all {
			l, err := p.wait()
			require.NoError(t, err)
			require.Same(t, prices.From(one), l, "all of a request have the same one")
		}
		require.NotSame(t, prices.From(one), prices.From(two))

		for range 2 {
			for _, ctx := range []context.Context{one, two} {
				v, err := prices.From(ctx).Load(ctx, 4)
				require.NoError(t, err)
				require.Equal(t, 8, v)
			}
		}
		require.Equal(t, int64(2), fetches.Load(), "each request asks once")
		require.Nil(t, entloader.LoadersFromContext(t.Context()))
		require.NotNil(t, entloader.LoadersFromContext(one))

		// What all loaders of a request do, those of definitions do.
		entloader.LoadersFromContext(one).ClearAll(one)
		_, err := prices.From(one).Load(one, 4)
		require.NoError(t, err)
		require.Equal(t, int64(3), fetches.Load())
		start := time.Now()
		p := async(func() (int, error) { return prices.From(one).Load(one, 5) })
		synctest.Wait()
		entloader.LoadersFromContext(one).Flush()
		v, err := p.wait()
		require.NoError(t, err)
		require.Equal(t, 10, v)
		require.Equal(t, start, time.Now())
	})
}

// Elsewhere open and closed offices are one loader whose first caller decides
// which of them there are, or the params are a string in the key.
func TestDefineByParams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type params struct {
			Open  bool
			Limit int
		}
		offices := entloader.DefineBy("offices", func(_ context.Context, p params) *entloader.Loader[int, params] {
			return entloader.NewLoader(func(_ context.Context, keys []int) (map[int]params, error) {
				found := make(map[int]params)
				for _, k := range keys {
					found[k] = p
				}
				return found, nil
			})
		})
		ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		for _, p := range []params{{true, 1}, {false, 1}, {true, 2}, {true, 1}} {
			v, err := offices.From(ctx, p).Load(ctx, 1)
			require.NoError(t, err)
			require.Equal(t, p, v)
		}
		require.Same(t, offices.From(ctx, params{true, 1}), offices.From(ctx, params{true, 1}))
		require.Len(t, entloader.LoadersFromContext(ctx).Stats(), 3)

		// Two definitions of the same types are two loaders.
		other := entloader.DefineBy("offices", func(context.Context, params) *entloader.Loader[int, params] {
			return entloader.NewLoader(func(context.Context, []int) (map[int]params, error) { return nil, nil })
		})
		_, err := other.From(ctx, params{true, 1}).Load(ctx, 1)
		require.ErrorIs(t, err, entloader.ErrNotFound)
	})
}

// A loader that was prepared ahead, with answers or for a test, takes the place
// of the one that would be made.
func TestDefinePut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		prices := entloader.DefineBy("prices", func(context.Context, string) *entloader.Loader[int, int] { return double(&fetches) })
		prepared := func() *entloader.Loader[int, int] {
			l := double(new(atomic.Int64))
			l.Prime(t.Context(), 1, -1)
			return l
		}
		ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		prices.Put(ctx, "EUR", prepared()) // before the first use
		made := prices.From(ctx, "USD")
		replaced := prepared()
		prices.Put(ctx, "USD", replaced) // and after it
		require.NotSame(t, made, prices.From(ctx, "USD"))
		require.Same(t, replaced, prices.From(ctx, "USD"))
		for currency, want := range map[string]int{"EUR": -1, "USD": -1, "CHF": 2} {
			v, err := prices.From(ctx, currency).Load(ctx, 1)
			require.NoError(t, err)
			require.Equal(t, want, v, currency)
		}
		stats := entloader.LoadersFromContext(ctx).Stats()
		require.Len(t, stats, 3, "one that was replaced is not listed")
		for _, s := range stats {
			require.Equal(t, "prices", s.Name)
			require.Equal(t, 1, s.Loads)
		}

		prices.Put(t.Context(), "EUR", prepared()) // without loaders it does nothing
		v, err := prices.From(t.Context(), "EUR").Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}

// Without loaders in ctx a load answers all the same, and does not wait for
// other keys: nobody could bring them.
func TestDefineWithoutLoaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made, fetches atomic.Int64
		prices := entloader.Define("prices", func(ctx context.Context) *entloader.Loader[int, int] {
			made.Add(1)
			return double(&fetches, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
		})
		start := time.Now()
		for range 2 {
			v, err := prices.From(t.Context()).Load(t.Context(), 4)
			require.NoError(t, err)
			require.Equal(t, 8, v)
		}
		require.Equal(t, start, time.Now())
		require.Equal(t, []int64{2, 2}, []int64{made.Load(), fetches.Load()})
		_, err := prices.From(t.Context()).LoadAll(t.Context(), []int{1, 2, 3})
		require.NoError(t, err)
		require.Equal(t, int64(3), fetches.Load(), "keys that are given together are one fetch")
	})
}

// Errors and figures say which loader it was; a name of its own counts for more
// than that of the definition.
func TestDefinedLoadersAreNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locked := errors.New("database is locked")
		fetch := func(context.Context, []int) (map[int]int, error) { return nil, locked }
		plain := entloader.Define("plain", func(context.Context) *entloader.Loader[int, int] { return entloader.NewLoader(fetch) })
		named := entloader.Define("definition", func(context.Context) *entloader.Loader[int, int] {
			return entloader.NewLoader(fetch, entloader.WithName("own"))
		})
		groups := entloader.Define("groups", func(context.Context) *entloader.Loader[int, []int] {
			return entloader.NewGroupLoader(func(context.Context, []int) ([]int, error) { return nil, nil }, func(v int) int { return v })
		})
		with := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		for _, ctx := range []context.Context{with, t.Context()} {
			_, err := plain.From(ctx).Load(ctx, 1)
			require.EqualError(t, err, "entloader: plain: database is locked")
			_, err = named.From(ctx).LoadAll(ctx, []int{1})
			require.EqualError(t, err, "key 1: entloader: own: database is locked")
			_, err = plain.From(ctx).LoadThunk(ctx, 1)()
			require.EqualError(t, err, "entloader: plain: database is locked")
			_, err = plain.From(ctx).Load(entloader.Alone(ctx), 1)
			require.EqualError(t, err, "entloader: plain: database is locked")
			group, err := groups.From(ctx).Load(ctx, 1)
			require.NoError(t, err)
			require.Empty(t, group)
		}
		all := entloader.LoadersFromContext(with)
		var names []string
		for _, s := range all.Stats() {
			names = append(names, s.Name)
		}
		require.Equal(t, []string{"plain", "own", "groups"}, names, "in the order of first use")
		require.Contains(t, all.Summary(), "groups: 1 loads, 0 hits")
	})
}

// A loader of one definition may use another: elsewhere the map of loaders is
// locked while one is made.
func TestDefineUsesAnotherDefinition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		net := entloader.Define("net", func(context.Context) *entloader.Loader[int, int] { return double(&fetches) })
		gross := entloader.Define("gross", func(ctx context.Context) *entloader.Loader[int, int] {
			// A value that is worked on afterwards: no key is fetched twice.
			source := net.From(ctx)
			return entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
				found, err := source.LoadMap(ctx, keys)
				for k := range found {
					found[k]++
				}
				return found, err
			})
		})
		ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		values, err := gross.From(ctx).LoadAll(ctx, []int{1, 2})
		require.NoError(t, err)
		require.Equal(t, []int{3, 5}, values)
		values, err = net.From(ctx).LoadAll(ctx, []int{1, 2})
		require.NoError(t, err)
		require.Equal(t, []int{2, 4}, values)
		require.Equal(t, int64(1), fetches.Load())
	})
}

// Elsewhere a loader stays in a map of the process, with all that it has
// loaded, when its request is over.
func TestDefinedLoadersAreFreedWithTheRequest(t *testing.T) {
	type blob [1 << 10]byte
	blobs := entloader.DefineBy("blobs", func(context.Context, int) *entloader.Loader[int, *blob] {
		return entloader.NewLoader(func(_ context.Context, keys []int) (map[int]*blob, error) {
			return map[int]*blob{keys[0]: new(blob)}, nil
		})
	})
	freed := make(chan struct{}, 2)
	func() {
		ctx := entloader.NewLoadersContext(t.Context(), entloader.NewLoaders())
		v, err := blobs.From(ctx, 1).Load(ctx, 1)
		require.NoError(t, err)
		free := func(struct{}) { freed <- struct{}{} }
		runtime.AddCleanup(v, free, struct{}{})
		runtime.AddCleanup(blobs.From(ctx, 1), free, struct{}{})
	}()
	patience := time.After(30 * time.Second)
	for n := 0; n < 2; {
		runtime.GC()
		select {
		case <-freed:
			n++
		case <-patience:
			require.FailNow(t, "the loader of a request that is over is not freed")
		default:
		}
	}
	runtime.KeepAlive(blobs)
}

// Params that are not equal to themselves would add a loader with each call.
func TestDefineByNaN(t *testing.T) {
	t.Parallel()
	all := entloader.NewLoaders()
	ctx := entloader.NewLoadersContext(t.Context(), all)
	var seen calls[int]
	d := entloader.DefineBy("weights", func(context.Context, float64) *entloader.Loader[int, int] { return entloader.NewLoader(source(&seen)) })
	for range 3 {
		v, err := d.From(ctx, math.NaN()).Load(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, 10, v)
	}
	d.Put(ctx, math.NaN(), entloader.NewLoader(source(&seen)))
	require.Empty(t, all.Stats())
}
