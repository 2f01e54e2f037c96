package entloader

// A pace tells when the last key of a batch that gathers came. To look at the clock
// takes a third of what a load does at the door, so that not all keys that come there
// are timed. When those after a timed one came is told from how fast keys came before
// it, and rather too late than too early. It is protected by the lock of the loader.
type pace struct {
	last    instant // when the last key came, as far as is known
	timed   instant // when the last one came that is timed
	untimed int32   // how many came after that
	step    instant // how long after the one before it each came, about
	behind  bool    // last does not tell of the untimed ones yet
}

const (
	// timedFirst is how many keys are timed at first, for a quiet time that is exact
	// where few come; afterwards one of timedEach is.
	timedFirst = 8
	timedEach  = 16
)

// start notes the first key.
func (p *pace) start(now instant) { *p = pace{last: now, timed: now} }

// key notes a key that is timed.
func (p *pace) key(now instant) {
	p.step = max(now-p.timed, 0) / instant(p.untimed+1)
	p.timed, p.untimed = now, 0
	p.last, p.behind = max(p.last, now), false
}

// untimedKey notes one that is not.
func (p *pace) untimedKey() { p.untimed, p.behind = p.untimed+1, true }

// latest returns when the last key came. It is called now.
func (p *pace) latest(now instant) instant {
	if p.behind {
		p.behind = false
		p.last = max(p.last, min(now, p.timed+2*p.step*instant(p.untimed)))
	}
	return p.last
}
