package entloader

import (
	"slices"
	"sync"
)

// A fetch that loads waits for another batch. Fetches that wait for each other
// in a circle would wait for ever, so each wait from inside a fetch is noted,
// and one that closes a circle fails.
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
	return slices.ContainsFunc(c.waits, func(b *batchContext) bool { return b.reaches(to, seen) })
}
