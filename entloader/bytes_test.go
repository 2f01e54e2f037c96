package entloader

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"net"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/internal/limits"
)

// hexBytes convert themselves to text.
type hexBytes []byte

func (h hexBytes) Value() (driver.Value, error) { return hex.EncodeToString(h), nil }

// ownBytes convert themselves, but not all.
type ownBytes []byte

func (o ownBytes) Value() (driver.Value, error) {
	if len(o) > 3 {
		return nil, errors.New("too long")
	}
	return append([]byte("c:"), o...), nil
}

func TestBytesKey(t *testing.T) {
	plain, ip := BytesKey(ValueKey[[]byte](), true), BytesKey(ValueKey[net.IP](), true)
	for _, c := range []Codec[Bytes]{plain, ip} {
		for _, k := range []Bytes{"", "\x00", "\xff\x80", "a"} {
			v, err := c.Value(k)
			require.NoError(t, err)
			require.Equal(t, []byte(k), v)
			json, ok := c.JSON(nil, k)
			require.True(t, ok)
			require.Equal(t, `"`+hex.EncodeToString([]byte(k))+`"`, string(json))
			var got Bytes
			src := []byte(k)
			require.NoError(t, c.Scan(src, &got))
			require.Equal(t, k, got)
			require.True(t, c.Held(&src, &got))
			require.Equal(t, k, got)
		}
		require.True(t, c.null())
		require.Error(t, c.Scan(nil, new(Bytes)))
		require.False(t, c.Held(new(string), new(Bytes)))
	}
	require.True(t, isNull(new([]byte)))
	require.False(t, isNull(&[]byte{}))

	text := BytesKey(ValueKey[hexBytes](), false)
	v, err := text.Value("\xff")
	require.NoError(t, err)
	require.Equal(t, "ff", v)
	_, ok := text.JSON(nil, "\xff")
	require.False(t, ok, "JSON would be read as bytes")
	require.False(t, text.null())

	own := BytesKey(ValueKey[ownBytes](), true)
	json, ok := own.JSON(nil, "a")
	require.True(t, ok)
	require.Equal(t, `"633a61"`, string(json))
	_, ok = own.JSON(nil, "abcd")
	require.False(t, ok)
	require.False(t, own.null())
}

type digest struct {
	Name string
	Sum  Bytes
}

func digestKey() Codec[digest] {
	return TupleKey(
		Part(StringKey[string](), func(d *digest) *string { return &d.Name }),
		Part(BytesKey(ValueKey[[]byte](), true), func(d *digest) *Bytes { return &d.Sum }),
	)
}

func TestBytesInLists(t *testing.T) {
	key, keys := BytesKey(ValueKey[[]byte](), true), []Bytes{"", "\xff", "a"}
	texts, args := renderLists(t, dialect.SQLite, key, keys)
	require.Equal(t, []string{"SELECT * FROM `t` WHERE `k` IN (SELECT unhex(`value`) FROM json_each(?))"}, texts)
	require.Equal(t, [][]any{{`["","ff","61"]`}}, args)
	texts, args = renderLists(t, dialect.Postgres, key, keys)
	require.Equal(t, []string{`SELECT * FROM "t" WHERE "k" IN ($1, $2, $3)`}, texts)
	require.Equal(t, [][]any{{[]byte{}, []byte{0xff}, []byte("a")}}, args)

	texts, args = renderLists(t, dialect.SQLite, digestKey(), []digest{{"a", "\x00"}})
	require.Equal(t, []string{"SELECT * FROM `t` WHERE `k` IN (SELECT json_extract(`value`, '$[0]'), unhex(json_extract(`value`, '$[1]')) FROM json_each(?))"}, texts)
	require.Equal(t, [][]any{{`[["a","00"]]`}}, args)

	// A list that is too long for one argument.
	defer limits.JSON.Store(limits.JSON.Swap(10))
	texts, _ = renderLists(t, dialect.SQLite, key, keys)
	require.Equal(t, []string{"SELECT * FROM `t` WHERE `k` IN (?, ?, ?)"}, texts)
}

// Bytes that a column without a collation holds are told apart, whatever they would
// be as text.
func TestBytesAreApart(t *testing.T) {
	keys := []Bytes{"", "\x00", "\x01", "\x80", "\x81", "a", "A", "a "}
	lists, suspects, _ := apart(dialect.Postgres, BytesKey(ValueKey[[]byte](), true), keys)
	require.Empty(t, suspects)
	require.Len(t, lists, 1)
	lists, suspects, _ = apart(dialect.Postgres, BytesKey(ValueKey[[]byte](), false), keys)
	require.Equal(t, []int32{1, 3, 4}, suspects, "no text")
	require.Greater(t, len(lists), 1)
	lists, suspects, _ = apart(dialect.Postgres, digestKey(), []digest{{"a", "\x00"}, {"a", "\x01"}, {"A", "\x00"}})
	require.Empty(t, suspects)
	require.Len(t, lists, 2)
}

func TestBytesAreShownInHex(t *testing.T) {
	require.Equal(t, "00ff", Bytes("\x00\xff").String())
	require.EqualError(t, KeyErrors[Bytes]{"\xff": ErrNotFound}, "key ff: "+ErrNotFound.Error())
}
