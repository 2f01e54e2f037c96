package entloader

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"
)

// A key without a value is in no list, and says why.
func TestUnfitKeys(t *testing.T) {
	t.Parallel()
	lists, _, unfit := apart(dialect.Postgres, IntKey[uint64](), []uint64{1, 1 << 63, 2})
	require.Equal(t, [][]int32{{0, 2}}, lists)
	require.Len(t, unfit, 1)
	require.EqualError(t, unfit[1], "key 9223372036854775808 does not fit a 64-bit signed column")

	refused := errors.New("refused")
	codec := ConvertedKey(func() field.TypeValueScanner[string] {
		return field.ValueScannerFunc[string, *sql.NullString]{V: func(s string) (driver.Value, error) {
			if s == "bad" {
				return nil, refused
			}
			return s, nil
		}}
	})
	lists, _, unfit = apart(dialect.SQLite, codec, []string{"bad", "a", "A"})
	require.Equal(t, [][]int32{{1}, {2}}, lists)
	require.Equal(t, map[int32]error{0: refused}, unfit)
}
