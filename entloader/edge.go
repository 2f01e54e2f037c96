package entloader

import (
	"context"
)

// An EntityEdge is an edge as it is loaded from an entity: its relations by
// what is known of the entity. Generated code makes one per edge.
type EntityEdge[I, K comparable, T any, Q EdgeQuery[T]] struct {
	_ [0]func() // nobody compares edges, and the compiler would make a function for each
	// Name is Type.edge, as in the schema.
	Name string
	// Index is the number of the edge in its type.
	Index int
	// Window is how many siblings a batch takes at most, 0 for what the loaders say.
	Window int
	// Required says that an entity without the edge is an error.
	Required bool
	// ByID is the edge by the id of the entity; nil for entities without an id.
	ByID *Relation[I, T, Q]
	// ByFK is the target by its id; nil unless the entity holds the foreign key,
	// which is number FK of those in its Entity.
	ByFK *Relation[K, T, Q]
	FK   int
}

// EdgeQuery is what ent's query builders do.
type EdgeQuery[T any] interface {
	All(context.Context) ([]T, error)
	Only(context.Context) (T, error)
	First(context.Context) (T, error)
	Count(context.Context) (int, error)
	Exist(context.Context) (bool, error)
}

// A Parent is an entity E that an edge is loaded for. Its scope is nil where the
// context has no loaders.
type Parent[E any, I comparable] struct {
	Entity E
	Scope  *Scope
	Handle Handle
	ID     I
}

// LoadMany returns the targets of an edge to many. loaded is what the entity holds
// from an eager load, query makes ent's own query of the edge, which is what runs
// without loaders, and for options that can not be batched.
func LoadMany[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], query func(E) Q, loaded []T, opts []func(Q)) ([]T, error) {
	if p.Scope != nil {
		set := findSet(e, p)
		if loaded != nil && len(opts) == 0 && set.whole(ctx, e.Index) {
			return loaded[:len(loaded):len(loaded)], nil
		}
		if found, ok, err := loadEdge(ctx, e, p, set, opts); ok {
			return found, err
		}
	}
	q, err := ownQuery(ctx, e, p, query, opts)
	if err != nil {
		return nil, err
	}
	return q.All(ctx)
}

// LoadOne returns the target of an edge to one, as LoadMany does.
func LoadOne[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], query func(E) Q, loaded T, opts []func(Q)) (T, error) {
	var none T
	if p.Scope != nil {
		set := findSet(e, p)
		if len(opts) == 0 && set.whole(ctx, e.Index) {
			if any(loaded) == any(none) {
				return none, missing(e)
			}
			// ent's eager loading takes a NULL that shows as a zero for the key 0.
			if e.ByFK == nil || fksOf[K](set, e.FK)[p.Handle.index].State == FKKnown {
				return loaded, nil
			}
		}
		if found, ok, err := loadEdge(ctx, e, p, set, opts); ok {
			switch {
			case err != nil:
				return none, err
			case len(found) == 0:
				return none, missing(e)
			case len(found) == 1:
				return found[0], nil
			}
			return none, keyError(e.Name, notSingular(targetOf(e)))
		}
	}
	q, err := ownQuery(ctx, e, p, query, opts)
	if err != nil {
		return none, err
	}
	one, err := q.Only(ctx)
	if !e.Required && err != nil && targetOf(e).Package.IsNotFound(err) {
		return none, nil
	}
	return one, err
}

func missing[I, K comparable, T any, Q EdgeQuery[T]](e *EntityEdge[I, K, T, Q]) error {
	if e.Required {
		return keyError(e.Name, notFound(targetOf(e)))
	}
	return nil
}

func targetOf[I, K comparable, T any, Q EdgeQuery[T]](e *EntityEdge[I, K, T, Q]) *Target[T, Q] {
	if e.ByID != nil {
		return e.ByID.Target
	}
	return e.ByFK.Target
}

// ownQuery returns ent's own query of the edge. It fails without loaders in strict
// mode.
func ownQuery[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], query func(E) Q, opts []func(Q)) (q Q, err error) {
	if p.Scope == nil && targetOf(e).Package.Strict && !IsAlone(ctx) {
		return q, ErrNoLoaders
	}
	q = query(p.Entity)
	for _, opt := range opts {
		opt(q)
	}
	return q, nil
}

// findSet returns the set of an entity, nil if it has none. The id tells an entity of
// the set from a copy of one that was given another id.
func findSet[E any, I, K comparable, T any, Q EdgeQuery[T]](e *EntityEdge[I, K, T, Q], p Parent[E, I]) *Set {
	set := p.Handle.set(p.Scope)
	if set != nil && e.ByID != nil && idsOf[I](set)[p.Handle.index] != p.ID {
		return nil
	}
	return set
}

// loadEdge reports false if the options can not be batched.
func loadEdge[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], set *Set, opts []func(Q)) ([]T, bool, error) {
	if set != nil && e.ByFK != nil {
		switch fk := fksOf[K](set, e.FK)[p.Handle.index]; fk.State {
		case FKNull:
			if ctx.Err() != nil { // as of any load
				return nil, true, keyError(e.Name, ended(ctx))
			}
			return []T{}, true, nil
		case FKKnown:
			return loadBy(ctx, e.Name, e.Window, e.ByFK, p.Scope, fk.Key, opts, set, p.Handle, func(set *Set, i int) (K, bool) {
				fk := fksOf[K](set, e.FK)[i]
				return fk.Key, fk.State == FKKnown
			})
		}
	}
	if e.ByID == nil {
		return nil, false, nil
	}
	return loadBy(ctx, e.Name, e.Window, e.ByID, p.Scope, p.ID, opts, set, p.Handle, func(set *Set, i int) (I, bool) {
		return idsOf[I](set)[i], e.ByFK == nil || fksOf[K](set, e.FK)[i].State == FKUnknown
	})
}

// loadBy loads what a relation has for the key of an entity, together with its
// siblings.
func loadBy[K comparable, T, Q any](ctx context.Context, name string, window int, r *Relation[K, T, Q], sc *Scope, key K, opts []func(Q), set *Set, h Handle, keyOf func(*Set, int) (K, bool)) ([]T, bool, error) {
	l, batched := withOptions(ctx, r, sc, opts)
	if !batched {
		return nil, false, nil
	}
	if found, ok := l.ready(ctx, key); ok {
		return listOf[T](found), true, nil
	}
	found, err := l.load(ctx, key, familyOf(set, h, window, guessKey{of: &r.Match}, l, keyOf))
	if err != nil {
		err = keyError(name, err)
	}
	return listOf[T](found), true, err
}

// withOptions returns the loader for queries with opts. It reports false if they
// can not be batched.
func withOptions[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, opts []func(Q)) (*LoaderBy[K, K, rows], bool) {
	options, ok := compareOptions(ctx, r, sc, opts)
	if !ok {
		return nil, false
	}
	return rowLoader(r, sc, options, opts), true
}

// compareOptions returns what options are compared by. It reports false, and
// counts the load, if they can not be batched.
func compareOptions[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, opts []func(Q)) (string, bool) {
	if len(opts) == 0 {
		return "", true
	}
	options, ok := renderOptions(ctx, r, sc, opts)
	if !ok {
		rowLoader(r, sc, "", nil).countAlone()
	}
	return options, ok
}

// familyOf returns the keys that are sent together with that of the entity with
// handle h, which belongs to set: those of its window. keyOf tells the key of a
// sibling, and whether it has one. window is that of the edge, 0 for that of the loader.
func familyOf[K comparable](set *Set, h Handle, window int, of guessKey, l *LoaderBy[K, K, rows], keyOf func(*Set, int) (K, bool)) family[K] {
	switch {
	case h.token == nil:
		return family[K]{why: loneNoSet}
	case set == nil:
		return family[K]{why: loneOtherSet}
	case !set.siblings(of, l.options):
		return family[K]{why: loneVarying}
	}
	w, index := window, h.index
	if w == 0 {
		w = l.opt.window
	}
	start := index / w * w
	end := min(start+w, set.size)
	return family[K]{size: end - start, window: w, keys: func(limit int, yield func(K) bool) {
		first := start
		if limit < end-start {
			first = index
		}
		for i := range end - start {
			if i += first; i >= end {
				i -= end - start
			}
			if k, ok := keyOf(set, i); ok && !yield(k) {
				return
			}
		}
	}}
}

// countApart counts n keys of a batch that are sent by themselves.
func (l *LoaderBy[K, C, V]) countApart(why outcome, n int) {
	l.lock()
	l.stats.Alone += n
	if why == bounded {
		l.stats.Lone.Bounded += n
	} else {
		l.stats.Lone.Untold += n
	}
	l.mu.Unlock()
}

// countAlone counts a load whose options can not be batched.
func (l *LoaderBy[K, C, V]) countAlone() {
	l.lock()
	l.stats.Alone++
	l.stats.Lone.Options++
	l.mu.Unlock()
}
