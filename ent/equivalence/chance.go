package equivalence

import (
	"database/sql"
	"flag"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent/document"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/seed"
)

// testEdgesByChance draws data, and of every edge the entities and the ways in which they are loaded: see ways. Each load
// is compared with ent's own query of that entity, and the statements are counted.
func testEdgesByChance(t *testing.T, db Database) {
	db.loose, db.repeats = true, true // as any database may be that ent did not make
	lab := db.newLab(t, 0)
	edges := lab.allEdges(t)
	checks(t, 15)
	rapid.Check(t, func(rt *rapid.T) {
		lab.draw(t, rt)
		for _, e := range edges {
			tr := lab.trial(t, e)
			tr.drawEntities(rt)
			for range 3 {
				if len(tr.found) == 0 {
					break
				}
				ways[rapid.SampledFrom(keys(ways)).Draw(rt, e.String())](rt, tr)
			}
		}
	})
}

// checks sets how often rapid checks a property whose checks are long, unless the command line says.
func checks(t *testing.T, n int) {
	t.Helper()
	const name = "rapid.checks"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	f := flag.Lookup(name)
	was := f.Value.String()
	require.NoError(t, f.Value.Set(fmt.Sprint(n))) // not flag.Set: it would be given from now on
	t.Cleanup(func() { require.NoError(t, f.Value.Set(was)) })
}

// draw replaces what is in the tables: by a small laboratory in that keys are made NULL, rows are taken out from under
// those that point to them, rows are deleted softly, and pairs stand in join tables again.
func (l *lab) draw(t testing.TB, rt *rapid.T) {
	t.Helper()
	for _, table := range migrate.Tables {
		l.exec(t, "DELETE FROM %s", table.Name)
	}
	_, err := seed.Run(t.Context(), l.db, seed.Options{
		Units:   rapid.IntRange(1, 6).Draw(rt, "units"),
		Seed:    uint64(rapid.IntRange(0, 1000).Draw(rt, "seed")),
		Dialect: l.rec.Dialect(),
	})
	require.NoError(t, err)
	for _, table := range migrate.Tables {
		for _, c := range table.Columns {
			if c.Nullable && references(table, c) != nil {
				if some := l.some(t, rt, table, "NULL in "+c.Name); some != "" {
					l.unpair(t, table, some)
					l.exec(t, "UPDATE %s SET %s = NULL WHERE %s", table.Name, c.Name, some)
				}
			}
		}
	}
	if some := l.some(t, rt, migrate.DocumentsTable, "deleted softly"); some != "" {
		l.exec(t, "UPDATE %s SET %s = '2025-01-01 00:00:00' WHERE %s", document.Table, document.FieldDeletedAt, some)
	}
	for _, table := range migrate.Tables {
		if some := l.some(t, rt, table, "deleted"); some != "" {
			l.exec(t, "DELETE FROM %s WHERE %s", table.Name, some)
		}
		if len(table.PrimaryKey) == 2 && len(table.Columns) == 2 {
			if some := l.some(t, rt, table, "repeated"); some != "" {
				l.exec(t, "INSERT INTO %s SELECT * FROM %[1]s WHERE %s", table.Name, some)
			}
		}
	}
}

// unpair keeps the two rows of a pair from differing, when the key of one is going to be NULL: it makes the other one NULL.
// ent writes both, reads one of them in a query and the other one in an eager load.
func (l *lab) unpair(t testing.TB, table *schema.Table, some string) {
	t.Helper()
	for _, fk := range table.ForeignKeys {
		if c := fk.Columns[0]; fk.RefTable.Name == table.Name && c.Unique {
			l.exec(t, "UPDATE %s SET %s = NULL WHERE %[2]s IN (SELECT id FROM (SELECT id FROM %[1]s WHERE %[3]s) AS pair)", table.Name, c.Name, some)
		}
	}
}

// some returns what a WHERE clause says of a few rows in a row, if any: mostly there are none.
func (l *lab) some(t testing.TB, rt *rapid.T, table *schema.Table, what string) string {
	t.Helper()
	if rapid.IntRange(0, 2).Draw(rt, table.Name+" "+what) < 2 {
		return ""
	}
	n := l.size(t, table)
	if n == 0 {
		return ""
	}
	return within(table, drawPage(rt, n, max(1, n/2)))
}

// size is how many rows a table has.
func (l *lab) size(t testing.TB, table *schema.Table) (n int) {
	t.Helper()
	require.NoError(t, l.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table.Name).Scan(&n))
	return n
}

// A page is a number of rows in the order of their primary keys, from an offset on.
type page struct{ offset, size int }

// drawPage draws a page of n rows, of no more than most.
func drawPage(rt *rapid.T, n, most int) page {
	s := page{offset: rapid.IntRange(0, n-1).Draw(rt, "from")}
	s.size = rapid.IntRange(1, min(most, n-s.offset)).Draw(rt, "rows")
	return s
}

// within returns what a WHERE clause says of the rows of a page. MariaDB has no LIMIT in a subquery, but in one of that.
func within(table *schema.Table, s page) string {
	key := strings.Join(primaryKey(table), ", ")
	return fmt.Sprintf("(%s) IN (SELECT %[1]s FROM (SELECT DISTINCT %[1]s FROM %s ORDER BY %[1]s LIMIT %[3]d OFFSET %[4]d) AS page)",
		key, table.Name, s.size, s.offset)
}

func primaryKey(table *schema.Table) (columns []string) {
	for _, c := range table.PrimaryKey {
		columns = append(columns, c.Name)
	}
	return columns
}

// references returns the foreign key of a column.
func references(table *schema.Table, c *schema.Column) *schema.ForeignKey {
	for _, fk := range table.ForeignKeys {
		if fk.Columns[0] == c {
			return fk
		}
	}
	return nil
}

// foreignKeys returns what a column holds in the database, as text by the text of the id.
func (l *lab) foreignKeys(t testing.TB, table *schema.Table, column string) map[string]sql.NullString {
	t.Helper()
	rows, err := l.db.QueryContext(t.Context(), fmt.Sprintf("SELECT %s, %s FROM %s", table.PrimaryKey[0].Name, column, table.Name))
	require.NoError(t, err)
	defer rows.Close()
	all := make(map[string]sql.NullString)
	for rows.Next() {
		var id string
		var fk sql.NullString
		require.NoError(t, rows.Scan(&id, &fk))
		all[id] = fk
	}
	require.NoError(t, rows.Err())
	return all
}
