package entloader

import (
	"math"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// A batch of lone keys should be sent when nobody is left who could add to it.
// A timer can only guess when that is, and Go rounds a timer of less than a
// millisecond up to one where nothing else runs, which is when it matters. So a
// goroutine, the settler, looks whether anything else in the process runs or is
// about to. If not, for a moment, every goroutine that could load waits: for this
// batch, for a lock, for the network. 100 callers that compute for 50 µs each
// wait 45 µs after the last of them came, at the median, on two processors of a virtual
// machine that takes twice as long to wake one.
//
// The settler does not yield between its looks: that wakes another processor,
// which counts as running while it finds nothing to do, so that the settler sees
// its own shadow (measured: 1 ms instead of 28 µs, for the timer had to send).
//
// Where there is always something that runs, the quiet time decides, see tick.

const (
	// settleCalm is how often in a row nothing else may run before the batch is
	// sent: 10 looks take about 9 µs.
	settleCalm = 10
	// settlePause is how often the settler looks whether a load came before it looks again
	// what runs, for about 0.8 µs. That takes the lock of Go's scheduler, which those who
	// run need to come to an end.
	settlePause = 1000
	// settleMost and settleLeast bound how often others are found running, with nobody
	// ready to run, before the settler gives up: see settleGrace.
	settleMost  = 100
	settleLeast = 10
	// settleCrowd is how long a batch waits for another key where goroutines are ready to
	// run and have no processor: they may be about to load.
	settleCrowd = time.Millisecond
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

// settleGrace is how often others are found running, with nobody ready to run, before
// the settler gives up. They may be about to load; and a processor that finds nothing to
// do counts as running for a while, as does one that a goroutine was to be woken on,
// until it awoke: some 10 µs on a computer, 100 and more on a virtual one. So it is
// learned: each time the settler gives up it is an eighth less, as where a server is
// always busy with something else; and twice as much where the timer had to send the batch
// and nothing else ran.
var settleGrace atomic.Int64

func init() { settleGrace.Store(100) } // about 90 µs

// settle says that a load came to wait for the gathering batch b, and starts its
// settler if that may have been the last.
func (l *LoaderBy[K, C, V]) settle(b *batch[K, C, V]) {
	if came := b.settler.Add(settlerCame); b.lookDue(came) {
		go l.settled(b)
	}
}

// lookDue reports whether whoever asks has to look, with the settler in this state.
func (b *batch[K, C, V]) lookDue(state uint64) bool {
	return state&(settlerLooks|settlerOver) == 0 && state >= b.due.Load() && b.settler.Or(settlerLooks)&settlerLooks == 0
}

// settled sends the gathering batch b when nothing else in the process runs for a
// moment in which no key comes. It runs on a goroutine of its own, which becomes that of
// the fetch.
func (l *LoaderBy[K, C, V]) settled(b *batch[K, C, V]) {
	for {
		seen, calm := b.calm()
		if calm {
			break
		}
		// Those who came since left it to this look.
		if state := b.settler.And(^uint64(settlerLooks)) &^ settlerLooks; state == seen || !b.lookDue(state) {
			return
		}
	}
	b.sendHere(reasonQuiet)
}

// calm reports whether nothing else in the process runs for a moment in which no key
// comes, and the state of the settler that it saw last. It returns at once while others
// are ready to run: it would keep its processor from them.
func (b *batch[K, C, V]) calm() (came uint64, calm bool) {
	settling.Add(1)
	defer settling.Add(-1)
	look := looks.Get().(*look)
	defer looks.Put(look)
	came, grace := b.settler.Load()&^settlerLooks, settleGrace.Load()
	for n := 0; n < settleCalm; n++ {
		switch running, runnable := look.others(); {
		case runnable > 0:
			wait := uint64(0)
			if runnable > settleFew {
				wait = uint64(runnable) / 4 * settlerCame
			}
			b.due.Store(came + wait)
			return came, false
		case running > 0:
			if grace--; grace <= 0 {
				learnGrace(-settleGrace.Load() / 8)
				return came, false
			}
			n = -1
		}
		for range settlePause {
			if now := b.settler.Load() &^ settlerLooks; now != came {
				if came, n = now, -1; came&settlerOver != 0 {
					return came, false
				}
				break
			}
		}
	}
	return came, true
}

// learnGrace changes the grace.
func learnGrace(by int64) {
	settleGrace.Store(min(max(settleGrace.Load()+by, settleLeast), settleMost))
}

// crowd looks how many other goroutines run, and how many are ready to.
func crowd() (running, runnable int64) {
	settling.Add(1)
	defer settling.Add(-1)
	look := looks.Get().(*look)
	defer looks.Put(look)
	return look.others()
}

// A look reads how many goroutines run.
type look [2]metrics.Sample

var looks = sync.Pool{New: func() any {
	return &look{{Name: "/sched/goroutines/runnable:goroutines"}, {Name: "/sched/goroutines/running:goroutines"}}
}}

// others returns how many goroutines run, and how many are ready to run, but for
// those that look. A goroutine that looks is one or the other, never one that waits: where
// somebody else looks at the same moment, that is who runs.
func (s *look) others() (running, runnable int64) {
	if !looking.TryLock() {
		return 1, 0
	}
	defer looking.Unlock()
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

// looking is held by who reads how many goroutines run.
var looking sync.Mutex
