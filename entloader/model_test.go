package entloader_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/entloader/entloader/entloader"
)

// Elsewhere each of these works alone and breaks with the next: a clear while a
// batch gathers, a prime while two viewers wait, a fetch that panics after half
// of its callers have left. A loader and a simple model of it get the same
// random operations; the model says which answers a load may return.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			steps := rapid.IntRange(1, 60).Draw(t, "steps")
			draw := rapid.IntRange(0, 1<<16-1)
			runModel(t, steps, func(what string, n int) int { return draw.Draw(t, what) % n })
		})
	})
}

// The same with many more operations each, from fixed seeds: long histories
// find what short ones can not.
func TestModelLong(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 3))
				runModel(t, 400, func(_ string, n int) int { return r.IntN(n) })
			})
		})
	}
}

// failer is what the model needs of testing.T and rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Context() context.Context
}

const (
	modelKeys = 4
	maxThunks = 6
)

var modelViewers = []string{"ada", "bob"}

// An answer is what the source of truth says of a key: it changes with every
// step, so an answer tells when it was read, and for whom.
type answer struct {
	key    int
	viewer string // empty if it was primed
	at     int
	from   *modelFetch // nil if it was primed
}

// A fault is the error of a whole fetch, or of one of its keys.
type fault struct {
	from *modelFetch
	key  int // -1 if it is that of the fetch
}

func (f *fault) Error() string { return fmt.Sprintf("fetch %d failed for key %d", f.from.at, f.key) }

// An outcome is how a fetch ends.
type outcome int

const (
	succeed outcome = iota
	omit            // the first key has no answer
	failKey         // the first key has an error of its own
	fail
	panics
	goexits
	outcomes
)

// A modelFetch is a call of the fetch function, in progress or over.
type modelFetch struct {
	keys   []int
	viewer string
	at     int // when it read the truth
	end    int // when it returned, -1 before
	how    outcome
	gate   chan outcome
}

// A modelLoad is a load that somebody waits for, or a thunk not called yet.
type modelLoad struct {
	keys      []int
	viewer    string
	start     int         // when it began
	floor     map[int]int // by key, the last clear before it began
	cancel    context.CancelFunc
	own       bool // its context ends by itself
	cancelled bool
	thunk     func() (answer, error) // until called
	run       *pending[[]answer]
	how       string
}

// A model drives a loader.
type model struct {
	t      failer
	choose func(what string, n int) int
	loader *entloader.Loader[int, answer]

	uncached bool
	limited  bool     // few answers are remembered
	viewers  []string // where there is one, the fetch looks up nothing
	// base is the context of the request: loads under it, without an end of their own,
	// come in by the door.
	base     context.Context
	obedient bool // the fetch returns when its context ends

	now     int         // the step
	cleared map[int]int // by key, the last clear
	loads   []*modelLoad
	thunks  []*modelLoad
	// settled are the answers that the loader has to remember.
	settled map[settledKey]result
	history []string

	mu      sync.Mutex // for what the fetches write
	running []*modelFetch
	ended   []*modelFetch
	broken  string // what a fetch found wrong
}

type settledKey struct {
	key    int
	viewer string
}

type result struct {
	value answer
	err   string
}

// runModel performs operations that choose picks: it returns a number from 0 to
// n-1. It runs inside a bubble.
func runModel(t failer, steps int, choose func(what string, n int) int) {
	m := &model{
		t: t, choose: choose,
		cleared: make(map[int]int), settled: make(map[settledKey]result),
		uncached: choose("uncached", 4) == 0,
		obedient: choose("obedient", 2) == 0,
	}
	opts := []entloader.Option{
		entloader.WithQuiet(time.Millisecond), entloader.WithMaxWait(3 * time.Millisecond),
		entloader.WithParallel(1 + choose("parallel", 4)),
	}
	if n := choose("max batch", 4); n > 0 {
		opts = append(opts, entloader.WithMaxBatch(n))
	}
	if m.uncached {
		opts = append(opts, entloader.WithoutCache())
	}
	if m.limited = choose("limited", 3) == 0; m.limited {
		opts = append(opts, entloader.WithCacheLimit(1+choose("limit", 3)))
	}
	m.base = context.Background()
	if choose("base", 2) == 0 {
		var cancel context.CancelFunc
		m.base, cancel = context.WithCancel(m.base)
		defer cancel()
	}
	if choose("one viewer", 2) == 0 {
		m.viewers = modelViewers[:1]
	} else {
		m.viewers = modelViewers
	}
	m.loader = entloader.NewLoader(m.fetch, opts...)
	defer m.drain() // whatever happens: nothing is left behind
	for range steps {
		m.step()
		m.check()
	}
	m.finish()
}

func (m *model) failf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\nafter:\n%v", fmt.Sprintf(format, args...), m.history)
}

func (m *model) log(format string, args ...any) {
	m.history = append(m.history, fmt.Sprintf("%d: ", m.now)+fmt.Sprintf(format, args...)+"\n")
}

// fetch reads the truth for a viewer and waits for the word how to end.
func (m *model) fetch(ctx context.Context, keys []int) (map[int]answer, error) {
	f := &modelFetch{keys: slices.Clone(keys), viewer: m.viewer(ctx), end: -1, gate: make(chan outcome, 1)}
	m.mu.Lock()
	f.at = m.now
	m.running = append(m.running, f)
	sorted := slices.Sorted(slices.Values(keys))
	if len(slices.Compact(slices.Clone(sorted))) != len(sorted) || len(keys) == 0 {
		m.broken = fmt.Sprintf("a fetch was given the keys %v", keys)
	}
	m.mu.Unlock()
	slices.Sort(keys) // which it may do

	var left <-chan struct{}
	if m.obedient {
		left = ctx.Done()
	}
	how := fail
	var err error = &fault{f, -1}
	select {
	case how = <-f.gate:
	case <-left:
		err = ctx.Err()
	}
	m.mu.Lock()
	f.end, f.how = m.now, how
	m.running = slices.DeleteFunc(m.running, func(o *modelFetch) bool { return o == f })
	m.ended = append(m.ended, f)
	m.mu.Unlock()

	found := make(map[int]answer)
	for _, k := range f.keys {
		found[k] = answer{k, f.viewer, f.at, f}
	}
	switch how {
	case omit:
		delete(found, f.keys[0])
	case failKey:
		return found, entloader.KeyErrors[int]{f.keys[0]: &fault{f, f.keys[0]}}
	case fail:
		return nil, err
	case panics:
		panic(&fault{f, -1})
	case goexits:
		runtime.Goexit()
	}
	return found, nil
}

// viewer looks the viewer up where there are two.
func (m *model) viewer(ctx context.Context) string {
	if len(m.viewers) == 1 {
		return m.viewers[0]
	}
	return viewerOf(ctx)
}

// step performs one operation.
func (m *model) step() {
	m.mu.Lock()
	m.now++
	running := slices.Clone(m.running)
	m.mu.Unlock()
	ctx := m.t.Context()
	switch op := m.choose("op", 17); op {
	case 0, 1, 2, 3:
		m.load("load", 1+m.choose("key", modelKeys))
	case 4:
		keys := make([]int, m.choose("keys", 4))
		for i := range keys {
			keys[i] = 1 + m.choose("key", modelKeys)
		}
		m.load("loadAll", keys...)
	case 5:
		if len(m.thunks) < maxThunks {
			m.load("thunk", 1+m.choose("key", modelKeys))
		}
	case 6:
		if n := len(m.thunks); n > 0 {
			m.call(m.choose("thunk", n))
		}
	case 7:
		key := 1 + m.choose("key", modelKeys)
		m.log("prime %d", key)
		m.loader.Prime(ctx, key, answer{key: key, at: m.now})
	case 8:
		key := 1 + m.choose("key", modelKeys)
		m.log("clear %d", key)
		m.clear(key)
		m.loader.Clear(ctx, key)
	case 9:
		m.log("clear all")
		for k := range modelKeys {
			m.clear(k + 1)
		}
		m.loader.ClearAll(ctx)
	case 10:
		m.log("flush")
		m.loader.Flush()
	case 11:
		if n := len(m.loads); n > 0 {
			l := m.loads[m.choose("who leaves", n)]
			if !l.own {
				break
			}
			m.log("cancel of the %s of step %d", l.how, l.start)
			l.cancelled = true
			l.cancel()
		}
	case 12:
		m.log("time")
		<-time.After(time.Millisecond)
	case 16:
		m.each(1 + m.choose("members", 4))
	default:
		if n := len(running); n > 0 {
			f := running[m.choose("which ends", n)]
			how := outcome(0)
			if op == 13 {
				how = outcome(m.choose("how", int(outcomes)))
			}
			m.log("the fetch of step %d ends: %d", f.at, how)
			f.gate <- how
		}
	}
	synctest.Wait()
}

// clear notes that no answer from before may be given to loads from now on.
func (m *model) clear(key int) {
	m.cleared[key] = m.now
	for _, viewer := range modelViewers {
		delete(m.settled, settledKey{key, viewer})
	}
}

// newLoad notes a load that is about to begin.
func (m *model) newLoad(how, viewer string, keys ...int) *modelLoad {
	l := &modelLoad{
		keys: keys, viewer: viewer, start: m.now, floor: make(map[int]int), how: how,
		own: m.choose("own context", 2) == 0, cancel: func() {},
	}
	for _, k := range keys {
		l.floor[k] = m.cleared[k]
	}
	m.log("%s %v as %s", how, keys, viewer)
	return l
}

// within returns the context of a load, made from that of its request.
func (l *modelLoad) within(ctx context.Context) context.Context {
	if l.own {
		ctx, l.cancel = context.WithCancel(ctx)
	}
	return ctx
}

// viewerOfLoad chooses whose load it is.
func (m *model) viewerOfLoad() string { return m.viewers[m.choose("viewer", len(m.viewers))] }

// each lets the members of an Each load a key each.
func (m *model) each(members int) {
	viewer := m.viewerOfLoad()
	loads := make([]*modelLoad, members)
	for i := range loads {
		loads[i] = m.newLoad("load in an Each", viewer, 1+m.choose("key", modelKeys))
		loads[i].run = &pending[[]answer]{done: make(chan struct{})}
	}
	go func() {
		_ = entloader.Each(as(m.base, viewer), loads, func(ctx context.Context, l *modelLoad) error {
			defer close(l.run.done)
			v, err := m.loader.Load(l.within(ctx), l.keys[0])
			l.run.value, l.run.err = []answer{v}, err
			return nil // or the contexts of the others would end
		})
	}()
	m.begun(loads...)
}

func (m *model) load(how string, keys ...int) {
	l := m.newLoad(how, m.viewerOfLoad(), keys...)
	ctx := l.within(as(m.base, l.viewer))
	switch how {
	case "thunk":
		l.thunk = m.loader.LoadThunk(ctx, keys[0])
		m.thunks = append(m.thunks, l)
		return
	case "load":
		l.run = async(func() ([]answer, error) {
			v, err := m.loader.Load(ctx, keys[0])
			return []answer{v}, err
		})
	case "loadAll":
		l.run = async(func() ([]answer, error) { return m.loader.LoadAll(ctx, keys) })
	}
	m.begun(l)
}

// begun notes loads that have begun. None of them waits if all its answers are known.
func (m *model) begun(loads ...*modelLoad) {
	m.loads = append(m.loads, loads...)
	synctest.Wait()
	for _, l := range loads {
		unknown := func(k int) bool {
			_, ok := m.settled[settledKey{k, l.viewer}]
			return !ok
		}
		if !slices.ContainsFunc(l.keys, unknown) && !l.run.ended() {
			m.failf("the answer for %v as %s is known, but the load waits", l.keys, l.viewer)
		}
	}
}

// call calls a thunk.
func (m *model) call(i int) {
	l := m.thunks[i]
	m.thunks = slices.Delete(m.thunks, i, i+1)
	m.log("call of the thunk of step %d", l.start)
	l.run = async(func() ([]answer, error) {
		v, err := l.thunk()
		return []answer{v}, err
	})
	m.loads = append(m.loads, l)
}

// finish lets every fetch end and sees that nobody waits any more.
func (m *model) finish() {
	for len(m.thunks) > 0 {
		m.call(0)
	}
	for range 1000 {
		m.mu.Lock()
		m.now++
		running := slices.Clone(m.running)
		m.mu.Unlock()
		for _, f := range running {
			f.gate <- succeed
		}
		<-time.After(5 * time.Millisecond)
		synctest.Wait()
		m.check()
		if len(m.loads) == 0 && len(running) == 0 {
			return
		}
	}
	for _, l := range m.loads {
		m.failf("the %s of step %d hangs", l.how, l.start)
	}
}

// drain ends all that is left, so that a failure is no leak as well.
func (m *model) drain() {
	for _, l := range append(m.loads, m.thunks...) {
		l.cancel()
	}
	for turn := range 100 {
		m.mu.Lock()
		running := slices.Clone(m.running)
		m.mu.Unlock()
		for _, f := range running {
			f.gate <- succeed
		}
		<-time.After(5 * time.Millisecond)
		synctest.Wait()
		if len(running) == 0 && turn > 10 { // keys of thunks that nobody called are sent in time
			return
		}
	}
}
