package entloader

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// QueryState is the field that generated code adds to a query builder: what the
// loaders in its context have to know of a query between the statement and its
// entities. It stays empty where the context has no loaders.
type QueryState struct {
	columns []string // of the result
	eager   []bool   // by edge: loaded with the query, without options
	ctx     *eagerContext
}

// Watch notes the columns of the result.
func (st *QueryState) Watch(spec *sqlgraph.QuerySpec) {
	*st = QueryState{}
	scan := spec.ScanValues
	spec.ScanValues = func(columns []string) ([]any, error) {
		st.columns = columns
		return scan(columns)
	}
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
