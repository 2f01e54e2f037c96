package entloader

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
)

// A batch of lone keys should be sent when nobody is left who could add to it.
// A timer can only guess when that is, and Go rounds a timer of less than a
// millisecond up to one where nothing else runs, which is when it matters. So
// the load that may be the last looks whether anything else in the process runs
// or is about to. If not, for a moment, every goroutine that could load waits:
// for this batch, for a lock, for the network.
//
// Where there is always something that runs, the quiet time decides.

const (
	// settleCalm is how often in a row nothing else may run before the batch is
	// sent: 50 looks take about 12 µs (measured: a yield and a look 0.25 µs).
	settleCalm = 50
	// settleGrace is how often others are found running, with nobody ready to
	// run, before the load gives up: they may be about to wait like this one, and
	// a processor that finds nothing to do counts as running for a while.
	settleGrace = 400
)

// settling counts the goroutines that look whether others run.
var settling atomic.Int64

// settle sends the lone batch b if nothing else in the process runs.
func (l *LoaderBy[K, C, V]) settle(b *batch[K, C, V]) {
	settling.Add(1)
	calm := l.calm(b)
	settling.Add(-1)
	if !calm {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lone == b {
		l.sendLone(reasonQuiet)
	}
}

// calm reports whether nothing else in the process runs for a moment, in which
// no key comes.
func (l *LoaderBy[K, C, V]) calm(b *batch[K, C, V]) bool {
	look := looks.Get().(*look)
	defer looks.Put(look)
	came, grace := b.came.Load(), settleGrace
	for n := 0; n < settleCalm; n++ {
		switch running, runnable := look.others(); {
		case runnable > 0 || b.came.Load() != came:
			return false // somebody else will be the last
		case running > 0:
			if grace--; grace == 0 {
				return false
			}
			n = -1
		}
		runtime.Gosched() // lets timers and the network make goroutines ready
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
