package codegen

import (
	"fmt"

	"entgo.io/ent/dialect/sql/schema"
)

type tableColumn struct{ table, column string }

// findIndexes finds the columns that an index of the schema starts with, those of
// primary keys and of unique columns included.
func (m *model) findIndexes() error {
	tables, err := m.graph.Tables()
	if err != nil {
		return fmt.Errorf("entloader: reading the tables of the schema: %w", err)
	}
	m.indexes = make(map[tableColumn]bool)
	first := func(t *schema.Table, columns []*schema.Column) {
		if len(columns) > 0 {
			m.indexes[tableColumn{t.Name, columns[0].Name}] = true
		}
	}
	for _, t := range tables {
		first(t, t.PrimaryKey)
		for _, idx := range t.Indexes {
			if idx.Annotation == nil || idx.Annotation.Where == "" { // a partial index does not find all rows
				first(t, idx.Columns)
			}
		}
		for _, c := range t.Columns {
			if c.Unique {
				first(t, []*schema.Column{c})
			}
		}
	}
	return nil
}

// indexed is the field of an entloader.Match that says whether an index starts
// with the column.
func (m *model) indexed(table, column string) string {
	if !m.indexes[tableColumn{table, column}] {
		return ""
	}
	return ", Indexed: true"
}
