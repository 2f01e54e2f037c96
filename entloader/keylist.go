package entloader

import (
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/entloader/entloader/entloader/internal/limits"
)

// A keyList is the keys of one statement, as the database is given them.
type keyList struct {
	// json is the keys as one JSON array, those of several columns as arrays in
	// it; empty where they are passed one parameter each, as values.
	json   string
	values []any // all columns of the first key, then of the second
	width  int   // columns of a key
	// elements are the columns of a key, in a row of json_each.
	elements string
}

// errUnfit is the error of keyLists for keys of which some can not be in a list. If a
// caller of a load sees it, a key had a value at one time and none at another.
var errUnfit = errors.New("the value of a key is not always the same")

// keyLists cuts keys into lists that a statement can take. The answer does not
// depend on the cut: each key is in one list. Where apart has to take some of the
// keys out first, there is no list, and the error is errUnfit.
func keyLists[K comparable](name string, codec Codec[K], keys []K, each func(start, end int, list keyList) error) error {
	columns := codec.columns()
	width := len(columns)
	if name == dialect.SQLite {
		if json, ok := encodeKeys(codec, keys); ok {
			return each(0, len(keys), keyList{json: json, width: width, elements: elementsOf(columns)})
		}
	}
	// Other keys have been apart already, and one by itself is where it should be.
	suspects := codec.Exact && len(keys) > 1 && name != dialect.SQLite
	values := make([]any, 0, len(keys)*width)
	for _, k := range keys {
		for i := range columns {
			v, err := columns[i].Value(k)
			if err != nil || suspects && columns[i].suspect(name, v) {
				return errUnfit
			}
			values = append(values, v)
		}
	}
	most := max(int(limits.Parameters.Load())/width, 1)
	for start := 0; start < len(keys); start += most {
		end := min(start+most, len(keys))
		if err := each(start, end, keyList{values: values[start*width : end*width : end*width], width: width}); err != nil {
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
		if b, ok = codec.JSON(b, k); !ok || len(b) > int(limits.JSON.Load()) {
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
//
// The column of a key of several is their row value, (a, b). SQLite searches the
// index on (a, b) for each key, as it does for one column.
func (l keyList) in(column string) *sql.Predicate {
	if l.json == "" && l.width == 1 {
		return sql.In(column, l.values...)
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" IN (")
		defer b.WriteByte(')')
		if l.json != "" {
			b.WriteString("SELECT " + l.elements + " FROM json_each(").Arg(l.json).WriteByte(')')
			return
		}
		if b.Dialect() == dialect.SQLite {
			b.WriteString("VALUES ")
		}
		for i := 0; i < len(l.values); i += l.width {
			if i > 0 {
				b.Comma()
			}
			b.Wrap(func(b *sql.Builder) { b.Args(l.values[i : i+l.width]...) })
		}
	})
}

// elementsOf returns the columns of a key, in a row of json_each.
func elementsOf[K any](columns []Codec[K]) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		if all[i] = "`value`"; len(columns) > 1 {
			all[i] = fmt.Sprintf("json_extract(`value`, '$[%d]')", i)
		}
		if c.Hex {
			all[i] = "unhex(" + all[i] + ")"
		}
	}
	return strings.Join(all, ", ")
}
