package entloader

import (
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// maxParameters is how many keys a statement takes that passes them one
// parameter each. SQLite takes 32,766 parameters (SQLITE_MAX_VARIABLE_NUMBER),
// PostgreSQL and MySQL 65,535; the rest is for the options.
const maxParameters = 20_000

// A keyList is the keys of one statement, as the database is given them.
type keyList struct {
	// json is the keys as one JSON array; empty where they are passed one
	// parameter each, as values.
	json   string
	values []any
}

// keyLists cuts keys into lists that a statement can take. The answer does not
// depend on the cut: each key is in one list.
func keyLists[K comparable](name string, codec Codec[K], keys []K, each func(start, end int, list keyList) error) error {
	if name == dialect.SQLite {
		if json, ok := encodeKeys(codec, keys); ok {
			return each(0, len(keys), keyList{json: json})
		}
	}
	for start := 0; start < len(keys); start += maxParameters {
		end := min(start+maxParameters, len(keys))
		list := keyList{values: make([]any, 0, end-start)}
		for _, k := range keys[start:end] {
			v, err := codec.Value(k)
			if err != nil {
				return fmt.Errorf("key %v: %w", k, err)
			}
			list.values = append(list.values, v)
		}
		if err := each(start, end, list); err != nil {
			return err
		}
	}
	return nil
}

func encodeKeys[K comparable](codec Codec[K], keys []K) (string, bool) {
	b := append(make([]byte, 0, 8*len(keys)+2), '[')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = codec.JSON(b, k); !ok {
			return "", false
		}
	}
	return string(append(b, ']')), true
}

// in returns the condition that column holds one of the keys.
//
// SQLite gets them as one JSON array: the statement has the same text for every
// batch, and no limit. The list stands in a subquery, not in a join: without an
// index on the column SQLite scans the table once for the subquery, but once
// per key for the join (measured: 200,000 rows, 1,000 keys: 20 ms and 8.8 s;
// with an index the two are equal).
func (l keyList) in(column string) *sql.Predicate {
	if l.json == "" {
		return sql.In(column, l.values...)
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" IN (SELECT `value` FROM json_each(").Arg(l.json).WriteString("))")
	})
}
