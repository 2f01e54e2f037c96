package entloader

import (
	"context"
	"slices"
	"sync"
)

// NewLoaders returns loaders for those that are defined by hand, in programs
// without ent; the Loaders of a generated package hold them as well. A definition
// gives its loader options of its own. Of opts it takes the observers, which are told
// of its batches too, WithUnrecorded, and WithScope where it has no other.
func NewLoaders(opts ...Option) *Loaders {
	return &Loaders{opt: newOptions(opts)}
}

// baseKey finds the loaders of a context whatever package they were generated
// into.
type baseKey struct{}

// ContextKey is the context key of the loaders L, one per generated package.
type ContextKey[L any] struct{}

// contextKey is implemented by all ContextKeys.
type contextKey interface{ isContextKey() }

func (ContextKey[L]) isContextKey() {}

// loadersContext carries loaders under two keys.
type loadersContext[L any] struct {
	context.Context
	loaders *L
	base    *Loaders
}

func (c *loadersContext[L]) Value(key any) any {
	switch key {
	case any(ContextKey[L]{}):
		return c.loaders
	case any(baseKey{}):
		return c.base
	}
	return c.Context.Value(key)
}

// NewContext returns a context that carries the loaders of a generated package;
// base is the Loaders that they embed. Applications call NewLoadersContext of
// that package.
func NewContext[L any](ctx context.Context, loaders *L, base *Loaders) context.Context {
	return &loadersContext[L]{ctx, loaders, base}
}

// NewLoadersContext returns a context that carries loaders made by NewLoaders.
func NewLoadersContext(ctx context.Context, l *Loaders) context.Context {
	return NewContext(ctx, l, l)
}

// LoadersFromContext returns the loaders that ctx carries, those of a generated
// package included; nil if it has none.
func LoadersFromContext(ctx context.Context) *Loaders {
	l, _ := ctx.Value(baseKey{}).(*Loaders)
	return l
}

// A Definition says how a loader of the application is made. It is made on
// first use, one for each request, lives in the loaders of the request and
// goes with them. Where several goroutines are first at the same time, each may make
// one, and all get the same. Definitions are variables of a package:
//
//	var prices = entloader.Define("prices", func(context.Context) *entloader.Loader[string, Price] {
//		return entloader.NewLoader(fetchPrices)
//	})
//
//	price, err := prices.From(ctx).Load(ctx, "A-1")
type Definition[K any, C comparable, V any] struct {
	family *DefinitionBy[struct{}, K, C, V]
}

// Define returns the definition of a loader. name is what errors and statistics
// call it. make gets the context of the first use and returns a new loader.
func Define[K any, C comparable, V any](name string, make func(ctx context.Context) *LoaderBy[K, C, V]) *Definition[K, C, V] {
	return &Definition[K, C, V]{DefineBy(name, func(ctx context.Context, _ struct{}) *LoaderBy[K, C, V] { return make(ctx) })}
}

// From returns the loader of the request that ctx belongs to. Where ctx has no
// loaders it returns a new one, which does not wait for other keys.
func (d *Definition[K, C, V]) From(ctx context.Context) *LoaderBy[K, C, V] {
	return d.family.From(ctx, struct{}{})
}

// Put makes l, which must not be in use yet, the loader of the request, in place
// of one that was made. It does nothing where ctx has no loaders.
func (d *Definition[K, C, V]) Put(ctx context.Context, l *LoaderBy[K, C, V]) {
	d.family.Put(ctx, struct{}{}, l)
}

// DefinitionBy is a Definition of a family of loaders that differ in their
// params: those of open and of closed offices, for instance.
type DefinitionBy[P comparable, K any, C comparable, V any] struct {
	name string
	make func(context.Context, P) *LoaderBy[K, C, V]
}

// DefineBy returns the definition of a family of loaders. name is what errors
// and statistics call them. make returns a new loader on each call.
func DefineBy[P comparable, K any, C comparable, V any](name string, make func(ctx context.Context, params P) *LoaderBy[K, C, V]) *DefinitionBy[P, K, C, V] {
	return &DefinitionBy[P, K, C, V]{name: name, make: make}
}

// definedKey identifies a defined loader within a request.
type definedKey[P comparable] struct {
	definition any
	params     P
}

// From returns the loader for params of the request that ctx belongs to. Where
// ctx has no loaders it returns a new one, which does not wait for other keys.
func (d *DefinitionBy[P, K, C, V]) From(ctx context.Context, params P) *LoaderBy[K, C, V] {
	all := LoadersFromContext(ctx)
	if all == nil {
		l := d.new(ctx, params)
		WithQuiet(0)(&l.opt)
		return l
	}
	if params != params {
		return d.new(ctx, params) // NaN: nobody would find it again
	}
	key := definedKey[P]{d, params}
	if l, ok := all.defined.get(key); ok {
		return l.(*LoaderBy[K, C, V])
	}
	// make runs outside of every lock: it may use other loaders.
	l := d.new(ctx, params)
	l.inherit(&all.opt)
	return all.defined.add(key, l, false).(*LoaderBy[K, C, V])
}

// Put makes l, which must not be in use yet, the loader for params of the
// request, in place of one that was made. It does nothing where ctx has no
// loaders.
func (d *DefinitionBy[P, K, C, V]) Put(ctx context.Context, params P, l *LoaderBy[K, C, V]) {
	if all := LoadersFromContext(ctx); all != nil && params == params {
		l.define(d.name, params)
		l.inherit(&all.opt)
		all.defined.add(definedKey[P]{d, params}, l, true)
	}
}

// Clear forgets the answers for keys in all loaders of the family, whatever their
// params, as Clear of a loader does. It does nothing where ctx has no loaders.
func (d *DefinitionBy[P, K, C, V]) Clear(ctx context.Context, keys ...K) {
	d.each(ctx, func(l *LoaderBy[K, C, V]) { l.Clear(ctx, keys...) })
}

// ClearAll forgets every answer of all loaders of the family, as Clear does.
func (d *DefinitionBy[P, K, C, V]) ClearAll(ctx context.Context) {
	d.each(ctx, func(l *LoaderBy[K, C, V]) { l.ClearAll(ctx) })
}

// each calls f for the loaders of the request that were made or put.
func (d *DefinitionBy[P, K, C, V]) each(ctx context.Context, f func(*LoaderBy[K, C, V])) {
	all := LoadersFromContext(ctx)
	if all == nil {
		return
	}
	all.defined.byKey.Range(func(key, l any) bool {
		if k, ok := key.(definedKey[P]); ok && k.definition == any(d) {
			f(l.(*LoaderBy[K, C, V]))
		}
		return true
	})
}

func (d *DefinitionBy[P, K, C, V]) new(ctx context.Context, params P) *LoaderBy[K, C, V] {
	l := d.make(ctx, params)
	l.define(d.name, params)
	return l
}

// define names a loader that has no name of its own, and notes its params.
func (l *LoaderBy[K, C, V]) define(name string, params any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.name == defaultName {
		l.name, l.stats.Name = name, name
	}
	if params != any(struct{}{}) {
		l.params = params
	}
}

// inherit adds what the loaders of the request were told for all of theirs.
func (l *LoaderBy[K, C, V]) inherit(all *options) {
	l.opt.observers = slices.Concat(all.observers, l.opt.observers)
	if l.opt.scope == nil {
		l.opt.scope = all.scope
	}
	if own := l.opt.ignored; own == nil {
		l.opt.ignored = all.ignored
	} else if all.ignored != nil {
		l.opt.ignored = func(key any) bool { return own(key) || all.ignored(key) }
	}
}

// definedLoaders are the loaders of definitions. The zero value is empty.
type definedLoaders struct {
	byKey sync.Map // definedKey → anyLoader
	mu    sync.Mutex
	order []anyLoader // protected by mu
}

func (d *definedLoaders) get(key any) (any, bool) { return d.byKey.Load(key) }

// add returns the loader for key: l, unless there is one already that is not to
// be replaced.
func (d *definedLoaders) add(key any, l anyLoader, replace bool) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	if old, ok := d.byKey.Load(key); ok {
		if !replace {
			return old
		}
		for i, o := range d.order {
			if o == old {
				d.order[i] = l
			}
		}
	} else {
		d.order = append(d.order, l)
	}
	d.byKey.Store(key, l)
	return l
}

func (d *definedLoaders) list() []anyLoader {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]anyLoader(nil), d.order...)
}
