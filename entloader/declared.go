package entloader

import (
	"context"
	"errors"

	"entgo.io/ent"
)

// errUnconfigured is for a dynamic edge whose function was not given.
var errUnconfigured = errors.New("its function is not configured: call ConfigureLoaders of the ent package at start-up")

// errParamNaN refuses params that do not equal themselves.
var errParamNaN = errors.New("params that are not equal to themselves (NaN) can not be loaded")

// A Declared is a dynamic edge that the schema declares, with params P: a relation
// and what it adds to its query. Generated code makes one per dynamic edge; it is
// read-only.
type Declared[K comparable, T any, Q any, P comparable] struct {
	// Name is Type.name, as in the schema.
	Name string
	// Relation is the edge by the id of the entity.
	Relation *Relation[K, T, Q]
	// First says that only the first row counts.
	First bool
	// Prepare returns the params in the form in which equal ones are ==, with
	// defaults. It is nil where there is nothing to do.
	Prepare func(P) (P, error)
	// Configured reports whether the function of the edge was given. It is nil
	// for those without one.
	Configured func() bool
	// Apply adds the conditions, the order and the limit to a query.
	Apply func(Q, P)
}

// declaredKey is what the loaders of a dynamic edge are compared by.
type declaredKey[P comparable] struct {
	edge   any
	params P
}

func (k declaredKey[P]) declared() any { return k.edge }

// Prepared checks params and returns them in the form that is compared. Errors
// name the edge.
func (d *Declared[K, T, Q, P]) Prepared(p P) (P, error) {
	var err error
	switch {
	case d.Configured != nil && !d.Configured():
		err = errUnconfigured
	case d.Prepare != nil:
		p, err = d.Prepare(p)
	}
	if err == nil && p != p {
		err = errParamNaN
	}
	if err != nil {
		err = keyError(d.Name, err)
	}
	return p, err
}

// loader returns the loader for prepared params.
func (d *Declared[K, T, Q, P]) loader(sc *Scope, p P) *LoaderBy[K, K, rows] {
	r := d.Relation
	key := variantKey{&r.Match, answerRows, declaredKey[P]{d, p}}
	l, ok := sc.loading.Load(key)
	if !ok {
		op := ent.OpQueryAll
		if d.First {
			op = ent.OpQueryFirst
		}
		opts := d.options(p)
		l = sc.add(key, func() anyLoader {
			var l *LoaderBy[K, K, rows]
			l = newLoader(d.Name, sc.loaders.opt, sc, identity[K], true,
				func(ctx context.Context, keys []K, out *answers[rows]) error {
					return inLists(r, l, keys, out, func(keys []K, list keyList, out []rows) (outcome, error) {
						return queryRows(ctx, r, sc, op, opts, keys, list, out)
					})
				})
			l.options = guessed(key)
			return l
		})
	}
	return l.(*LoaderBy[K, K, rows])
}

func (d *Declared[K, T, Q, P]) counter(sc *Scope, p P) *LoaderBy[K, K, rows] {
	return counter(d.Relation, d.Name, sc, declaredKey[P]{d, p}, d.options(p))
}

func (d *Declared[K, T, Q, P]) prober(sc *Scope, p P) *LoaderBy[K, K, rows] {
	return prober(d.Relation, d.Name, sc, declaredKey[P]{d, p}, d.options(p))
}

func (d *Declared[K, T, Q, P]) options(p P) []func(Q) {
	return []func(Q){func(q Q) { d.Apply(q, p) }}
}

// LoadDeclared returns the targets of a dynamic edge of an entity, together with
// its siblings. Without loaders it runs query, ent's own query of the edge.
func LoadDeclared[E any, K comparable, T any, Q EdgeQuery[T], P comparable](ctx context.Context, e *EntityEdge[K, K, T, Q], d *Declared[K, T, Q, P], p Parent[E, K], query func(E) Q, params P) ([]T, error) {
	params, err := d.Prepared(params)
	if err != nil {
		return nil, err
	}
	if p.Scope != nil {
		found, err := loadAnswer(ctx, e, p, guessKey{d, answerRows}, d.loader(p.Scope, params))
		return listOf[T](found), err
	}
	q, err := ownQuery(ctx, e, p, query, d.options(params))
	if err != nil {
		return nil, err
	}
	return q.All(ctx)
}

// FirstDeclared returns the first target, the zero value if there is none, as
// LoadDeclared returns all.
func FirstDeclared[E any, K comparable, T any, Q EdgeQuery[T], P comparable](ctx context.Context, e *EntityEdge[K, K, T, Q], d *Declared[K, T, Q, P], p Parent[E, K], query func(E) Q, params P) (T, error) {
	if p.Scope != nil {
		return FirstOf(LoadDeclared(ctx, e, d, p, query, params))
	}
	var none T
	params, err := d.Prepared(params)
	if err != nil {
		return none, err
	}
	q, err := ownQuery(ctx, e, p, query, d.options(params))
	if err != nil {
		return none, err
	}
	one, err := q.First(ctx)
	if err != nil && targetOf(e).Package.IsNotFound(err) {
		return none, nil
	}
	return one, err
}

// CountDeclared returns how many targets there are, as LoadDeclared returns which.
func CountDeclared[E any, K comparable, T any, Q EdgeQuery[T], P comparable](ctx context.Context, e *EntityEdge[K, K, T, Q], d *Declared[K, T, Q, P], p Parent[E, K], query func(E) Q, params P) (int, error) {
	params, err := d.Prepared(params)
	if err != nil {
		return 0, err
	}
	if p.Scope != nil {
		n, err := loadAnswer(ctx, e, p, guessKey{d, answerCount}, d.counter(p.Scope, params))
		return n.number(), err
	}
	q, err := ownQuery(ctx, e, p, query, d.options(params))
	if err != nil {
		return 0, err
	}
	return q.Count(ctx)
}

// ExistDeclared reports whether there are targets, as LoadDeclared returns which.
func ExistDeclared[E any, K comparable, T any, Q EdgeQuery[T], P comparable](ctx context.Context, e *EntityEdge[K, K, T, Q], d *Declared[K, T, Q, P], p Parent[E, K], query func(E) Q, params P) (bool, error) {
	params, err := d.Prepared(params)
	if err != nil {
		return false, err
	}
	if p.Scope != nil {
		n, err := loadAnswer(ctx, e, p, guessKey{d, answerExist}, d.prober(p.Scope, params))
		return n.number() > 0, err
	}
	q, err := ownQuery(ctx, e, p, query, d.options(params))
	if err != nil {
		return false, err
	}
	return q.Exist(ctx)
}

// FirstOf returns the first of rows, the zero value if there is none.
func FirstOf[T any](rows []T, err error) (T, error) {
	var none T
	if err != nil || len(rows) == 0 {
		return none, err
	}
	return rows[0], nil
}

// NoParams are the params of a dynamic edge that has none.
type NoParams struct{}

// guessed returns the options of a loader as siblings guess by them. All siblings
// ask for a dynamic edge without params alike, so nothing is guessed there.
func guessed(key variantKey) any {
	if _, ok := key.options.(declaredKey[NoParams]); ok {
		return ""
	}
	return key.options
}
