package entloader

import (
	"math"
	"runtime/metrics"
	"sync"
	"sync/atomic"
)

// A batch of lone keys should be sent when nobody is left who could add to it.
// A timer can only guess when that is, and Go rounds a timer of less than a
// millisecond up to one where nothing else runs, which is when it matters. So a
// goroutine, the settler, looks whether anything else in the process runs or is
// about to. If not, for a moment, every goroutine that could load waits: for this
// batch, for a lock, for the network. 100 callers that compute for 50 µs each
// wait 28 µs after the last of them came, at the median, on two processors.
//
// The settler does not yield between its looks: that wakes another processor,
// which counts as running while it finds nothing to do, so that the settler sees
// its own shadow (measured: 1 ms instead of the 28 µs, for the timer had to send).
//
// Where there is always something that runs, the quiet time decides.

const (
	// settleCalm is how often in a row nothing else may run before the batch is
	// sent: 100 looks take about 9 µs.
	settleCalm = 100
	// settleGrace is how often others are found running, with nobody ready to
	// run, before the settler gives up, after about 90 µs: they may be about to
	// load, and a processor that finds nothing to do counts as running for a while.
	settleGrace = 1000
	// settleFew is how many goroutines that are ready to run are looked after one
	// by one: where there are more, the next look is due when a quarter of them
	// loaded.
	settleFew = 8
)

// The state of a batch's settler: flags, and above them how many loads came.
const (
	settlerLooks = 1 << iota // a goroutine looks
	settlerOver              // the batch is complete
	settlerCame              // one load

	settlerNever = math.MaxUint64 // a look that is never due
)

// settling counts the goroutines that look whether others run.
var settling atomic.Int64

// settle says that a load came to wait for the gathering batch b, and starts its
// settler if that may have been the last.
func (l *LoaderBy[K, C, V]) settle(b *batch[K, C, V]) {
	if came := b.settler.Add(settlerCame); came&(settlerLooks|settlerOver) == 0 && came >= b.due.Load() &&
		b.settler.Or(settlerLooks)&settlerLooks == 0 {
		go l.settled(b)
	}
}

// settled sends the gathering batch b when nothing else in the process runs for a
// moment in which no key comes. It leaves at once while others are ready to run:
// it would keep its processor from them.
func (l *LoaderBy[K, C, V]) settled(b *batch[K, C, V]) {
	settling.Add(1)
	look := looks.Get().(*look)
	calm := b.calm(look)
	looks.Put(look)
	settling.Add(-1)
	if !calm {
		b.settler.And(^uint64(settlerLooks))
		return
	}
	l.lock()
	if calm = l.lone == b; calm {
		l.complete(reasonQuiet)
	}
	l.mu.Unlock()
	if calm {
		b.run() // on this goroutine: it is nobody's
	}
}

// calm reports whether nothing else in the process runs for a moment.
func (b *batch[K, C, V]) calm(look *look) bool {
	came, grace := b.settler.Load(), settleGrace
	for n := 0; n < settleCalm; n++ {
		switch running, runnable := look.others(); {
		case runnable > 0:
			wait := uint64(0)
			if runnable > settleFew {
				wait = uint64(runnable) / 4 * settlerCame
			}
			b.due.Store(came + wait)
			return false
		case running > 0:
			if grace--; grace == 0 {
				return false
			}
			n = -1
		}
		if now := b.settler.Load(); now != came {
			if came, n = now, -1; came&settlerOver != 0 {
				return false
			}
		}
	}
	return true
}

// A look reads how many goroutines run.
type look [2]metrics.Sample

var looks = sync.Pool{New: func() any {
	return &look{{Name: "/sched/goroutines/runnable:goroutines"}, {Name: "/sched/goroutines/running:goroutines"}}
}}

// others returns how many goroutines run, and how many are ready to run, but for
// those that look. A goroutine that looks is one or the other.
func (s *look) others() (running, runnable int64) {
	metrics.Read(s[:])
	lookers := settling.Load()
	runnable, running = int64(s[0].Value.Uint64()), int64(s[1].Value.Uint64())
	if runnable+running <= lookers {
		return 0, 0
	}
	if runnable >= lookers {
		return running, runnable
	}
	return running + runnable - lookers, 0
}
