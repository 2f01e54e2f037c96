package entloader

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"reflect"
	"slices"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A rowScanner reads the key column of a batch, and tells for each row whose it
// is and which entity. Key columns are read by one holder for all rows: a key
// is turned into the position of its owner at once.
type rowScanner[K comparable] struct {
	scan   func(src any, dst *K) error
	index  map[K]int32
	single bool // one key was asked for: every row is its own
	// idColumn is set where an entity may come in several rows, one per owner.
	// Such an entity is made once: ent's eager loaders fill one of several
	// entities with the same id, and leave the others empty.
	idColumn string
	seen     map[any]int32 // entities by id

	owner    int32 // of the row that is being read
	rows     []row // read so far
	entities int32 // made so far
	lost     bool  // some row has a key that nobody asked for
}

// A row says that an entity, by its position among those scanned, belongs to an
// owner, by the position of its key.
type row struct{ entity, owner int32 }

// reset is called when the statement is about to be sent, which may happen
// more than once: an interceptor may retry.
func (s *rowScanner[K]) reset() {
	s.rows, s.entities, s.lost, s.seen = s.rows[:0], 0, false, nil
	if s.idColumn != "" {
		s.seen = make(map[any]int32)
	}
}

// Scan implements sql.Scanner for the key column.
func (s *rowScanner[K]) Scan(src any) error {
	if s.single {
		return nil
	}
	var k K
	if err := s.scan(src, &k); err != nil {
		return err
	}
	owner, ok := s.index[k]
	if !ok {
		s.lost = true
	}
	s.owner = owner
	return nil
}

// attach makes the scanner read the columns that st added behind those of ent.
func (s *rowScanner[K]) attach(ctx context.Context, spec *sqlgraph.QuerySpec, st *statement) {
	scan, assign := spec.ScanValues, spec.Assign
	spec.ScanValues = func(columns []string) ([]any, error) {
		values, err := scan(columns)
		if err != nil {
			return nil, err
		}
		values[len(values)-st.added()] = s
		return values, nil
	}
	spec.Assign = func(columns []string, values []any) error {
		if len(s.rows) == 0 {
			muteBatch(ctx, false) // the driver is done with the statement
		}
		n := len(columns) - st.added()
		columns, values = columns[:n], values[:n]
		if s.seen != nil {
			if i := slices.Index(columns, s.idColumn); i >= 0 {
				if id, ok := scanned(values[i]); ok {
					if e, ok := s.seen[id]; ok {
						s.rows = append(s.rows, row{e, s.owner})
						return nil
					}
					s.seen[id] = s.entities
				}
			}
		}
		s.rows = append(s.rows, row{s.entities, s.owner})
		s.entities++
		return assign(columns, values)
	}
}

// scanned returns the value in a holder that database/sql scanned into, in a
// form that can be compared.
func scanned(holder any) (any, bool) {
	switch h := holder.(type) {
	case *sql.NullInt64:
		return h.Int64, true
	case *sql.NullString:
		return h.String, true
	case driver.Valuer:
		v, err := h.Value()
		if b, ok := v.([]byte); ok {
			return string(b), err == nil
		}
		return v, err == nil
	}
	v := reflect.Indirect(reflect.ValueOf(holder))
	if !v.IsValid() || !v.Comparable() {
		return nil, false
	}
	return v.Interface(), true
}

// groups distributes the entities that interceptors returned, given those that
// were scanned, to their owners. It reports false if an entity can not be told.
// Groups keep the order of rows and share one array; each is clipped, so that
// an append by one caller is not seen by another.
func groups[K, T comparable](s *rowScanner[K], returned, scanned []T, out [][]T) bool {
	if s.lost || int(s.entities) != len(scanned) {
		return false
	}
	rows := s.rows
	if len(returned) != len(scanned) || len(returned) > 0 && &returned[0] != &scanned[0] {
		var ok bool
		if rows, ok = returnedRows(rows, returned, scanned); !ok {
			return false
		}
	}
	starts := make([]int32, len(out)+1)
	for _, r := range rows {
		starts[r.owner+1]++
	}
	for i := range out {
		starts[i+1] += starts[i]
	}
	all := make([]T, len(rows))
	for i := range out {
		a, b := starts[i], starts[i+1]
		out[i] = all[a:b:b]
	}
	for _, r := range rows {
		all[starts[r.owner]] = scanned[r.entity]
		starts[r.owner]++
	}
	return true
}

// returnedRows are the rows of the entities that interceptors returned: they
// may have dropped some, or changed the order.
func returnedRows[T comparable](rows []row, returned, scanned []T) ([]row, bool) {
	at := make(map[T]int, len(returned))
	for i, e := range returned {
		at[e] = i
	}
	position := make([]int, len(scanned)) // in returned, by position in scanned
	ordered, last, found := true, -1, 0
	for i, e := range scanned {
		p, ok := at[e]
		if !ok {
			position[i] = -1
			continue
		}
		position[i] = p
		found++
		ordered = ordered && p > last
		last = p
	}
	if found != len(at) {
		return nil, false // not an entity of this statement
	}
	kept := make([]row, 0, len(rows))
	for _, r := range rows {
		if position[r.entity] >= 0 {
			kept = append(kept, r)
		}
	}
	if !ordered {
		slices.SortStableFunc(kept, func(a, b row) int { return position[a.entity] - position[b.entity] })
	}
	return kept, true
}
