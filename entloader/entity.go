package entloader

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// An Entity is an ent type T as its siblings are remembered. Generated code makes
// one per type.
type Entity[T any] struct {
	// Handle returns where the handle of an entity is.
	Handle func(T) *Handle
	// Scope returns the scope that an entity is loaded in, nil if it is from no
	// client. finder is what Loaders.Init was given.
	Scope func(finder ScopeFinder, entity T) *Scope
	// ID reads the ids; it is the zero value for a type without one.
	ID KeyReader[T]
	// FKs read the foreign keys that the entities hold.
	FKs []KeyReader[T]
	// Hidden are the columns of foreign keys that are no fields. They are queried
	// as well, so that they are known.
	Hidden []string
	// Misread are the numbers of edges that ent does not load eagerly as it
	// queries them.
	Misread []int
	// Make and Assign make an entity of a row. They are nil for a type that is not
	// loaded by its keys.
	Make   func(*Scope) T
	Assign func(entity T, columns []string, values []any) error
	// Policy says that the type has a privacy policy.
	Policy bool
}

// Watch prepares a query for its entities being remembered by l. It returns the
// context to go on with.
func Watch[T any](ctx context.Context, e *Entity[T], l *Loaders, spec *sqlgraph.QuerySpec, v *View) context.Context {
	if v.Modifiers == 0 {
		for _, fk := range e.Hidden {
			spec.Node.AddColumnOnce(fk)
		}
	}
	var zero []string
	for i := range e.FKs {
		if e.FKs[i].zero {
			zero = append(zero, e.FKs[i].column)
		}
	}
	v.State.watch(spec, zero)
	if e.Make != nil {
		v.State.keep(ctx, l, spec, v, e.Policy)
	}
	for _, with := range v.eager {
		if with.name == "" && with.plain() && !slices.Contains(e.Misread, with.edge) && !(v.chosen() && len(with.Interceptors) > 0) {
			ctx = v.State.eagerly(ctx, l, with.edge)
		}
	}
	v.quiet(ctx)
	return ctx
}

// Remember makes a set of the entities that a query returned, and offers its rows.
func Remember[T any](ctx context.Context, e *Entity[T], sc *Scope, v *View, entities []T) {
	for _, with := range v.eager {
		if with.name == "" && with.cut() {
			v.State.cut(with.edge)
		}
	}
	if len(entities) > 0 {
		h := remember(e, sc, v.State, entities, nil)
		if len(v.eager) == 0 && !v.opaque {
			offerRows(ctx, e, sc, v.State, h)
		}
	}
}

// remember makes a set of entities; known are those that are in a set already. It
// returns the handle of the first.
func remember[T any](e *Entity[T], sc *Scope, st *QueryState, entities []T, known []Handle) Handle {
	var ids column
	if e.ID.read != nil {
		ids = e.ID.read(st, entities)
	}
	fks := make([]column, len(e.FKs))
	for i := range fks {
		fks[i] = e.FKs[i].read(st, entities)
	}
	for i, h := range known {
		set := h.set(sc)
		if set == nil {
			continue
		}
		if ids != nil {
			ids.take(i, set.ids, h.index)
		}
		for j := range fks {
			fks[j].take(i, set.fks[j], h.index)
		}
	}
	h := newSet(sc, len(entities), ids, fks, st)
	for i, n := range entities {
		*e.Handle(n) = Handle{token: h.token, index: i}
	}
	return h
}

// A KeyReader reads a key of each entity T: the id, or a foreign key. The functions
// that make one are not inlined: a package has hundreds, and would have as many
// copies of their code.
type KeyReader[T any] struct {
	column string
	zero   bool // NULL in the column shows as a zero
	// read reads the keys of what a query returned, or of entities of any origin
	// if st is nil.
	read func(st *QueryState, entities []T) column
}

// A column is a key of each entity of a set: a columnOf.
type column interface {
	// take makes the i-th key the j-th one of another column of the type.
	take(i int, from column, j int)
}

type columnOf[V any] []V

func (c columnOf[V]) take(i int, from column, j int) { c[i] = from.(columnOf[V])[j] }

func idsOf[I comparable](s *Set) []I { return s.ids.(columnOf[I]) }

func fksOf[K comparable](s *Set, fk int) []FK[K] { return s.fks[fk].(columnOf[FK[K]]) }

// ReadID reads the id of entities.
//
//go:noinline
func ReadID[T any, K comparable](id func(T) K) KeyReader[T] {
	return KeyReader[T]{read: func(_ *QueryState, entities []T) column {
		keys := make(columnOf[K], len(entities))
		for i, n := range entities {
			keys[i] = id(n)
		}
		return keys
	}}
}

func readFK[T any, K comparable](r KeyReader[T], fk func(st *QueryState, selected bool, i int, entity T) FK[K]) KeyReader[T] {
	r.read = func(st *QueryState, entities []T) column {
		keys := make(columnOf[FK[K]], len(entities))
		selected := st != nil && st.selected(r.column)
		for i, n := range entities {
			keys[i] = fk(st, selected, i, n)
		}
		return keys
	}
	return r
}

// ReadFK reads a foreign key from a field that is required.
//
//go:noinline
func ReadFK[T any, K comparable](column string, value func(T) K) KeyReader[T] {
	return readFK(KeyReader[T]{column: column}, func(st *QueryState, selected bool, _ int, n T) FK[K] {
		if st == nil { // a zero may be a column that was not selected
			return fkValue(value(n), true, true, false)
		}
		return fkValue(value(n), selected, false, false)
	})
}

// ReadZeroFK reads a foreign key from a field that is optional and shows NULL as a
// zero.
//
//go:noinline
func ReadZeroFK[T any, K comparable](column string, value func(T) K) KeyReader[T] {
	return readFK(KeyReader[T]{column: column, zero: true}, func(st *QueryState, selected bool, i int, n T) FK[K] {
		if st == nil {
			return fkValue(value(n), true, true, false)
		}
		return fkValue(value(n), selected, true, st.null(column, i))
	})
}

// ReadNilFK reads a foreign key from a field that is nil for NULL.
//
//go:noinline
func ReadNilFK[T any, K comparable](column string, value func(T) *K) KeyReader[T] {
	return readFK(KeyReader[T]{column: column}, func(_ *QueryState, selected bool, _ int, n T) FK[K] {
		return fkPointer(value(n), selected)
	})
}

// ReadIDFK reads a foreign key that is the id as well.
//
//go:noinline
func ReadIDFK[T any, K comparable](id func(T) K) KeyReader[T] {
	return readFK(KeyReader[T]{}, func(_ *QueryState, _ bool, _ int, n T) FK[K] {
		return fkValue(id(n), true, false, false)
	})
}

// UnreadFK is for a foreign key that can not be read: the target is looked up by
// the id of the entity.
//
//go:noinline
func UnreadFK[T any, K comparable]() KeyReader[T] {
	return readFK(KeyReader[T]{}, func(*QueryState, bool, int, T) FK[K] { return FK[K]{} })
}
