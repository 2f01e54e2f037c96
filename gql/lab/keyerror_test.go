package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/label"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/gql"
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

// samples is a root whose queries have a list of samples, and nothing else.
type samples struct {
	lab.ResolverRoot
	lab.QueryResolver
	client *ent.Client
}

func (r samples) Query() lab.QueryResolver { return r }

func (r samples) Samples(ctx context.Context, _, _ *int) ([]*ent.Sample, error) {
	return r.client.Sample.Query().All(ctx)
}

// The same for a service without bulk access, which answers the remark of each
// sample: what it says of one sample is null and an error there, and nowhere else.
func TestErrorsOfAService(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 20)
	var asked atomic.Int64
	remarks := entloader.Define("remarks", func(context.Context) *entloader.Loader[int, *string] {
		return entloader.NewLoader(entloader.PerKey(3, func(_ context.Context, id int) (*string, error) {
			asked.Add(1)
			switch id % 10 {
			case 1:
				return nil, entloader.ErrNotFound
			case 2:
				return nil, errors.New("the archive is closed")
			case 3:
				return nil, nil
			}
			remark := fmt.Sprint("remark ", id)
			return &remark, nil
		}))
	})
	srv := handler.New(lab.NewExecutableSchema(lab.Config{Resolvers: samples{client: client}}))
	srv.AddTransport(transport.POST{})
	srv.Use(gql.NewExtension(func(ctx context.Context) context.Context { return ent.NewLoadersContext(ctx, ent.NewLoaders(client)) }))
	srv.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		if f := graphql.GetFieldContext(ctx); f.Object == "Sample" && f.Field.Name == "remark" {
			return remarks.From(ctx).Load(ctx, (*f.Parent.Result.(**ent.Sample)).ID)
		}
		return next(ctx)
	})

	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/query", strings.NewReader(`{"query": "{ samples { id remark status } }"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	var answer struct {
		Data struct {
			Samples []struct {
				ID     int `json:",string"`
				Remark *string
				Status string
			}
		}
		Errors []struct {
			Message string
			Path    []any
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	require.Len(t, rec.Statements(), 1)
	require.Greater(t, len(answer.Data.Samples), 100)
	require.Equal(t, int64(len(answer.Data.Samples)), asked.Load(), "once for each")
	errs := make(map[string]string)
	for _, e := range answer.Errors {
		errs[fmt.Sprint(e.Path...)] = e.Message
	}
	require.Len(t, errs, len(answer.Errors))
	for i, s := range answer.Data.Samples {
		require.NotEmpty(t, s.Status, "its neighbours are there")
		path := fmt.Sprint("samples", i, "remark")
		switch s.ID % 10 {
		case 1:
			require.Nil(t, s.Remark)
			require.Equal(t, "entloader: remarks: no answer for this key", errs[path])
		case 2:
			require.Nil(t, s.Remark)
			require.Equal(t, "entloader: remarks: the archive is closed", errs[path])
		case 3:
			require.Nil(t, s.Remark)
			require.NotContains(t, errs, path, "null is an answer")
		default:
			require.NotContains(t, errs, path)
			require.Equal(t, fmt.Sprint("remark ", s.ID), *s.Remark)
		}
	}
}

// A list by ids has its errors at the elements that failed, not at the list.
func TestErrorsInAList(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 5)
	ids := client.Unit.Query().Order(unit.ByID()).Limit(3).IDsX(t.Context())
	rec.Reset()
	responses, err := lab.Run(t.Context(), client, fmt.Sprintf(`{ unitsByID(ids: [%d, 99999, %d, %d, 99999]) { id samples { unit { id } } } }`, ids[2], ids[0], ids[1]))
	require.NoError(t, err)
	var response *graphql.Response
	for r := range responses {
		response = r
	}
	require.Len(t, rec.Statements(), 2)
	var data struct {
		UnitsByID []*struct {
			ID int `json:",string"`
		}
	}
	require.NoError(t, json.Unmarshal(response.Data, &data))
	require.Len(t, data.UnitsByID, 5)
	for i, want := range []int{ids[2], 0, ids[0], ids[1], 0} {
		if want == 0 {
			require.Nil(t, data.UnitsByID[i])
			continue
		}
		require.Equal(t, want, data.UnitsByID[i].ID)
	}
	var paths []string
	for _, e := range response.Errors {
		require.Contains(t, e.Message, "unit not found")
		paths = append(paths, e.Path.String())
	}
	require.ElementsMatch(t, []string{"unitsByID[1]", "unitsByID[4]"}, paths)
}
