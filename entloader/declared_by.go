package entloader

import "context"

// A Declaring is a type that stands for a dynamic edge, as a [Related] does for a
// relation.
type Declaring[K comparable, T any, Q any, P comparable] interface {
	Declared() *Declared[K, T, Q, P]
}

// DeclaredBy loads a dynamic edge by the key of the parent. It is safe for
// concurrent use.
type DeclaredBy[D Declaring[K, T, Q, P], K comparable, T any, Q any, P comparable] ByKey

func (b *DeclaredBy[D, K, T, Q, P]) declared() *Declared[K, T, Q, P] {
	var d D
	return d.Declared()
}

// loader returns the loader for params.
func (b *DeclaredBy[D, K, T, Q, P]) loader(ctx context.Context, p P) (*LoaderBy[K, K, rows], error) {
	d := b.declared()
	p, err := d.Prepared(p)
	if err != nil {
		return nil, err
	}
	return d.loader(b.loaders.finder.Scope(ctx), p), nil
}

// Load returns the targets for key; an empty slice, never nil, where there are
// none. The slice is shared and read-only. A lone key waits a moment for others,
// see [WithQuiet].
func (b *DeclaredBy[D, K, T, Q, P]) Load(ctx context.Context, key K, params P) ([]T, error) {
	l, err := b.loader(ctx, params)
	if err != nil {
		return nil, err
	}
	found, err := l.Load(ctx, key)
	return listOf[T](found), err
}

// LoadAll returns the targets for keys, in their order. Keys that failed have a
// nil slice, and their error in a KeyErrors.
func (b *DeclaredBy[D, K, T, Q, P]) LoadAll(ctx context.Context, keys []K, params P) ([][]T, error) {
	l, err := b.loader(ctx, params)
	if err != nil {
		return nil, err
	}
	groups, err := l.LoadAll(ctx, keys)
	return listsOf[T](groups), err
}

// Count returns how many targets key has, as Count of ent's edge query does.
func (b *DeclaredBy[D, K, T, Q, P]) Count(ctx context.Context, key K, params P) (int, error) {
	d := b.declared()
	p, err := d.Prepared(params)
	if err != nil {
		return 0, err
	}
	n, err := d.counter(b.loaders.finder.Scope(ctx), p).Load(ctx, key)
	return n.number(), err
}

// Exist reports whether key has targets, as Exist of ent's edge query does.
func (b *DeclaredBy[D, K, T, Q, P]) Exist(ctx context.Context, key K, params P) (bool, error) {
	d := b.declared()
	p, err := d.Prepared(params)
	if err != nil {
		return false, err
	}
	n, err := d.prober(b.loaders.finder.Scope(ctx), p).Load(ctx, key)
	return n.number() > 0, err
}

// Prime makes targets the answer for key, unless there is an answer already. It
// does nothing for params that can not be loaded.
func (b *DeclaredBy[D, K, T, Q, P]) Prime(ctx context.Context, key K, params P, targets []T) {
	if l, err := b.loader(ctx, params); err == nil {
		l.Prime(ctx, key, rowsOf(targets))
	}
}

// Clear forgets the answers for keys, whatever the params. Clearing the edge
// itself forgets them as well.
func (b *DeclaredBy[D, K, T, Q, P]) Clear(ctx context.Context, keys ...K) {
	b.each(ctx, func(l keyLoader[K]) { l.Clear(ctx, keys...) })
}

// ClearAll forgets the answers for all keys, whatever the params.
func (b *DeclaredBy[D, K, T, Q, P]) ClearAll(ctx context.Context) {
	b.each(ctx, func(l keyLoader[K]) { l.ClearAll(ctx) })
}

func (b *DeclaredBy[D, K, T, Q, P]) each(ctx context.Context, clear func(keyLoader[K])) {
	d := any(b.declared())
	b.loaders.finder.Scope(ctx).loading.Range(func(k, l any) bool {
		if v, ok := k.(variantKey); ok {
			if k, ok := v.options.(interface{ declared() any }); ok && k.declared() == d {
				clear(l.(keyLoader[K]))
			}
		}
		return true
	})
}

// FixedBy is DeclaredBy for a dynamic edge without params.
type FixedBy[D Declaring[K, T, Q, NoParams], K comparable, T any, Q any] ByKey

func (b *FixedBy[D, K, T, Q]) by() *DeclaredBy[D, K, T, Q, NoParams] {
	return (*DeclaredBy[D, K, T, Q, NoParams])(b)
}

// Load is DeclaredBy.Load.
func (b *FixedBy[D, K, T, Q]) Load(ctx context.Context, key K) ([]T, error) {
	return b.by().Load(ctx, key, NoParams{})
}

// LoadAll is DeclaredBy.LoadAll.
func (b *FixedBy[D, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([][]T, error) {
	return b.by().LoadAll(ctx, keys, NoParams{})
}

// Count is DeclaredBy.Count.
func (b *FixedBy[D, K, T, Q]) Count(ctx context.Context, key K) (int, error) {
	return b.by().Count(ctx, key, NoParams{})
}

// Exist is DeclaredBy.Exist.
func (b *FixedBy[D, K, T, Q]) Exist(ctx context.Context, key K) (bool, error) {
	return b.by().Exist(ctx, key, NoParams{})
}

// Prime is DeclaredBy.Prime.
func (b *FixedBy[D, K, T, Q]) Prime(ctx context.Context, key K, targets []T) {
	b.by().Prime(ctx, key, NoParams{}, targets)
}

// Clear is DeclaredBy.Clear.
func (b *FixedBy[D, K, T, Q]) Clear(ctx context.Context, keys ...K) { b.by().Clear(ctx, keys...) }

// ClearAll is DeclaredBy.ClearAll.
func (b *FixedBy[D, K, T, Q]) ClearAll(ctx context.Context) { b.by().ClearAll(ctx) }

// FirstBy loads a dynamic edge with First by the key of the parent. It is safe for
// concurrent use.
type FirstBy[D Declaring[K, T, Q, P], K comparable, T any, Q any, P comparable] ByKey

func (b *FirstBy[D, K, T, Q, P]) by() *DeclaredBy[D, K, T, Q, P] {
	return (*DeclaredBy[D, K, T, Q, P])(b)
}

// Load returns the first target for key, nil where there is none. It is shared and
// read-only. A lone key waits a moment for others, see [WithQuiet].
func (b *FirstBy[D, K, T, Q, P]) Load(ctx context.Context, key K, params P) (T, error) {
	return FirstOf(b.by().Load(ctx, key, params))
}

// LoadAll returns the first targets for keys, in their order. Keys that failed
// have a nil target, and their error in a KeyErrors.
func (b *FirstBy[D, K, T, Q, P]) LoadAll(ctx context.Context, keys []K, params P) ([]T, error) {
	rows, err := b.by().LoadAll(ctx, keys, params)
	ones := make([]T, len(rows))
	for i := range rows {
		ones[i], _ = FirstOf(rows[i], nil)
	}
	return ones, err
}

// Count is DeclaredBy.Count: all targets count, not the first alone.
func (b *FirstBy[D, K, T, Q, P]) Count(ctx context.Context, key K, params P) (int, error) {
	return b.by().Count(ctx, key, params)
}

// Exist is DeclaredBy.Exist.
func (b *FirstBy[D, K, T, Q, P]) Exist(ctx context.Context, key K, params P) (bool, error) {
	return b.by().Exist(ctx, key, params)
}

// Prime makes v the answer for key, unless there is an answer already.
func (b *FirstBy[D, K, T, Q, P]) Prime(ctx context.Context, key K, params P, v T) {
	var none T
	if any(v) == any(none) {
		b.by().Prime(ctx, key, params, nil)
		return
	}
	b.by().Prime(ctx, key, params, []T{v})
}

// Clear is DeclaredBy.Clear.
func (b *FirstBy[D, K, T, Q, P]) Clear(ctx context.Context, keys ...K) { b.by().Clear(ctx, keys...) }

// ClearAll is DeclaredBy.ClearAll.
func (b *FirstBy[D, K, T, Q, P]) ClearAll(ctx context.Context) { b.by().ClearAll(ctx) }

// FixedFirstBy is FirstBy for a dynamic edge without params.
type FixedFirstBy[D Declaring[K, T, Q, NoParams], K comparable, T any, Q any] ByKey

func (b *FixedFirstBy[D, K, T, Q]) by() *FirstBy[D, K, T, Q, NoParams] {
	return (*FirstBy[D, K, T, Q, NoParams])(b)
}

// Load is FirstBy.Load.
func (b *FixedFirstBy[D, K, T, Q]) Load(ctx context.Context, key K) (T, error) {
	return b.by().Load(ctx, key, NoParams{})
}

// LoadAll is FirstBy.LoadAll.
func (b *FixedFirstBy[D, K, T, Q]) LoadAll(ctx context.Context, keys []K) ([]T, error) {
	return b.by().LoadAll(ctx, keys, NoParams{})
}

// Count is FirstBy.Count.
func (b *FixedFirstBy[D, K, T, Q]) Count(ctx context.Context, key K) (int, error) {
	return b.by().Count(ctx, key, NoParams{})
}

// Exist is DeclaredBy.Exist.
func (b *FixedFirstBy[D, K, T, Q]) Exist(ctx context.Context, key K) (bool, error) {
	return b.by().Exist(ctx, key, NoParams{})
}

// Prime is FirstBy.Prime.
func (b *FixedFirstBy[D, K, T, Q]) Prime(ctx context.Context, key K, v T) {
	b.by().Prime(ctx, key, NoParams{}, v)
}

// Clear is DeclaredBy.Clear.
func (b *FixedFirstBy[D, K, T, Q]) Clear(ctx context.Context, keys ...K) { b.by().Clear(ctx, keys...) }

// ClearAll is DeclaredBy.ClearAll.
func (b *FixedFirstBy[D, K, T, Q]) ClearAll(ctx context.Context) { b.by().ClearAll(ctx) }
