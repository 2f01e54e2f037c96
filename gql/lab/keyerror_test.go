package lab_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent/label"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/gql/lab"
)

// The error of one key is the error of one field: its value is null, its path is
// named, and the other samples of the batch have their labels.
func TestErrorOfOneKey(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 20)
	// A second label for one sample, which the schema forbids: a table without its constraints.
	drv := rec.Driver
	require.NoError(t, drv.Exec(t.Context(), "CREATE TABLE labels_loose AS SELECT * FROM labels", []any{}, nil))
	require.NoError(t, drv.Exec(t.Context(), "DROP TABLE labels", []any{}, nil))
	require.NoError(t, drv.Exec(t.Context(), "ALTER TABLE labels_loose RENAME TO labels", []any{}, nil))
	owners := client.Sample.Query().Where(sample.HasLabel()).Order(sample.ByID()).Limit(2).IDsX(t.Context())
	require.NoError(t, drv.Exec(t.Context(), "UPDATE labels SET "+label.SampleColumn+" = ? WHERE "+label.SampleColumn+" = ?", []any{owners[0], owners[1]}, nil))
	rec.Reset()

	responses, err := lab.Run(t.Context(), client, `{ samples { id label { barcode } } }`)
	require.NoError(t, err)
	var response *graphql.Response
	for r := range responses {
		response = r
	}
	require.Len(t, rec.Statements(), 2)
	var data struct {
		Samples []struct {
			ID    int `json:",string"`
			Label *struct{ Barcode string }
		}
	}
	require.NoError(t, json.Unmarshal(response.Data, &data))
	require.Len(t, response.Errors, 1)
	require.Contains(t, response.Errors[0].Message, "Sample.label: ent: label not singular")
	labelled := 0
	for i, s := range data.Samples {
		if s.ID == owners[0] {
			require.Nil(t, s.Label)
			require.Equal(t, fmt.Sprintf("samples[%d].label", i), response.Errors[0].Path.String())
		}
		if s.Label != nil {
			labelled++
		}
	}
	require.Greater(t, labelled, 10)
}
