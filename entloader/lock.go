package entloader

import "sync"

// A Lock lets loaders that prime each other (by id, by name) run one fetch at a
// time: a fetch looks again before it starts, and leaves out the keys that
// another one has primed. The zero Lock is ready for use; it must not be copied.
type Lock struct {
	once sync.Once
	held chan struct{}
}

// WithLock makes the fetches of a loader hold l. A fetch that loads, through
// loaders with the same lock, does not wait for itself.
func WithLock(l *Lock) Option {
	return func(o *options) { o.lock = l }
}

// acquire waits for the lock, unless ctx ends or belongs to a fetch that holds
// it.
func (l *Lock) acquire(b *batchContext) (release func(), err error) {
	if b.outer.holds(l) {
		return func() {}, nil
	}
	l.once.Do(func() { l.held = make(chan struct{}, 1) })
	select {
	case l.held <- struct{}{}:
		b.lock = l
		return func() { <-l.held }, nil
	case <-b.Done():
		return nil, b.Err()
	}
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
