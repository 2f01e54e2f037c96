package entloader

import (
	"context"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// keyScanner reads the key column of a batch. One scanner serves all rows of a
// statement: a row's key is turned into the position of its owner at once.
type keyScanner[K comparable] struct {
	scan   func(src any, dst *K) error
	index  map[K]int32
	single bool // one key was asked for: every row is its own
	owner  int32
	owners []int32 // by row
	lost   bool    // some row has a key that nobody asked for
}

// reset is called when the statement is about to be sent, which may happen
// more than once: an interceptor may retry.
func (s *keyScanner[K]) reset() {
	s.owners, s.lost = s.owners[:0], false
}

// Scan implements sql.Scanner for the key column.
func (s *keyScanner[K]) Scan(src any) error {
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
func (s *keyScanner[K]) attach(ctx context.Context, spec *sqlgraph.QuerySpec, st *statement) {
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
		if len(s.owners) == 0 {
			muteBatch(ctx, false)
		}
		s.owners = append(s.owners, s.owner)
		n := len(columns) - st.added()
		return assign(columns[:n], values[:n])
	}
}

// ownersOf returns the owners of the entities that interceptors returned, given
// those that were scanned. It returns nil if that can not be told.
func ownersOf[K, T comparable](s *keyScanner[K], returned, scanned []T) []int32 {
	if s.lost || len(s.owners) != len(scanned) {
		return nil
	}
	if len(returned) == 0 {
		return []int32{}
	}
	if len(returned) == len(scanned) && &returned[0] == &scanned[0] {
		return s.owners
	}
	// An interceptor dropped or reordered entities.
	by := make(map[T]int32, len(scanned))
	for i, e := range scanned {
		by[e] = s.owners[i]
	}
	owners := make([]int32, len(returned))
	for i, e := range returned {
		o, ok := by[e]
		if !ok {
			return nil // not an entity of this statement
		}
		owners[i] = o
	}
	return owners
}
