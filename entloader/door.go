package entloader

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
)

// A door lets loads into the batch that gathers lone keys without the lock of
// the loader. Under the lock each load takes a dozen cache lines from the
// processor that had them last, which is most of what it costs; at the door it
// leaves a note, and whoever holds the lock next admits all of them in a row.
// A load that comes in by the door needs no more than the two kilobytes of stack
// that its goroutine starts with, which would be copied otherwise.
//
// It is open only while nothing but the keys of the batch is known, and for loads
// that need nothing but a place in it: all others take the lock.
type door[K any, C comparable, V any] struct {
	batch  *batch[K, C, V]
	gate   <-chan struct{} // of the batch
	places int32           // how many may come in

	newest   atomic.Pointer[arrival[K, C, V]] // the last that came in, nobody at first; nil when shut
	nobody   arrival[K, C, V]
	admitted *arrival[K, C, V] // the last that has its place; protected by loader.mu
}

// open makes d an open door to b.
func (d *door[K, C, V]) open(b *batch[K, C, V]) {
	d.batch, d.gate, d.places = b, b.gate, int32(min(b.loader.opt.maxBatch-len(b.keys), math.MaxInt32))
	d.admitted = &d.nobody
	d.newest.Store(&d.nobody)
}

// An arrival is a load that came in by the door.
type arrival[K any, C comparable, V any] struct {
	before *arrival[K, C, V] // the one that came in before
	number int32             // how many had come in then, this one included
	why    loneReason
	opened bool // it opened the batch, which runs under its context
	held   bool // it holds the lock, and takes its place itself
	timed  bool // it looked at the clock
	hit    bool // somebody else brought the key; written before the gate opens
	key    K
	now    instant // when it came, if it is timed
	// own is for the answer, unless somebody else brought the key: then its next
	// is where the answer is. Written before the gate opens.
	own slot[K, C, V]
}

// slot is where the answer of an arrival is, after it was admitted.
func (a *arrival[K, C, V]) slot() *slot[K, C, V] {
	if a.hit {
		return a.own.next
	}
	return &a.own
}

// An opening is what the first load makes, in one piece: after a garbage
// collection the first object of each size is a slow one to get.
type opening[K any, C comparable, V any] struct {
	batch batch[K, C, V]
	door  door[K, C, V]
	first arrival[K, C, V]
}

// begin opens a batch for a load, and a door to it. It returns no arrival if the
// load has to take the lock. Other loads find the door as soon as it is there: what
// takes time comes before, or after.
func (l *LoaderBy[K, C, V]) begin(ctx context.Context, key K, with family[K]) (*door[K, C, V], *arrival[K, C, V]) {
	if with.keys != nil || l.inTx() || l.opt.scope != nil || l.offers.any() || spotOf(ctx) != (spot{}) {
		return nil, nil
	}
	o := new(opening[K, C, V])
	b, d, a := &o.batch, &o.door, &o.first
	b.open(ctx, spot{}, l)
	d.open(b)
	now := clock()
	*a = arrival[K, C, V]{key: key, now: now, why: with.why, opened: true, timed: true}
	d.pass(a)
	fills := l.canFill() && filling.Load()
	if fills {
		b.due.Store(settlerNever)
	}
	if !l.publish(d, now) {
		if d = l.door.Load(); d == nil {
			return nil, nil
		}
		return d, l.enter(ctx, d, key, with) // somebody was faster
	}
	if d.places == 1 {
		go l.filled(d)
		return d, a
	}
	if fills {
		d.letIn()
		b.due.Store(0)
	}
	l.attend(b)
	return d, a
}

// filling says that the last batch at a door, of those that can, got full. The next
// one waits for those who are ready to run before it has a timer: each timer that is
// set costs every switch between goroutines a look at the clock. Elsewhere it does
// not, for those who run may be busy with something else.
var filling atomic.Bool

// canFill reports whether a batch can get full.
func (l *LoaderBy[K, C, V]) canFill() bool { return l.opt.maxBatch != math.MaxInt }

// letIn lets others run, as long as more of them come in.
func (d *door[K, C, V]) letIn() {
	for n := d.newest.Load(); n != nil; {
		runtime.Gosched()
		before := n
		if n = d.newest.Load(); n == before {
			return
		}
	}
}

// publish opens a door to a new batch, unless some keys are known.
func (l *LoaderBy[K, C, V]) publish(d *door[K, C, V], now instant) bool {
	l.lock()
	defer l.mu.Unlock()
	if l.lone != nil || len(l.slots) > 0 || len(l.lookups) > 0 {
		return false
	}
	d.batch.first = now
	d.batch.pace.start(now)
	l.setLone(d.batch)
	l.door.Store(d)
	return true
}

// attend sees to it that a batch which was published is sent in time.
func (l *LoaderBy[K, C, V]) attend(b *batch[K, C, V]) {
	l.mu.Lock() // and not l.lock: better to admit many at once
	gathers := l.lone == b
	if gathers {
		l.wind(b)
	}
	l.mu.Unlock()
	if gathers && l.opt.settles {
		l.settle(b)
	}
}

// guard waits at the gate for the load that opened the batch. The others at the door
// wait for nothing else, so it sees to it that they look when ctx ends, which is their
// context, too.
func (l *LoaderBy[K, C, V]) guard(ctx context.Context, d *door[K, C, V]) {
	b := d.batch
	select {
	case <-d.gate:
	case <-b.ends:
	}
	if b.ends == nil || b.ready.Load() {
		return
	}
	l.lock()
	defer l.mu.Unlock()
	if b.unwatch == nil && !b.ready.Load() {
		b.watch(ctx)
	}
}

// enter lets a load in. It returns nil if the load has to take the lock.
func (l *LoaderBy[K, C, V]) enter(ctx context.Context, d *door[K, C, V], key K, with family[K]) *arrival[K, C, V] {
	if with.keys != nil || spotOf(ctx) != (spot{}) {
		return nil
	}
	if ends := ctx.Done(); ends != nil && ends != d.batch.ends {
		return nil
	}
	a := &arrival[K, C, V]{key: key, why: with.why}
	if came := d.came(); came < timedFirst || came%timedEach == 0 {
		a.now, a.timed = clock(), true
	}
	if !d.pass(a) {
		return nil
	}
	if l.opt.settles {
		l.settle(d.batch)
	}
	if a.number == d.places {
		go l.filled(d)
	}
	return a
}

// came returns how many came in so far, as many as may if the door is shut.
func (d *door[K, C, V]) came() int32 {
	if a := d.newest.Load(); a != nil {
		return a.number
	}
	return d.places
}

// pass lets a through, unless the door is shut or all places are taken.
func (d *door[K, C, V]) pass(a *arrival[K, C, V]) bool {
	for {
		a.before = d.newest.Load()
		if a.before == nil || a.before.number >= d.places {
			return false
		}
		a.number = a.before.number + 1
		if d.newest.CompareAndSwap(a.before, a) {
			return true
		}
	}
}

// enterHeld takes a place for a load that holds l.mu. It reports false if the door
// was open and there was none: it is shut then, and those inside, who may have
// brought the same key, have their places. last says that it was the last place.
func (l *LoaderBy[K, C, V]) enterHeld() (last, ok bool) {
	d := l.door.Load()
	if d == nil {
		return false, true
	}
	a := &arrival[K, C, V]{held: true}
	if !d.pass(a) {
		l.shutDoor()
		l.sendFull()
		return false, false
	}
	return a.number == d.places, true
}

// filled sends the batch of a door through which all came who may, unless some
// of them brought the same key. It runs on a goroutine of its own, that of the
// fetch: the stack of the last load would have to grow for it.
func (l *LoaderBy[K, C, V]) filled(d *door[K, C, V]) {
	growStack(0)
	b := d.batch
	l.lock()
	full := l.lone == b
	if full {
		l.shutDoor()
		if full = len(b.keys) >= l.opt.maxBatch; full {
			filling.Store(true)
			l.complete(reasonFull)
		} else {
			l.openDoor()
		}
	}
	l.mu.Unlock()
	if full {
		b.run()
	}
}

// lock takes the lock and admits those who came in by the door before.
func (l *LoaderBy[K, C, V]) lock() {
	l.mu.Lock()
	if d := l.door.Load(); d != nil {
		l.admit(d, d.newest.Load())
	}
}

// openDoor opens the door to the batch that gathers, if loads that come by it
// need not be looked at before they wait. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) openDoor() {
	b := l.lone
	switch {
	case b == nil || l.door.Load() != nil:
	// There is an answer that a load could have, or wait for, elsewhere. A key that was
	// primed is still one of the batch, and may be no slot any more.
	case len(b.primed) > 0, len(l.slots) != len(b.keys), l.offers.any():
	case len(l.lookups) > 0 || l.opt.scope != nil || b.ctx.outer != nil: // the context decides
	case b.patient: // who comes from outside of the Each ends the patience
	case b.ends != nil && b.unwatch == nil: // nobody watches when the waiters' context ends
	default:
		d := new(door[K, C, V])
		d.open(b)
		l.door.Store(d)
	}
}

// shutDoor shuts the door, if it is open, and admits those inside: what the door
// was opened for is about to change. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) shutDoor() {
	if d := l.door.Load(); d != nil {
		l.door.Store(nil)
		l.admit(d, d.newest.Swap(nil))
	}
}

// admit gives those who came in, newest last, their place in the batch. The
// caller holds l.mu.
func (l *LoaderBy[K, C, V]) admit(d *door[K, C, V], newest *arrival[K, C, V]) {
	n := int(newest.number - d.admitted.number)
	if n == 0 {
		return
	}
	b := d.batch
	l.reserve(b, n)
	// The fetch gets the keys in the order that they came in.
	var oldest *arrival[K, C, V]
	for a := newest; a != d.admitted; {
		a, a.before, oldest = a.before, oldest, a
	}
	d.admitted = newest
	for a := oldest; a != nil; a = a.before {
		if a.held {
			n--
			continue
		}
		id := l.id(a.key)
		// The door is shut before an answer of another batch is known. Were it not, what
		// waits here could not be told whether it may have that one.
		if s := l.slots[id]; s != nil && s.batch == b {
			a.hit, a.own.next = true, s
			l.stats.Hits++
		} else {
			l.place(b, &a.own, id, a.key, s)
			l.stats.Lone.count(a.why)
			if a.timed {
				b.pace.key(a.now)
			} else {
				b.pace.untimedKey()
			}
		}
		l.ask(a.slot())
	}
	b.waiters += n
	l.stats.Loads += n
	l.stats.Waits += n
}
