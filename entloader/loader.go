package entloader

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Loader loads values V for comparable keys K. See [NewLoader].
type Loader[K comparable, V any] = LoaderBy[K, K, V]

// LoaderBy loads values V for keys K that are compared by C, in batches, and
// remembers the answers. Its zero value is not usable: see [NewLoader],
// [NewGroupLoader] and [NewLoaderBy]. Answers stay until they are cleared, so a
// loader belongs to one request: see [Define].
//
// A LoaderBy is safe for concurrent use.
type LoaderBy[K any, C comparable, V any] struct {
	name string
	// options are those of the queries, as renderOptions compares them; empty
	// without options.
	options string
	opt     options
	params  any    // of DefineBy; nil without
	scope   *Scope // nil for loaders outside ent
	id      func(K) C
	// fetch finds the values for keys and writes them at the position of their
	// key. An error is the error of every key.
	fetch fetchFunc[K, V]
	turns chan struct{} // a place for each fetch that may run at the same time

	mu    sync.Mutex
	slots map[C]*slot[K, C, V] // the answers, ready or on their way
	lone  *batch[K, C, V]      // the batch that gathers lone keys, if any
	// ramp is how many siblings the next batch takes at most after a clear; 0
	// means a whole window.
	ramp int
	// lookups are context keys that earlier batches of this loader read; a
	// load whose context differs in one does not join a running batch.
	lookups []any
	// kept are the keys in the order that they came in, with WithCacheLimit.
	kept  []C
	stats Stats
}

type fetchFunc[K, V any] func(ctx context.Context, keys []K, out *answers[V]) error

func newLoader[K any, C comparable, V any](name string, opt options, scope *Scope, id func(K) C, fetch fetchFunc[K, V]) *LoaderBy[K, C, V] {
	return &LoaderBy[K, C, V]{
		name: name, opt: opt, scope: scope, id: id, fetch: fetch,
		turns: make(chan struct{}, opt.parallel),
		slots: make(map[C]*slot[K, C, V]), // open replaces it where it knows the size
		stats: Stats{Name: name},
	}
}

// Load returns the value for key. Keys that are asked for at about the same
// time share a fetch. A key that the fetch does not answer is ErrNotFound.
//
// It fails at once if ctx has ended, and returns as soon as ctx ends; the fetch
// goes on for the others who wait for it.
func (l *LoaderBy[K, C, V]) Load(ctx context.Context, key K) (V, error) {
	if v, ok := l.ready(ctx, key); ok {
		return v, nil
	}
	v, err := l.load(ctx, key, family[K]{})
	if err != nil {
		err = keyError(l.name, err)
	}
	return v, err
}

// LoadAll returns the values for keys, in their order, duplicates included.
// Keys that failed have a zero value, and their error in the KeyErrors[C] that
// is returned.
func (l *LoaderBy[K, C, V]) LoadAll(ctx context.Context, keys []K) ([]V, error) {
	values, failed := l.loadAll(ctx, keys)
	if failed != nil {
		return values, failed
	}
	return values, nil
}

// LoadMap returns the values for keys, without those that were not found. The
// error is one as of LoadAll, for the other keys that failed.
func (l *LoaderBy[K, C, V]) LoadMap(ctx context.Context, keys []K) (map[C]V, error) {
	values, failed := l.loadAll(ctx, keys)
	found := make(map[C]V, len(keys))
	for i, k := range keys {
		id := l.id(k)
		switch err := failed[id]; {
		case err == nil:
			found[id] = values[i]
		case errors.Is(err, ErrNotFound):
			delete(failed, id)
		}
	}
	if len(failed) > 0 {
		return found, failed
	}
	return found, nil
}

// LoadThunk enrolls key for the next batch and returns a function that waits
// for its value: a single goroutine can collect keys first and wait later. The
// first of the functions that is called sends the batch. They may be called
// several times, and by several goroutines.
func (l *LoaderBy[K, C, V]) LoadThunk(ctx context.Context, key K) func() (V, error) {
	if ctx.Err() != nil || IsAlone(ctx) || l.inTx() {
		return sync.OnceValues(func() (V, error) { return l.Load(ctx, key) })
	}
	id := l.id(key)
	if id != id {
		return func() (v V, err error) { return v, keyError(l.name, errNaN) }
	}
	// The goroutine goes on: it is not parked, and sends the batch when it waits.
	e, err := l.join(ctx, id, key, family[K]{}, entry[K, C, V]{}, false)
	return sync.OnceValues(func() (v V, _ error) {
		if err != nil {
			return v, keyError(l.name, err)
		}
		b := e.slot.batch
		l.mu.Lock()
		if l.lone == b {
			l.sendLone(reasonFlush)
		}
		l.mu.Unlock()
		if !e.ready {
			if err := b.wait(ctx, e.slot, e.wake); err != nil {
				return v, keyError(l.name, err)
			}
		}
		if !e.ready && !e.opened && e.slot.primed == nil && !b.read.matches(ctx, l.opt.scope) {
			return l.Load(ctx, key)
		}
		v, err := e.slot.answer()
		if err != nil {
			err = keyError(l.name, err)
		}
		return v, err
	})
}

// A family is the keys that belong together with one that is loaded. The zero
// family is that of a lone key.
type family[K any] struct {
	size int // how many keys there are, at most
	// keys calls yield with the keys, until it returns false: all of them in
	// their order, or those from the one that is loaded on, if only limit of
	// them are wanted.
	keys func(limit int, yield func(K) bool)
}

// load returns the value for key. The keys of its family are sent with it, at
// once and in one batch. A lone key waits for others. Errors do not name the
// loader yet: an edge has a better name for it.
func (l *LoaderBy[K, C, V]) load(ctx context.Context, key K, with family[K]) (v V, err error) {
	id := l.id(key)
	if id != id {
		return v, errNaN
	}
	if IsAlone(ctx) {
		return l.loadAlone(ctx, key)
	}
	var last entry[K, C, V] // the place in a batch whose answer is not ours
	for {
		if ctx.Err() != nil {
			return v, ended(ctx)
		}
		e, err := l.join(ctx, id, key, with, last, true)
		if err != nil {
			return v, err
		}
		b := e.slot.batch
		if e.start {
			l.start(b)
		}
		if e.parker != nil {
			e.parker.park(l, 1)
		}
		if !e.ready {
			if err := b.wait(ctx, e.slot, e.wake); err != nil {
				return v, err
			}
		}
		if e.ready || e.opened || e.slot.primed != nil || b.read.matches(ctx, l.opt.scope) {
			return e.slot.answer()
		}
		// The answer read something from its context that is different here.
		last = e
	}
}

// An entry is a load's place in a batch.
type entry[K any, C comparable, V any] struct {
	slot   *slot[K, C, V]
	hit    bool            // the batch was there for the key
	ready  bool            // the answer is there, and may be shared
	opened bool            // the batch runs under the context of the load
	start  bool            // the load has to start the batch
	wake   <-chan struct{} // that of the batch
	parker parker          // to be parked, nil if there is none
}

// join finds the answer for a key, or a batch that brings it. last is the place
// that the load had before, if its answer could not be shared; waits says that
// its goroutine is about to wait.
func (l *LoaderBy[K, C, V]) join(ctx context.Context, id C, key K, with family[K], last entry[K, C, V], waits bool) (e entry[K, C, V], err error) {
	l.mu.Lock()
	defer l.mu.Unlock() // find calls what the application wrote
	if last.slot == nil {
		l.stats.Loads++
	} else if last.hit {
		l.stats.Hits--
	}
	if e.slot = l.find(ctx, id); e.slot != nil {
		e.hit = true
		l.stats.Hits++
	} else {
		e.slot, e.opened = l.open(ctx, id, key, with)
	}
	b := e.slot.batch
	if b.within(ctx) {
		return e, errCycle
	}
	l.ask(e.slot)
	if e.ready = b.ready; e.ready {
		return e, nil
	}
	l.stats.Waits++
	b.waiters++
	e.start = e.opened && b.timer == nil // a gathering batch starts by itself
	e.wake = b.wake
	if waits {
		e.parker = l.willPark(ctx, b)
	}
	return e, nil
}

// loadAll loads keys together. It takes the lock once for all of them, and
// waits once for each batch that they are in.
func (l *LoaderBy[K, C, V]) loadAll(ctx context.Context, keys []K) ([]V, KeyErrors[C]) {
	values := make([]V, len(keys))
	slots := make([]*slot[K, C, V], len(keys)) // nil for keys that are loaded one by one
	shared := make(map[*batch[K, C, V]]bool)   // whose answers are ours as well
	if ctx.Err() == nil && !IsAlone(ctx) && !l.inTx() {
		waits, p := l.enroll(ctx, keys, slots, shared)
		if p != nil {
			p.park(l, 1)
		}
		for _, w := range waits {
			if ctx.Err() != nil {
				w.batch.leave(ctx)
			} else if w.batch.wait(ctx, nil, nil) == nil {
				shared[w.batch] = w.opened || w.batch.read.matches(ctx, l.opt.scope)
			}
		}
	}
	var failed KeyErrors[C]
	for i, k := range keys {
		var err error
		if s := slots[i]; s != nil && shared[s.batch] {
			values[i], err = s.answer()
		} else {
			// In a transaction the rest of the keys goes with this one.
			values[i], err = l.load(ctx, k, family[K]{size: len(keys) - i, keys: func(_ int, yield func(K) bool) {
				slices.Values(keys[i:])(yield)
			}})
		}
		if err != nil {
			if failed == nil {
				failed = make(KeyErrors[C])
			}
			failed[l.id(k)] = keyError(l.name, err)
		}
	}
	return values, failed
}

// A wait is a batch that is not ready, and whether it runs under the context of
// the one who waits.
type wait[K any, C comparable, V any] struct {
	batch  *batch[K, C, V]
	opened bool
}

// enroll finds or makes the slots of keys, notes which batches are ready and
// may be shared, and returns those to wait for and what to park. It leaves out
// keys that need an error of their own.
func (l *LoaderBy[K, C, V]) enroll(ctx context.Context, keys []K, slots []*slot[K, C, V], shared map[*batch[K, C, V]]bool) (waits []wait[K, C, V], p parker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, k := range keys {
		id := l.id(k)
		if id != id {
			continue
		}
		s, opened := l.find(ctx, id), false
		if s == nil {
			if l.lone == nil && len(l.slots) == 0 {
				l.slots = make(map[C]*slot[K, C, V], len(keys))
			}
			if s, opened = l.gather(ctx, id, k); opened {
				s.batch.reserve(len(keys) - i)
			}
		} else if s.batch.within(ctx) {
			continue
		} else {
			l.stats.Hits++
		}
		l.stats.Loads++
		l.ask(s)
		slots[i] = s
		b := s.batch
		if b.ready {
			shared[b] = true
			continue
		}
		if _, ok := shared[b]; !ok {
			shared[b] = false
			b.waiters++
			l.stats.Waits++
			waits = append(waits, wait[K, C, V]{b, opened})
		}
	}
	if _, ok := shared[l.lone]; ok && l.lone != nil {
		p = l.willPark(ctx, l.lone)
	}
	return waits, p
}

// loadAlone fetches one key for one caller.
func (l *LoaderBy[K, C, V]) loadAlone(ctx context.Context, key K) (v V, err error) {
	if ctx.Err() != nil {
		return v, ended(ctx)
	}
	b := l.newBatch(ctx)
	b.keys, b.asked, b.waiters = []K{key}, []bool{true}, 1
	l.mu.Lock()
	l.stats.Loads++
	l.sent(b, reasonAlone)
	l.mu.Unlock()
	l.start(b)
	s := &slot[K, C, V]{batch: b}
	if err := b.wait(ctx, s, nil); err != nil {
		return v, err
	}
	return s.answer()
}

// Stats returns the figures of the loader so far.
func (l *LoaderBy[K, C, V]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}
