package entgql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/loadertest"
	"github.com/entloader/entloader/examples/entgql"
	"github.com/entloader/entloader/examples/entgql/ent"
)

// lab returns a laboratory with units of two samples of two results each.
func lab(t *testing.T, units int) (*ent.Client, *loadertest.Recorder) {
	drv, err := entsql.Open(dialect.SQLite, "file:"+t.Name()+"?mode=memory&cache=shared&_fk=1")
	require.NoError(t, err)
	rec := loadertest.NewRecorder(drv)
	client := ent.NewClient(ent.Driver(rec))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	ctx := t.Context()
	require.NoError(t, client.Schema.Create(ctx))
	for i := range units {
		u := client.Unit.Create().SetName(fmt.Sprint("u", i)).SaveX(ctx)
		for j := range 2 {
			s := client.Sample.Create().SetSerial(fmt.Sprintf("s%d.%d", i, j)).SetUnit(u).SaveX(ctx)
			for k := range 2 {
				client.Result.Create().SetValue(float64(100*i + 10*j + k)).SetSample(s).SaveX(ctx)
			}
		}
	}
	rec.Reset()
	return client, rec
}

// ask sends a query, and returns the data of the answer.
func ask(t *testing.T, client *ent.Client, query string) map[string]any {
	body, err := json.Marshal(map[string]string{"query": query})
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	entgql.NewServer(client).ServeHTTP(w, r)
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Empty(t, answer.Errors)
	return answer.Data
}

// A level is a statement, below a type that is no ent type as well, where entgql
// collects nothing.
func TestStatements(t *testing.T) {
	const below = "{ name samples { serial results { value } } }"
	client, rec := lab(t, 10)
	units := ask(t, client, "{ units "+below+" }")["units"].([]any)
	require.Len(t, rec.Reset(), 3)
	belowLab := ask(t, client, "{ lab { units "+below+" } }")["lab"].(map[string]any)["units"]
	require.Len(t, rec.Reset(), 3)
	require.Equal(t, any(units), belowLab)
	require.Len(t, units, 10)
	require.Equal(t, map[string]any{"name": "u3", "samples": []any{
		map[string]any{"serial": "s3.0", "results": []any{map[string]any{"value": 300.0}, map[string]any{"value": 301.0}}},
		map[string]any{"serial": "s3.1", "results": []any{map[string]any{"value": 310.0}, map[string]any{"value": 311.0}}},
	}}, units[3])
}

// The methods of entgql send a query per entity where nothing was collected.
func TestMethods(t *testing.T) {
	client, rec := lab(t, 10)
	ctx := ent.NewLoadersContext(t.Context(), ent.NewLoaders(client))
	units := client.Unit.Query().AllX(ctx)
	rec.Reset()
	for _, u := range units {
		want, err := u.Samples(ctx)
		require.NoError(t, err)
		require.Len(t, want, 2)
	}
	require.Len(t, rec.Reset(), 10)
	for _, u := range units {
		samples, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Len(t, samples, 2)
	}
	require.Len(t, rec.Reset(), 1)
}
