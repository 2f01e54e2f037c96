package entloader

import (
	"bytes"
	"database/sql/driver"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect"
)

// A suspect is a key that is text which a server may refuse, whatever it is compared
// with: it has a statement of its own, not to fail that of others, since ent's own
// query for it fails alone as well. PostgreSQL refuses what is not UTF-8 or has a NUL
// byte; MariaDB refuses the former in a column of another character set than that of
// the connection.
//
// Who looks for suspects is who has the values at hand: apart, or else keyLists.

// suspect reports whether a statement of the dialect may fail since v is in it. On
// SQLite none does.
func (c *Codec[K]) suspect(name string, v driver.Value) bool {
	if name != dialect.Postgres && name != dialect.MySQL {
		return false
	}
	nul := name == dialect.Postgres
	switch v := v.(type) {
	case string:
		return !utf8.ValidString(v) || nul && strings.IndexByte(v, 0) >= 0
	case []byte: // only of keys of bytes is known that their column holds text
		return c.Hex && !c.Exact && (!utf8.Valid(v) || nul && bytes.IndexByte(v, 0) >= 0)
	}
	return false
}
