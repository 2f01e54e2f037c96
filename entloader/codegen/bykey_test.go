package codegen_test

import (
	"os"
	"testing"

	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

func TestByKeyNameClashes(t *testing.T) {
	text := func(name string, a ...entloader.Annotation) *load.Field {
		f := &load.Field{Name: name, Unique: true, Info: &field.TypeInfo{Type: field.TypeString}, Annotations: map[string]any{}}
		for _, x := range a {
			f.Annotations[x.Name()] = x
		}
		return f
	}
	index := func(fields ...string) *load.Index { return &load.Index{Fields: fields, Unique: true} }
	for name, c := range map[string]struct {
		unit  *load.Schema
		other []*load.Schema
		want  []string
	}{
		"fine": {unit: &load.Schema{Name: "Unit", Fields: []*load.Field{text("code")}, Indexes: []*load.Index{index("code")}}},
		"edge": {
			unit:  &load.Schema{Name: "Unit", Fields: []*load.Field{text("code")}, Edges: []*load.Edge{{Name: "by_code", Type: "Sample"}}},
			other: []*load.Schema{{Name: "Sample"}},
			want:  []string{"schema Unit", "UnitLoaders.ByCode", "field code", "edge by_code", "entloader.Name"},
		},
		"siblings": {
			unit:  &load.Schema{Name: "Unit", Edges: []*load.Edge{{Name: "siblings", Type: "Sample"}}},
			other: []*load.Schema{{Name: "Sample"}},
			want:  []string{"UnitLoaders.Siblings", "edge siblings", "declares siblings", "entloader.Name"},
		},
		"index": {
			unit: &load.Schema{Name: "Unit", Fields: []*load.Field{text("a"), text("b"), text("a_b")}, Indexes: []*load.Index{index("a", "b")}},
			want: []string{"UnitLoaders.ByAB", "index"},
		},
		"renamed": {unit: &load.Schema{Name: "Unit", Fields: []*load.Field{text("a"), text("b"), text("a_b", entloader.Name("other"))}, Indexes: []*load.Index{index("a", "b")}}},
		"skipped": {unit: &load.Schema{Name: "Unit", Fields: []*load.Field{text("a"), text("b"), text("a_b", entloader.Skip())}, Indexes: []*load.Index{index("a", "b")}}},
		"key": {
			unit:  &load.Schema{Name: "Unit", Fields: []*load.Field{text("a"), text("b")}, Indexes: []*load.Index{index("a", "b")}},
			other: []*load.Schema{{Name: "UnitByABKey"}},
			want:  []string{"UnitByABKey", "index", "schema UnitByABKey"},
		},
		"bad name": {
			unit: &load.Schema{Name: "Unit", Fields: []*load.Field{text("code", entloader.Name("1 + 1"))}},
			want: []string{"schema Unit, field code", "1 + 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, t.TempDir(), nil, append([]*load.Schema{c.unit}, c.other...)...)
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
}
