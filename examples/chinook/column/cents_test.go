package column_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/examples/chinook/column"
)

// TestCents requires that every amount comes back from the float64 that stands
// for it.
func TestCents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := column.Cents(rapid.Int64Range(-9_999_999_999, 9_999_999_999).Draw(t, "cents"))
		v, err := c.Value()
		require.NoError(t, err)
		var back column.Cents
		require.NoError(t, back.Scan(v))
		require.Equal(t, c, back)
	})
}

func TestCentsScan(t *testing.T) {
	for src, want := range map[any]string{
		int64(3):       "3.00",
		0.99:           "0.99",
		25.86:          "25.86",
		-0.01:          "-0.01",
		99_999_999.99:  "99999999.99",
		int64(0):       "0.00",
		0.999:          "column: 0.999 is no amount in NUMERIC(10,2)",
		100_000_000.0:  "column: 1e+08 is no amount in NUMERIC(10,2)",
		int64(1) << 62: "column: 4.611686018427388e+18 is no amount in NUMERIC(10,2)",
		"0.99":         "column: 0.99 (string) is no amount of money",
	} {
		var c column.Cents
		if err := c.Scan(src); err != nil {
			require.EqualError(t, err, want)
			continue
		}
		require.Equal(t, want, c.String())
	}
}
