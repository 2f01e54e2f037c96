package equivalence

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent/migrate"
)

// testRepeatedPairs runs tests again where join tables hold a pair twice. ent's own
// query is DISTINCT by default.
func testRepeatedPairs(t *testing.T, db Database) {
	db.repeats = true
	t.Run("Edges", func(t *testing.T) { testEdges(t, db) })
	t.Run("EagerLoaded", func(t *testing.T) { testEagerLoaded(t, db) })
}

// repeatPairs rebuilds the join tables as a database that ent did not make may have
// them: without a key, each pair twice, and some three times.
func (l *lab) repeatPairs(t testing.TB) {
	t.Helper()
	rebuilt := 0
	for _, table := range migrate.Tables {
		if len(table.PrimaryKey) != 2 || len(table.Columns) != 2 { // an edge schema: its rows may differ
			continue
		}
		rebuilt++
		l.exec(t, "CREATE TABLE pairs AS SELECT * FROM %s", table.Name)
		l.exec(t, "DROP TABLE %s", table.Name)
		l.exec(t, "CREATE TABLE %s AS SELECT * FROM pairs", table.Name)
		l.exec(t, "INSERT INTO %s SELECT * FROM pairs", table.Name)
		l.exec(t, "INSERT INTO %s SELECT * FROM pairs ORDER BY 1, 2 LIMIT 5", table.Name)
		l.exec(t, "DROP TABLE pairs")
	}
	require.Equal(t, 4, rebuilt)
}
