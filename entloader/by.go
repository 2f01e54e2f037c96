package entloader

import "context"

// A Related is a type that stands for a relation. Generated code declares one
// per relation, so that a loader by key is one pointer and making all loaders
// of a request costs next to nothing.
type Related[K comparable, T comparable, Q any] interface {
	Relation() *Relation[K, T, Q]
}

// byKey is how ManyBy and OneBy find the loaders that they belong to.
type byKey[R Related[K, T, Q], K comparable, T comparable, Q any] struct{ loaders *Loaders }

func (b byKey[R, K, T, Q]) relation() *Relation[K, T, Q] {
	var r R
	return r.Relation()
}

func (b byKey[R, K, T, Q]) loader(ctx context.Context) *LoaderBy[K, K, []T] {
	return b.relation().loader(b.loaders.finder.Scope(ctx), "", nil)
}

// ManyBy loads the targets of an edge to many by the key of the parent. It is
// safe for concurrent use.
type ManyBy[R Related[K, T, Q], K comparable, T comparable, Q any] struct {
	byKey[R, K, T, Q]
}

// NewManyBy returns the loader of R within l.
func NewManyBy[R Related[K, T, Q], K comparable, T comparable, Q any](l *Loaders) ManyBy[R, K, T, Q] {
	return ManyBy[R, K, T, Q]{byKey[R, K, T, Q]{l}}
}

// Load returns the targets for key; an empty slice, never nil, where there are
// none. The slice is shared and read-only. A lone key waits a moment for
// others, see [WithQuiet].
func (b ManyBy[R, K, T, Q]) Load(ctx context.Context, key K) ([]T, error) {
	return b.loader(ctx).Load(ctx, key)
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil slice, and their error in a KeyErrors.
func (b ManyBy[R, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([][]T, error) {
	return b.loader(ctx).LoadAll(ctx, keys)
}

// Count returns how many targets key has, as Count of ent's edge query does; 0
// where there are none. A lone key waits a moment for others, see [WithQuiet].
func (b ManyBy[R, K, T, Q]) Count(ctx context.Context, key K) (int, error) {
	return b.relation().counter(b.relation().Name, b.loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
}

// Exist reports whether key has targets, as Exist of ent's edge query does.
func (b ManyBy[R, K, T, Q]) Exist(ctx context.Context, key K) (bool, error) {
	return b.relation().prober(b.relation().Name, b.loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
}

// Prime makes targets the answer for key, unless there is an answer already.
func (b ManyBy[R, K, T, Q]) Prime(ctx context.Context, key K, targets []T) {
	b.loader(ctx).Prime(ctx, key, targets)
}

// Clear forgets the answers for keys, those of loads with options included.
func (b ManyBy[R, K, T, Q]) Clear(ctx context.Context, keys ...K) {
	clearRelation(ctx, b.relation(), b.loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.Clear(ctx, keys...) })
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b ManyBy[R, K, T, Q]) ClearAll(ctx context.Context) {
	clearRelation(ctx, b.relation(), b.loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.ClearAll(ctx) })
}

// OneBy loads the one target that a key stands for. It is safe for concurrent
// use.
type OneBy[R Related[K, T, Q], K comparable, T comparable, Q any] struct {
	byKey[R, K, T, Q]
}

// NewOneBy returns the loader of R within l.
func NewOneBy[R Related[K, T, Q], K comparable, T comparable, Q any](l *Loaders) OneBy[R, K, T, Q] {
	return OneBy[R, K, T, Q]{byKey[R, K, T, Q]{l}}
}

func (b OneBy[R, K, T, Q]) one(found []T) (v T, err error) {
	r := b.relation()
	switch len(found) {
	case 0:
		if r.Optional {
			return v, nil
		}
		return v, r.Target.NotFound()
	case 1:
		return found[0], nil
	}
	return v, r.Target.NotSingular()
}

// Load returns the target for key. Where there is none, the error is one for
// which IsNotFound of the ent package holds; for an optional edge the target is
// nil. A lone key waits a moment for others, see [WithQuiet].
func (b OneBy[R, K, T, Q]) Load(ctx context.Context, key K) (v T, err error) {
	found, err := b.loader(ctx).Load(ctx, key)
	if err != nil {
		return v, err
	}
	if v, err = b.one(found); err != nil {
		err = keyError(b.relation().Name, err)
	}
	return v, err
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil target, and their error in a KeyErrors.
func (b OneBy[R, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([]T, error) {
	r, l := b.relation(), b.loader(ctx)
	groups, failed, _ := l.loadAll(ctx, keys)
	ones := make([]T, len(keys))
	errs := make(KeyErrors[K])
	for i, k := range keys {
		err := failed[l.id(k)]
		if err == nil {
			if ones[i], err = b.one(groups[i]); err != nil {
				err = keyError(r.Name, err)
			}
		}
		if err != nil {
			errs[k] = err
		}
	}
	if len(errs) > 0 {
		return ones, errs
	}
	return ones, nil
}

// Prime makes v the answer for key, unless there is an answer already.
func (b OneBy[R, K, T, Q]) Prime(ctx context.Context, key K, v T) {
	b.loader(ctx).Prime(ctx, key, []T{v})
}

// Clear forgets the answers for keys, those of loads with options included.
func (b OneBy[R, K, T, Q]) Clear(ctx context.Context, keys ...K) {
	clearRelation(ctx, b.relation(), b.loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.Clear(ctx, keys...) })
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b OneBy[R, K, T, Q]) ClearAll(ctx context.Context) {
	clearRelation(ctx, b.relation(), b.loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.ClearAll(ctx) })
}

// keyLoader is a loader of a relation, whatever it brings for a key.
type keyLoader[K comparable] interface {
	Clear(ctx context.Context, keys ...K)
	ClearAll(ctx context.Context)
}

// clearRelation clears the loaders of a relation, whatever their options and
// answers.
func clearRelation[K comparable, T comparable, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, clear func(keyLoader[K])) {
	r.loader(sc, "", nil) // a clear before the first load counts, too
	sc.loading.Range(func(k, l any) bool {
		if o, ok := k.(variantKey); ok {
			k = o.relation
		}
		if k == any(r) {
			clear(l.(keyLoader[K]))
		}
		return true
	})
}
