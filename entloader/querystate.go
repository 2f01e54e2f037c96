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
	eager   []int             // edges that were loaded with the query, without options
	ctx     *eagerContext
	plain   bool // it is the query of a batch without options
	kept    *keptRows
}

// watch notes the columns of the result, and where the given ones are NULL:
// those of fields that show NULL as a zero.
func (st *QueryState) watch(spec *sqlgraph.QuerySpec, zero []string) {
	*st = QueryState{plain: st.plain}
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
	case *[]byte:
		return *h == nil
	case driver.Valuer:
		v, err := h.Value()
		return v == nil && err == nil
	}
	return false
}

// null reports whether the i-th entity had NULL in a watched column.
func (st *QueryState) null(column string, i int) bool {
	rows := st.nulls[column]
	return i < len(rows) && rows[i]
}

// selected reports whether the result has the column.
func (st *QueryState) selected(column string) bool {
	return slices.Contains(st.columns, column)
}

// eagerly notes that the edge with the given index is loaded together with
// the query and without options. It returns the context to go on with.
func (st *QueryState) eagerly(ctx context.Context, l *Loaders, index int) context.Context {
	if st.ctx == nil {
		st.ctx = &eagerContext{Context: ctx, recording: recording{
			values: ctx, outer: recordingOf(ctx), ignored: l.opt.ignored, record: &record{},
		}}
		ctx = st.ctx
	}
	st.eager = append(st.eager, index)
	return ctx
}

// cut notes that what was loaded for the edge is not all of it: an interceptor
// limited the query, and that of all entities together.
func (st *QueryState) cut(index int) {
	st.eager = slices.DeleteFunc(st.eager, func(i int) bool { return i == index })
}

func (st *QueryState) eagerLoaded() ([]int, *record) {
	if len(st.eager) == 0 {
		return nil, nil
	}
	return st.eager, st.ctx.freeze()
}
