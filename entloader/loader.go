package entloader

import (
	"context"
	"sync"
	"sync/atomic"
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
	// options are those of the queries, in a form that == compares: a string of
	// renderOptions. Without options they are "", or nil outside of ent.
	options any
	opt     options
	params  any    // of DefineBy; nil without
	scope   *Scope // nil for loaders outside ent
	id      func(K) C
	// fetch finds the values for keys and writes them at the position of their
	// key. An error is the error of every key.
	fetch fetchFunc[K, V]
	clip  func(V) V // what a primed value is made to, if not nil
	// take returns the answer for a key that is among offers, which other queries
	// made, with what that query read from its context; nil if there is none. Both
	// are nil where there never is.
	take   func(context.Context, C) (V, *record)
	offers *offers
	plain  bool          // keys are compared by themselves: id returns its argument
	turns  chan struct{} // a place for each fetch that may run at the same time

	gathering atomic.Bool                   // there is a batch that gathers lone keys
	door      atomic.Pointer[door[K, C, V]] // to that batch, if it is open; set under mu

	mu    sync.Mutex
	slots map[C]*slot[K, C, V] // the answers, ready or on their way
	lone  *batch[K, C, V]      // the batch that gathers lone keys, if any
	stats Stats
	// ramp is how many siblings the next batch takes at most after a clear; 0
	// means a whole window.
	ramp int
	// lookups are context keys that earlier batches of this loader read; a
	// load whose context differs in one does not join a running batch.
	lookups []any
	// reads are what the last batches read that read something else each; apart is
	// how often siblings were sent under a context that was new, see guesses.
	reads []*record
	apart int
	// kept are the keys in the order that they came in, with WithCacheLimit.
	kept []C
}

type fetchFunc[K, V any] func(ctx context.Context, keys []K, out *answers[V]) error

func newLoader[K any, C comparable, V any](name string, opt options, scope *Scope, id func(K) C, plain bool, fetch fetchFunc[K, V]) *LoaderBy[K, C, V] {
	return &LoaderBy[K, C, V]{
		name: name, opt: opt, scope: scope, id: id, fetch: fetch, plain: plain,
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
	values, failed, _ := l.loadAll(ctx, keys)
	if failed != nil {
		return values, failed
	}
	return values, nil
}

// LoadMap returns the values for keys, without those that were not found. The
// error is one as of LoadAll, for the other keys that failed.
func (l *LoaderBy[K, C, V]) LoadMap(ctx context.Context, keys []K) (map[C]V, error) {
	values, failed, missing := l.loadAll(ctx, keys)
	found := make(map[C]V, len(keys))
	for i, k := range keys {
		if id := l.id(k); id == id && failed[id] == nil {
			found[id] = values[i]
		}
	}
	for _, id := range missing {
		delete(failed, id)
	}
	if len(failed) > 0 {
		return found, failed
	}
	return found, nil
}

// LoadThunk enrolls key for the next batch and returns a function that waits
// for its value: a single goroutine can collect keys first and wait later. The
// first of the functions that is called sends the batch, but within an [Each], where it
// is sent when all members wait. They may be called several times, and by several
// goroutines.
func (l *LoaderBy[K, C, V]) LoadThunk(ctx context.Context, key K) func() (V, error) {
	if ctx.Err() != nil || IsAlone(ctx) || l.inTx() {
		return sync.OnceValues(func() (V, error) { return l.Load(ctx, key) })
	}
	id := l.id(key)
	if id != id {
		return func() (v V, err error) { return v, keyError(l.name, errNaN) }
	}
	// The goroutine goes on: it is not parked, and sends the batch when it waits.
	e := entry[K, C, V]{at: spotOf(ctx), now: clock()}
	l.lock()
	l.join(ctx, id, key, family[K]{}, &e, false)
	return sync.OnceValues(func() (v V, _ error) {
		b := e.batch
		l.lock()
		if e.parker = l.willPark(e.at.parker, b); e.parker == nil && l.lone == b {
			l.sendLone(reasonFlush)
		}
		l.mu.Unlock()
		if e.parker != nil {
			e.parker.park(b, 1)
		}
		if !e.ready {
			if !b.ready.Load() && ctx.Err() != nil {
				b.leave(e.at)
				return v, keyError(l.name, ended(ctx))
			}
			if err := e.wait(ctx); err != nil {
				return v, keyError(l.name, err)
			}
		}
		if !e.shared(ctx) {
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
	size   int // how many keys there are, at most
	window int // how many a batch takes, at most; 0 for what the loader says
	// keys calls yield with the keys, until it returns false: all of them in
	// their order, or those from the one that is loaded on, if only limit of
	// them are wanted.
	keys func(limit int, yield func(K) bool)
	why  loneReason // without keys
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
	if ctx.Err() != nil {
		return v, ended(ctx)
	}
	var p *place[K, C, V]
	d := l.door.Load()
	if d != nil {
		p = l.enter(ctx, d, key, with)
	} else if !l.gathering.Load() { // else the key is most likely one of those
		if v, ok := l.peek(ctx, id); ok {
			return v, nil
		}
		d, p = l.begin(ctx, key, with)
	}
	if p != nil {
		opened := p.note.Load()&noteOpened != 0
		switch {
		case opened:
			l.guard(ctx, d)
		case ctx.Err() == nil:
			<-d.gate // here, where the stack is not deep
		default: // who watches for that may have looked before the load came in
			return l.await(ctx, id, key, with, d, p)
		}
		if d.batch.ready.Load() && (opened || d.batch.read.matches(ctx, l.opt.scope)) {
			return p.slot().answer()
		}
	}
	return l.await(ctx, id, key, with, d, p)
}

// await joins batches until one brings an answer that the load may share. p is the
// place of the load at the door d, if it came in there.
func (l *LoaderBy[K, C, V]) await(ctx context.Context, id C, key K, with family[K], d *door[K, C, V], p *place[K, C, V]) (v V, err error) {
	var e entry[K, C, V]
	if p != nil {
		l.lock() // it has been admitted then
		l.mu.Unlock()
		note := p.note.Load()
		e.batch, e.slot, e.ticket = d.batch, p.slot(), ticket{d.gate, ctx.Done()}
		e.at, e.hit, e.opened = d.at, note&noteHit != 0, note&noteOpened != 0
	} else {
		e.at, e.now = spotOf(ctx), clock()
		l.lock()
		l.join(ctx, id, key, with, &e, true)
	}
	for !e.ready {
		switch {
		case e.start:
			l.start(e.batch)
		case e.parker != nil:
			e.parker.park(e.batch, 1)
		}
		if e.ticket.ends == nil && e.at.batch == nil {
			<-e.ticket.gate // here, where the stack is not deep
		}
		if err := e.wait(ctx); err != nil {
			return v, err
		}
		if e.shared(ctx) {
			break
		}
		if ctx.Err() != nil {
			return v, ended(ctx)
		}
		if with.keys == nil {
			with.why = loneContext // it waited, and not in vain but for its context
		}
		e.now = clock()
		l.lock()
		l.join(ctx, id, key, with, &e, true)
	}
	return e.slot.answer()
}

// An entry is a load's place in a batch. It is passed by reference: the loads of
// a request run on goroutines with small stacks, which are copied when they grow.
type entry[K any, C comparable, V any] struct {
	at     spot    // of the load
	now    instant // when it came
	batch  *batch[K, C, V]
	slot   *slot[K, C, V]
	hit    bool   // the batch was there for the key
	ready  bool   // the answer is there, and may be shared
	opened bool   // the batch runs under the context of the load
	start  bool   // the load has to start the batch
	ticket ticket // for the batch
	parker parker // to be parked, nil if there is none
}

func (e *entry[K, C, V]) wait(ctx context.Context) error {
	return e.batch.wait(ctx, e.at, []*slot[K, C, V]{e.slot}, e.ticket)
}

// shared reports whether the answer that was waited for is one for the load: not
// if the fetch read something from its context that is different in ctx.
func (e *entry[K, C, V]) shared(ctx context.Context) bool {
	b := e.batch
	return e.ready || e.opened || e.slot.primed || b.read.matches(ctx, b.loader.opt.scope)
}

// join finds the answer for a key, or a batch that brings it. e is the place
// that the load had before, if its answer could not be shared; waits says that
// its goroutine is about to wait. The caller holds l.mu, which join releases.
func (l *LoaderBy[K, C, V]) join(ctx context.Context, id C, key K, with family[K], e *entry[K, C, V], waits bool) {
	defer l.mu.Unlock() // find calls what the application wrote
	if e.slot == nil {
		l.stats.Loads++
	} else if e.hit {
		l.stats.Hits--
	}
	head := l.slots[id]
	if e.slot = l.there(ctx, head); e.slot != nil {
		l.stats.Hits++
		l.ask(e.slot)
		e.batch, e.hit, e.ready = e.slot.batch, true, true
		return
	}
	e.slot, e.opened = l.coming(ctx, e.at, head), false
	if e.slot == nil {
		if e.slot = l.taken(ctx, id); e.slot != nil {
			l.stats.Hits++
			e.batch, e.hit, e.ready = e.slot.batch, true, true
			return
		}
	}
	if e.slot == nil && head != nil && with.keys != nil && !l.guesses(ctx) {
		with = family[K]{why: loneContext}
	}
	switch e.hit = e.slot != nil; {
	case e.hit:
		l.hurry(e.slot.batch, e.at, e.now)
	case l.gathers(with):
		if e.slot, e.opened, e.hit = l.gather(ctx, e.at, id, key, head, e.now, 1); !e.hit {
			l.countLone(with)
		}
	default:
		if with.keys == nil || l.opt.uncache { // in a transaction
			l.countLone(with)
		}
		e.slot, e.opened = l.open(ctx, e.at, id, key, with, head), true
	}
	if e.hit {
		l.stats.Hits++
	}
	b := e.slot.batch
	l.ask(e.slot)
	l.stats.Waits++
	e.batch, e.ticket = b, b.enter(ctx)
	e.start = e.opened && b.timer == nil // a gathering batch starts by itself
	if waits {
		e.parker = l.willPark(e.at.parker, b)
		if e.parker == nil && l.lone == b && l.opt.settles {
			l.settle(b)
		}
		l.openDoor(e.at)
	}
}

// loadAlone fetches one key for one caller.
func (l *LoaderBy[K, C, V]) loadAlone(ctx context.Context, key K) (v V, err error) {
	if ctx.Err() != nil {
		return v, ended(ctx)
	}
	at := spotOf(ctx)
	b := l.newBatch(ctx, at)
	b.keys = []K{key}
	l.lock()
	l.stats.Loads++
	l.sent(b, reasonAlone)
	t := b.enter(ctx)
	l.mu.Unlock()
	l.start(b)
	if err := b.wait(ctx, at, nil, t); err != nil {
		return v, err
	}
	return (&slot[K, C, V]{batch: b}).answer()
}

// Stats returns the figures of the loader so far.
func (l *LoaderBy[K, C, V]) Stats() Stats {
	l.lock()
	defer l.mu.Unlock()
	return l.stats
}
