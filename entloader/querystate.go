package entloader

import (
	"context"
	"database/sql/driver"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// QueryState is the field that generated code adds to a query builder: what the
// loaders in its context have to know of a query between the statement and its
// entities. It stays empty where the context has no loaders.
type QueryState struct {
	columns []string          // of the result
	nulls   map[string][]bool // by watched column and row
	eager   []bool            // by edge: loaded with the query, without options
	ctx     *eagerContext
}

// Watch notes the columns of the result, and where the given ones are NULL:
// those of fields that show NULL as a zero.
func (st *QueryState) Watch(spec *sqlgraph.QuerySpec, zero ...string) {
	*st = QueryState{}
	scan, assign := spec.ScanValues, spec.Assign
	spec.ScanValues = func(columns []string) ([]any, error) {
		st.columns = columns
		return scan(columns)
	}
	if len(zero) == 0 {
		return
	}
	st.nulls = make(map[string][]bool, len(zero))
	spec.Assign = func(columns []string, values []any) error {
		for _, z := range zero {
			null := false
			if i := slices.Index(columns, z); i >= 0 {
				null = isNull(values[i])
			}
			st.nulls[z] = append(st.nulls[z], null)
		}
		return assign(columns, values)
	}
}

// isNull reports whether database/sql scanned NULL into a holder; false if the
// holder does not show it.
func isNull(holder any) bool {
	switch h := holder.(type) {
	case *entsql.NullScanner:
		return !h.Valid
	case driver.Valuer:
		v, err := h.Value()
		return v == nil && err == nil
	}
	return false
}

// Null reports whether the i-th entity had NULL in a watched column.
func (st *QueryState) Null(column string, i int) bool {
	rows := st.nulls[column]
	return i < len(rows) && rows[i]
}

// Selected reports whether the result has the column.
func (st *QueryState) Selected(column string) bool {
	return slices.Contains(st.columns, column)
}

// Eager notes that the edge with the given index, one of n, is loaded together
// with the query and without options. It returns the context to go on with.
func (st *QueryState) Eager(ctx context.Context, index, n int) context.Context {
	if st.eager == nil {
		st.eager = make([]bool, n)
		st.ctx = &eagerContext{Context: ctx, recording: recording{values: ctx, record: &record{}}}
		ctx = st.ctx
	}
	st.eager[index] = true
	return ctx
}

// Cut notes that what was loaded for the edge is not all of it: an interceptor
// limited the query, and that of all entities together.
func (st *QueryState) Cut(index int) {
	if st.eager != nil {
		st.eager[index] = false
	}
}

func (st *QueryState) eagerLoaded() ([]bool, *record) {
	if st.eager == nil {
		return nil, nil
	}
	return st.eager, st.ctx.freeze()
}
