package column_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/examples/chinook/column"
)

func TestDateTime(t *testing.T) {
	want := column.Date(2021, time.January, 1)
	v, err := want.Value()
	require.NoError(t, err)
	require.Equal(t, "2021-01-01 00:00:00", v)
	for _, src := range []any{
		"2021-01-01 00:00:00",
		time.Date(2021, time.January, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2021, time.January, 1, 1, 0, 0, 0, time.FixedZone("", 3600)),
	} {
		var d column.DateTime
		require.NoError(t, d.Scan(src))
		require.Equal(t, want, d)
		require.Equal(t, v, d.String())
	}
	var d column.DateTime
	require.ErrorContains(t, d.Scan("1 January"), `column: "1 January" is no date and time`)
	require.EqualError(t, d.Scan(int64(7)), "column: 7 (int64) is no date and time")
}
