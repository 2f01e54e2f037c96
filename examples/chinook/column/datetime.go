package column

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// DateTime is a point in time in a DATETIME column, which in SQLite is text like
// "2021-01-01 00:00:00". It has no zone; it is taken for UTC.
//
// A plain time.Time could be read, but not be compared: the driver would write
// "2021-01-01 00:00:00+00:00", which is equal to no text in the column, and
// greater than the one that means the same.
type DateTime struct{ time.Time }

// Date returns the start of a day.
func Date(year int, month time.Month, day int) DateTime {
	return DateTime{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// Scan implements sql.Scanner. The driver makes a time of a column that it knows
// to be declared as DATETIME; elsewhere, of an expression say, it is text.
func (d *DateTime) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		d.Time = v.UTC()
		return nil
	case string:
		t, err := time.Parse(time.DateTime, v)
		if err != nil {
			return fmt.Errorf("column: %q is no date and time: %w", v, err)
		}
		d.Time = t
		return nil
	}
	return fmt.Errorf("column: %v (%T) is no date and time", src, src)
}

// Value implements driver.Valuer.
func (d DateTime) Value() (driver.Value, error) {
	return d.UTC().Format(time.DateTime), nil
}

// String returns the text that the column holds.
func (d DateTime) String() string { return d.UTC().Format(time.DateTime) }
