package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	gg "github.com/graph-gophers/dataloader/v7"
	"github.com/vikstrous/dataloadgen"
	"golang.org/x/sync/errgroup"

	"github.com/entloader/entloader/entloader"
)

// many is the largest number of keys that the core benchmark loads at once.
const many = 10_000

// A row is what all contestants of the core benchmark load.
type row struct{ id int }

// rows are there before anything is measured: what is compared is the loaders,
// not what a fetch does.
var rows = func() []row {
	all := make([]row, many)
	for i := range all {
		all[i].id = i
	}
	return all
}()

// fetches counts the batches. Benchmarks run one at a time, so it is shared.
var fetches atomic.Int64

// fetchMap is the fetch function of all contestants.
func fetchMap(_ context.Context, keys []int) (map[int]*row, error) {
	fetches.Add(1)
	found := make(map[int]*row, len(keys))
	for _, k := range keys {
		found[k] = &rows[k]
	}
	return found, nil
}

// fetchSlice is the form of it that dataloadgen takes with the least work:
// without a map, but by position, which no database promises.
func fetchSlice(_ context.Context, keys []int) ([]*row, []error) {
	fetches.Add(1)
	found := make([]*row, len(keys))
	for i, k := range keys {
		found[i] = &rows[k]
	}
	return found, nil
}

// A rowLoader is any of the contestants.
type rowLoader interface {
	Load(ctx context.Context, key int) (*row, error)
	LoadAll(ctx context.Context, keys []int) ([]*row, error)
}

// A contestant is a loader with settings; what it makes serves one request.
type contestant struct {
	name string
	new  func() rowLoader
	each bool // entloader.Each runs the callers
}

func ours(setting string, opts ...entloader.Option) contestant {
	return contestant{name: "entloader" + setting, new: func() rowLoader { return entloader.NewLoader(fetchMap, opts...) }}
}

func gen(setting string, opts ...dataloadgen.Option) contestant {
	return contestant{name: "dataloadgen" + setting, new: func() rowLoader { return dataloadgen.NewMappedLoader(fetchMap, opts...) }}
}

func genBySlice(setting string, opts ...dataloadgen.Option) contestant {
	return contestant{name: "dataloadgen by slice" + setting, new: func() rowLoader { return dataloadgen.NewLoader(fetchSlice, opts...) }}
}

func gophers(setting string, opts ...gg.Option[int, *row]) contestant {
	fetch := func(ctx context.Context, keys []int) []*gg.Result[*row] {
		found, _ := fetchMap(ctx, keys)
		results := make([]*gg.Result[*row], len(keys))
		for i, k := range keys {
			results[i] = &gg.Result[*row]{Data: found[k]}
		}
		return results
	}
	return contestant{name: "graph-gophers" + setting, new: func() rowLoader {
		return gophersLoader{gg.NewBatchedLoader(fetch, opts...)}
	}}
}

type gophersLoader struct {
	*gg.Loader[int, *row]
}

func (l gophersLoader) Load(ctx context.Context, key int) (*row, error) {
	return l.Loader.Load(ctx, key)()
}

func (l gophersLoader) LoadAll(ctx context.Context, keys []int) ([]*row, error) {
	found, errs := l.LoadMany(ctx, keys)()
	if errs != nil {
		return found, errs[0]
	}
	return found, nil
}

// noLoader answers by itself: what the goroutines of a request cost.
var noLoader = contestant{name: "no loader", new: func() rowLoader { return direct{} }}

type direct struct{}

func (direct) Load(_ context.Context, key int) (*row, error) { return &rows[key], nil }

func (direct) LoadAll(context.Context, []int) ([]*row, error) { panic("not in any contest") }

// A barrier is the loader that knows how many keys will come: it fetches when
// the last of them is there. Nothing that has to find out can be faster.
type barrier struct {
	mu      sync.Mutex
	keys    []int // appended to under mu, until size are there
	size    int
	done    chan struct{} // closed once found is written
	found   map[int]*row
	nothing error
}

func barrierOf(size int) contestant {
	return contestant{name: "ideal", new: func() rowLoader {
		return &barrier{keys: make([]int, 0, size), size: size, done: make(chan struct{})}
	}}
}

func (l *barrier) Load(ctx context.Context, key int) (*row, error) {
	l.mu.Lock()
	l.keys = append(l.keys, key)
	last := len(l.keys) == l.size
	l.mu.Unlock()
	if last {
		l.found, l.nothing = fetchMap(ctx, l.keys)
		close(l.done)
	}
	<-l.done
	return l.found[key], l.nothing
}

func (*barrier) LoadAll(context.Context, []int) ([]*row, error) { panic("not in any contest") }

// cached loads a key that is there, n times. It calls each loader by its own
// type: a call through the interface would take part of what is measured.
func cached(ctx context.Context, l rowLoader, n int) (r *row, err error) {
	switch l := l.(type) {
	case *entloader.Loader[int, *row]:
		for range n {
			r, err = l.Load(ctx, 7)
		}
	case *dataloadgen.Loader[int, *row]:
		for range n {
			r, err = l.Load(ctx, 7)
		}
	case gophersLoader:
		for range n {
			r, err = l.Load(ctx, 7)
		}
	}
	return r, err
}

// concurrently loads n different keys, each on a goroutine of its own.
func concurrently(ctx context.Context, l rowLoader, n int) error {
	var (
		wg     sync.WaitGroup
		failed atomic.Bool
	)
	wg.Add(n) // instead of wg.Go, which allocates twice
	for key := range n {
		go func() {
			defer wg.Done()
			if r, err := l.Load(ctx, key); err != nil || r.id != key {
				failed.Store(true)
			}
		}()
	}
	wg.Wait()
	if failed.Load() {
		return fmt.Errorf("a load failed or had the wrong answer")
	}
	return nil
}

// allAtOnce loads keys with one call.
func allAtOnce(ctx context.Context, l rowLoader, keys []int) error {
	found, err := l.LoadAll(ctx, keys)
	if err != nil {
		return err
	}
	for i, r := range found {
		if r.id != keys[i] {
			return fmt.Errorf("key %d was answered with %d", keys[i], r.id)
		}
	}
	return nil
}

// depth and width are those of the requests with several levels.
const (
	depth = 3
	width = 100
)

// Work is what a resolver does before it loads. Which kind it is matters: one
// that computes keeps a core from the others, so that 100 of them arrive one
// after the other; one that waits for something lets them arrive together.
type work struct {
	name string
	do   func(time.Duration)
}

var (
	computing = work{"computing", func(d time.Duration) {
		for start := time.Now(); time.Since(start) < d; {
		}
	}}
	waiting = work{"waiting", func(d time.Duration) {
		if d > 0 {
			time.Sleep(d)
		}
	}}
)

// nested is a request with levels as an executor of GraphQL runs it: every
// parent on a goroutine of its own, which goes down as soon as it has its
// answer, whether or not the others have theirs. A level has its own loader.
func nested(ctx context.Context, c contestant, w work, d time.Duration) error {
	var levels [depth]rowLoader
	for i := range levels {
		levels[i] = c.new()
	}
	parent := func(ctx context.Context, key int) error {
		for _, l := range levels {
			w.do(d)
			if r, err := l.Load(ctx, key); err != nil || r.id != key {
				return fmt.Errorf("key %d was answered with %v, %w", key, r, err)
			}
		}
		return nil
	}
	if c.each {
		return entloader.Each(ctx, parents, parent)
	}
	var wg errgroup.Group
	for _, key := range parents {
		wg.Go(func() error { return parent(ctx, key) })
	}
	return wg.Wait()
}

// throughEach is entloader where Each runs the parents.
func throughEach() contestant {
	c := ours(", Each")
	c.each = true
	return c
}

var parents = func() []int {
	keys := make([]int, width)
	for i := range keys {
		keys[i] = i
	}
	return keys
}()
