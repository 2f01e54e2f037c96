package entloader

import "context"

// A Related is a type that stands for a relation. Generated code declares one
// per relation, so that a loader by key is one pointer and making all loaders
// of a request costs next to nothing.
type Related[K comparable, T, Q any] interface {
	Relation() *Relation[K, T, Q]
}

// ByKey is what loaders by key point to, and what generated code takes them for: the
// loaders that they belong to. All of a request point to the same one. ManyBy and
// OneBy have the methods that a user calls and no others, on pointers: the compiler
// makes every method of each relation's, whether it is called or not.
type ByKey struct{ loaders *Loaders }

func relationOf[R Related[K, T, Q], K comparable, T, Q any]() *Relation[K, T, Q] {
	var r R
	return r.Relation()
}

// ManyBy loads the targets of an edge to many by the key of the parent. It is
// safe for concurrent use.
type ManyBy[R Related[K, T, Q], K comparable, T, Q any] ByKey

// Load returns the targets for key; an empty slice, never nil, where there are
// none. The slice is shared and read-only. A lone key waits a moment for
// others, see [WithQuiet].
func (b *ManyBy[R, K, T, Q]) Load(ctx context.Context, key K) ([]T, error) {
	found, err := rowLoader(relationOf[R, K, T, Q](), b.loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
	return listOf[T](found), err
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil slice, and their error in a KeyErrors.
func (b *ManyBy[R, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([][]T, error) {
	groups, err := rowLoader(relationOf[R, K, T, Q](), b.loaders.finder.Scope(ctx), "", nil).LoadAll(ctx, keys)
	return listsOf[T](groups), err
}

// Count returns how many targets key has, as Count of ent's edge query does; 0
// where there are none. A lone key waits a moment for others, see [WithQuiet].
func (b *ManyBy[R, K, T, Q]) Count(ctx context.Context, key K) (int, error) {
	r := relationOf[R, K, T, Q]()
	n, err := counter(r, r.Name, b.loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
	return n.number(), err
}

// Exist reports whether key has targets, as Exist of ent's edge query does.
func (b *ManyBy[R, K, T, Q]) Exist(ctx context.Context, key K) (bool, error) {
	r := relationOf[R, K, T, Q]()
	n, err := prober(r, r.Name, b.loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
	return n.number() > 0, err
}

// Prime makes targets the answer for key, unless there is an answer already.
func (b *ManyBy[R, K, T, Q]) Prime(ctx context.Context, key K, targets []T) {
	rowLoader(relationOf[R, K, T, Q](), b.loaders.finder.Scope(ctx), "", nil).Prime(ctx, key, rowsOf(targets))
}

// Clear forgets the answers for keys, those of loads with options included.
func (b *ManyBy[R, K, T, Q]) Clear(ctx context.Context, keys ...K) {
	clearKeys(ctx, relationOf[R, K, T, Q](), b.loaders, keys)
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b *ManyBy[R, K, T, Q]) ClearAll(ctx context.Context) {
	clearAllKeys(ctx, relationOf[R, K, T, Q](), b.loaders)
}

// OneBy loads the one target that a key stands for. It is safe for concurrent
// use.
type OneBy[R Related[K, T, Q], K comparable, T, Q any] ByKey

// loadOne loads the one target of a relation for a key.
func loadOne[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], loaders *Loaders, key K) (v T, err error) {
	found, err := rowLoader(r, loaders.finder.Scope(ctx), "", nil).Load(ctx, key)
	if err != nil {
		return v, err
	}
	return oneOf(r, found)
}

// loadOnes loads the one target for each key. given are the keys as the user has
// them, which errors are found by.
func loadOnes[U, K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], loaders *Loaders, given []U, keys []K) ([]T, error) {
	l := rowLoader(r, loaders.finder.Scope(ctx), "", nil)
	groups, failed, _ := l.loadAll(ctx, keys)
	ones := make([]T, len(keys))
	errs := make(KeyErrors[U])
	for i, k := range keys {
		err := failed[l.id(k)]
		if err == nil {
			ones[i], err = oneOf(r, groups[i])
		}
		if err != nil {
			errs[given[i]] = err
		}
	}
	if len(errs) > 0 {
		return ones, errs
	}
	return ones, nil
}

// primeOne makes v the answer for key; nil says that there is none.
func primeOne[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], loaders *Loaders, key K, v T) {
	var (
		none T
		list []T
	)
	if any(v) != any(none) {
		list = []T{v}
	}
	rowLoader(r, loaders.finder.Scope(ctx), "", nil).Prime(ctx, key, rowsOf(list))
}

// oneOf returns the one row that there is for a key.
func oneOf[K comparable, T, Q any](r *Relation[K, T, Q], found rows) (v T, err error) {
	switch found.len() {
	case 0:
		if r.Optional {
			return v, nil
		}
		err = notFound(r.Target)
	case 1:
		return listOf[T](found)[0], nil
	default:
		err = notSingular(r.Target)
	}
	return v, keyError(r.Name, err)
}

// Load returns the target for key. Where there is none, the error is one for
// which IsNotFound of the ent package holds; for an optional edge the target is
// nil. A lone key waits a moment for others, see [WithQuiet].
func (b *OneBy[R, K, T, Q]) Load(ctx context.Context, key K) (T, error) {
	return loadOne(ctx, relationOf[R, K, T, Q](), b.loaders, key)
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil target, and their error in a KeyErrors.
func (b *OneBy[R, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([]T, error) {
	return loadOnes(ctx, relationOf[R, K, T, Q](), b.loaders, keys, keys)
}

// Prime makes v the answer for key, unless there is an answer already. A nil v says
// that there is no target.
func (b *OneBy[R, K, T, Q]) Prime(ctx context.Context, key K, v T) {
	primeOne(ctx, relationOf[R, K, T, Q](), b.loaders, key, v)
}

// Clear forgets the answers for keys, those of loads with options included.
func (b *OneBy[R, K, T, Q]) Clear(ctx context.Context, keys ...K) {
	clearKeys(ctx, relationOf[R, K, T, Q](), b.loaders, keys)
}

// ClearAll forgets the answers for all keys, those of loads with options
// included.
func (b *OneBy[R, K, T, Q]) ClearAll(ctx context.Context) {
	clearAllKeys(ctx, relationOf[R, K, T, Q](), b.loaders)
}

// keyLoader is a loader of a relation, whatever it brings for a key.
type keyLoader[K comparable] interface {
	Clear(ctx context.Context, keys ...K)
	ClearAll(ctx context.Context)
}

// clearKeys forgets the answers of a relation for keys.
func clearKeys[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], loaders *Loaders, keys []K) {
	clearRelation(r, loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.Clear(ctx, keys...) })
}

// clearAllKeys forgets all answers of a relation.
func clearAllKeys[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], loaders *Loaders) {
	clearRelation(r, loaders.finder.Scope(ctx), func(l keyLoader[K]) { l.ClearAll(ctx) })
}

// clearRelation clears the loaders of a relation, whatever their options and
// answers.
func clearRelation[K comparable, T, Q any](r *Relation[K, T, Q], sc *Scope, clear func(keyLoader[K])) {
	rowLoader(r, sc, "", nil) // a clear before the first load counts, too
	sc.loading.Range(func(k, l any) bool {
		if o, ok := k.(variantKey); ok {
			k = o.relation
		}
		if k == any(&r.Match) {
			clear(l.(keyLoader[K]))
		}
		return true
	})
}
