package oracle

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"
)

// open returns a database with rows in every table.
func open(c Case) (*entsql.Driver, error) {
	ctx := context.Background()
	// ent creates tables where foreign keys are on.
	drv, err := entsql.Open(dialect.SQLite, "file:"+c.Name+"?mode=memory&cache=shared&_fk=1")
	if err != nil {
		return nil, err
	}
	drv.DB().SetMaxOpenConns(1) // what a PRAGMA sets belongs to a connection
	return drv, fill(ctx, drv, c.Tables)
}

func create(ctx context.Context, drv dialect.Driver, tables []*schema.Table) error {
	// ent notes where ids start in a table that SQLite makes with the first of these.
	if err := drv.Exec(ctx, "CREATE TABLE oracle (id INTEGER PRIMARY KEY AUTOINCREMENT)", []any{}, nil); err != nil {
		return err
	}
	m, err := schema.NewMigrate(drv)
	if err != nil {
		return err
	}
	return m.Create(ctx, tables...)
}

// fill creates the tables and writes rows. It writes SQL, since some shapes have
// no builder that could.
func fill(ctx context.Context, drv *entsql.Driver, tables []*schema.Table) error {
	if err := create(ctx, drv, tables); err != nil {
		return err
	}
	if err := drv.Exec(ctx, "PRAGMA foreign_keys = OFF", []any{}, nil); err != nil {
		return err
	}
	for _, t := range tables {
		if t.View {
			continue
		}
		for i := range rowsOf(t) {
			var columns, marks []string
			var values []any
			for _, c := range t.Columns {
				columns, marks, values = append(columns, "`"+c.Name+"`"), append(marks, "?"), append(values, value(t, c, i))
			}
			q := fmt.Sprintf("INSERT OR IGNORE INTO `%s` (%s) VALUES (%s)", t.Name, strings.Join(columns, ", "), strings.Join(marks, ", "))
			if err := drv.Exec(ctx, q, values, nil); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
	}
	rows := &entsql.Rows{}
	if err := drv.Query(ctx, "PRAGMA foreign_key_check", []any{}, rows); err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return fmt.Errorf("rows of %v refer to rows that are not there", tables)
	}
	return rows.Err()
}

// some is how many rows an entity's table has.
const some = 6

// rowsOf is how many rows are written to a table: all that a join table could
// have would say little.
func rowsOf(t *schema.Table) int {
	if len(t.PrimaryKey) > 1 {
		return 2 * some
	}
	return some
}

// value is that of a column in the i-th row.
func value(t *schema.Table, c *schema.Column, i int) any {
	isKey := slices.Contains(t.PrimaryKey, c)
	if ref := referenced(t, c); ref != nil {
		h := fnv.New32()
		h.Write([]byte(t.Name + c.Name))
		salt := int(h.Sum32() % some)
		switch {
		case isKey && len(t.PrimaryKey) == 1: // an id that is a foreign key: not every target has one
			return scalar(c, i/2*2)
		case ref == t && (c.Unique || unique(t, c)): // two that point to each other, or to nothing
			if i/2 == 1 {
				return nil
			}
			return scalar(c, i^1)
		case c.Nullable && i%3 == 1:
			return nil
		case c.Unique || unique(t, c):
			return scalar(c, (i+salt+1)%some)
		case isKey: // of a join table
			return scalar(c, (i*(1+salt%2)+i/some*(salt+1)+salt)%some)
		}
		return scalar(c, (i/2+salt)%some)
	}
	if c.Nullable && i%3 == 1 {
		return nil
	}
	return scalar(c, i)
}

// referenced is the table that a column refers to.
func referenced(t *schema.Table, c *schema.Column) *schema.Table {
	for _, fk := range t.ForeignKeys {
		if slices.Contains(fk.Columns, c) {
			return fk.RefTable
		}
	}
	return nil
}

// unique reports whether an index on the column alone is unique.
func unique(t *schema.Table, c *schema.Column) bool {
	return slices.ContainsFunc(t.Indexes, func(i *schema.Index) bool {
		return i.Unique && len(i.Columns) == 1 && i.Columns[0] == c
	})
}

// scalar is the i-th value of a type, as the database holds it. The zero value
// is one of them.
func scalar(c *schema.Column, i int) any {
	switch {
	case len(c.Enums) > 0:
		return c.Enums[i%len(c.Enums)]
	case c.Type == field.TypeUUID:
		return uuid.UUID{15: byte(i)}.String()
	case c.Type == field.TypeBytes && strings.HasPrefix(c.SchemaType[dialect.SQLite], "text"):
		return fmt.Sprintf("c:%02x", i)
	case c.Type == field.TypeBytes:
		return []byte{'c', ':', byte(i), 0, 255, 'x'}
	case c.Type == field.TypeTime:
		return time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
	case c.Type == field.TypeBool:
		return i%2 == 0
	case c.Type == field.TypeJSON:
		return "null"
	case c.Type.Float():
		return float64(i) / 2
	case c.Type.Integer():
		return i
	}
	return fmt.Sprint("c:", i) // what kinds of text are stored with begins so
}
