package entloader

import (
	"context"
	"database/sql/driver"
)

// A Pair is what keys of two columns are compared by, and with a Pair for the rest
// those of more. Users have a struct of their own for each such key; the compiler
// makes all the code of a loader once per type of keys, and many have columns of the
// same types.
type Pair[A, B comparable] struct {
	First A
	Rest  B
}

// PairOf returns the pair of two values.
func PairOf[A, B comparable](first A, rest B) Pair[A, B] { return Pair[A, B]{first, rest} }

// A Tupled is a [Related] for keys of several columns, which users have as U.
type Tupled[U, K comparable, T, Q any] interface {
	Related[K, T, Q]
	// Key returns what a key is compared by.
	Key(U) K
}

// OneByTuple is a OneBy for keys of several columns.
type OneByTuple[R Tupled[U, K, T, Q], U, K comparable, T, Q any] ByKey

// Load returns the target for key, as OneBy does.
func (b *OneByTuple[R, U, K, T, Q]) Load(ctx context.Context, key U) (T, error) {
	var r R
	return loadOne(ctx, r.Relation(), b.loaders, r.Key(key))
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil target, and their error in a KeyErrors.
func (b *OneByTuple[R, U, K, T, Q]) LoadAll(ctx context.Context, keys []U) ([]T, error) {
	var r R
	return loadOnes(ctx, r.Relation(), b.loaders, keys, tuples[R, U, K, T, Q](keys))
}

// Prime makes v the answer for key, as OneBy does.
func (b *OneByTuple[R, U, K, T, Q]) Prime(ctx context.Context, key U, v T) {
	var r R
	primeOne(ctx, r.Relation(), b.loaders, r.Key(key), v)
}

// Clear forgets the answers for keys, those of loads with options included.
func (b *OneByTuple[R, U, K, T, Q]) Clear(ctx context.Context, keys ...U) {
	clearKeys(ctx, relationOf[R, K, T, Q](), b.loaders, tuples[R, U, K, T, Q](keys))
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b *OneByTuple[R, U, K, T, Q]) ClearAll(ctx context.Context) {
	clearAllKeys(ctx, relationOf[R, K, T, Q](), b.loaders)
}

// tuples returns what keys are compared by.
func tuples[R Tupled[U, K, T, Q], U, K comparable, T, Q any](keys []U) []K {
	var r R
	compared := make([]K, len(keys))
	for i, k := range keys {
		compared[i] = r.Key(k)
	}
	return compared
}

// TupleKey is the codec of keys of several columns: K has a part for each, and
// parts are the codecs of these, made by [Part], in the order of Match.Columns.
func TupleKey[K comparable](parts ...Codec[K]) Codec[K] {
	c := Codec[K]{Exact: true, parts: parts}
	for i := range parts {
		c.Exact = c.Exact && parts[i].Exact
		if parts[i].canon != nil {
			c.canon = func(k K) K {
				for i := range parts {
					k = parts[i].id(k)
				}
				return k
			}
		}
	}
	c.JSON = func(dst []byte, k K) (_ []byte, ok bool) {
		for i := range parts {
			if i == 0 {
				dst = append(dst, '[')
			} else {
				dst = append(dst, ',')
			}
			if dst, ok = parts[i].JSON(dst, k); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	}
	return c
}

// Part is the codec of one part of a key of several columns; at returns its place.
func Part[K, F comparable](codec Codec[F], at func(*K) *F) Codec[K] {
	c := Codec[K]{
		Value: func(k K) (driver.Value, error) { return codec.Value(*at(&k)) },
		Scan:  func(src any, dst *K) error { return codec.Scan(src, at(dst)) },
		Held:  func(holder any, dst *K) bool { return codec.Held(holder, at(dst)) },
		JSON:  func(dst []byte, k K) ([]byte, bool) { return codec.JSON(dst, *at(&k)) },
		Hex:   codec.Hex,
		late:  codec.late,
		Exact: codec.Exact,
	}
	if codec.canon != nil {
		c.canon = func(k K) K {
			f := at(&k)
			*f = codec.canon(*f)
			return k
		}
	}
	return c
}

// columns returns the codecs of the columns that a key is stored in.
func (c *Codec[K]) columns() []Codec[K] {
	if c.parts == nil {
		return []Codec[K]{*c}
	}
	return c.parts
}
