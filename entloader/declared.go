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
type Declared[K comparable, T comparable, Q any, P comparable] struct {
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
func (d *Declared[K, T, Q, P]) loader(sc *Scope, p P) *LoaderBy[K, K, []T] {
	r := d.Relation
	key := variantKey{r, answerRows, declaredKey[P]{d, p}}
	l, ok := sc.loading.Load(key)
	if !ok {
		op := ent.OpQueryAll
		if d.First {
			op = ent.OpQueryFirst
		}
		opts := d.options(p)
		l = sc.add(key, func() anyLoader {
			l := newLoader(d.Name, sc.loaders.opt, sc, identity[K], true,
				func(ctx context.Context, keys []K, out *answers[[]T]) error {
					return inLists(r, sc, keys, out.values, func(keys []K, list keyList, out [][]T) (bool, error) {
						return r.query(ctx, sc, op, opts, keys, list, out)
					})
				})
			l.options, l.clip = guessed(key), clip[T]
			return l
		})
	}
	return l.(*LoaderBy[K, K, []T])
}

func (d *Declared[K, T, Q, P]) counter(sc *Scope, p P) *LoaderBy[K, K, int] {
	return d.Relation.counter(d.Name, sc, declaredKey[P]{d, p}, d.options(p))
}

func (d *Declared[K, T, Q, P]) prober(sc *Scope, p P) *LoaderBy[K, K, bool] {
	return d.Relation.prober(d.Name, sc, declaredKey[P]{d, p}, d.options(p))
}

func (d *Declared[K, T, Q, P]) options(p P) []func(Q) {
	return []func(Q){func(q Q) { d.Apply(q, p) }}
}

// LoadDeclared returns the targets of a dynamic edge for the entity with the given
// handle and id, together with its siblings. p is prepared.
func LoadDeclared[S any, K comparable, T comparable, Q any, P comparable](ctx context.Context, e *EntityEdge[S, K, K, T, Q], d *Declared[K, T, Q, P], sc *Scope, h Handle[S], id K, p P) ([]T, error) {
	return loadAnswer(ctx, e, sc, h, id, guessKey{d, answerRows}, d.loader(sc, p))
}

// CountDeclared returns how many targets there are, as LoadDeclared returns which.
func CountDeclared[S any, K comparable, T comparable, Q any, P comparable](ctx context.Context, e *EntityEdge[S, K, K, T, Q], d *Declared[K, T, Q, P], sc *Scope, h Handle[S], id K, p P) (int, error) {
	return loadAnswer(ctx, e, sc, h, id, guessKey{d, answerCount}, d.counter(sc, p))
}

// ExistDeclared reports whether there are targets, as LoadDeclared returns which.
func ExistDeclared[S any, K comparable, T comparable, Q any, P comparable](ctx context.Context, e *EntityEdge[S, K, K, T, Q], d *Declared[K, T, Q, P], sc *Scope, h Handle[S], id K, p P) (bool, error) {
	return loadAnswer(ctx, e, sc, h, id, guessKey{d, answerExist}, d.prober(sc, p))
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
