// Package column holds the Go types of columns that no type of Go or of ent says
// exactly.
package column

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
)

// Cents is an amount of money in a NUMERIC(10,2) column, in hundredths.
//
// SQLite has no decimals: it keeps 0.99 as the float64 nearest to it, and whole
// amounts as integers. With ten digits at most, that float64 is nearer to this
// amount than to any other, so rounding gives back what was meant. Sums of
// Cents are exact, sums of float64 are not.
type Cents int64

// maxCents is what NUMERIC(10,2) can hold.
const maxCents = 9_999_999_999

// Scan implements sql.Scanner.
func (c *Cents) Scan(src any) error {
	var amount float64
	switch v := src.(type) {
	case int64:
		amount = float64(v)
	case float64:
		amount = v
	default:
		return fmt.Errorf("column: %v (%T) is no amount of money", src, src)
	}
	cents := math.Round(amount * 100)
	// Divided again, whole cents are the same float64; anything else is not what
	// the column was declared to hold, and must not be rounded away.
	if cents/100 != amount || math.Abs(cents) > maxCents {
		return fmt.Errorf("column: %v is no amount in NUMERIC(10,2)", amount)
	}
	*c = Cents(cents)
	return nil
}

// Value implements driver.Valuer: the float64 that SQLite keeps, so that
// predicates find it.
func (c Cents) Value() (driver.Value, error) {
	return float64(c) / 100, nil
}

// String returns the amount with two decimals, for example 0.99.
func (c Cents) String() string {
	return strconv.FormatFloat(float64(c)/100, 'f', 2, 64)
}
