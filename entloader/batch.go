package entloader

import (
	"context"
	"runtime/debug"
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
	// keys are the keys to fetch. Appended to while gathering, under loader.mu;
	// read-only from then on.
	keys []K
	ctx  *batchContext
	// cancel ends ctx.
	cancel context.CancelFunc
	// done is closed when the batch is ready; answers, err and read are written
	// before and read-only afterwards.
	done    chan struct{}
	answers answers[V]
	err     error
	read    *record // what the fetch read from its context

	// slab is where add takes slots from, to allocate them by the dozen.
	slab []slot[K, C, V]

	// Protected by loader.mu:
	ready   bool
	running bool
	waiters int    // loads that wait or are about to
	asked   []bool // by slot: some load wanted this answer
	// Gathering, protected by loader.mu:
	timer *time.Timer
	first time.Time
	last  time.Time
}

// grow makes room for n keys in all.
func (b *batch[K, C, V]) grow(n int) {
	b.keys = make([]K, 0, n)
	b.asked = make([]bool, 0, n)
	b.slab = make([]slot[K, C, V], 0, n)
}

// answers are what a fetch found, by the position of the key.
type answers[V any] struct {
	values []V
	errs   []error // nil if no key failed
}

// slot is where the answer of one key is.
type slot[K any, C comparable, V any] struct {
	batch *batch[K, C, V]
	i     int
	// next is the answer of the same key under another record.
	next *slot[K, C, V]
}

func (s *slot[K, C, V]) answer() (v V, err error) {
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
	var (
		err      error
		returned bool
	)
	defer func() {
		if !returned {
			v := recover()
			if v == nil {
				v = errGoexit
			}
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		b.finish(err)
	}()
	b.loader.mu.Lock()
	b.running = true
	b.loader.mu.Unlock()
	b.answers.values = make([]V, len(b.keys))
	err = b.loader.fetch(b.ctx, b.keys, &b.answers)
	returned = true
}

// finish makes the answers known. Those of a failed batch are for its waiters
// only, as are those of a loader without a cache.
func (b *batch[K, C, V]) finish(err error) {
	l := b.loader
	read := b.ctx.freeze()
	l.mu.Lock()
	b.err = err
	b.read = read
	b.ready = true
	l.learn(read)
	if err != nil {
		l.stats.Errors++
	}
	if err != nil || l.opt.uncache {
		l.forget(b)
	}
	l.mu.Unlock()
	close(b.done)
	b.cancel()
}

// within reports whether ctx belongs to the fetch of this batch: waiting for it
// from there would never end.
func (b *batch[K, C, V]) within(ctx context.Context) bool {
	for c := batchOf(ctx); c != nil; c = batchOf(c.values) {
		if c == b.ctx {
			return true
		}
	}
	return false
}

// wait returns when the batch is ready or ctx has ended, whichever is first.
// Inside a transaction nobody returns before the statement has ended, since a
// caller that rolls back meanwhile would race it.
func (b *batch[K, C, V]) wait(ctx context.Context) error {
	if sc := b.loader.scope; sc != nil && sc.tx {
		<-b.done
		return nil
	}
	select {
	case <-b.done:
		return nil
	default:
	}
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		b.leave()
		return ended(ctx)
	}
}

// leave takes a waiter away; the last one cancels the fetch.
func (b *batch[K, C, V]) leave() {
	l := b.loader
	l.mu.Lock()
	b.waiters--
	last := b.waiters == 0 && !b.ready
	if last {
		l.forget(b)
		if l.lone == b {
			l.lone = nil
			b.timer.Stop()
		}
	}
	l.mu.Unlock()
	if last {
		b.cancel()
	}
}
