package entloader

import (
	"context"
	"fmt"
	"slices"
)

// NewLoader returns a loader whose fetch returns the values by key. It is given
// keys that are not equal to each other, in a slice of its own, and a context
// that ends when nobody waits any more. A key that it does not answer is
// ErrNotFound, for that key alone. An error is the error of all keys; errors of
// single keys are returned as KeyErrors[K], together with the values of the
// others in a map that is not nil. An answer for a key that nobody asked for
// fails the batch: the fetch has mixed something up. For functions that answer in other
// ways there are [InOrder], [Indexed], [OrZero] and [PerKey]. NewLoader panics without
// a fetch, as all constructors here do.
func NewLoader[K comparable, V any](fetch func(ctx context.Context, keys []K) (map[K]V, error), opts ...Option) *Loader[K, V] {
	given("NewLoader", "fetch", fetch != nil)
	return newMapLoader(identity[K], true, fetch, opts)
}

// given panics if an argument is nil: a loader that can not work is better
// refused where it is made than where it is used.
func given(constructor, argument string, ok bool) {
	if !ok {
		panic("entloader: " + constructor + ": the " + argument + " function is nil")
	}
}

// NewLoaderBy is NewLoader for keys that are compared by what id makes of them:
// keys that are not comparable, or that differ in what does not matter.
func NewLoaderBy[K any, C comparable, V any](id func(K) C, fetch func(ctx context.Context, keys []K) (map[C]V, error), opts ...Option) *LoaderBy[K, C, V] {
	given("NewLoaderBy", "id", id != nil)
	given("NewLoaderBy", "fetch", fetch != nil)
	return newMapLoader(id, false, fetch, opts)
}

func newMapLoader[K any, C comparable, V any](id func(K) C, plain bool, fetch func(context.Context, []K) (map[C]V, error), opts []Option) *LoaderBy[K, C, V] {
	opt := newOptions(opts)
	return newLoader(opt.name, opt, nil, id, plain, func(ctx context.Context, keys []K, out *answers[V]) error {
		var ids []C
		if plain {
			ids = any(keys).([]C)
		} else {
			ids = make([]C, len(keys)) // now: the fetch may change what is in a key
			for i, k := range keys {
				ids[i] = id(k)
			}
		}
		found, err := fetch(ctx, slices.Clone(keys))
		return collect(ids, found, err, out)
	})
}

// collect writes what a fetch found for the keys ids, and its errors, to out. It
// is apart from the call of the fetch to leave that a small stack, see fetch.
func collect[C comparable, V any](ids []C, found map[C]V, err error, out *answers[V]) error {
	failed, single := err.(KeyErrors[C]) // of this fetch, not of one that it called
	if err != nil && (!single || found == nil) {
		return err
	}
	strange := len(found) + len(failed)
	for i, c := range ids {
		v, ok := found[c]
		if ok {
			strange--
		}
		var keyErr error
		if failed != nil {
			var bad bool
			if keyErr, bad = failed[c]; bad {
				strange--
			}
		}
		switch {
		case keyErr != nil:
			out.fail(i, keyErr)
		case ok:
			out.values[i] = v
		default:
			out.fail(i, ErrNotFound)
		}
	}
	if strange > 0 {
		return fmt.Errorf("the fetch answered %d keys that nobody asked for", strange)
	}
	return nil
}

// NewGroupLoader returns a loader whose fetch returns rows in any order, which
// are grouped by the key that by reads from each: the one-to-many case. A key
// without rows has an empty slice, never nil; a row for a key that nobody asked
// for fails the batch, as does an error. The slices are shared and read-only.
func NewGroupLoader[K comparable, V any](fetch func(ctx context.Context, keys []K) ([]V, error), by func(V) K, opts ...Option) *Loader[K, []V] {
	given("NewGroupLoader", "fetch", fetch != nil)
	given("NewGroupLoader", "by", by != nil)
	opt := newOptions(opts)
	l := newLoader(opt.name, opt, nil, identity[K], true, func(ctx context.Context, keys []K, out *answers[[]V]) error {
		rows, err := fetch(ctx, slices.Clone(keys))
		if err != nil {
			return err
		}
		index := make(map[K]int32, len(keys))
		for i, k := range keys {
			index[k] = int32(i)
		}
		owners := make([]int32, len(rows))
		for i, row := range rows {
			o, ok := index[by(row)]
			if !ok {
				return fmt.Errorf("the fetch returned a row for key %v, which nobody asked for", by(row))
			}
			owners[i] = o
		}
		all, ends := group(len(rows), len(keys), func(yield func(int32, V) bool) {
			for i, row := range rows {
				if !yield(owners[i], row) {
					return
				}
			}
		})
		start := int32(0)
		for i, end := range ends {
			out.values[i] = all[start:end:end] // an append by one caller is not seen by another
			start = end
		}
		return nil
	})
	l.clip = clip[V]
	return l
}

// clip makes a slice that is primed like one that was loaded: not nil, and an
// append by one caller is not seen by another.
func clip[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list[:len(list):len(list)]
}
