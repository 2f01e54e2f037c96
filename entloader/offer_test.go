package entloader

import (
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Rows are kept only if nobody who has the entity can change them through it.
func TestKeptRowsAreNobodyElses(t *testing.T) {
	t.Parallel()
	columns := []string{"id", "data"}
	for _, c := range []struct {
		name   string
		holder any
		kept   bool
	}{
		{"text", &sql.NullString{String: "a", Valid: true}, true},
		{"time", &sql.NullTime{}, true},
		{"UUID", new(uuid.UUID), true},
		{"UUID or NULL", &entsql.NullScanner{S: new(uuid.UUID)}, true},
		{"struct of values", new(struct {
			N  [2]int
			At time.Time
		}), true},
		{"bytes", &[]byte{1}, true}, // a copy
		{"slice", &[]string{"a"}, false},
		{"slice or NULL", &entsql.NullScanner{S: new(sql.Null[[]string])}, false},
		{"struct with a slice", new(struct{ words []uint64 }), false},
		{"map", &map[string]int{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := new(keptRows)
			n := 3*rowChunk + 1
			for i := range n {
				k.keep(columns, append(columns[:2:2], "ours"), []any{&sql.NullInt64{Int64: int64(i), Valid: true}, c.holder, new(int)})
			}
			require.Equal(t, c.kept, !k.shared)
			if !c.kept {
				require.Zero(t, k.n)
				return
			}
			require.Equal(t, n, k.n)
			require.Equal(t, columns, k.columns)
			if b, ok := c.holder.(*[]byte); ok {
				(*b)[0] = 2
				require.Equal(t, &[]byte{1}, k.row(n - 1)[1])
			}
			for i := range n {
				require.Len(t, k.row(i), 2)
				require.Equal(t, int64(i), k.row(i)[0].(*sql.NullInt64).Int64)
			}
		})
	}
	t.Run("other columns", func(t *testing.T) {
		t.Parallel()
		k := new(keptRows)
		k.keep(columns, []string{"id"}, []any{new(sql.NullInt64)})
		require.True(t, k.shared)
	})
}

// What is on offer is bounded, but for the newest.
func TestOffersAreBounded(t *testing.T) {
	t.Parallel()
	l := NewLoaders()
	os := new(offers)
	add := func(rows int) {
		os.add(&offer{keptRows: &keptRows{loaders: l, born: l.clears.Load(), n: rows}})
	}
	sizes := func() (sizes []int) {
		list, n := os.get(l)
		for _, o := range list[:n] {
			sizes = append(sizes, o.n)
		}
		return sizes
	}
	for i := range 20 {
		add(i)
	}
	require.Equal(t, []int{12, 13, 14, 15, 16, 17, 18, 19}, sizes())
	add(maxOffered - 19)
	require.Equal(t, []int{19, maxOffered - 19}, sizes())
	add(2 * maxOffered)
	require.Equal(t, []int{2 * maxOffered}, sizes())
	l.clears.Add(1)
	require.Empty(t, sizes())
	add(1)
	require.Equal(t, []int{1}, sizes())
}

// Of a converted key, a holder gives what it would be asked for by, and nothing else.
func TestHeldConvertedKey(t *testing.T) {
	codec := ConvertedKey(func() field.TypeValueScanner[string] {
		return field.ValueScannerFunc[string, *sql.NullString]{
			V: func(s string) (driver.Value, error) { return "c:" + s, nil },
			S: func(s *sql.NullString) (string, error) { return strings.TrimLeft(s.String, "cd:"), nil },
		}
	})
	var k string
	require.True(t, codec.Held(&sql.NullString{String: "c:a", Valid: true}, &k))
	require.Equal(t, "a", k)
	require.False(t, codec.Held(&sql.NullString{String: "d:a", Valid: true}, &k), "the key a is stored otherwise")
	require.False(t, codec.Held(&sql.NullInt64{Int64: 1, Valid: true}, &k))
	require.False(t, codec.Held(new(any), &k))
	require.True(t, codec.late)
}
