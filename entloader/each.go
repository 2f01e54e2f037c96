package entloader

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Each calls f for all items at the same time, each on a goroutine of its own,
// and sends the keys that they load when all of them wait: no timer, and as few
// batches as there are. f may call Each in turn. It returns the first error,
// which also ends the context of the others, or a *PanicError.
//
// A member that waits for anything but a load, for another member for instance,
// keeps the others waiting; when no key has come for 50 ms they are sent all the
// same.
func Each[T any](ctx context.Context, items []T, f func(ctx context.Context, item T) error) error {
	if len(items) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Inside another Each the items take the place of the member that calls.
	at := spotOf(ctx)
	g, nested := at.parker.(*gang)
	if nested {
		g.resume(len(items) - 1)
	} else {
		g = &gang{active: len(items)}
		ctx = &spotContext{ctx, spot{batch: at.batch, parker: g}}
	}
	var (
		wg    sync.WaitGroup
		first error
		once  sync.Once
		left  atomic.Int64
	)
	left.Store(int64(len(items)))
	spots.Add(1)
	defer spots.Add(-1)
	for _, item := range items {
		wg.Go(func() {
			var (
				err      error
				returned bool
			)
			defer func() {
				if !returned {
					err = newPanicError(recover())
				}
				if err != nil {
					once.Do(func() { first = err })
					cancel(err)
				}
				if left.Add(-1) > 0 || !nested { // the place of the last goes back to the caller
					g.park(nil, 1)
				}
			}()
			err = f(ctx, item)
			returned = true
		})
	}
	wg.Wait()
	return first
}

// eachWait is how long keys of an Each wait for members that do not load.
const eachWait = 50 * time.Millisecond

// A parker counts goroutines that wait for keys to be gathered. Each of these is
// parked once, and resumed when its batch is sent, in any order.
type parker interface {
	// park says that n more wait, for a batch that gathers if b is not nil. It sends
	// what is gathered if nobody is left to add to it.
	park(b flusher, n int)
	// resume says that n go on, or wait for a batch that was sent. It takes no
	// lock of a loader.
	resume(n int)
}

// flusher is a batch that gathers keys.
type flusher interface{ flushWaiting() }

// A gang is the goroutines of an Each, those of Eachs inside it included.
type gang struct {
	mu        sync.Mutex
	active    int // goroutines that may still load
	gathering []flusher
}

func (g *gang) park(b flusher, n int) {
	g.mu.Lock()
	if b != nil && !slices.Contains(g.gathering, b) {
		g.gathering = append(g.gathering, b)
	}
	g.active -= n
	var send []flusher
	if g.active == 0 {
		send, g.gathering = g.gathering, nil
	}
	g.mu.Unlock()
	for _, b := range send {
		go b.flushWaiting() // the stack of the last member would have to grow for it
	}
}

func (g *gang) resume(n int) {
	g.mu.Lock()
	g.active += n
	g.mu.Unlock()
}

// A crew is the goroutines that wait for a batch that is running. They are
// active as long as the fetch is; while it waits itself they are not.
type crew struct {
	members map[parker]int // read-only

	mu     sync.Mutex
	parked int // less than zero while some were resumed before they were parked
}

func (c *crew) park(b flusher, n int) {
	c.mu.Lock()
	defer c.mu.Unlock() // or a resume of the members could come after the park that follows it
	before := c.parked
	c.parked += n
	all := before <= 0 && c.parked > 0
	for p, m := range c.members {
		if !all {
			m = 0
		}
		p.park(b, m)
	}
}

func (c *crew) resume(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.parked
	c.parked -= n
	all := before > 0 && c.parked <= 0
	if all {
		for p, m := range c.members {
			p.resume(m)
		}
	}
}
