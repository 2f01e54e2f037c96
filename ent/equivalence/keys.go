package equivalence

import (
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/unit"
)

// testManyKeys asks for more keys than a statement takes where each key is a
// parameter. The answers do not depend on where the list is cut: between units
// that are there.
func testManyKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 30)
	units := lab.Unit.Query().Order(ent.Asc(unit.FieldID)).AllX(t.Context())
	keys := make([]int, 45_000)
	for i := range keys {
		keys[i] = units[0].ID + i - 19_985
	}
	statements := 3
	if db.Dialect == dialect.SQLite {
		statements = 1 // the list is one argument
	}
	ctx, loaders := lab.load(t)
	lab.rec.Reset()
	groups, err := loaders.Unit.Samples.LoadAll(ctx, keys)
	require.NoError(t, err)
	lab.statements(t, statements)
	found, err := loaders.Unit.ByID.LoadAll(ctx, keys)
	require.True(t, ent.IsNotFound(err))
	lab.statements(t, statements)
	n := 0
	for _, g := range groups {
		n += len(g)
	}
	require.Equal(t, lab.Sample.Query().CountX(t.Context()), n)
	for i, u := range units {
		require.Equal(t, rows(t, u, false), rows(t, found[19_985+i], false))
		require.Equal(t, rows(t, u.QuerySamples().AllX(t.Context()), false), rows(t, groups[19_985+i], false), "unit %d", u.ID)
	}
}
