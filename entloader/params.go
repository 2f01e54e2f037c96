package entloader

import (
	"fmt"
	"sync"
	"time"
)

// The params of a dynamic edge are compared by ==, so what is in them has to be
// equal if, and only if, the statement is. The types here see to that.

// Optional is a value that can be left out: the zero Optional has none. Two are
// equal if both have none or both have the same.
type Optional[T comparable] struct {
	value T
	set   bool
}

// Some returns an Optional with a value. Times are compared as by [Instant].
func Some[T comparable](v T) Optional[T] { return Optional[T]{normal(v), true} }

// Get returns the value, and whether there is one.
func (o Optional[T]) Get() (T, bool) { return o.value, o.set }

// List is a list of values that is compared by content. The zero List is empty.
// A list is read-only and safe for concurrent use.
type List[T comparable] struct {
	length int
	first  any // listBlock[T], or nil
}

// listBlock is a part of a list. Interfaces compare what they hold, so a chain of
// blocks compares as a whole.
type listBlock[T comparable] struct {
	values [8]T
	next   any
}

// ListOf returns a list of values. Times are compared as by [Instant].
func ListOf[T comparable](values ...T) List[T] {
	l := List[T]{length: len(values)}
	const size = len(listBlock[T]{}.values)
	for end := len(values); end > 0; {
		start := (end - 1) / size * size
		b := listBlock[T]{next: l.first}
		for i, v := range values[start:end] {
			b.values[i] = normal(v)
		}
		l.first, end = b, start
	}
	return l
}

// Len returns how many values there are.
func (l List[T]) Len() int { return l.length }

// Values returns a copy of the values.
func (l List[T]) Values() []T {
	values := make([]T, 0, l.length)
	for b, ok := l.first.(listBlock[T]); ok; b, ok = b.next.(listBlock[T]) {
		values = append(values, b.values[:min(len(b.values), l.length-len(values))]...)
	}
	return values
}

// ByteSlices returns the contents of a list.
func ByteSlices(l List[Bytes]) [][]byte {
	slices := make([][]byte, 0, l.Len())
	for _, b := range l.Values() {
		slices = append(slices, []byte(b))
	}
	return slices
}

// normal returns v in the one form that equal values have.
func normal[T comparable](v T) T {
	if t, ok := any(v).(time.Time); ok {
		return any(Instant(t)).(T)
	}
	return v
}

// Instant returns t such that == compares it with others by the instant and by
// how far its zone is from UTC, and by nothing else: not by a monotonic clock, or
// which pointer its location is. The zone counts since some databases are given
// it: SQLite compares times as text.
func Instant(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC().Round(0)
	}
	zone, ok := zones.Load(offset)
	if !ok {
		zone, _ = zones.LoadOrStore(offset, time.FixedZone("", offset))
	}
	return t.Round(0).In(zone.(*time.Location))
}

// zones are the locations of Instant, by seconds east of UTC: a few dozen.
var zones sync.Map

// LimitParam returns the limit of a dynamic edge: v, standard where v is 0, and at
// most most; 0 means none.
func LimitParam(v, standard, most int) (int, error) {
	if v < 0 {
		return 0, fmt.Errorf("Limit is %d: it has to be 0 or more", v)
	}
	if v == 0 {
		v = standard
	}
	if most > 0 && (v == 0 || v > most) {
		v = most
	}
	return v, nil
}

// OffsetParam returns the offset of a dynamic edge, as LimitParam does. An offset
// above most is an error: other rows than those asked for are no answer.
func OffsetParam(v, standard, most int) (int, error) {
	if v == 0 {
		v = standard
	}
	if v < 0 || most > 0 && v > most {
		return 0, fmt.Errorf("Offset is %d: it has to be 0 or more%s", v, upTo(most))
	}
	return v, nil
}

func upTo(most int) string {
	if most == 0 {
		return ""
	}
	return fmt.Sprintf(", and at most %d", most)
}
