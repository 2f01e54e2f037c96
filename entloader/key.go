package entloader

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"
)

// A Codec carries keys of one type to the database and back.
type Codec[K any] struct {
	// Value returns what the driver is given for a key: int64, float64, bool,
	// []byte, string or time.Time.
	Value func(K) (driver.Value, error)
	// Scan reads a key from what the driver returned.
	Scan func(src any, dst *K) error
	// Held reads a key from a holder that ent made for a column of its own, and
	// that database/sql has scanned into. It reports false for holders that it
	// does not know.
	Held func(holder any, dst *K) bool
	// JSON appends a key in a form that SQLite reads from JSON as the same
	// value. It reports false if there is none.
	JSON func(dst []byte, key K) ([]byte, bool)
	// Hex says that JSON appends the hexadecimal digits of bytes, as text: JSON has
	// no bytes.
	Hex bool
	// Exact says that the database holds two keys for equal only if Go does.
	// Text is not exact: a column may have a case-insensitive collation.
	Exact bool

	// canon makes keys equal by == that the driver is given as the same value;
	// nil where they are.
	canon func(K) K
	// parts are the codecs of the columns of a key of several, each for its own
	// part of K; nil for a key of one column.
	parts []Codec[K]
	// late says that Held can not tell whether it knows a holder that nothing was
	// scanned into.
	late bool
	// null reports whether a key of bytes that is nil stands for NULL.
	null func() bool
}

// id returns what a key is compared by.
func (c *Codec[K]) id(k K) K {
	if c.canon == nil {
		return k
	}
	return c.canon(k)
}

// IntKey is the codec of keys that are stored as integers.
func IntKey[K ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64]() Codec[K] {
	return Codec[K]{
		Value: func(k K) (driver.Value, error) {
			if k > 0 && int64(k) < 0 {
				return nil, fmt.Errorf("key %d does not fit a 64-bit signed column", k)
			}
			return int64(k), nil
		},
		Scan: func(src any, dst *K) error {
			if v, ok := src.(int64); ok {
				*dst = K(v)
				return nil
			}
			return scanKey(src, dst)
		},
		Held: func(holder any, dst *K) bool {
			h, ok := holder.(*sql.NullInt64)
			if ok {
				*dst = K(h.Int64)
			}
			return ok
		},
		JSON: func(dst []byte, k K) ([]byte, bool) {
			return strconv.AppendInt(dst, int64(k), 10), k < 0 || int64(k) >= 0
		},
		Exact: true,
	}
}

// StringKey is the codec of keys that are stored as text.
func StringKey[K ~string]() Codec[K] {
	return Codec[K]{
		Value: func(k K) (driver.Value, error) { return string(k), nil },
		Scan: func(src any, dst *K) error {
			switch v := src.(type) {
			case string:
				*dst = K(v)
			case []byte:
				*dst = K(v)
			default:
				return scanKey(src, dst)
			}
			return nil
		},
		Held: func(holder any, dst *K) bool {
			h, ok := holder.(*sql.NullString)
			if ok {
				*dst = K(h.String)
			}
			return ok
		},
		JSON: func(dst []byte, k K) ([]byte, bool) { return appendJSON(dst, string(k)) },
	}
}

// ValueKey is the codec of keys that convert themselves, through driver.Valuer
// and sql.Scanner (uuid.UUID does so) or as database/sql does by default.
func ValueKey[K any]() Codec[K] {
	value := func(k K) (driver.Value, error) { return driver.DefaultParameterConverter.ConvertValue(k) }
	return Codec[K]{
		Value: value,
		Scan:  scanKey[K],
		Held: func(holder any, dst *K) bool {
			if h, ok := holder.(*entsql.NullScanner); ok {
				holder = h.S
			}
			h, ok := holder.(*K)
			if ok {
				*dst = *h
			}
			return ok
		},
		JSON: jsonOf(value),
		// A fixed-size array (a UUID, a ULID) has one text form.
		Exact: reflect.TypeFor[K]().Kind() == reflect.Array,
	}
}

// TimeKey is the codec of keys that are times, which are equal as [Instant] says.
func TimeKey() Codec[time.Time] {
	c := ValueKey[time.Time]()
	c.Held = func(holder any, dst *time.Time) bool {
		h, ok := holder.(*sql.NullTime)
		if ok {
			*dst = h.Time
		}
		return ok
	}
	c.canon = Instant
	return c
}

// ConvertedKey is the codec of keys with an external ValueScanner in the ent
// schema. ent sets that scanner when its runtime package starts, after the
// relations are made, so it is asked for when it is used.
func ConvertedKey[K any](scanner func() field.TypeValueScanner[K]) Codec[K] {
	value := func(k K) (driver.Value, error) { return scanner().Value(k) }
	return Codec[K]{
		Value: value,
		Held: func(holder any, dst *K) bool {
			h, ok := holder.(driver.Valuer)
			if !ok {
				return false
			}
			stored, err := h.Value()
			if err != nil {
				return false
			}
			if *dst, err = scanner().FromValue(holder); err != nil {
				return false
			}
			// What it scans from several values is the key of one of them only.
			v, err := value(*dst)
			return err == nil && reflect.DeepEqual(v, stored)
		},
		late: true,
		JSON: jsonOf(value),
		Scan: func(src any, dst *K) (err error) {
			v := scanner().ScanValue()
			if err := v.Scan(src); err != nil {
				return err
			}
			*dst, err = scanner().FromValue(v)
			return err
		},
	}
}

// jsonOf returns the JSON function for keys that the driver gets as value.
func jsonOf[K any](value func(K) (driver.Value, error)) func([]byte, K) ([]byte, bool) {
	return func(dst []byte, k K) ([]byte, bool) {
		v, err := value(k)
		if err != nil {
			return dst, false
		}
		return appendJSON(dst, v)
	}
}

// appendJSON appends a driver value that survives the way through JSON: a blob
// does not, nor text that is not UTF-8 or ends early in C, nor a fraction, nor a
// time, whose text form is the driver's.
func appendJSON(dst []byte, v driver.Value) ([]byte, bool) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case float64:
		// SQLite reads fractions from text with an error in the last bit.
		return strconv.AppendFloat(dst, v, 'f', -1, 64), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case bool: // SQLite has no booleans; drivers store 0 and 1
		if v {
			return append(dst, '1'), true
		}
		return append(dst, '0'), true
	case string:
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return dst, false
		}
		s, err := json.Marshal(v)
		return append(dst, s...), err == nil
	}
	return dst, false
}

func scanKey[K any](src any, dst *K) error {
	var n sql.Null[K]
	if err := n.Scan(src); err != nil {
		return err
	}
	if !n.Valid {
		return fmt.Errorf("key is NULL")
	}
	*dst = n.V
	return nil
}

// FK is a foreign key as a query read it.
type FK[K comparable] struct {
	Key   K
	State FKState
}

// FKState says what is known of a foreign key.
type FKState uint8

// States of a foreign key.
const (
	// FKUnknown: the column was not selected, or a zero may stand for NULL.
	FKUnknown FKState = iota
	// FKNull: the entity has no such edge.
	FKNull
	// FKKnown: Key is the id of the target.
	FKKnown
)

// fkPointer is the foreign key in a nillable field; selected says whether the
// query read the column.
func fkPointer[K comparable](p *K, selected bool) FK[K] {
	switch {
	case p != nil:
		return FK[K]{Key: *p, State: FKKnown}
	case selected:
		return FK[K]{State: FKNull}
	}
	return FK[K]{}
}

// fkValue is the foreign key in a field that is not nillable. ent shows NULL as
// the zero value there, so a zero of an optional field is NULL if null says so,
// and otherwise unknown: not every type tells.
func fkValue[K comparable](v K, selected, optional, null bool) FK[K] {
	var zero K
	switch {
	case !selected:
		return FK[K]{}
	case null:
		return FK[K]{State: FKNull}
	case optional && v == zero:
		return FK[K]{}
	}
	return FK[K]{Key: v, State: FKKnown}
}
