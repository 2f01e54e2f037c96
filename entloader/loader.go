package entloader

import (
	"context"
	"slices"
	"sync"
	"time"
)

// LoaderBy loads values V for keys K that are compared by C, in batches, and
// remembers the answers. Its zero value is not usable; generated code and the
// constructors of this package make loaders.
//
// A LoaderBy is safe for concurrent use.
type LoaderBy[K any, C comparable, V any] struct {
	name string
	// options are those of the queries, as renderOptions compares them; empty
	// without options.
	options string
	opt     options
	scope   *Scope // nil for loaders outside ent
	id      func(K) C
	// fetch finds the values for keys and writes them at the position of their
	// key. An error is the error of every key.
	fetch func(ctx context.Context, keys []K, out *answers[V]) error

	mu    sync.Mutex
	slots map[C]*slot[K, C, V] // the answers, ready or on their way
	lone  *batch[K, C, V]      // the batch that gathers lone keys, if any
	// ramp is how many siblings the next batch takes at most after a clear; 0
	// means a whole window.
	ramp int
	// lookups are context keys that earlier batches of this loader read; a
	// load whose context differs in one does not join a running batch.
	lookups []any
	stats   Stats
}

func newLoader[K any, C comparable, V any](name string, opt options, scope *Scope, id func(K) C, fetch func(context.Context, []K, *answers[V]) error) *LoaderBy[K, C, V] {
	return &LoaderBy[K, C, V]{
		name: name, opt: opt, scope: scope, id: id, fetch: fetch,
		slots: make(map[C]*slot[K, C, V]), // open replaces it where it knows the size
		stats: Stats{Name: name},
	}
}

// Load returns the value for key. Keys that are asked for at about the same
// time share a fetch.
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
	first := true
	for {
		if ctx.Err() != nil {
			return v, ended(ctx)
		}
		l.mu.Lock()
		if first {
			l.stats.Loads++
			first = false
		}
		s, opened := l.find(ctx, id), false
		if s == nil {
			s, opened = l.open(ctx, id, key, with)
		} else {
			l.stats.Hits++
		}
		b := s.batch
		if !b.ready && b.within(ctx) {
			l.mu.Unlock()
			return v, errCycle
		}
		l.ask(s)
		if b.ready {
			l.mu.Unlock()
			return s.answer()
		}
		b.waiters++
		start := opened && b.timer == nil // a gathering batch starts by itself
		l.mu.Unlock()
		if start {
			l.start(b)
		}
		if err := b.wait(ctx); err != nil {
			return v, err
		}
		if opened || b.read.matches(ctx, l.opt.scope) {
			return s.answer()
		}
		// The answer read something from its context that is different here.
		l.mu.Lock()
		l.stats.Hits--
		l.mu.Unlock()
	}
}

// inTx reports whether batches run on the goroutine of the load that opens
// them, one at a time: a transaction belongs to whoever holds it.
func (l *LoaderBy[K, C, V]) inTx() bool { return l.scope != nil && l.scope.tx }

// ready returns the value for key if it is there, without waiting. It leaves
// everything else to load, errors included.
func (l *LoaderBy[K, C, V]) ready(ctx context.Context, key K) (v V, ok bool) {
	if ctx.Err() != nil {
		return v, false
	}
	id := l.id(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slots[id]
	if s == nil || !s.batch.ready {
		return v, false
	}
	if s = l.find(ctx, id); s == nil || !s.batch.ready {
		return v, false
	}
	v, err := s.answer()
	if err != nil {
		return v, false
	}
	l.stats.Loads++
	l.stats.Hits++
	l.ask(s)
	return v, true
}

// ask notes that somebody wants an answer.
func (l *LoaderBy[K, C, V]) ask(s *slot[K, C, V]) {
	if b := s.batch; !b.asked[s.i] {
		b.asked[s.i] = true
		l.stats.Unasked--
	}
}

// find returns the answer that a load with this context may share, ready or on
// its way, or nil. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) find(ctx context.Context, id C) *slot[K, C, V] {
	for s := l.slots[id]; s != nil; s = s.next {
		if s.batch.ready {
			if s.batch.read.matches(ctx, l.opt.scope) {
				return s
			}
		} else if l.joins(ctx, s.batch) {
			return s
		}
	}
	return nil
}

// joins reports whether a load may wait for a batch that is not ready: its
// record is not complete, so this is a guess that the waiter verifies.
func (l *LoaderBy[K, C, V]) joins(ctx context.Context, b *batch[K, C, V]) bool {
	if l.inTx() && !b.running && inBatch(ctx, l.scope) {
		return false // it waits for the batch that this load belongs to
	}
	for _, k := range l.lookups {
		if !same(ctx.Value(k), b.ctx.values.Value(k)) {
			return false
		}
	}
	return l.opt.scope == nil || same(l.opt.scope(ctx), b.ctx.record.scope)
}

// open makes a batch for key and its siblings, or adds a lone key to the batch
// that gathers them; opened says whether the batch runs under ctx. The caller
// holds l.mu, and starts the batch if it was opened and is not gathering.
func (l *LoaderBy[K, C, V]) open(ctx context.Context, id C, key K, with family[K]) (s *slot[K, C, V], opened bool) {
	// Without a cache the others would be forgotten before they are asked for,
	// and in a transaction nobody may be waited for.
	if l.opt.uncache {
		with.keys = nil
	}
	if with.keys == nil && !l.inTx() {
		return l.gather(ctx, id, key)
	}
	b := l.newBatch(ctx)
	if with.keys != nil {
		limit := l.batchLimit()
		b.grow(min(limit, with.size))
		if len(l.slots) == 0 {
			l.slots = make(map[C]*slot[K, C, V], cap(b.keys))
		}
		with.keys(limit, func(k K) bool {
			switch c := l.id(k); {
			case c == id && s == nil:
				s = l.add(b, id, key)
			case c != id && l.find(ctx, c) == nil:
				l.add(b, c, k)
			}
			return len(b.keys) < limit
		})
	}
	if s == nil {
		s = l.add(b, id, key)
	}
	l.stats.sent(reasonSiblings, len(b.keys))
	return s, true
}

// batchLimit is how many siblings a batch takes.
func (l *LoaderBy[K, C, V]) batchLimit() int {
	if l.ramp == 0 {
		return l.opt.window
	}
	limit := l.ramp
	if l.ramp *= 2; l.ramp >= l.opt.window {
		l.ramp = 0
	}
	return limit
}

func (l *LoaderBy[K, C, V]) newBatch(ctx context.Context) *batch[K, C, V] {
	b := &batch[K, C, V]{loader: l, done: make(chan struct{})}
	b.ctx, b.cancel = newBatchContext(ctx, l.scope)
	if l.opt.scope != nil {
		b.ctx.record.scope = l.opt.scope(ctx)
		b.ctx.record.own = !same(b.ctx.record.scope, b.ctx.record.scope)
	}
	return b
}

func (l *LoaderBy[K, C, V]) add(b *batch[K, C, V], id C, key K) *slot[K, C, V] {
	if len(b.slab) == cap(b.slab) {
		// Slots that were handed out must not move.
		b.slab = make([]slot[K, C, V], 0, min(2*cap(b.slab)+1, 512))
	}
	b.slab = append(b.slab, slot[K, C, V]{batch: b, i: len(b.keys), next: l.slots[id]})
	s := &b.slab[len(b.slab)-1]
	l.slots[id] = s
	b.keys = append(b.keys, key)
	b.asked = append(b.asked, false)
	l.stats.Unasked++
	return s
}

// gather adds a lone key to the batch that waits for such keys.
func (l *LoaderBy[K, C, V]) gather(ctx context.Context, id C, key K) (s *slot[K, C, V], opened bool) {
	now := time.Now()
	if l.lone != nil && !l.joins(ctx, l.lone) {
		// Keys that can not share an answer need not wait for each other.
		l.sendLone(reasonQuiet)
	}
	b := l.lone
	if b == nil {
		opened = true
		b = l.newBatch(ctx)
		b.first = now
		b.timer = time.AfterFunc(min(l.opt.quiet, l.opt.maxWait), func() { l.tick(b) })
		l.lone = b
	}
	b.last = now
	s = l.add(b, id, key)
	if len(b.keys) >= l.opt.window {
		l.sendLone(reasonFull)
	}
	return s, opened
}

// tick sends the lone batch if its quiet time or its whole time is over.
func (l *LoaderBy[K, C, V]) tick(b *batch[K, C, V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lone != b {
		return
	}
	now := time.Now()
	rest := min(b.last.Add(l.opt.quiet).Sub(now), b.first.Add(l.opt.maxWait).Sub(now))
	if rest > 0 {
		b.timer.Reset(rest)
		return
	}
	l.sendLone(reasonQuiet)
}

// sendLone runs the lone batch. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) sendLone(why reason) {
	b := l.lone
	l.lone = nil
	b.timer.Stop()
	l.stats.sent(why, len(b.keys))
	go b.run()
}

// start runs a batch that was opened for siblings.
func (l *LoaderBy[K, C, V]) start(b *batch[K, C, V]) {
	if !l.inTx() {
		go b.run()
		return
	}
	if inBatch(b.ctx.values, l.scope) {
		// A load from inside a batch of the same transaction: the batch holds
		// the turn already.
		b.run()
		return
	}
	l.scope.serial.Lock()
	defer l.scope.serial.Unlock()
	b.run()
}

// learn notes which context keys batches of this loader read.
func (l *LoaderBy[K, C, V]) learn(read *record) {
	for _, k := range read.keys {
		if !slices.Contains(l.lookups, k) {
			l.lookups = append(l.lookups, k)
		}
	}
}

// forget removes the answers of a batch. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) forget(b *batch[K, C, V]) {
	for _, k := range b.keys {
		id := l.id(k)
		var keep *slot[K, C, V]
		for s := l.slots[id]; s != nil; s = s.next {
			if s.batch != b {
				keep = &slot[K, C, V]{batch: s.batch, i: s.i, next: keep}
			}
		}
		if keep == nil {
			delete(l.slots, id)
		} else {
			l.slots[id] = keep
		}
	}
}

// Prime makes v the answer for key, for every context, unless an answer is
// there already.
func (l *LoaderBy[K, C, V]) Prime(_ context.Context, key K, v V) {
	id := l.id(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slots[id] != nil || l.opt.uncache {
		return
	}
	b := &batch[K, C, V]{
		loader: l, keys: []K{key}, asked: []bool{true},
		answers: answers[V]{values: []V{v}}, ready: true,
	}
	l.slots[id] = &slot[K, C, V]{batch: b}
}

// Clear forgets the answers for keys. A fetch that is running gives its answer
// to those who wait for it, and to nobody else.
func (l *LoaderBy[K, C, V]) Clear(_ context.Context, keys ...K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clearing()
	for _, k := range keys {
		l.clear(l.id(k))
	}
}

// ClearAll forgets every answer, as Clear does.
func (l *LoaderBy[K, C, V]) ClearAll(context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clearing()
	for id := range l.slots {
		l.clear(id)
	}
}

func (l *LoaderBy[K, C, V]) clearing() {
	if l.scope != nil {
		l.scope.loaders.clears.Add(1)
	}
	if l.lone != nil {
		l.sendLone(reasonFlush) // or a key could be in it twice
	}
	if l.ramp > 0 {
		l.ramp = 1
	}
}

// clear forgets the answers for a key. Where one is thrown away before its
// sibling asked for it, the next batches are small: in a loop that clears on
// every turn they would all be.
func (l *LoaderBy[K, C, V]) clear(id C) {
	for s := l.slots[id]; s != nil; s = s.next {
		if !s.batch.asked[s.i] {
			l.ramp = 1
		}
	}
	delete(l.slots, id)
}

// Flush sends the batch of lone keys at once.
func (l *LoaderBy[K, C, V]) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lone != nil {
		l.sendLone(reasonFlush)
	}
}

// Stats returns the figures of the loader so far.
func (l *LoaderBy[K, C, V]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// alone counts a load whose options can not be batched.
func (l *LoaderBy[K, C, V]) alone() {
	l.mu.Lock()
	l.stats.Alone++
	l.mu.Unlock()
}
