package entloader

import (
	"context"
	"errors"
	"slices"
)

// loadAll loads keys together. It takes the lock once for all of them, and
// waits once for each batch that they are in. missing are the keys, of those
// that failed, that were not found: their own error says so, not that of a
// batch, which may have failed because another loader did not find something.
func (l *LoaderBy[K, C, V]) loadAll(ctx context.Context, keys []K) (values []V, failed KeyErrors[C], missing []C) {
	values = make([]V, len(keys))
	fail := func(id C, err error) {
		if failed == nil {
			failed = make(KeyErrors[C])
		}
		failed[id] = keyError(l.name, err)
	}
	if IsAlone(ctx) || l.inTx() {
		for i, k := range keys {
			// In a transaction the rest of the keys goes with this one.
			v, err := l.load(ctx, k, family[K]{size: len(keys) - i, keys: func(_ int, yield func(K) bool) {
				slices.Values(keys[i:])(yield)
			}})
			values[i] = v
			if err == ErrNotFound { // of the key: that of a batch has the name of another loader
				missing = append(missing, l.id(k))
			}
			if err != nil {
				fail(l.id(k), err)
			}
		}
		return values, failed, missing
	}
	rest := make([]int, 0, len(keys)) // positions that have no answer yet
	for i, k := range keys {
		if id := l.id(k); id != id {
			fail(id, errNaN)
		} else {
			rest = append(rest, i)
		}
	}
	slots := make([]*slot[K, C, V], len(keys))
	for len(rest) > 0 {
		if ctx.Err() != nil {
			for _, i := range rest {
				fail(l.id(keys[i]), ended(ctx))
			}
			break
		}
		waits := l.enroll(ctx, keys, rest, slots)
		for i := range waits {
			waits[i].wait(ctx, slots)
		}
		again := rest[:0]
		last := 0
		for _, i := range rest {
			s := slots[i]
			last = waitFor(waits, s.batch, last)
			ready := last == len(waits) // it was, and may be shared
			var err error
			switch {
			case !ready && waits[last].err != nil:
				err = waits[last].err
			case ready || waits[last].opened || s.primed || s.batch.read.matches(ctx, l.opt.scope):
				values[i], err = s.answer()
				if err != nil && !s.primed && s.batch.err == nil && errors.Is(err, ErrNotFound) {
					missing = append(missing, l.id(keys[i]))
				}
			default:
				// The answer read something from its context that is different here.
				again = append(again, i)
				continue
			}
			if err != nil {
				fail(l.id(keys[i]), err)
			}
		}
		rest = again
	}
	return values, failed, missing
}

// A batchWait is how a batch is waited for.
type batchWait[K any, C comparable, V any] struct {
	batch  *batch[K, C, V]
	opened bool   // it runs under the context of the one who waits
	ticket ticket // for the batch
	at     spot   // of the one who waits
	err    error  // why it is not waited for any more
}

// wait waits until the batch is ready, or those of slots in it were primed.
func (w *batchWait[K, C, V]) wait(ctx context.Context, slots []*slot[K, C, V]) {
	switch {
	case ctx.Err() != nil:
		w.batch.leave(w.at)
		w.err = ended(ctx)
	default:
		w.err = w.batch.wait(ctx, w.at, slots, w.ticket)
	}
}

// waitFor returns which of waits is for b, len(waits) if none is. It looks from
// the one of the key before on: keys of one batch mostly come in a row.
func waitFor[K any, C comparable, V any](waits []batchWait[K, C, V], b *batch[K, C, V], from int) int {
	for n := range waits {
		if i := (from + n) % len(waits); waits[i].batch == b {
			return i
		}
	}
	return len(waits)
}

// enroll finds or makes the slots of the keys at the positions rest, and
// returns how to wait for their batches.
func (l *LoaderBy[K, C, V]) enroll(ctx context.Context, keys []K, rest []int, slots []*slot[K, C, V]) []batchWait[K, C, V] {
	at := spotOf(ctx)
	waits, gathering, p := l.enrollAt(ctx, at, keys, rest, slots)
	if p != nil {
		p.park(gathering, 1)
	}
	return waits
}

// enrollAt is enroll without what has to happen outside of the lock: parked is
// to be parked for the batch that gathers some of the keys, if any does.
func (l *LoaderBy[K, C, V]) enrollAt(ctx context.Context, at spot, keys []K, rest []int, slots []*slot[K, C, V]) (waits []batchWait[K, C, V], gathering *batch[K, C, V], parked parker) {
	l.lock()
	defer l.mu.Unlock() // find calls what the application wrote
	now := clock()      // once for all
	last := 0
	var joined *batch[K, C, V] // that keys were added to
	// While nothing else is known, keys are added without a look whether they are there.
	fresh := len(l.slots) == 0 && !l.offers.any()
	for n, i := range rest {
		id := l.id(keys[i])
		if fresh && l.roomy(joined) {
			if s := l.addNew(joined, id, keys[i]); s != nil {
				slots[i] = s
				continue
			}
			fresh = false
			j := slices.IndexFunc(rest, func(i int) bool { return l.id(keys[i]) == id })
			l.slots[id] = slots[rest[j]]
		}
		head := l.slots[id]
		s, opened := l.find(ctx, at, head), false
		if s == nil {
			s = l.taken(ctx, id)
		}
		hit := s != nil
		switch {
		case hit:
			l.hurry(s.batch, at, now)
		case l.roomy(joined):
			s = l.add(joined, id, keys[i], head) // what gather would do, which has done it for a key before
		default:
			s, opened, hit = l.gather(ctx, at, id, keys[i], head, now, len(rest)-n)
			if l.opt.scope == nil { // else it is asked for each key
				joined = s.batch
			}
		}
		again := slots[i] != nil // its answer could not be shared
		switch {
		case hit && !again:
			l.stats.Hits++
		case !hit && again:
			l.stats.Lone.Context++
		case !hit:
			l.stats.Lone.ByKey++
		}
		if !again {
			l.stats.Loads++
		}
		l.ask(s)
		slots[i] = s
		if s.batch.ready.Load() {
			continue // each key that was primed has a batch of its own
		}
		if last = waitFor(waits, s.batch, last); last == len(waits) {
			l.stats.Waits++
			waits = append(waits, batchWait[K, C, V]{batch: s.batch, opened: opened, ticket: s.batch.enter(ctx), at: at})
		}
	}
	if l.lone != nil && waitFor(waits, l.lone, 0) < len(waits) {
		gathering, parked = l.lone, l.willPark(at.parker, l.lone)
		if parked == nil && l.opt.settles {
			l.settle(l.lone)
		}
	}
	return waits, gathering, parked
}

// roomy reports whether b is the batch that gathers, and is not full with another key,
// nor with those at the door.
func (l *LoaderBy[K, C, V]) roomy(b *batch[K, C, V]) bool {
	return b != nil && b == l.lone && l.door.Load() == nil && len(b.keys)+1 < l.opt.maxBatch
}

// addNew adds a key that is asked for to b. If the loader has the key already it adds
// nothing, returns nil, and the caller has to put the answer for the key back.
func (l *LoaderBy[K, C, V]) addNew(b *batch[K, C, V], id C, key K) *slot[K, C, V] {
	known := len(l.slots)
	s := l.add(b, id, key, nil)
	if len(l.slots) == known {
		l.takeBack(b)
		return nil
	}
	l.ask(s)
	l.stats.Loads++
	l.stats.Lone.ByKey++
	return s
}
