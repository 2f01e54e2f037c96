package entloader

import (
	"context"
	"errors"
	"reflect"
)

// A Cache keeps answers for longer than a loader lives, or in another place. Its
// methods are called by the goroutine of a fetch, or of a Clear, several at the
// same time. A cache that fails is passed by: its errors are counted in the
// statistics and fail no load.
type Cache interface {
	// Get returns the value for a key, of the type that Set was given.
	Get(ctx context.Context, key CacheKey) (value any, ok bool, err error)
	// Set keeps a value.
	Set(ctx context.Context, key CacheKey, value any) error
	// Delete forgets the value for a key.
	Delete(ctx context.Context, key CacheKey) error
	// Clear forgets all values of a loader; Key is nil.
	Clear(ctx context.Context, loader CacheKey) error
}

// A CacheKey tells two answers apart. Two keys are for the same answer if they
// are equal by ==, except that Clear concerns all keys of a loader.
type CacheKey struct {
	// Loader is the name of the loader.
	Loader string
	// Scope is what the function of WithScope returned, nil without.
	Scope any
	// Params are those of DefineBy, nil without.
	Params any
	// Key is the key, as it is compared.
	Key any
}

// WithCache makes a loader ask c before it fetches, and tell it what it fetched.
// It is for loaders of NewLoader and the like: entities of ent belong to the
// request that loaded them, so generated loaders take no notice. The loader needs a
// name, of [WithName] or [Define], since its answers are kept under it. Loads under
// [Alone] pass c by.
//
// An answer whose fetch looked something up in its context is not kept, since
// the cache could not tell whom it is for; the statistics count it as Unkept. Pass
// what matters with WithScope, and read it from the key; name what does not with
// [WithUnrecorded]. What net/http and tracers look up does not count. Errors are not
// kept. Prime fills the memory of the loader alone: where c may hold an older value,
// Clear the key first. Clear tells c to forget what it keeps under the value of
// WithScope that its context has. [WithoutCache] turns off that memory alone, and
// leaves c.
func WithCache(c Cache) Option {
	return func(o *options) { o.cache = careful{c} }
}

// careful is a cache whose panics are errors.
type careful struct{ cache Cache }

func (c careful) Get(ctx context.Context, key CacheKey) (value any, ok bool, err error) {
	defer asError(&err)
	return c.cache.Get(ctx, key)
}

func (c careful) Set(ctx context.Context, key CacheKey, value any) (err error) {
	defer asError(&err)
	return c.cache.Set(ctx, key, value)
}

func (c careful) Delete(ctx context.Context, key CacheKey) (err error) {
	defer asError(&err)
	return c.cache.Delete(ctx, key)
}

func (c careful) Clear(ctx context.Context, loader CacheKey) (err error) {
	defer asError(&err)
	return c.cache.Clear(ctx, loader)
}

// asError makes a panic an error.
func asError(err *error) {
	if v := recover(); v != nil {
		*err = newPanicError(v)
	}
}

// errUnnamed refuses to share a cache under a name that all loaders have.
var errUnnamed = errors.New("a loader with WithCache needs a name, under which its answers are kept: give it one with WithName, or define it with Define")

// cacheKey is the key of an answer under a value of WithScope.
func (l *LoaderBy[K, C, V]) cacheKey(scope any, key any) CacheKey {
	return CacheKey{Loader: l.name, Scope: scope, Params: l.params, Key: key}
}

// cached fetches the keys that the user's cache does not have.
func (b *batch[K, C, V]) cached(keys []K, out *answers[V]) error {
	l, c := b.loader, b.loader.opt.cache
	if l.name == defaultName {
		return errUnnamed
	}
	scope := b.ctx.under
	// What a cache looks up, for tracing or to find its connection, does not
	// decide the answer.
	b.ctx.mute(true)
	var (
		missing []K
		at      []int
		failed  int
		unkept  int
	)
	for i, k := range keys {
		v, ok, err := c.Get(&b.ctx, l.cacheKey(scope, l.id(k)))
		if err != nil {
			failed++
		}
		typed, is := v.(V)
		if is = is || v == nil && reflect.TypeFor[V]().Kind() == reflect.Interface; ok && is && err == nil {
			out.values[i] = typed
			continue
		}
		missing, at = append(missing, k), append(at, i)
	}
	b.ctx.mute(false)
	defer func() {
		l.lock()
		l.stats.CacheErrors += failed
		l.stats.Cached += len(keys) - len(missing)
		l.stats.Unkept += unkept
		l.mu.Unlock()
	}()
	if len(missing) == 0 {
		return nil
	}
	found := answers[V]{values: make([]V, len(missing))}
	if err := b.send(missing, &found); err != nil {
		if len(missing) == len(keys) || errors.Is(err, ErrNotFound) {
			return err
		}
		// Those that the cache had have their answers. The error is not remembered, as
		// that of a batch never is.
		l.lock()
		l.stats.Errors++
		l.mu.Unlock()
		for _, i := range at {
			out.fail(i, Transient(err))
		}
		return nil
	}
	keep := !b.ctx.hasRead()
	b.ctx.mute(true)
	defer b.ctx.mute(false)
	for j, i := range at {
		if found.errs != nil && found.errs[j] != nil {
			out.fail(i, found.errs[j])
			continue
		}
		out.values[i] = found.values[j]
		if !keep {
			unkept++
			continue
		}
		key := l.cacheKey(scope, l.id(missing[j]))
		if err := c.Set(&b.ctx, key, found.values[j]); err != nil {
			failed++
		}
		if l.cleared(b, l.id(missing[j])) {
			// What was fetched may be older than the clear, which came before the value.
			if err := c.Delete(&b.ctx, key); err != nil {
				failed++
			}
		}
	}
	return nil
}

// cleared reports whether the answer of a batch for a key was cleared while the batch
// ran.
func (l *LoaderBy[K, C, V]) cleared(b *batch[K, C, V], id C) bool {
	l.lock()
	defer l.mu.Unlock()
	for s := l.slots[id]; s != nil; s = s.next {
		if s.batch == b {
			return false
		}
	}
	return true
}

// forgetCached forgets keys in the user's cache, all keys of the loader without any.
// It reports whether there is one. Running fetches must not be able to tell it of these
// keys any more: they look whether the loader still has them. The caller does not hold
// l.mu.
func (l *LoaderBy[K, C, V]) forgetCached(ctx context.Context, keys ...K) bool {
	c := l.opt.cache
	if c == nil || l.scope != nil {
		return false
	}
	var scope any
	if l.opt.scope != nil {
		scope = l.opt.scope(ctx)
	}
	failed := 0
	for _, k := range keys {
		if err := c.Delete(ctx, l.cacheKey(scope, l.id(k))); err != nil {
			failed++
		}
	}
	if keys == nil {
		if err := c.Clear(ctx, l.cacheKey(scope, nil)); err != nil {
			failed++
		}
	}
	l.lock()
	l.stats.CacheErrors += failed
	l.mu.Unlock()
	return true
}
