package entloader

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
)

// Bytes is the content of a []byte field, as a parameter and as what keys are
// compared by.
type Bytes string

// String returns the bytes in hexadecimal: errors name keys.
func (b Bytes) String() string { return hex.EncodeToString([]byte(b)) }

// BytesKey is the codec of keys of bytes, which are compared by what is in them. of
// is that of their type in Go, and exact says that their column has no collation.
//
// On SQLite they go through JSON as hexadecimal digits, which unhex reads; it is
// there since SQLite 3.41. An index finds the rows as it does for one key.
func BytesKey[B ~[]byte](of Codec[B], exact bool) Codec[Bytes] {
	return Codec[Bytes]{
		Value: func(k Bytes) (driver.Value, error) { return of.Value(B(k)) },
		Scan: func(src any, dst *Bytes) error {
			var b B
			err := of.Scan(src, &b)
			*dst = Bytes(b)
			return err
		},
		Held: func(holder any, dst *Bytes) bool {
			if h, ok := holder.(*[]byte); ok { // ent's, for types that do not convert themselves
				*dst = Bytes(*h)
				return true
			}
			var b B
			ok := of.Held(holder, &b)
			*dst = Bytes(b)
			return ok
		},
		JSON: func(dst []byte, k Bytes) ([]byte, bool) {
			v, err := of.Value(B(k))
			b, ok := v.([]byte)
			if err != nil || b == nil { // a type may convert itself to something else
				return dst, false
			}
			return append(hex.AppendEncode(append(dst, '"'), b), '"'), ok
		},
		Hex:   true,
		Exact: exact,
		late:  of.late,
		null: func() bool {
			v, err := of.Value(nil)
			b, ok := v.([]byte)
			return err == nil && (v == nil || ok && b == nil)
		},
	}
}

// OneByBytes is a OneBy for keys of bytes. What a key is made of may change when the
// call has returned.
//
// A nil key stands for NULL, which no row has, unless its type converts it to
// something else: such a type must not tell nil from empty.
type OneByBytes[R Related[Bytes, T, Q], B ~[]byte, T, Q any] ByKey

// Load returns the target for key, as OneBy does.
func (b *OneByBytes[R, B, T, Q]) Load(ctx context.Context, key B) (T, error) {
	r := relationOf[R, Bytes, T, Q]()
	if isNullKey(r, key) {
		return oneOf(r, rows{})
	}
	return loadOne(ctx, r, b.loaders, Bytes(key))
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil target, and their error in a KeyErrors[Bytes].
func (b *OneByBytes[R, B, T, Q]) LoadAll(ctx context.Context, keys []B) ([]T, error) {
	r := relationOf[R, Bytes, T, Q]()
	ids := make([]Bytes, 0, len(keys))
	for _, k := range keys {
		if !isNullKey(r, k) {
			ids = append(ids, Bytes(k))
		}
	}
	found, err := loadOnes(ctx, r, b.loaders, ids, ids)
	if len(ids) == len(keys) {
		return found, err
	}
	errs, _ := err.(KeyErrors[Bytes])
	ones := make([]T, len(keys))
	for i, k := range keys {
		if !isNullKey(r, k) {
			ones[i], found = found[0], found[1:]
			continue
		}
		if _, err := oneOf(r, rows{}); err != nil {
			if errs == nil {
				errs = make(KeyErrors[Bytes])
			}
			errs[""] = err
		}
	}
	if errs != nil {
		return ones, errs
	}
	return ones, nil
}

// Prime makes v the answer for key, as OneBy does.
func (b *OneByBytes[R, B, T, Q]) Prime(ctx context.Context, key B, v T) {
	if r := relationOf[R, Bytes, T, Q](); !isNullKey(r, key) {
		primeOne(ctx, r, b.loaders, Bytes(key), v)
	}
}

// Clear forgets the answers for keys, those of loads with options included.
func (b *OneByBytes[R, B, T, Q]) Clear(ctx context.Context, keys ...B) {
	ids := make([]Bytes, len(keys))
	for i, k := range keys {
		ids[i] = Bytes(k)
	}
	clearKeys(ctx, relationOf[R, Bytes, T, Q](), b.loaders, ids)
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b *OneByBytes[R, B, T, Q]) ClearAll(ctx context.Context) {
	clearAllKeys(ctx, relationOf[R, Bytes, T, Q](), b.loaders)
}

// isNullKey reports whether a key stands for NULL.
func isNullKey[B ~[]byte, T, Q any](r *Relation[Bytes, T, Q], key B) bool {
	return key == nil && codecOf(r).null()
}
