package main

import (
	"database/sql"
	"maps"
	"slices"
	"testing"

	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/examples/chinook/ent/migrate"
)

// A tableInfo is what a schema says of a table: its columns, their types and
// whether they may be NULL; the primary key; where foreign keys point to.
type tableInfo struct {
	columns map[string]string
	primary []string
	foreign map[string]string
}

// TestSchema compares the schema with the tables of the file: it has every table,
// every column and every key, and nothing else.
func TestSchema(t *testing.T) {
	db, err := openDatabase(t.Context(), chinook(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	got := make(map[string]tableInfo)
	for _, table := range migrate.Tables {
		info := tableInfo{columns: make(map[string]string), foreign: make(map[string]string)}
		for _, c := range table.Columns {
			info.columns[c.Name] = columnInfo(c.Type.String(), c.Nullable)
		}
		for _, c := range table.PrimaryKey {
			info.primary = append(info.primary, c.Name)
		}
		for _, fk := range table.ForeignKeys {
			info.foreign[fk.Columns[0].Name] = fk.RefTable.Name + "." + fk.RefColumns[0].Name
		}
		got[table.Name] = info
	}
	want := tablesOf(t, db)
	require.Len(t, want, 11, "tables of Chinook")
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name, info := range want {
		require.Equal(t, info, got[name], name)
	}
}

func columnInfo(typ string, nullable bool) string {
	if nullable {
		return typ + " or NULL"
	}
	return typ
}

// goTypes are the types of fields by the first word of a column's declaration.
var goTypes = map[string]field.Type{
	"INTEGER":  field.TypeInt,
	"NVARCHAR": field.TypeString,
	"DATETIME": field.TypeTime,
	"NUMERIC":  field.TypeFloat64,
}

// tablesOf reads the tables of a database from itself.
func tablesOf(t *testing.T, db *sql.DB) map[string]tableInfo {
	tables := make(map[string]tableInfo)
	query(t, db, func(rows *sql.Rows) error {
		var table, column, typ string
		var notNull bool
		var primary int
		if err := rows.Scan(&table, &column, &typ, &notNull, &primary); err != nil {
			return err
		}
		info, ok := tables[table]
		if !ok {
			info = tableInfo{columns: make(map[string]string), foreign: make(map[string]string)}
		}
		require.Contains(t, goTypes, typ, column)
		info.columns[column] = columnInfo(goTypes[typ].String(), !notNull)
		if primary > 0 { // in the order of columns, as in all of these tables
			info.primary = append(info.primary, column)
		}
		tables[table] = info
		return nil
	}, `SELECT t.name, c.name, substr(c.type, 1, instr(c.type || '(', '(') - 1), c."notnull", c.pk
		FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid`)
	query(t, db, func(rows *sql.Rows) error {
		var table, column, target string
		err := rows.Scan(&table, &column, &target)
		if err == nil {
			tables[table].foreign[column] = target
		}
		return err
	}, `SELECT t.name, f."from", f."table" || '.' || f."to" FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'`)
	return tables
}

func query(t *testing.T, db *sql.DB, row func(*sql.Rows) error, statement string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		require.NoError(t, row(rows))
	}
	require.NoError(t, rows.Err())
}
