package entloader

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestInstant(t *testing.T) {
	now := time.Now()
	berlin, zone := time.FixedZone("CET", 3600), time.FixedZone("", 3600)
	require.True(t, Instant(now) == Instant(now.Round(0)), "a monotonic clock does not count")
	require.True(t, Instant(now.In(berlin)) == Instant(now.In(zone)), "the name of a zone does not count")
	require.True(t, Instant(now.In(time.UTC)) == Instant(now.In(time.FixedZone("GMT", 0))))
	require.False(t, Instant(now) == Instant(now.Add(1)))
	require.False(t, Instant(now.UTC()) == Instant(now.In(berlin)), "SQLite compares them as text")
	require.True(t, Instant(now.In(berlin)).Equal(now))
	require.Equal(t, Some(now), Some(now.Round(0)))
	require.NotEqual(t, Optional[time.Time]{}, Some(time.Time{}))
}

// Lists are equal if, and only if, their contents are.
func TestList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 2), 0, 30)
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		la, lb := ListOf(a...), ListOf(b...)
		require.Equal(t, len(a), la.Len())
		require.Equal(t, append([]int{}, a...), la.Values())
		require.True(t, la == ListOf(a...))
		equal := len(a) == len(b)
		for i := 0; equal && i < len(a); i++ {
			equal = a[i] == b[i]
		}
		require.Equal(t, equal, la == lb)
	})
	require.True(t, List[int]{} == ListOf[int]())
	require.Equal(t, [][]byte{[]byte("a"), {}}, ByteSlices(ListOf[Bytes]("a", "")))
}

func TestBoundParams(t *testing.T) {
	for _, c := range []struct{ v, standard, most, limit int }{
		{0, 0, 0, 0}, {5, 0, 0, 5}, {0, 20, 0, 20}, {0, 20, 100, 20}, {0, 0, 100, 100}, {500, 20, 100, 100},
	} {
		got, err := LimitParam(c.v, c.standard, c.most)
		require.NoError(t, err)
		require.Equal(t, c.limit, got)
	}
	_, err := LimitParam(-1, 0, 0)
	require.EqualError(t, err, "Limit is -1: it has to be 0 or more")
	_, err = OffsetParam(11, 0, 10)
	require.EqualError(t, err, "Offset is 11: it has to be 0 or more, and at most 10")
	got, err := OffsetParam(0, 3, 10)
	require.NoError(t, err)
	require.Equal(t, 3, got)
}
