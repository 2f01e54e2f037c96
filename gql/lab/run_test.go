package lab_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/gql/lab"
)

// execute runs an operation that has one response and no errors, and decodes its data.
func execute[T any](t *testing.T, client *ent.Client, query string, opts ...lab.Option) (data T) {
	t.Helper()
	responses, err := lab.Run(t.Context(), client, query, opts...)
	require.NoError(t, err)
	n := 0
	for resp := range responses {
		n++
		decode(t, resp, &data)
	}
	require.Equal(t, 1, n)
	return data
}

func decode(t *testing.T, resp *graphql.Response, data any) {
	t.Helper()
	require.Empty(t, resp.Errors)
	require.NoError(t, json.Unmarshal(resp.Data, data))
}

// The samples of a unit change between two events of one subscription: the second event must not have the loaders of
// the first one.
func TestSubscriptionEventsHaveFreshLoaders(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 3)
	ctx := t.Context()
	before := client.Sample.Query().Where(sample.UnitID(2)).CountX(ctx)
	responses, err := lab.Run(ctx, client, `subscription { unitTicks(ids: [2], rounds: 2) { samples { id } } }`)
	require.NoError(t, err)
	var seen []int
	for resp := range responses {
		var data struct {
			UnitTicks struct{ Samples []struct{ ID string } }
		}
		decode(t, resp, &data)
		seen = append(seen, len(data.UnitTicks.Samples))
		client.Sample.Create().SetUnitID(2).SetSerial(fmt.Sprint("new ", len(seen))).
			SetTakenAt(time.Unix(0, 0)).SetVolume(1).SaveX(ctx)
	}
	require.Equal(t, []int{before, before + 1}, seen)
}

func TestSubscriptionEndsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 3)
	responses, err := lab.Run(t.Context(), client, `subscription { unitTicks(ids: [1, 2, 3], rounds: 1000000) { code } }`)
	require.NoError(t, err)
	n := 0
	for range responses {
		if n++; n == 2 {
			break
		}
	}
	require.Equal(t, 2, n)
}

func TestDeferredFieldsUseTheLoadersOfTheirQuery(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 20)
	responses, err := lab.Run(t.Context(), client, `{ units { name ... @defer { samples { serial } } } }`)
	require.NoError(t, err)
	n := 0
	for resp := range responses {
		require.Empty(t, resp.Errors)
		n++
	}
	require.Equal(t, 1+20, n, "one response, and one for what each unit deferred")
	require.Len(t, rec.Statements(), 2)
}

func TestMutations(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 20)
	created := execute[struct {
		CreateSample struct {
			ID, Status string
			Unit       struct{ Code string }
			Tags       []struct{ ID string }
		}
	}](t, client, `mutation { createSample(input: {unitID: 3, serial: "new", takenAt: "2026-01-01T00:00:00Z", volume: 1.5,
		tagIDs: ["urgent", "fasting"]}) { id status unit { code } tags { id } } }`).CreateSample
	require.Equal(t, "OPEN", created.Status)
	require.Equal(t, "U-000003", created.Unit.Code)
	require.Len(t, created.Tags, 2)

	rec.Reset()
	set := execute[struct {
		SetSampleStatus []struct {
			ID, Status string
			Results    []struct{ ID string }
		}
	}](t, client, `mutation { setSampleStatus(ids: [9, 2, 5], status: REJECTED) { id status results { id } } }`).SetSampleStatus
	require.Len(t, rec.Statements(), 4, "the update, a check, the samples, their results")
	require.Len(t, set, 3)
	for i, id := range []string{"9", "2", "5"} {
		require.Equal(t, id, set[i].ID)
		require.Equal(t, "REJECTED", set[i].Status)
	}

	before := client.Sample.GetX(t.Context(), 1).Status
	require.NotEqual(t, sample.StatusOpen, before)
	responses, err := lab.Run(t.Context(), client, `mutation { setSampleStatus(ids: [1, 999999], status: OPEN) { id } }`)
	require.NoError(t, err)
	for resp := range responses {
		require.EqualError(t, resp.Errors, "input:1:12: setSampleStatus there is no sample 999999\n")
	}
	require.Equal(t, before, client.Sample.GetX(t.Context(), 1).Status)
}

func TestLooksUpByEveryKindOfID(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 5)
	technician := client.Technician.Query().FirstX(t.Context())
	standard := client.Standard.Query().FirstX(t.Context())
	type named struct{ Name, Title, ID string }
	data := execute[map[string]*named](t, client, fmt.Sprintf(`{
		unit(id: 3) { name }
		technician(id: %q) { name }
		instrument(id: 7) { id name }
		text: instrument(id: "7") { id name }
		standard(id: %q) { name }
		tag(id: "fasting") { title }
		project(id: 2) { name }
		location(id: 1) { name }
		none: unit(id: 999999) { name }
	}`, technician.ID, standard.ID))
	require.Nil(t, data["none"])
	require.Equal(t, technician.Name, data["technician"].Name)
	require.Equal(t, standard.Name, data["standard"].Name)
	require.Equal(t, "7", data["instrument"].ID)
	require.Equal(t, data["instrument"], data["text"])
	require.Equal(t, "Fasting", data["tag"].Title)
	require.Equal(t, client.Project.GetX(t.Context(), 2).Name, data["project"].Name)
}

func TestPages(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 10)
	for args, want := range map[string][]string{
		``:                      {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"},
		`(limit: 2)`:            {"1", "2"},
		`(limit: 2, offset: 7)`: {"8", "9"},
		`(offset: 8)`:           {"9", "10"},
		`(limit: 0)`:            {},
	} {
		units := execute[struct{ Units []struct{ ID string } }](t, client, `{ units`+args+` { id } }`).Units
		got := []string{}
		for _, u := range units {
			got = append(got, u.ID)
		}
		require.Equal(t, want, got, args)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, lab.Check(`{ units { name } }`))
	require.ErrorContains(t, lab.Check(`{ units { `), "entloader: the query is not valid: input:1:11: Expected Name")
	require.ErrorContains(t, lab.Check(`{ units { nam } }`), `Cannot query field "nam" on type "Unit"`)
	_, err := lab.Run(t.Context(), nil, ``)
	require.ErrorContains(t, err, "no operation provided")
}
