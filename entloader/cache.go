package entloader

import (
	"context"
	"errors"
	"slices"
)

// ready returns the value for key if it is there, without waiting. It leaves
// everything else to load, errors included.
func (l *LoaderBy[K, C, V]) ready(ctx context.Context, key K) (V, bool) {
	if ctx.Err() != nil || IsAlone(ctx) {
		var none V
		return none, false
	}
	return l.peek(ctx, l.id(key))
}

// peek returns the value for a key if it is there.
func (l *LoaderBy[K, C, V]) peek(ctx context.Context, id C) (v V, ok bool) {
	l.lock()
	defer l.mu.Unlock() // matches calls what the application wrote
	s := l.there(ctx, l.slots[id])
	if s == nil || s.failed() {
		return v, false
	}
	l.stats.Loads++
	l.stats.Hits++
	l.ask(s)
	return s.batch.answers.values[s.i], true
}

// ask notes that somebody wants an answer.
func (l *LoaderBy[K, C, V]) ask(s *slot[K, C, V]) {
	if !s.asked {
		s.asked = true
		l.stats.Unasked--
	}
}

// find returns the answer that a load with this context may share, ready or on
// its way, or nil. head is the first of the answers for the key, at the spot of
// ctx. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) find(ctx context.Context, at spot, head *slot[K, C, V]) *slot[K, C, V] {
	if s := l.there(ctx, head); s != nil {
		return s
	}
	return l.coming(ctx, at, head)
}

// coming returns the answer that a load with this context may wait for, nil if
// none is on its way.
func (l *LoaderBy[K, C, V]) coming(ctx context.Context, at spot, head *slot[K, C, V]) *slot[K, C, V] {
	for s := head; s != nil; s = s.next {
		if !s.batch.ready.Load() && l.joins(ctx, at, s.batch) {
			return s
		}
	}
	return nil
}

// there returns the answer that a load with this context may share, nil if none
// is ready.
func (l *LoaderBy[K, C, V]) there(ctx context.Context, head *slot[K, C, V]) *slot[K, C, V] {
	for s := head; s != nil; s = s.next {
		if s.batch.ready.Load() && s.batch.read.matches(ctx, l.opt.scope) {
			return s
		}
	}
	return nil
}

// joins reports whether a load may wait for a batch that is not ready: its
// record is not complete, so this is a guess that the waiter verifies.
func (l *LoaderBy[K, C, V]) joins(ctx context.Context, at spot, b *batch[K, C, V]) bool {
	// A load from inside a fetch must not wait for a batch that may wait for that
	// fetch in turn, where that is not noted as a wait: for its turn, for a lock,
	// for the transaction. Batches from inside fetches do not wait for their turn.
	if at.batch != nil && !b.running && b.ctx.outer != at.batch &&
		(b.ctx.outer == nil || l.opt.lock != nil || l.inTx()) {
		return false
	}
	switch {
	case at.batch == nil:
	case at.batch.inside(&b.ctx):
		// It waits for itself, and fails, unless it is for somebody else.
		if !b.ctx.soFar().matches(ctx, l.opt.scope) {
			return false
		}
	case b.ctx.awaits(at.batch):
		return false
	}
	return len(l.lookups) == 0 && l.opt.scope == nil || l.agrees(ctx, b)
}

// agrees reports whether ctx holds what earlier batches read, as the batch's
// context does.
func (l *LoaderBy[K, C, V]) agrees(ctx context.Context, b *batch[K, C, V]) bool {
	if !same(ctx, b.ctx.values) { // else they hold the same, be it comparable or not
		for _, k := range l.lookups {
			if !same(ctx.Value(k), b.ctx.values.Value(k)) {
				return false
			}
		}
	}
	return l.opt.scope == nil || same(l.opt.scope(ctx), b.ctx.under)
}

// maxApart is for how many contexts siblings are sent before two loads had the like:
// enough for a few viewers, or one and his administrator. A loop in which each load
// has a viewer of its own must not cost a window of keys each.
const maxApart = 4

// guesses reports whether a load may send for siblings whose key has an answer for
// other contexts already. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) guesses(ctx context.Context) bool {
	if slices.ContainsFunc(l.reads, func(r *record) bool { return r.matches(ctx, l.opt.scope) }) {
		return true
	}
	l.apart++
	return l.apart <= maxApart
}

// maxReads bounds what is remembered of batches that read something else each.
const maxReads = 16

// learn notes what a batch of this loader read from its context.
func (l *LoaderBy[K, C, V]) learn(read *record) {
	if read == nil {
		return
	}
	if !slices.ContainsFunc(l.reads, read.equal) {
		if len(l.reads) == maxReads {
			l.reads = slices.Delete(l.reads, 0, 1)
		}
		l.reads = append(l.reads, read)
	}
	for _, k := range read.keys {
		if !slices.Contains(l.lookups, k) {
			l.lookups = append(l.lookups, k)
		}
	}
}

// forget removes the answers of a batch. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) forget(b *batch[K, C, V]) {
	for _, id := range b.compared() {
		l.forgetKey(b, id)
	}
}

// forgetKey removes the answer of a batch for a key.
func (l *LoaderBy[K, C, V]) forgetKey(b *batch[K, C, V], id C) {
	// Slots stay the same: who waits for one must see it primed.
	link := l.slots[id]
	for link != nil && link.batch == b {
		link = link.next
	}
	if link == nil {
		delete(l.slots, id)
		return
	}
	l.slots[id] = link
	for link.next != nil {
		if link.next.batch == b {
			link.next = link.next.next
		} else {
			link = link.next
		}
	}
}

// forgetTransient removes the errors of a batch that are not to be remembered.
func (l *LoaderBy[K, C, V]) forgetTransient(b *batch[K, C, V]) {
	for i, err := range b.answers.errs {
		if t := (*transientError)(nil); errors.As(err, &t) {
			l.forgetKey(b, b.compared()[i])
		}
	}
}

// Prime makes v the answer for key, for every context, unless a value is there
// already; an error that is remembered gives way. Loads that wait for the key get it
// at once, and the key leaves a batch that has not been sent. Without a cache only
// those who wait get it.
func (l *LoaderBy[K, C, V]) Prime(_ context.Context, key K, v V) {
	l.lock()
	defer l.mu.Unlock()
	rouse(l.prime(l.id(key), v, nil, nil))
}

// PrimeError makes err the answer for key, as Prime does with a value. It panics if
// err is nil.
func (l *LoaderBy[K, C, V]) PrimeError(_ context.Context, key K, err error) {
	if err == nil {
		panic("entloader: PrimeError: the error is nil: prime the key with a value, by Prime")
	}
	l.lock()
	defer l.mu.Unlock()
	var none V
	rouse(l.prime(l.id(key), none, err, nil))
}

// PrimeAll primes the loader with values by key, as Prime does.
func (l *LoaderBy[K, C, V]) PrimeAll(_ context.Context, values map[C]V) {
	l.lock()
	defer l.mu.Unlock()
	var woken []*batch[K, C, V]
	for id, v := range values {
		woken = l.prime(id, v, nil, woken)
	}
	rouse(woken)
}

// prime adds to woken the batches that somebody waits for who has to see it.
func (l *LoaderBy[K, C, V]) prime(id C, v V, err error, woken []*batch[K, C, V]) []*batch[K, C, V] {
	if id != id {
		return woken // errNaN for whoever loads it
	}
	l.shutDoor()
	old := l.slots[id]
	for s := old; s != nil; s = s.next {
		if s.batch.ready.Load() && !s.failed() {
			return woken
		}
	}
	found := answers[V]{values: []V{v}}
	switch {
	case err != nil:
		found.errs = []error{err}
	case l.clip != nil:
		found.values[0] = l.clip(v)
	}
	primed := &slot[K, C, V]{asked: true, batch: &batch[K, C, V]{loader: l, answers: found}}
	primed.batch.ready.Store(true)
	for s, next := old, old; s != nil; s = next {
		b := s.batch
		next = s.next
		if b.ready.Load() {
			continue // an error that gives way
		}
		s.primed, s.next = true, primed
		if b.primed == nil {
			b.primed = make(map[int32]bool)
		}
		b.primed[s.i] = true
		if len(woken) == 0 || woken[len(woken)-1] != b {
			woken = append(woken, b)
		}
	}
	switch {
	case !l.opt.uncache:
		l.slots[id] = primed
		l.keep(id)
		l.trim()
	case old != nil:
		delete(l.slots, id)
	}
	return woken
}

// rouse makes those who wait for batches look for primed keys. The caller holds
// the loader's lock.
func rouse[K any, C comparable, V any](woken []*batch[K, C, V]) {
	for _, b := range woken {
		b.rouse()
	}
}

// Clear forgets the answers for keys. A fetch that is running gives its answer
// to those who wait for it, and to nobody else.
func (l *LoaderBy[K, C, V]) Clear(ctx context.Context, keys ...K) {
	if len(keys) == 0 {
		return
	}
	l.clearKeys(keys)
	if l.forgetCached(ctx, keys...) {
		l.clearKeys(keys) // a fetch that began in between may have found it there
	}
}

func (l *LoaderBy[K, C, V]) clearKeys(keys []K) {
	l.lock()
	defer l.mu.Unlock()
	l.clearing()
	for _, k := range keys {
		l.clear(l.id(k))
	}
}

// ClearAll forgets every answer, as Clear does.
func (l *LoaderBy[K, C, V]) ClearAll(ctx context.Context) {
	l.clearAll()
	if l.forgetCached(ctx) {
		l.clearAll()
	}
}

func (l *LoaderBy[K, C, V]) clearAll() {
	l.lock()
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
		if !s.asked {
			l.ramp = 1
		}
	}
	delete(l.slots, id)
}

// keep notes when a key came in, if the number of answers is bounded.
func (l *LoaderBy[K, C, V]) keep(id C) {
	if l.opt.limit > 0 {
		l.kept = append(l.kept, id)
	}
}

// trim forgets the oldest answers above the limit. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) trim() {
	if l.opt.limit == 0 {
		return
	}
	for n := len(l.kept); n > 0 && len(l.slots) > l.opt.limit; n-- {
		id := l.kept[0]
		l.kept = l.kept[1:]
		switch s := l.slots[id]; {
		case s == nil: // cleared meanwhile
		case s.batch.ready.Load():
			delete(l.slots, id)
		default:
			l.kept = append(l.kept, id)
		}
	}
	if len(l.kept) > 2*(len(l.slots)+l.opt.limit) {
		// Keys that were cleared and came again are in it more than once.
		seen := make(map[C]bool, len(l.slots))
		l.kept = slices.DeleteFunc(slices.Clone(l.kept), func(id C) bool {
			gone := seen[id] || l.slots[id] == nil
			seen[id] = true
			return gone
		})
	}
}
