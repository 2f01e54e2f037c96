package codegen_test

import (
	"os"
	"strings"
	"testing"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/codegen"
)

// A join table of which the schema says that it repeats pairs is counted by different
// entities, from both sides.
func TestRepeats(t *testing.T) {
	schemas := func(a ...entloader.Annotation) []*load.Schema {
		tags := &load.Edge{Name: "tags", Type: "Tag", Annotations: map[string]any{}}
		for _, x := range a {
			tags.Annotations[x.Name()] = x
		}
		return []*load.Schema{
			{Name: "Sample", Edges: []*load.Edge{tags}},
			{Name: "Tag", Edges: []*load.Edge{{Name: "samples", Type: "Sample", Inverse: true, RefName: "tags"}}},
		}
	}
	distinct := func(schemas []*load.Schema) (n int) {
		storage, err := gen.NewStorage("sql")
		require.NoError(t, err)
		g, err := gen.NewGraph(&gen.Config{Package: "example.com/p/ent", Target: t.TempDir(), Storage: storage, IDType: &field.TypeInfo{Type: field.TypeInt}}, schemas...)
		require.NoError(t, err)
		d, err := codegen.Describe(g)
		require.NoError(t, err)
		for _, l := range d.Loaders {
			for _, m := range l.Methods {
				n += strings.Count(m.SQL, "COUNT(DISTINCT ")
			}
		}
		return n
	}
	require.Zero(t, distinct(schemas()))
	require.Equal(t, 2, distinct(schemas(entloader.Repeats())))

	err := check(t, t.TempDir(), nil, unit(samples(entloader.Repeats())), &load.Schema{Name: "Sample"})
	require.NotErrorIs(t, err, os.ErrClosed)
	require.EqualError(t, err, "entloader: schema Unit, edge samples: entloader.Repeats() is for an edge that has a join table")

	err = check(t, t.TempDir(), nil, unit(samples(entloader.Window(-3))), &load.Schema{Name: "Sample"})
	require.EqualError(t, err, "entloader: schema Unit, edge samples: entloader.Window(-3): a batch takes at least one sibling")
}
