package entloader

import (
	"context"
)

// An EntityEdge is an edge as it is loaded from an entity: its relations by
// what is known of the entity, and how to read the keys of siblings S.
// Generated code makes one per edge.
type EntityEdge[S any, I comparable, K comparable, T comparable, Q any] struct {
	// Name is Type.edge, as in the schema.
	Name string
	// Index is the number of the edge in its type.
	Index int
	// Required says that an entity without the edge is an error.
	Required bool
	// ID reads the id of a sibling, ByID is the edge by the id of the entity.
	// Both are nil for entities without an id.
	ID   func(*S) I
	ByID *Relation[I, T, Q]
	// FK reads the foreign key of a sibling, ByFK is the target by its id. Both
	// are nil unless the entity holds the foreign key.
	FK   func(*S) FK[K]
	ByFK *Relation[K, T, Q]
}

// LoadMany returns the targets of an edge to many, for the entity with the
// given handle and id. loaded is what the entity holds from an eager load. It
// reports false if the options can not be batched.
func (e *EntityEdge[S, I, K, T, Q]) LoadMany(ctx context.Context, sc *Scope, h Handle[S], id I, loaded []T, opts []func(Q)) ([]T, bool, error) {
	set, row := e.find(sc, h, id)
	if row != nil && loaded != nil && len(opts) == 0 && set.whole(ctx, e.Index) {
		return loaded[:len(loaded):len(loaded)], true, nil
	}
	found, ok, err := e.load(ctx, sc, set, row, h, id, opts)
	if err != nil {
		err = keyError(e.Name, err)
	}
	return found, ok, err
}

// LoadOne returns the target of an edge to one, as LoadMany does.
func (e *EntityEdge[S, I, K, T, Q]) LoadOne(ctx context.Context, sc *Scope, h Handle[S], id I, loaded T, opts []func(Q)) (T, bool, error) {
	var none T
	set, row := e.find(sc, h, id)
	if row != nil && len(opts) == 0 && set.whole(ctx, e.Index) {
		if loaded == none {
			return e.missing()
		}
		return loaded, true, nil
	}
	found, ok, err := e.load(ctx, sc, set, row, h, id, opts)
	if err != nil {
		return none, true, keyError(e.Name, err)
	}
	if !ok {
		return none, false, nil
	}
	switch len(found) {
	case 0:
		return e.missing()
	case 1:
		return found[0], true, nil
	}
	return none, true, keyError(e.Name, e.target().NotSingular())
}

func (e *EntityEdge[S, I, K, T, Q]) missing() (none T, ok bool, err error) {
	if e.Required {
		err = keyError(e.Name, e.target().NotFound())
	}
	return none, true, err
}

func (e *EntityEdge[S, I, K, T, Q]) target() *Target[T, Q] {
	if e.ByID != nil {
		return e.ByID.Target
	}
	return e.ByFK.Target
}

// find returns the set of an entity and its row. The id tells an entity of the
// set from a copy of one that was given another id.
func (e *EntityEdge[S, I, K, T, Q]) find(sc *Scope, h Handle[S], id I) (*Set[S], *S) {
	set, row := h.set(sc)
	if row != nil && e.ID != nil && e.ID(row) != id {
		return nil, nil
	}
	return set, row
}

func (e *EntityEdge[S, I, K, T, Q]) load(ctx context.Context, sc *Scope, set *Set[S], row *S, h Handle[S], id I, opts []func(Q)) ([]T, bool, error) {
	if row != nil && e.FK != nil {
		switch fk := e.FK(row); fk.State {
		case FKNull:
			return []T{}, true, nil
		case FKKnown:
			l, batched := e.ByFK.withOptions(ctx, sc, opts)
			if !batched {
				return nil, false, nil
			}
			if found, ok := l.ready(ctx, fk.Key); ok {
				return found, true, nil
			}
			found, err := l.load(ctx, fk.Key, familyOf(set, h, guessKey{of: e.ByFK}, l, func(s *S) (K, bool) {
				fk := e.FK(s)
				return fk.Key, fk.State == FKKnown
			}))
			return found, true, err
		}
	}
	if e.ByID == nil {
		return nil, false, nil
	}
	l, batched := e.ByID.withOptions(ctx, sc, opts)
	if !batched {
		return nil, false, nil
	}
	if found, ok := l.ready(ctx, id); ok {
		return found, true, nil
	}
	found, err := l.load(ctx, id, familyOf(set, h, guessKey{of: e.ByID}, l, func(s *S) (I, bool) {
		return e.ID(s), e.FK == nil || e.FK(s).State == FKUnknown
	}))
	return found, true, err
}

// withOptions returns the loader for queries with opts. It reports false if they
// can not be batched.
func (r *Relation[K, T, Q]) withOptions(ctx context.Context, sc *Scope, opts []func(Q)) (*LoaderBy[K, K, []T], bool) {
	options, ok := r.compareOptions(ctx, sc, opts)
	if !ok {
		return nil, false
	}
	return r.loader(sc, options, opts), true
}

// compareOptions returns what options are compared by. It reports false, and
// counts the load, if they can not be batched.
func (r *Relation[K, T, Q]) compareOptions(ctx context.Context, sc *Scope, opts []func(Q)) (string, bool) {
	if len(opts) == 0 {
		return "", true
	}
	options, ok := r.renderOptions(ctx, sc, opts)
	if !ok {
		r.loader(sc, "", nil).countAlone()
	}
	return options, ok
}

// familyOf returns the keys that are sent together with that of the entity with
// handle h, which belongs to set: those of its window. keyOf tells the key of a
// sibling, and whether it has one.
func familyOf[S any, K comparable, V any](set *Set[S], h Handle[S], of guessKey, l *LoaderBy[K, K, V], keyOf func(*S) (K, bool)) family[K] {
	switch {
	case h.token == nil:
		return family[K]{why: loneNoSet}
	case set == nil:
		return family[K]{why: loneOtherSet}
	case !set.siblings(of, l.options):
		return family[K]{why: loneVarying}
	}
	rows, w, index := set.Rows, l.opt.window, h.index
	start := index / w * w
	end := min(start+w, len(rows))
	return family[K]{size: end - start, keys: func(limit int, yield func(K) bool) {
		first := start
		if limit < end-start {
			first = index
		}
		for i := range end - start {
			if i += first; i >= end {
				i -= end - start
			}
			if k, ok := keyOf(&rows[i]); ok && !yield(k) {
				return
			}
		}
	}}
}

// countAlone counts a load whose options can not be batched.
func (l *LoaderBy[K, C, V]) countAlone() {
	l.lock()
	l.stats.Alone++
	l.stats.Lone.Options++
	l.mu.Unlock()
}
