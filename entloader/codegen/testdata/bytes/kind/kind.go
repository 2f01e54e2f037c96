// Package kind has Go types of bytes.
package kind

import (
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"

	"entgo.io/ent/schema/field"
)

// Plain converts nothing.
type Plain []byte

// Marked is stored with a mark, as bytes. Nil is stored as NULL.
type Marked []byte

// Value implements driver.Valuer.
func (m Marked) Value() (driver.Value, error) {
	if m == nil {
		return nil, nil
	}
	return append([]byte("c:"), m...), nil
}

// Scan implements sql.Scanner.
func (m *Marked) Scan(src any) error {
	b := src.([]byte)
	*m = append(Marked{}, b[min(len(b), 2):]...)
	return nil
}

// Hex is stored as text. Nil is the same as empty.
type Hex []byte

// Value implements driver.Valuer.
func (h Hex) Value() (driver.Value, error) { return "c:" + hex.EncodeToString(h), nil }

// Scan implements sql.Scanner.
func (h *Hex) Scan(src any) (err error) {
	*h, err = hex.DecodeString(strings.TrimPrefix(fmt.Sprint(src), "c:"))
	return err
}

// Outside is converted by OutsideScanner.
type Outside []byte

// OutsideScanner stores an Outside with a mark.
var OutsideScanner = field.ValueScannerFunc[Outside, *sql.Null[[]byte]]{
	V: func(o Outside) (driver.Value, error) { return append([]byte("c:"), o...), nil },
	S: func(s *sql.Null[[]byte]) (Outside, error) { return Outside(s.V[min(len(s.V), 2):]), nil },
}

// Words are no bytes.
type Words []string

// Value implements driver.Valuer.
func (w Words) Value() (driver.Value, error) { return fmt.Append(nil, []string(w)), nil }

// Scan implements sql.Scanner.
func (w *Words) Scan(any) error {
	*w = nil
	return nil
}
