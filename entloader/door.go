package entloader

import (
	"context"
	"math"
	"math/bits"
	"runtime"
	"sync/atomic"
)

// A door lets loads into the batch that gathers lone keys without the lock of
// the loader. Under the lock each load takes a dozen cache lines from the
// processor that had them last, which is most of what it costs; at the door it
// takes a place and leaves its key there, and whoever holds the lock next admits
// all of them in a row. A load that comes in by the door needs no more than the two
// kilobytes of stack that its goroutine starts with, which would be copied otherwise.
//
// It is open only while nothing but the keys of the batch is known, and for loads
// that need nothing but a place in it: all others take the lock.
type door[K any, C comparable, V any] struct {
	batch *batch[K, C, V]
	gate  <-chan struct{} // of the batch
	at    spot            // of the loads that may come in: in no fetch, and all in one Each, or in none
	size  int32           // how many places there are
	since instant         // what the times of notes count from
	taken atomic.Int64    // how many were taken: more than there are when all are, or the door is shut

	first  []place[K, C, V]
	chunks [doorChunks]atomic.Pointer[[]place[K, C, V]] // of the places after the first ones, see place

	passed int32 // how many were admitted, or refused; protected by loader.mu
}

const (
	doorFirst  = 8   // how many places are there at first
	doorFull   = 128 // how many at most, where the batch will most likely get full
	doorChunk  = 32  // how many the first chunk has; each further one has four times as many
	doorChunks = 14  // enough for 2^31 places

	doorShut = math.MaxInt64 / 2 // places taken of a door that is shut
)

// A place is that of a load which came in by the door.
type place[K any, C comparable, V any] struct {
	note atomic.Uint64 // flags, why the load is lone, and when it came: 0 until it is there
	key  K
	// own is for the answer, unless somebody else brought the key: then its next
	// is where the answer is. Written before the gate opens.
	own slot[K, C, V]
}

// The note at a place.
const (
	noteThere   = 1 << iota // the load is there, and waits at the gate
	noteRefused             // it was not there when it was to be admitted, and has to take the lock
	noteOpened              // it opened the batch, which runs under its context
	noteHeld                // it holds the lock, and sees to its key itself
	noteTimed               // it looked at the clock
	noteHit                 // somebody else brought the key
	noteLast                // it took the last place: the batch goes, and of an Each it need not be parked

	noteWhy     = 7 // where the reason begins
	noteWhyMask = 7
	noteTime    = 10 // where the time begins, counted from when the door was opened
)

// slot is where the answer is, after the load was admitted.
func (p *place[K, C, V]) slot() *slot[K, C, V] {
	if p.note.Load()&noteHit != 0 {
		return p.own.next
	}
	return &p.own
}

// open makes d an open door to b for loads at the spot, with room for the first of them.
func (d *door[K, C, V]) open(b *batch[K, C, V], at spot, first int, since instant) {
	d.batch, d.gate, d.at, d.since = b, b.gate, at, since
	d.size = int32(min(b.loader.opt.maxBatch-len(b.keys), math.MaxInt32))
	d.first = make([]place[K, C, V], min(first, int(d.size)))
}

// place returns the i-th place.
func (d *door[K, C, V]) place(i int32) *place[K, C, V] {
	if int(i) < len(d.first) {
		return &d.first[i]
	}
	return d.further(int(i) - len(d.first))
}

// further returns the i-th place of those in chunks.
func (d *door[K, C, V]) further(i int) *place[K, C, V] {
	// Chunk n begins at doorChunk * (4^n - 1) / 3.
	n := (bits.Len(uint(3*(i/doorChunk)+1)) - 1) / 2
	start := doorChunk * (1<<(2*n) - 1) / 3
	chunk := d.chunks[n].Load()
	if chunk == nil {
		made := make([]place[K, C, V], min(doorChunk<<(2*n), int(d.size)-len(d.first)-start))
		d.chunks[n].CompareAndSwap(nil, &made)
		chunk = d.chunks[n].Load()
	}
	return &(*chunk)[i-start]
}

// An opening is what the first load makes, in one piece: after a garbage
// collection the first object of each size is a slow one to get.
type opening[K any, C comparable, V any] struct {
	batch batch[K, C, V]
	door  door[K, C, V]
}

// begin opens a batch for a load, and a door to it. It returns no place if the
// load has to take the lock. Other loads find the door as soon as it is there: what
// takes time comes before, or after.
func (l *LoaderBy[K, C, V]) begin(ctx context.Context, key K, with family[K]) (*door[K, C, V], *place[K, C, V]) {
	at := spotOf(ctx)
	if with.keys != nil || l.inTx() || l.opt.scope != nil || l.offers.any() || at.batch != nil {
		return nil, nil
	}
	o := new(opening[K, C, V])
	b, d := &o.batch, &o.door
	now := clock()
	b.open(ctx, at, l)
	first, fills := doorFirst, l.canFill() && filling.Load()
	if fills {
		b.due.Store(settlerNever)
		first = doorFull
	}
	d.open(b, at, first, now)
	p := d.place(0)
	p.key = key
	note := noteThere | noteOpened | noteTimed | uint64(with.why)<<noteWhy
	if d.size == 1 {
		note |= noteLast
	}
	p.note.Store(note)
	d.taken.Store(1)
	if !l.publish(d, now) {
		if d = l.door.Load(); d == nil {
			return nil, nil
		}
		return d, l.enter(ctx, d, key, with) // somebody was faster
	}
	if d.size == 1 {
		go l.filled(d)
		return d, p
	}
	if fills || at.parker != nil {
		d.letIn()
		b.due.Store(0)
	}
	if at.parker != nil {
		at.parker.park(b, 1)
	}
	l.attend(b)
	return d, p
}

// filling says that the last batch at a door, of those that can, got full. The next
// one waits for those who are ready to run before it has a timer, as one of an Each
// does: each timer that is set costs every switch between goroutines a look at the
// clock. Others do not, for those who run may be busy with something else.
var filling atomic.Bool

// canFill reports whether a batch can get full.
func (l *LoaderBy[K, C, V]) canFill() bool { return l.opt.maxBatch != math.MaxInt }

// letIn lets others run, as long as more of them come in.
func (d *door[K, C, V]) letIn() {
	for came, before := d.came(), int32(0); came != before && came < d.size; {
		runtime.Gosched()
		came, before = d.came(), came
	}
}

// publish opens a door to a new batch, unless some keys are known.
func (l *LoaderBy[K, C, V]) publish(d *door[K, C, V], now instant) bool {
	l.lock()
	defer l.mu.Unlock()
	if l.lone != nil || len(l.slots) > 0 || len(l.lookups) > 0 {
		return false
	}
	l.gatherIn(d.batch, d.at, now)
	l.door.Store(d)
	return true
}

// attend sees to it that a batch which was published is sent in time.
func (l *LoaderBy[K, C, V]) attend(b *batch[K, C, V]) {
	l.mu.Lock() // and not l.lock: better to admit many at once
	settles := false
	if l.lone == b {
		l.wind(b)
		settles = !b.patient && l.opt.settles
	}
	l.mu.Unlock()
	if settles {
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
func (l *LoaderBy[K, C, V]) enter(ctx context.Context, d *door[K, C, V], key K, with family[K]) *place[K, C, V] {
	if with.keys != nil || spotOf(ctx) != d.at {
		return nil
	}
	if ends := ctx.Done(); ends != nil && ends != d.batch.ends {
		return nil
	}
	i, ok := d.take()
	if !ok {
		return nil
	}
	p := d.place(i)
	p.key = key
	note := noteThere | uint64(with.why)<<noteWhy
	if i < timedFirst || i%timedEach == 0 {
		note |= noteTimed | uint64(max(clock()-d.since, 0))<<noteTime
	}
	last := i+1 == d.size
	if last {
		note |= noteLast
	}
	if !p.note.CompareAndSwap(0, note) {
		return nil
	}
	switch {
	case last:
		go l.filled(d)
	case d.at.parker != nil:
		d.at.parker.park(d.batch, 1)
	case l.opt.settles:
		l.settle(d.batch)
	}
	return p
}

// take takes the next place, unless the door is shut or all places are taken.
func (d *door[K, C, V]) take() (i int32, ok bool) {
	n := d.taken.Add(1)
	return int32(n - 1), n <= int64(d.size)
}

// came returns how many came in so far, as many as may if the door is shut.
func (d *door[K, C, V]) came() int32 { return int32(min(d.taken.Load(), int64(d.size))) }

// enterHeld takes a place for a load that holds l.mu. It reports false if the door
// was open and there was none: it is shut then, and those inside, who may have
// brought the same key, have their places. last says that it was the last place.
func (l *LoaderBy[K, C, V]) enterHeld() (last, ok bool) {
	d := l.door.Load()
	if d == nil {
		return false, true
	}
	i, ok := d.take()
	if !ok {
		l.shutDoor()
		l.sendFull()
		return false, false
	}
	d.place(i).note.Store(noteThere | noteHeld)
	return i+1 == d.size, true
}

// filled sends the batch of a door through which all came who may, unless some
// of them brought the same key. It runs on a goroutine of its own, that of the
// fetch: the stack of the last load would have to grow for it.
func (l *LoaderBy[K, C, V]) filled(d *door[K, C, V]) {
	growStack(0)
	b := d.batch
	var parked parker
	settles := false
	l.lock()
	full := l.lone == b
	if full {
		l.shutDoor()
		if full = len(b.keys) >= l.opt.maxBatch; full {
			filling.Store(true)
			l.complete(reasonFull)
		} else {
			// The last one waits, after all.
			parked = l.willPark(d.at.parker, b)
			settles = parked == nil && l.opt.settles
			l.openDoor(d.at)
		}
	}
	l.mu.Unlock()
	switch {
	case full:
		b.run()
	case parked != nil:
		parked.park(b, 1)
	case settles:
		l.settle(b)
	}
}

// lock takes the lock and admits those who came in by the door before.
func (l *LoaderBy[K, C, V]) lock() {
	l.mu.Lock()
	if d := l.door.Load(); d != nil {
		l.admit(d, d.came())
	}
}

// openDoor opens the door to the batch that gathers for loads at the spot, if they
// need not be looked at before they wait. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) openDoor(at spot) {
	b := l.lone
	switch {
	case b == nil || l.door.Load() != nil || at.batch != nil:
	// There is an answer that a load could have, or wait for, elsewhere. A key that was
	// primed is still one of the batch, and may be no slot any more.
	case len(b.primed) > 0, len(l.slots) != len(b.keys), l.offers.any():
	case len(l.lookups) > 0 || l.opt.scope != nil || b.ctx.outer != nil: // the context decides
	case b.ends != nil && b.unwatch == nil: // nobody watches when the waiters' context ends
	default:
		d := new(door[K, C, V])
		d.open(b, at, doorFirst, b.first)
		l.door.Store(d)
	}
}

// shutDoor shuts the door, if it is open, and admits those inside: what the door
// was opened for is about to change. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) shutDoor() {
	if d := l.door.Load(); d != nil {
		l.door.Store(nil)
		l.admit(d, int32(min(d.taken.Swap(doorShut), int64(d.size))))
	}
}

// admit gives the first n who came in what they came for, a place in the batch, in
// the order that they came. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) admit(d *door[K, C, V], n int32) {
	b := d.batch
	if n == d.passed {
		return
	}
	l.reserve(b, int(n-d.passed))
	waiters, parked := b.waiters, 0
	for ; d.passed < n; d.passed++ {
		p := d.place(d.passed)
		note := p.note.Load()
		if note == 0 && p.note.CompareAndSwap(0, noteRefused) {
			continue // between two lines of enter
		}
		if note = p.note.Load(); note&noteHeld != 0 {
			continue
		}
		id := l.id(p.key)
		// The door is shut before an answer of another batch is known. Were it not, what
		// waits here could not be told whether it may have that one.
		if s := l.slots[id]; s != nil && s.batch == b {
			p.own.next = s
			p.note.Store(note | noteHit)
			l.stats.Hits++
		} else {
			l.put(b, &p.own, id, p.key, s)
			l.stats.Lone.count(loneReason(note >> noteWhy & noteWhyMask))
			if note&noteTimed != 0 {
				b.pace.key(d.since + instant(note>>noteTime))
			} else {
				b.pace.untimedKey()
			}
		}
		l.ask(p.slot())
		b.waiters++
		if note&noteLast == 0 {
			parked++
		}
	}
	came := b.waiters - waiters
	l.stats.Loads += came
	l.stats.Waits += came
	if d.at.parker != nil {
		b.park(d.at.parker, parked)
	}
}
