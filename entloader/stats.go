package entloader

import (
	"fmt"
	"strings"
)

// Stats are the figures of one loader since it was made.
type Stats struct {
	// Name is the relation that is loaded, for example Unit.samples.
	Name string
	// Loads counts calls; Hits those that were answered without a batch of
	// their own, from an answer that was there or on its way.
	Loads, Hits int
	// Unasked counts keys that were loaded for siblings and not asked for so
	// far: what the batches loaded in vain.
	Unasked int
	// Waits counts waits for a batch that was not ready.
	Waits int
	// Batches counts fetches that were sent, Keys the keys in them, Largest the
	// keys of the largest.
	Batches, Keys, Largest int
	// Alone counts loads that ran as a query of their own, because their options
	// can not be batched or under [Alone], and keys of batches that did.
	Alone int
	// Lone says of loads without siblings why they had none, and of keys that ran
	// alone why they did.
	Lone Lone
	// Primed counts answers that were taken from rows which another query brought.
	Primed int
	// Errors counts batches that failed as a whole, KeyErrors the keys of others that
	// had an error of their own, those that were not found included.
	Errors, KeyErrors int
	// Cached counts keys of batches that the cache of WithCache had, CacheErrors
	// the errors that it returned. Unkept counts answers that it was not given since
	// their fetch looked something up in its context.
	Cached, CacheErrors, Unkept int
	// Siblings, Full, Quiet, Waiting, Flushed say of how many batches what sent
	// them: the set of siblings was known, the batch was full, no other key
	// came, everyone in an Each waits, or Flush was called.
	Siblings, Full, Quiet, Waiting, Flushed int
}

// reason says why a batch was sent.
type reason uint8

const (
	reasonSiblings reason = iota
	reasonFull
	reasonQuiet
	reasonWaiting
	reasonFlush
	reasonAlone
)

func (r reason) String() string {
	return [...]string{"siblings", "full", "quiet", "waiting", "flush", "alone"}[r]
}

func (s *Stats) sent(why reason, keys int) {
	switch why {
	case reasonSiblings:
		s.Siblings++
	case reasonFull:
		s.Full++
	case reasonQuiet:
		s.Quiet++
	case reasonWaiting:
		s.Waiting++
	case reasonFlush:
		s.Flushed++
	case reasonAlone:
		s.Alone++
		s.Lone.Alone++
		return
	}
	s.Batches++
	s.Keys += keys
	s.Largest = max(s.Largest, keys)
}

// String returns the figures in one line.
func (s Stats) String() string {
	line := fmt.Sprintf("%s: %d loads, %d hits, %d waits, %d batches of %d keys (largest %d, unasked %d), %d alone, %d errors",
		s.Name, s.Loads, s.Hits, s.Waits, s.Batches, s.Keys, s.Largest, s.Unasked, s.Alone, s.Errors)
	if s.Batches > 0 {
		line += "; sent: " + s.sentBy()
	}
	if s.Cached > 0 || s.CacheErrors > 0 {
		line += fmt.Sprintf("; from the cache: %d (errors %d)", s.Cached, s.CacheErrors)
	}
	if s.KeyErrors > 0 {
		line += fmt.Sprintf("; keys that failed: %d", s.KeyErrors)
	}
	if s.Primed > 0 {
		line += fmt.Sprintf("; primed: %d", s.Primed)
	}
	if s.Unkept > 0 {
		line += fmt.Sprintf("; not for the cache: %d", s.Unkept)
	}
	if why := s.Lone.String(); why != "" {
		line += "; lone: " + why
	}
	return line
}

// sentBy returns how many batches what sent.
func (s Stats) sentBy() string {
	var by []string
	for _, r := range []struct {
		why reason
		n   int
	}{
		{reasonSiblings, s.Siblings}, {reasonFull, s.Full}, {reasonQuiet, s.Quiet}, {reasonWaiting, s.Waiting}, {reasonFlush, s.Flushed},
	} {
		if r.n > 0 {
			by = append(by, fmt.Sprint(r.why, " ", r.n))
		}
	}
	return strings.Join(by, ", ")
}

// Stats returns the figures of every loader that was used so far, those of one
// client configuration together, each in the order of first use.
func (l *Loaders) Stats() []Stats {
	var all []Stats
	l.each(func(a anyLoader) { all = append(all, a.Stats()) })
	return all
}

// Summary returns the figures of all loaders, a line each.
func (l *Loaders) Summary() string {
	var b strings.Builder
	for _, s := range l.Stats() {
		b.WriteString(s.String())
		b.WriteByte('\n')
	}
	return b.String()
}
