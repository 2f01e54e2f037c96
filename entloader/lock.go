package entloader

import "sync"

// A Lock lets loaders that prime each other (by id, by name) run one fetch at a
// time: a fetch looks again before it starts, and leaves out the keys that
// another one has primed. The zero Lock is ready for use; it must not be copied.
type Lock struct {
	once   sync.Once
	held   chan struct{}
	holder *batchContext // who holds it, nil if nobody does; protected by waitGraph
}

// WithLock makes the fetches of a loader hold l. A fetch that loads, through
// loaders with the same lock, does not wait for itself, nor do fetches with two locks
// wait for each other: what the holder of a lock waits for runs under its lock.
func WithLock(l *Lock) Option {
	return func(o *options) { o.lock = l }
}

// acquire waits for the lock, unless the context of b ends, or b belongs to a fetch that
// holds the lock, or that one waits for b.
func (l *Lock) acquire(b *batchContext) (release func(), err error) {
	if b.outer.holds(l) || l.waitsFor(b) {
		b.lock = l
		return func() {}, nil
	}
	l.once.Do(func() { l.held = make(chan struct{}, 1) })
	select {
	case l.held <- struct{}{}:
		l.take(b)
		b.lock = l
		return func() {
			l.take(nil)
			<-l.held
		}, nil
	case <-b.Done():
		l.gaveUp(b)
		return nil, b.Err()
	}
}

// waitsFor reports whether the holder of the lock waits for b. If not, it notes that b
// waits for the lock.
func (l *Lock) waitsFor(b *batchContext) bool {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	if l.holder != nil && l.holder.reaches(b, make(map[*batchContext]bool)) {
		return true
	}
	b.wants = l
	return false
}

// take notes who holds the lock.
func (l *Lock) take(b *batchContext) {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	if l.holder = b; b != nil {
		b.wants = nil
	}
}

// gaveUp notes that b does not wait for the lock any more.
func (l *Lock) gaveUp(b *batchContext) {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	b.wants = nil
}

// holds reports whether c, or a fetch that it belongs to, holds l.
func (c *batchContext) holds(l *Lock) bool {
	for ; c != nil; c = c.outer {
		if c.lock == l {
			return true
		}
	}
	return false
}
