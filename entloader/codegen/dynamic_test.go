package codegen_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// annotated is an edge with annotations, as ent hands them on: merged, and
// through JSON.
func annotated(t *testing.T, all ...schema.Annotation) *load.Edge {
	t.Helper()
	merged := all[0]
	for _, a := range all[1:] {
		merged = merged.(schema.Merger).Merge(a)
	}
	b, err := json.Marshal(merged)
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(b, &v))
	return &load.Edge{Name: "samples", Type: "Sample", Annotations: map[string]any{merged.Name(): v}}
}

// A mistake in the declaration of a dynamic edge stops the generation, with the
// schema, the edge and what is wrong; all of them at once.
func TestDynamicMistakes(t *testing.T) {
	sample := &load.Schema{Name: "Sample", Fields: []*load.Field{
		{Name: "serial", Info: &field.TypeInfo{Type: field.TypeString}},
		{Name: "small", Info: &field.TypeInfo{Type: field.TypeUint8}},
		{Name: "open", Info: &field.TypeInfo{Type: field.TypeBool}},
		{Name: "at", Info: &field.TypeInfo{Type: field.TypeTime}},
		{Name: "data", Info: &field.TypeInfo{Type: field.TypeBytes}},
		{Name: "more", Info: &field.TypeInfo{Type: field.TypeJSON, Ident: "map[string]int"}},
		{Name: "status", Info: &field.TypeInfo{Type: field.TypeEnum}, Enums: []struct{ N, V string }{{"Open", "open"}, {"Done", "done"}}},
	}}
	d := entloader.Dynamic("some_samples")
	at := "schema Unit, edge samples, Dynamic(\"some_samples\"): "
	for name, c := range map[string]struct {
		edge schema.Annotation
		want []string
	}{
		"fine": {edge: d.Where("serial", entloader.HasPrefix).Where("small", entloader.In, 1, 2).Is("open", true).Is("at", time.Now()).Is("status", "open").
			Where("data", entloader.GT).Where("data", entloader.In).Optional().Where("id", entloader.In).OrderBy(entloader.Asc("at")).Limit(3)},
		"name":           {edge: entloader.Dynamic("1 + 1"), want: []string{"Dynamic(\"1 + 1\"): the name gives no Go identifier"}},
		"field":          {edge: d.Is("stat", "open"), want: []string{at + `schema Sample has no field "stat": it has id, serial`}},
		"order":          {edge: d.OrderBy(entloader.Asc("nothing")), want: []string{at + `schema Sample has no field "nothing"`}},
		"order by JSON":  {edge: d.OrderBy(entloader.Asc("more")), want: []string{at + `rows can not be ordered by field "more"`}},
		"operator":       {edge: d.Where("open", entloader.GT), want: []string{at + `field "open" has no operator GT: it has EQ, NEQ`}},
		"no nil":         {edge: d.Where("serial", entloader.IsNil), want: []string{at + `field "serial" has no operator IsNil`}},
		"JSON":           {edge: d.Is("more", 1), want: []string{at + `field "more" has no operator EQ`}},
		"enum":           {edge: d.Is("status", "lost"), want: []string{at + `Where("status", EQ): "lost" is no value of the enum: it has open, done`}},
		"range":          {edge: d.Is("small", 256), want: []string{at + `Where("small", EQ): 256 is no value of a field of type uint8`}},
		"kind":           {edge: d.Is("at", 1), want: []string{at + `Where("at", EQ): 1 is no value of a field of type time.Time`}},
		"two values":     {edge: d.Where("small", entloader.EQ, 1, 2), want: []string{at + `Where("small", EQ) takes one value`}},
		"same params":    {edge: d.Where("small", entloader.EQ).Where("small", entloader.EQ), want: []string{at + "two parameters would be called Small: name one with As(…)"}},
		"optional":       {edge: d.Optional(), want: []string{at + "Optional has to follow the Where that it is about"}},
		"constant":       {edge: d.Is("small", 1).Optional(), want: []string{at + `Where("small", EQ) has a constant`}},
		"limit":          {edge: d.Limit(0), want: []string{at + "Limit takes one number above 0"}},
		"default":        {edge: d.Default(3), want: []string{at + "Default has to follow the Limit or Offset"}},
		"default of max": {edge: d.Limit().Default(30).Max(20), want: []string{at + "Default(30) of the limit is above its Max(20)"}},
		"first":          {edge: d.First().Limit(), want: []string{at + "First and Limit exclude each other"}},
		"param":          {edge: d.Param("days", []int{}).Param("n", 1), want: []string{at + `Param("days"): type []int can not be compared by value`, at + "Param is for the function of Func"}},
		"all":            {edge: d.Is("a", 1).Is("b", 1), want: []string{`no field "a"`, `no field "b"`}},
		"edge's name":    {edge: entloader.Dynamic("samples"), want: []string{"its name Unit.LoadSamples is that of edge samples already"}},
		"each other":     {edge: d.Merge(entloader.Dynamic("SomeSamples")), want: []string{"its name Unit.LoadSomeSamples is that of Dynamic(\"some_samples\") on edge samples already"}},
		"count's name":   {edge: d.Merge(entloader.Name("some_samples")), want: []string{"its name Unit.LoadSomeSamples is that of edge samples already"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, t.TempDir(), nil, unit(annotated(t, c.edge)), sample)
			if c.want == nil {
				require.ErrorIs(t, err, os.ErrClosed)
				return
			}
			require.NotErrorIs(t, err, os.ErrClosed)
			for _, part := range c.want {
				require.ErrorContains(t, err, part)
			}
		})
	}
	unique := annotated(t, d)
	unique.Unique = true
	require.ErrorContains(t, check(t, t.TempDir(), nil, unit(unique), sample), at+"a dynamic edge has to be on an edge to many")
}

func TestDynamicAnnotationsAreMerged(t *testing.T) {
	var a schema.Merger = entloader.Dynamic("a").Is("x", 1)
	merged := a.Merge(entloader.Name("b")).(entloader.Annotation).Merge(entloader.Dynamic("c")).(entloader.Annotation)
	require.Equal(t, "b", merged.Label)
	require.Len(t, merged.Dynamic, 2)
	b, err := json.Marshal(entloader.Dynamic("a").Is("x", 1).First())
	require.NoError(t, err)
	require.JSONEq(t, `{"dynamic":[{"name":"a","where":[{"field":"x","op":"EQ","values":[1]}],"first":true}]}`, string(b))
}
