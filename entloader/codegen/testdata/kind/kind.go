// Package kind has Go types of ids.
package kind

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"entgo.io/ent/schema/field"
)

// Text converts itself. It is no struct: ent v0.14.6 can not read the ids of those for
// its Exist.
type Text string

// Value implements driver.Valuer.
func (t Text) Value() (driver.Value, error) { return "c:" + string(t), nil }

// Scan implements sql.Scanner.
func (t *Text) Scan(src any) error {
	*t = Text(strings.TrimPrefix(fmt.Sprint(src), "c:"))
	return nil
}

// Code is stored with a prefix.
type Code string

// CodeScanner converts a Code.
var CodeScanner = field.ValueScannerFunc[Code, *sql.NullString]{
	V: func(c Code) (driver.Value, error) { return "c:" + string(c), nil },
	S: func(s *sql.NullString) (Code, error) { return Code(strings.TrimPrefix(s.String, "c:")), nil },
}
