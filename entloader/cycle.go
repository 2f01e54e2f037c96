package entloader

import (
	"slices"
	"sync"
)

// A fetch that loads waits for another batch, and one with a lock for the fetch that
// holds it. Fetches that wait for each other in a circle would wait for ever, so each
// wait from inside a fetch is noted. One that would close a circle is not begun: a load
// gets a fetch of its own, a fetch goes on under the lock of the one that waits for it.
// Where that is no way out, since a fetch loads what it is to answer, the load fails.
var waitGraph sync.Mutex

// waitFor notes that the fetch of c waits for that of b.
func (c *batchContext) waitFor(b *batchContext) error {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	if b.reaches(c, make(map[*batchContext]bool)) {
		return errCycle
	}
	c.waits = append(c.waits, b)
	return nil
}

// awaits reports whether the fetch of c waits for that of b, directly or not.
func (c *batchContext) awaits(b *batchContext) bool {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	return c.reaches(b, make(map[*batchContext]bool))
}

// inside reports whether c is b, or belongs to a load from inside of it.
func (c *batchContext) inside(b *batchContext) bool {
	for ; c != nil; c = c.outer {
		if c == b {
			return true
		}
	}
	return false
}

func (c *batchContext) waitedFor(b *batchContext) {
	waitGraph.Lock()
	defer waitGraph.Unlock()
	if i := slices.Index(c.waits, b); i >= 0 {
		c.waits = slices.Delete(c.waits, i, i+1)
	}
}

// reaches reports whether c is to, or waits for it, directly or not.
func (c *batchContext) reaches(to *batchContext, seen map[*batchContext]bool) bool {
	if c == to {
		return true
	}
	if seen[c] {
		return false
	}
	seen[c] = true
	if c.wants != nil && c.wants.holder != nil && c.wants.holder.reaches(to, seen) {
		return true
	}
	return slices.ContainsFunc(c.waits, func(b *batchContext) bool { return b.reaches(to, seen) })
}
