package entloader

import (
	"database/sql/driver"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
)

// Text that servers may refuse goes by itself, and there only.
func TestSuspects(t *testing.T) {
	t.Parallel()
	keys := []string{"good", "nul\x00", "A", "no text\xff", "a", "é", "\x00\xff"}
	for name, want := range map[string][]int32{dialect.SQLite: nil, dialect.MySQL: {3, 6}, dialect.Postgres: {1, 3, 6}} {
		_, suspects, unfit := apart(name, StringKey[string](), keys)
		require.Equal(t, want, suspects, name)
		require.Nil(t, unfit)
		var pairs []pair
		for i, k := range keys {
			pairs = append(pairs, pair{k, i})
		}
		_, suspects, _ = apart(name, pairKey(), pairs)
		require.Equal(t, want, suspects, name)
	}
}

// A fixed is a key of a fixed length, of which no two are equal in the database.
type fixed [2]byte

func (f fixed) Value() (driver.Value, error) { return string(f[:]), nil }

// Keys that are not held apart are looked at where they become parameters, all of
// them before the first list is sent.
func TestExactSuspects(t *testing.T) {
	t.Parallel()
	codec := ValueKey[fixed]()
	require.True(t, codec.Exact)
	keys := []fixed{{'a', 'a'}, {'A', 'A'}, {'a', 0}, {'ß', 'b'}}
	for name, want := range map[string][]int32{dialect.SQLite: nil, dialect.MySQL: {3}, dialect.Postgres: {2, 3}} {
		lists, suspects, _ := apart(name, codec, keys)
		require.Equal(t, want, suspects, name)
		require.Len(t, lists, 1, "Exact keys are not folded")
		if name != dialect.SQLite {
			require.Equal(t, errUnfit, keyLists(name, codec, append(make([]fixed, 30_000), keys...), func(int, int, keyList) error {
				t.Error("a list is sent")
				return nil
			}))
		}
		for i := range keys {
			texts, _ := renderLists(t, name, codec, keys[i:i+1])
			require.Len(t, texts, 1, "alone it is sent")
		}
	}
}
