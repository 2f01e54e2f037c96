// Package kind has Go types of fields.
package kind

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"entgo.io/ent/schema/field"
)

// Level is a number.
type Level int8

// Amount is a number of any size. Equal ones differ by ==.
type Amount struct{ n *big.Int }

// NewAmount returns an amount.
func NewAmount(n int64) Amount { return Amount{big.NewInt(n)} }

// String returns the number.
func (a Amount) String() string { return a.n.String() }

// Value implements driver.Valuer. It refuses what is below 0.
func (a Amount) Value() (driver.Value, error) {
	if a.n.Sign() < 0 {
		return nil, errors.New("an amount below 0")
	}
	return "c:" + a.n.String(), nil
}

// Scan implements sql.Scanner.
func (a *Amount) Scan(src any) error {
	a.n = new(big.Int)
	_, err := fmt.Sscan(strings.TrimPrefix(fmt.Sprint(src), "c:"), a.n)
	return err
}

// Digest is stored as bytes.
type Digest [4]byte

// Value implements driver.Valuer.
func (d Digest) Value() (driver.Value, error) { return d[:], nil }

// Scan implements sql.Scanner.
func (d *Digest) Scan(src any) error {
	copy(d[:], src.([]byte))
	return nil
}

// Route can not be compared.
type Route struct{ Stops []string }

// Value implements driver.Valuer.
func (r Route) Value() (driver.Value, error) { return strings.Join(r.Stops, "/"), nil }

// Scan implements sql.Scanner.
func (r *Route) Scan(src any) error {
	r.Stops = strings.Split(fmt.Sprint(src), "/")
	return nil
}

// Ref is used by pointer.
type Ref struct{ To string }

// Value implements driver.Valuer.
func (r *Ref) Value() (driver.Value, error) { return r.To, nil }

// Scan implements sql.Scanner.
func (r *Ref) Scan(src any) error {
	r.To = fmt.Sprint(src)
	return nil
}

// Code is stored with a prefix.
type Code string

// CodeScanner converts a Code, which has no spaces.
var CodeScanner = field.ValueScannerFunc[Code, *sql.NullString]{
	V: func(c Code) (driver.Value, error) {
		if strings.Contains(string(c), " ") {
			return nil, errors.New("a code has no spaces")
		}
		return "c:" + string(c), nil
	},
	S: func(s *sql.NullString) (Code, error) { return Code(strings.TrimPrefix(s.String, "c:")), nil },
}
