package entloader

import (
	"context"
	"maps"
	"sync/atomic"
	"time"
)

// A batch is one fetch and the answers it brings. Its life:
//
//	gathering (lone keys only) → running → ready
//
// A batch whose waiters all left before it was ready is forgotten: a load that
// comes later gets a fetch of its own.
type batch[K any, C comparable, V any] struct {
	loader *LoaderBy[K, C, V]
	ctx    batchContext
	ends   <-chan struct{} // when the context of the load that opened the batch does
	// ready is set under loader.mu, once; answers, err and read are written before
	// and read-only afterwards.
	ready   atomic.Bool
	answers answers[V]
	err     error
	read    *record // what the fetch read from its context

	// Protected by loader.mu, here what changes with each load: processors hand
	// each other few cache lines.
	//
	// keys are the keys to fetch; read-only when no more are gathered.
	keys    []K
	ids     []C             // of keys, where a key is not compared by itself
	slab    []slot[K, C, V] // where add takes slots from, to allocate them by the dozen
	waiters int             // loads that wait or are about to
	pace    pace            // when keys were gathered
	settler atomic.Uint64   // of the gathering batch, see settle.go
	due     atomic.Uint64   // the state of the settler at which another look is due
	// gate is what all waiters wait for: a receive from one channel takes half the
	// time of a select. It is closed when the batch is ready. Before, it is closed
	// and replaced when the waiters have to look whether their keys were primed, or
	// their context has ended.
	gate chan struct{}
	// unwatch ends the watch over the context that ends is of; nil without one.
	unwatch func() bool
	running bool
	primed  map[int32]bool // keys that were primed before the batch was ready
	// Of batches that gather:
	parked  map[parker]int // waiters that belong to an Each
	patient bool           // all keys are of an Each: no quiet time
	timer   *time.Timer    // nil for a moment after the batch was opened
	first   instant        // when the batch was opened
}

// compared returns the keys as they are compared.
func (b *batch[K, C, V]) compared() []C {
	if b.loader.plain {
		return any(b.keys).([]C)
	}
	return b.ids
}

// answers are what a fetch found, by the position of the key.
type answers[V any] struct {
	values []V
	errs   []error // nil if no key failed
}

func (a *answers[V]) fail(i int, err error) {
	if a.errs == nil {
		a.errs = make([]error, len(a.values))
	}
	a.errs[i] = err
}

// failed returns how many keys have an error of their own.
func (a *answers[V]) failed() (n int) {
	for _, err := range a.errs {
		if err != nil {
			n++
		}
	}
	return n
}

// slot is where the answer of one key is.
type slot[K any, C comparable, V any] struct {
	batch *batch[K, C, V]
	i     int32
	asked bool // some load wanted this answer; protected by loader.mu
	// primed says that the answer came before the batch did, and is that of next.
	// It is written under loader.mu, before the gate of the batch is closed.
	primed bool
	// next is the answer of the same key under another record.
	next *slot[K, C, V]
}

// failed reports whether the answer, which is there, is an error.
func (s *slot[K, C, V]) failed() bool {
	return s.batch.err != nil || s.batch.answers.errs != nil && s.batch.answers.errs[s.i] != nil
}

func (s *slot[K, C, V]) answer() (v V, err error) {
	if s.primed {
		return s.next.answer()
	}
	b := s.batch
	if b.err != nil {
		return v, b.err
	}
	if b.answers.errs != nil && b.answers.errs[s.i] != nil {
		return v, b.answers.errs[s.i]
	}
	return b.answers.values[s.i], nil
}

// run fetches. A panic or a runtime.Goexit of the fetch becomes the error of
// the batch: this goroutine is nobody's.
func (b *batch[K, C, V]) run() {
	growStack(0)
	spots.Add(1)
	var (
		err      error
		returned bool
	)
	defer func() {
		if !returned {
			err = newPanicError(recover())
		}
		b.finish(err)
	}()
	err = b.fetch()
	returned = true
}

// fetch waits for its turn and fetches the keys that were not primed meanwhile.
// It and what it calls keep small frames: the stack of a goroutine is copied
// when it grows, which costs as much as some ten keys.
func (b *batch[K, C, V]) fetch() error {
	l := b.loader
	if l.opt.lock != nil {
		release, err := l.opt.lock.acquire(&b.ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	if !b.takeTurn() {
		return b.ctx.Err()
	}
	defer b.endTurn()
	l.lock()
	b.running = true
	primed := len(b.primed) > 0
	l.mu.Unlock()
	b.answers.values = make([]V, len(b.keys))
	if primed {
		return b.fetchRest()
	}
	return b.fetchKeys(b.keys, &b.answers)
}

// turns reports whether the batch has to wait for its turn: not in a load from
// inside a fetch, which must not wait for that fetch to end, nor in a transaction,
// where batches run one by one anyway.
func (b *batch[K, C, V]) turns() bool { return !b.loader.inTx() && b.ctx.outer == nil }

// takeTurn waits until the batch may run. It reports false if nobody waits for it
// any more.
func (b *batch[K, C, V]) takeTurn() bool {
	if !b.turns() {
		return true
	}
	select {
	case b.loader.turns <- struct{}{}:
		return true
	default: // only now is the end of the context of interest
	}
	select {
	case b.loader.turns <- struct{}{}:
		return true
	case <-b.ctx.Done():
		return false
	}
}

func (b *batch[K, C, V]) endTurn() {
	if b.turns() {
		<-b.loader.turns
	}
}

// fetchRest fetches the keys that were not primed.
func (b *batch[K, C, V]) fetchRest() error {
	b.loader.lock()
	primed := maps.Clone(b.primed)
	b.loader.mu.Unlock()
	keys := make([]K, 0, len(b.keys))
	at := make([]int, 0, len(b.keys))
	for i, k := range b.keys {
		if !primed[int32(i)] {
			keys, at = append(keys, k), append(at, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found := answers[V]{values: make([]V, len(keys))}
	err := b.fetchKeys(keys, &found)
	for j, i := range at {
		b.answers.values[i] = found.values[j]
		if found.errs != nil && found.errs[j] != nil {
			b.answers.fail(i, found.errs[j])
		}
	}
	return err
}

// fetchKeys fetches keys that the user's cache, if there is one, does not have.
func (b *batch[K, C, V]) fetchKeys(keys []K, out *answers[V]) error {
	if b.loader.opt.cache != nil && b.loader.scope == nil && b.ctx.about.Reason != reasonAlone.String() {
		return b.cached(keys, out)
	}
	return b.send(keys, out)
}

// send fetches keys.
func (b *batch[K, C, V]) send(keys []K, out *answers[V]) error {
	b.ctx.about.Keys = len(keys)
	if b.loader.opt.observers != nil {
		return b.observed(keys, out)
	}
	return b.loader.fetch(&b.ctx, keys, out)
}

// finish makes the answers known. Those of a failed batch are for its waiters
// only, as are those of a loader without a cache.
func (b *batch[K, C, V]) finish(err error) {
	l := b.loader
	read := b.ctx.freeze()
	l.lock()
	b.err = err
	b.read = read
	b.ready.Store(true)
	l.learn(read)
	if err != nil {
		l.stats.Errors++
	}
	if err != nil || l.opt.uncache {
		l.forget(b)
	} else {
		l.forgetTransient(b)
		l.stats.KeyErrors += b.answers.failed()
	}
	l.trim()
	b.release()
	l.mu.Unlock()
	spots.Add(-1)
	close(b.gate)
}

// release frees what the batch needs only until its answers are there, or until
// nobody waits for them. The caller holds loader.mu.
func (b *batch[K, C, V]) release() {
	b.ctx.life.end()
	if b.unwatch != nil {
		b.unwatch()
	}
}

// A ticket is how a load waits for a batch.
type ticket struct {
	gate <-chan struct{}
	// ends is when the load's context ends; nil if it never does, or if the gate
	// opens then.
	ends <-chan struct{}
}

// enter counts a waiter. The caller holds loader.mu, and the batch is not ready.
func (b *batch[K, C, V]) enter(ctx context.Context) ticket {
	b.waiters++
	t := ticket{gate: b.gate, ends: ctx.Done()}
	if t.ends == nil || t.ends != b.ends || b.waiters == 1 && b.timer == nil || ctx.Err() != nil {
		return t
	}
	// The loads of a request mostly end together: one watch for all of them. Those
	// that come by the door rely on it.
	if b.unwatch == nil {
		b.watch(ctx)
	}
	t.ends = nil
	return t
}

// watch makes the waiters look when ctx ends.
func (b *batch[K, C, V]) watch(ctx context.Context) {
	b.unwatch = context.AfterFunc(ctx, func() {
		b.loader.lock()
		defer b.loader.mu.Unlock()
		b.rouse()
	})
}

// rouse makes the waiters look again. The caller holds loader.mu.
func (b *batch[K, C, V]) rouse() {
	if !b.ready.Load() {
		b.loader.shutDoor()
		close(b.gate)
		b.gate = make(chan struct{})
	}
}

// wait returns when the batch is ready, when all of slots that belong to it were
// primed, or when ctx has ended, whichever is first. at is the spot of ctx.
//
// Inside a transaction nobody returns before the statement has ended, since a
// caller that rolls back meanwhile would race it.
func (b *batch[K, C, V]) wait(ctx context.Context, at spot, slots []*slot[K, C, V], t ticket) error {
	if b.ready.Load() {
		return nil
	}
	if at.batch != nil {
		if err := at.batch.waitFor(&b.ctx); err != nil {
			b.leave(at)
			return err
		}
		defer at.batch.waitedFor(&b.ctx)
	}
	stays := b.loader.inTx()
	for {
		if stays || t.ends == nil {
			<-t.gate
		} else {
			select {
			case <-t.gate:
			case <-t.ends:
			}
		}
		var primed bool
		switch primed, t.gate = b.look(slots); {
		case b.ready.Load():
			return nil
		case stays:
		case primed:
			b.leave(at)
			return nil
		case ctx.Err() != nil:
			b.leave(at)
			return ended(ctx)
		}
	}
}

// look reports whether all of slots that belong to the batch were primed, and
// returns what to wait for if not.
func (b *batch[K, C, V]) look(slots []*slot[K, C, V]) (primed bool, gate <-chan struct{}) {
	if b.ready.Load() {
		return false, nil
	}
	b.loader.lock()
	defer b.loader.mu.Unlock()
	for _, s := range slots {
		if s != nil && s.batch == b && !s.primed {
			return false, b.gate
		}
	}
	return len(slots) > 0, b.gate
}

// leave takes a waiter away; the last one cancels the fetch.
func (b *batch[K, C, V]) leave(at spot) {
	l := b.loader
	l.lock()
	defer l.mu.Unlock()
	b.waiters--
	if p := at.parker; p != nil && b.parked[p] > 0 {
		b.parked[p]--
		p.resume(1)
	}
	if b.waiters > 0 || b.ready.Load() {
		return
	}
	if l.shutDoor(); b.waiters > 0 {
		return // some came in meanwhile
	}
	l.forget(b)
	if l.lone == b {
		l.setLone(nil)
		b.stopTimer()
	}
	b.release()
}

func (b *batch[K, C, V]) stopTimer() {
	if b.timer != nil {
		b.timer.Stop()
	}
}
