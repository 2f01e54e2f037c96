// Package labid holds the ID types of the reference schema that are Go types of their own.
//
// They live outside the schema package, since the code that ent generates imports them.
package labid

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/schema/field"
)

// InstrumentID is the inventory number of an instrument. The database stores it as it is.
type InstrumentID int64

// StandardCode is the catalogue code of a reference standard, such as "NIST-2387".
//
// The database stores it with a prefix (see StandardCodeScanner), so the Go value and the stored
// value of one key differ.
type StandardCode string

// standardPrefix is what the database has in front of every StandardCode.
const standardPrefix = "std:"

// Value implements driver.Valuer. ent hands the keys of edges that are added to the driver as they are, past the
// scanner of the ID field. A code has no spaces.
func (c StandardCode) Value() (driver.Value, error) {
	if strings.Contains(string(c), " ") {
		return nil, errors.New("entloader: a standard code has no spaces")
	}
	return standardPrefix + string(c), nil
}

// StandardCodeScanner converts a StandardCode to and from its stored form.
var StandardCodeScanner = field.ValueScannerFunc[StandardCode, *sql.NullString]{
	V: StandardCode.Value,
	S: func(s *sql.NullString) (StandardCode, error) {
		if !s.Valid {
			return "", nil
		}
		code, ok := strings.CutPrefix(s.String, standardPrefix)
		if !ok {
			return "", fmt.Errorf("entloader: stored standard code lacks the prefix %q", standardPrefix)
		}
		return StandardCode(code), nil
	},
}
