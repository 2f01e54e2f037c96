package entloader

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"time"
)

// inTx reports whether batches run on the goroutine of the load that opens
// them, one at a time: a transaction belongs to whoever holds it.
func (l *LoaderBy[K, C, V]) inTx() bool { return l.scope != nil && l.scope.tx }

// An instant is a time since the program started; in a synctest bubble, whose
// clock is another, it is negative. To read it takes half the time of time.Now,
// which is felt under the lock of a loader.
type instant time.Duration

var started = time.Now()

func clock() instant { return instant(time.Since(started)) }

// gathers reports whether a key with this family is a lone one.
func (l *LoaderBy[K, C, V]) gathers(with family[K]) bool {
	// Without a cache the others would be forgotten before they are asked for,
	// and in a transaction nobody may be waited for.
	return (with.keys == nil || l.opt.uncache) && !l.inTx()
}

// countLone counts a load that sends for nobody else.
func (l *LoaderBy[K, C, V]) countLone(with family[K]) {
	if with.keys != nil {
		l.stats.Lone.Uncached++
	} else {
		l.stats.Lone.count(with.why)
	}
}

// open makes a batch for key and its siblings, which runs under ctx. head is
// the first of the answers for the key that are not for ctx. The caller holds
// l.mu, and starts the batch.
func (l *LoaderBy[K, C, V]) open(ctx context.Context, at spot, id C, key K, with family[K], head *slot[K, C, V]) (s *slot[K, C, V]) {
	if l.door.Load() != nil {
		l.shutDoor()
		head = l.slots[id] // somebody inside may have brought the key
	}
	b := l.newBatch(ctx, at)
	if with.keys != nil && !l.opt.uncache {
		s = l.addFamily(ctx, at, b, id, key, with)
	} else {
		s = l.add(b, id, key, head)
	}
	l.sent(b, reasonSiblings)
	return s
}

// addFamily adds key and those of its family that have no answer yet.
func (l *LoaderBy[K, C, V]) addFamily(ctx context.Context, at spot, b *batch[K, C, V], id C, key K, with family[K]) (s *slot[K, C, V]) {
	limit := l.batchLimit(with.window)
	l.reserve(b, min(limit, with.size))
	b.slab = make([]slot[K, C, V], 0, min(limit, with.size))
	with.keys(limit, func(k K) bool {
		c := l.id(k)
		switch head := l.slots[c]; {
		case c == id:
			if s == nil {
				s = l.add(b, id, key, head)
			}
		case l.find(ctx, at, head) == nil && l.taken(ctx, c) == nil:
			l.add(b, c, k, head)
		}
		return len(b.keys) < limit
	})
	if s == nil {
		s = l.add(b, id, key, l.slots[id])
	}
	return s
}

// batchLimit is how many siblings a batch takes, of a family with the given window.
func (l *LoaderBy[K, C, V]) batchLimit(window int) int {
	if window == 0 {
		window = l.opt.window
	}
	limit := min(window, l.opt.maxBatch)
	if l.opt.limit > 0 {
		limit = min(limit, l.opt.limit) // more would be forgotten before they are asked for
	}
	if l.ramp > 0 {
		limit = min(limit, l.ramp)
		if l.ramp *= 2; l.ramp >= window {
			l.ramp = 0
		}
	}
	return limit
}

func (l *LoaderBy[K, C, V]) newBatch(ctx context.Context, at spot) *batch[K, C, V] {
	b := new(batch[K, C, V])
	b.open(ctx, at, l)
	return b
}

// open makes b a batch that a load with ctx, at the spot, opens.
func (b *batch[K, C, V]) open(ctx context.Context, at spot, l *LoaderBy[K, C, V]) {
	b.loader, b.ends, b.gate = l, ctx.Done(), make(chan struct{})
	b.ctx.open(ctx, at, l.scope, &l.opt)
}

// reserve makes room for n more keys.
func (l *LoaderBy[K, C, V]) reserve(b *batch[K, C, V], n int) {
	b.keys = slices.Grow(b.keys, n)
	if n > len(l.slots)+mapGroup { // else it takes no more than to grow once
		slots := make(map[C]*slot[K, C, V], len(l.slots)+n)
		maps.Copy(slots, l.slots)
		l.slots = slots
	}
}

// mapGroup is how many entries a map has room for at least.
const mapGroup = 8

// add adds a key, whose answers so far begin with next.
func (l *LoaderBy[K, C, V]) add(b *batch[K, C, V], id C, key K, next *slot[K, C, V]) *slot[K, C, V] {
	if len(b.slab) == cap(b.slab) {
		// Slots that were handed out must not move.
		b.slab = make([]slot[K, C, V], 0, min(2*cap(b.slab)+1, 512))
	}
	b.slab = b.slab[:len(b.slab)+1]
	s := &b.slab[len(b.slab)-1]
	l.put(b, s, id, key, next)
	return s
}

// put adds a key, whose answer will be in s.
func (l *LoaderBy[K, C, V]) put(b *batch[K, C, V], s *slot[K, C, V], id C, key K, next *slot[K, C, V]) {
	*s = slot[K, C, V]{batch: b, i: int32(len(b.keys)), next: next}
	l.slots[id] = s
	l.keep(id)
	b.keys = append(b.keys, key)
	if !l.plain {
		b.ids = append(b.ids, id)
	}
	l.stats.Unasked++
}

// takeBack removes the key that was added to b last, but for the slot that is in its
// place.
func (l *LoaderBy[K, C, V]) takeBack(b *batch[K, C, V]) {
	b.keys = b.keys[:len(b.keys)-1]
	if !l.plain {
		b.ids = b.ids[:len(b.ids)-1]
	}
	b.slab = b.slab[:len(b.slab)-1]
	if l.opt.limit > 0 {
		l.kept = l.kept[:len(l.kept)-1]
	}
	l.stats.Unasked--
}

// gather adds a lone key, which came now, to the batch that waits for such keys;
// more of them, this one included, are known to come. opened says whether the
// batch runs under ctx, hit that somebody brought the key just now.
func (l *LoaderBy[K, C, V]) gather(ctx context.Context, at spot, id C, key K, head *slot[K, C, V], now instant, more int) (s *slot[K, C, V], opened, hit bool) {
	if l.lone != nil && !l.joins(ctx, at, l.lone) {
		// Keys that can not share an answer need not wait for each other.
		l.sendLone(reasonQuiet)
		head = l.slots[id] // somebody at the door may have brought the key
	}
	full, ok := l.enterHeld()
	if !ok {
		head = l.slots[id]
		if s := l.find(ctx, at, head); s != nil {
			l.hurry(s.batch, at, now)
			return s, false, true
		}
	}
	if opened = l.lone == nil; opened {
		b := l.newBatch(ctx, at)
		l.reserve(b, min(more, l.opt.maxBatch))
		b.slab = make([]slot[K, C, V], 0, min(more, l.opt.maxBatch))
		l.gatherIn(b, at, now)
		l.wind(b)
	}
	b := l.lone
	l.hurry(b, at, now)
	b.pace.key(now)
	s = l.add(b, id, key, head)
	if full {
		l.shutDoor()
	}
	l.sendFull()
	return s, opened, false
}

// hurry ends the patience of the batch that gathers for an Each, if a load that came now
// to wait for it is of somebody who is not in one. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) hurry(b *batch[K, C, V], at spot, now instant) {
	if b != l.lone || !b.patient || at.parker != nil {
		return
	}
	b.patient, b.first = false, now
	if b.timer != nil { // else it is about to be set
		b.timer.Reset(l.patience(b))
	}
}

// sendFull sends the lone batch if it is full. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) sendFull() {
	if l.lone != nil && len(l.lone.keys) >= l.opt.maxBatch {
		l.sendLone(reasonFull)
	}
}

// gatherIn makes b, which a load at the spot opened now, the batch that gathers lone
// keys.
func (l *LoaderBy[K, C, V]) gatherIn(b *batch[K, C, V], at spot, now instant) {
	b.patient, b.first = at.parker != nil, now
	b.pace.start(now)
	l.setLone(b)
}

// wind starts the timer of the lone batch.
func (l *LoaderBy[K, C, V]) wind(b *batch[K, C, V]) {
	b.timer = time.AfterFunc(l.patience(b), func() { l.tick(b) })
}

func (l *LoaderBy[K, C, V]) setLone(b *batch[K, C, V]) {
	l.lone = b
	l.gathering.Store(b != nil)
}

// patience is how long a batch waits for another key.
func (l *LoaderBy[K, C, V]) patience(b *batch[K, C, V]) time.Duration {
	if b.patient {
		return eachWait
	}
	return min(l.opt.quiet, l.opt.maxWait)
}

// tick sends the lone batch if its quiet time or its whole time is over. It runs
// on a goroutine of its own, which becomes that of the fetch.
func (l *LoaderBy[K, C, V]) tick(b *batch[K, C, V]) {
	// A goroutine that a timer starts runs before those that are ready already. They have
	// a turn first, since they may be about to load: where 100 keys at a time come and the
	// time is 500 ns, 4 batches instead of 60 (measured).
	runtime.Gosched()
	var running, runnable int64
	if l.opt.settles {
		running, runnable = crowd()
	}
	switch due, settles := l.due(b, runnable > 0); {
	case due:
		if l.opt.settles && running+runnable == 0 {
			learnGrace(settleGrace.Load()) // the settler gave up too early
		}
		b.run()
	case settles && b.lookDue(b.settler.Load()):
		l.settled(b) // the last who looked may have been put off by this very tick
	}
}

// due reports whether b is to be sent now, and if not, whether it is one that a settler
// may send. crowded says that others are ready to run, and may be about to load.
func (l *LoaderBy[K, C, V]) due(b *batch[K, C, V], crowded bool) (due, settles bool) {
	l.lock()
	defer l.mu.Unlock()
	if l.lone != b {
		return false, false
	}
	now, quiet := clock(), l.patience(b)
	if crowded {
		quiet = max(quiet, settleCrowd)
	}
	end := b.pace.latest(now) + instant(quiet)
	if !b.patient {
		end = min(end, b.first+instant(l.opt.maxWait))
	}
	if end > now {
		b.timer.Reset(time.Duration(end - now))
		return false, l.opt.settles && !b.patient
	}
	l.complete(reasonQuiet)
	return true, false
}

// complete lets no more keys into the lone batch, which the caller runs then. The
// caller holds l.mu.
func (l *LoaderBy[K, C, V]) complete(why reason) {
	l.shutDoor()
	b := l.lone
	if why == reasonQuiet && l.canFill() {
		filling.Store(false)
	}
	l.setLone(nil)
	b.stopTimer()
	b.settler.Or(settlerOver)
	l.sent(b, why)
}

// sendLone runs the lone batch. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) sendLone(why reason) {
	b := l.lone
	l.complete(why)
	go b.run()
}

// sent notes that a batch is complete. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) sent(b *batch[K, C, V], why reason) {
	l.stats.sent(why, len(b.keys))
	b.ctx.about = Batch{Loader: l.name, Keys: len(b.keys), Reason: why.String()}
	if len(b.parked) > 0 {
		b.ctx.spot.parker = &crew{members: b.parked}
		for p, n := range b.parked {
			p.resume(n)
		}
		b.parked = nil
	}
}

// start runs a batch that was opened for siblings.
func (l *LoaderBy[K, C, V]) start(b *batch[K, C, V]) {
	if !l.inTx() {
		go b.run()
		return
	}
	if b.ctx.within(l.scope) {
		// A load from inside a batch of the same transaction: the batch holds
		// the turn already.
		b.run()
		return
	}
	l.scope.serial.Lock()
	defer l.scope.serial.Unlock()
	b.run()
}

// flushWaiting sends the batch, if it gathers still, since everyone who could add to it
// waits. It runs on a goroutine of its own, which becomes that of the fetch.
func (b *batch[K, C, V]) flushWaiting() {
	growStack(0)
	b.sendHere(reasonWaiting)
}

// sendHere runs the batch on this goroutine, if it gathers still.
func (b *batch[K, C, V]) sendHere(why reason) {
	l := b.loader
	l.lock()
	gathers := l.lone == b
	if gathers {
		l.complete(why)
	}
	l.mu.Unlock()
	if gathers {
		b.run()
	}
}

// willPark counts a load that is about to wait for the gathering batch b. It
// returns what to park after l.mu is released, nil if there is nothing.
func (l *LoaderBy[K, C, V]) willPark(p parker, b *batch[K, C, V]) parker {
	if p == nil || l.lone != b {
		return nil
	}
	b.park(p, 1)
	return p
}

// park counts n waiters that belong to an Each. The caller holds loader.mu.
func (b *batch[K, C, V]) park(p parker, n int) {
	if b.parked == nil {
		b.parked = make(map[parker]int)
	}
	b.parked[p] += n
}

// Flush sends the batch of lone keys at once.
func (l *LoaderBy[K, C, V]) Flush() {
	l.lock()
	defer l.mu.Unlock()
	if l.lone != nil {
		l.sendLone(reasonFlush)
	}
}
