package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	gg "github.com/graph-gophers/dataloader/v7"
	"github.com/stretchr/testify/require"
	"github.com/vikstrous/dataloadgen"

	"github.com/entloader/entloader/entloader"
)

// A coreContest is one thing that several loaders do.
type coreContest struct {
	name        string
	contestants []contestant
	base        int // the contestant that ratios refer to
	rounds      int
	// op does it once per call and returns an error if the answer was wrong.
	op func(context.Context, contestant) error
	// times is how often op does it in a call, 1 if it is 0. Where a batch is sent as
	// soon as it is full, a turn is some 50 ms of requests, one after the other, as of
	// a server that goes on doing the same, garbage collection included: the time of a
	// single one that follows on the turns of others is that of reading the code into
	// the caches, and differs by a third.
	times int
	// levels is set where the time over the base is of interest, per level.
	levels int
}

const (
	// Waits of dataloadgen: its default suits nobody who counts microseconds, so
	// it is also given shorter ones.
	defaultWait = 16 * time.Millisecond
	longWait    = time.Millisecond
	shortWait   = 100 * time.Microsecond
	// What dataloadgen is measured with by its author: a capacity of 100 keys
	// and a wait of 500 ns. Batches of another size split what is loaded.
	authorsLimit = 100
	authorsWait  = 500 * time.Nanosecond
)

// limited are the contestants with a batch limit: a batch is sent as soon as it
// is full, so nobody waits, and what is left is the cost of the loaders. A full
// batch may take longer to gather than we wait by default, so all wait equally.
func limited(n int) []contestant {
	return []contestant{
		gen("", dataloadgen.WithBatchCapacity(n)),
		genBySlice("", dataloadgen.WithBatchCapacity(n)),
		ours("", entloader.WithMaxBatch(n), entloader.WithQuiet(defaultWait), entloader.WithMaxWait(defaultWait)),
		gophers("", gg.WithBatchCapacity[int, *row](n)),
	}
}

// asItsAuthor are the contestants as dataloadgen's own benchmark sets them.
func asItsAuthor() []contestant {
	return []contestant{
		gen("", dataloadgen.WithBatchCapacity(authorsLimit), dataloadgen.WithWait(authorsWait)),
		genBySlice("", dataloadgen.WithBatchCapacity(authorsLimit), dataloadgen.WithWait(authorsWait)),
		ours("", entloader.WithMaxBatch(authorsLimit), entloader.WithQuiet(authorsWait), entloader.WithMaxWait(authorsWait)),
		gophers("", gg.WithBatchCapacity[int, *row](authorsLimit), gg.WithWait[int, *row](authorsWait)),
	}
}

// unlimited are the contestants without a batch limit: they wait.
func unlimited() []contestant {
	return []contestant{
		gen(", 16 ms, its default"),
		gen(", 1 ms", dataloadgen.WithWait(longWait)),
		gen(", 100 µs", dataloadgen.WithWait(shortWait)),
		ours(", defaults"),
		ours(", 100 µs", entloader.WithQuiet(shortWait), entloader.WithMaxWait(shortWait)),
		gophers(", 16 ms, its default"),
	}
}

// quiets are our settings of the quiet time.
func quiets() []contestant {
	all := []contestant{ours(", defaults")}
	for _, d := range []time.Duration{0, 50 * time.Microsecond, 100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond} {
		all = append(all, ours(fmt.Sprintf(", quiet %v", d), entloader.WithQuiet(d)))
	}
	return all
}

func coreContests() []coreContest {
	keys := make([]int, many)
	for i := range keys {
		keys[i] = i
	}
	all := []coreContest{cachedLoad("cached Load", noContext)}
	all = append(all, cachedLoad("cached Load, context of a server", serverContext))
	concurrent := func(name string, n, rounds, times int, cs []contestant) coreContest {
		return coreContest{name: name, contestants: cs, rounds: rounds, times: times, op: func(ctx context.Context, c contestant) error {
			for range times {
				if err := concurrently(ctx, c.new(), n); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	atOnce := func(name string, cs []contestant) coreContest {
		return coreContest{name: name, contestants: cs, rounds: 40, op: func(ctx context.Context, c contestant) error {
			return allAtOnce(ctx, c.new(), keys)
		}}
	}
	all = append(all,
		concurrent("100 Loads, batch of 100", 100, 40, 50_000/100, append(limited(100), noLoader)),
		concurrent("100 Loads, batch of 100, 500 ns", 100, 20, 5_000/100, asItsAuthor()),
		concurrent("100 Loads, no limit", 100, 25, 1, unlimited()),
		concurrent("10,000 Loads, batch of 10,000", many, 20, 50_000/many, append(limited(many), noLoader)),
		concurrent("10,000 Loads, batch of 100, 500 ns", many, 10, 1, asItsAuthor()),
		concurrent("10,000 Loads, no limit", many, 10, 1, unlimited()),
		atOnce("LoadAll of 10,000, batch of 10,000", limited(many)),
		atOnce("LoadAll of 10,000, batch of 100, 500 ns", asItsAuthor()),
		atOnce("LoadAll of 10,000, no limit", unlimited()),
		concurrent("quiet time, 1 Load", 1, 50, 1, quiets()),
		concurrent("quiet time, 100 Loads", 100, 50, 1, quiets()),
		concurrent("quiet time, 10,000 Loads", many, 10, 1, quiets()),
	)
	for _, w := range []work{computing, waiting} {
		for _, d := range []time.Duration{0, 50 * time.Microsecond, 200 * time.Microsecond} {
			if d == 0 && w.name == waiting.name {
				continue // the same as to compute nothing
			}
			all = append(all, coreContest{
				name: fmt.Sprintf("3 levels of 100, %v of %s", d, w.name),
				contestants: []contestant{
					barrierOf(width), ours(", defaults"), throughEach(),
					gen(", 16 ms, its default"), gen(", 1 ms", dataloadgen.WithWait(longWait)),
				},
				rounds: 50, levels: depth,
				op: func(ctx context.Context, c contestant) error { return nested(ctx, c, w, d) },
			})
		}
	}
	return all
}

// cachedLoad is the one contest whose loaders outlive an op.
func cachedLoad(name string, under func(context.Context) context.Context) coreContest {
	const times = 20_000
	made := make(map[string]rowLoader)
	return coreContest{
		name:  name,
		times: times, rounds: 50,
		contestants: []contestant{
			gen(""),
			ours(""),
			gophers(""),
		},
		op: func(ctx context.Context, c contestant) error {
			ctx = under(ctx)
			l := made[c.name]
			if l == nil {
				l = c.new()
				made[c.name] = l
				return allAtOnce(ctx, l, []int{7}) // in the round that is not counted
			}
			_, err := cached(ctx, l, times)
			return err
		},
	}
}

// serverContext makes ctx as deep as that of a resolver: a load looks through
// it. That of a benchmark can be cancelled, as that of a server.
func serverContext(ctx context.Context) context.Context {
	type key int
	for i := range 8 {
		ctx = context.WithValue(ctx, key(i), i)
	}
	return ctx
}

// noContext is for loads outside of any request.
func noContext(context.Context) context.Context { return context.Background() }

// BenchmarkCore compares loaders without a database below them and prints one
// table. The contestants take turns, so that whatever else the machine does
// strikes all of them, in another order each round: after one that mostly sleeps
// the machine is not as after one that computes. Ratios are medians of those within a
// round.
func BenchmarkCore(b *testing.B) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(out, "\n| what\t loader\t median\t quartiles\t allocations\t batches\t ratio\t added per level\t\n|---\t---\t---\t---\t---\t---\t---\t---\t\n")
	for _, c := range coreContests() {
		b.Run(c.name, func(b *testing.B) {
			times := max(c.times, 1)
			scores := make([]score, len(c.contestants))
			c.round(b, nil)
			for b.Loop() {
				for range c.rounds {
					c.round(b, scores)
				}
			}
			for i := range scores {
				s := &scores[i]
				name := c.contestants[i].name
				ratio, added := "", ""
				took := median(s.took) / float64(times)
				if c.levels == 0 {
					r := median(ratios(s.took, scores[c.base].took))
					ratio = fmt.Sprintf("%.2f", r)
					b.ReportMetric(r, coreMetric(name, "ratio"))
				} else {
					d := median(differences(s.took, scores[c.base].took)) / float64(c.levels)
					added = duration(d)
					b.ReportMetric(d/1e3, coreMetric(name, "added-µs"))
				}
				b.ReportMetric(took, coreMetric(name, "ns"))
				b.ReportMetric(median(s.batches)/float64(times), coreMetric(name, "batches"))
				lower, upper := quantile(s.took, 0.25)/float64(times), quantile(s.took, 0.75)/float64(times)
				batches := fmt.Sprintf("%.4g", median(s.batches)/float64(times))
				if most := slices.Max(s.batches); most > median(s.batches) {
					batches += fmt.Sprintf(" (at most %.4g)", most/float64(times))
				}
				fmt.Fprintf(out, "| %s\t %s\t %s\t %s–%s\t %.0f\t %s\t %s\t %s\t\n", c.name, name, duration(took),
					duration(lower), duration(upper), math.Floor(median(s.allocs)/float64(times)), batches, ratio, added)
			}
			b.ReportMetric(0, "ns/op") // the time of all rounds of all contestants: no figure of interest
		})
	}
	out.Flush()
}

// A score is what a contestant needed, by round.
type score struct {
	took, allocs, batches []float64 // ns, number, number
}

// round lets every contestant act once. With nil scores nothing is noted.
func (c coreContest) round(b *testing.B, scores []score) {
	var before, after runtime.MemStats
	idle := runtime.NumGoroutine()
	for _, i := range rand.Perm(len(c.contestants)) {
		// Nobody pays for what the contestant before left behind: memory, and goroutines
		// that wait for a timer (dataloadgen has one for each batch, for 16 ms).
		for runtime.NumGoroutine() > idle {
			runtime.Gosched()
		}
		runtime.GC()
		runtime.ReadMemStats(&before)
		fetches.Store(0)
		start := time.Now()
		err := c.op(b.Context(), c.contestants[i])
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		require.NoError(b, err, c.contestants[i].name)
		if scores != nil {
			s := &scores[i]
			s.took = append(s.took, float64(took))
			s.allocs = append(s.allocs, float64(after.Mallocs-before.Mallocs))
			s.batches = append(s.batches, float64(fetches.Load()))
		}
	}
}

// coreMetric returns the unit under which a figure of a contestant is reported.
func coreMetric(name, figure string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(name) + "/" + figure
}

func ratios(a, b []float64) []float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	return all
}

func differences(a, b []float64) []float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] - b[i]
	}
	return all
}

func quantile(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[int(q*float64(len(s)-1)+0.5)]
}

// duration formats nanoseconds with three digits.
func duration(ns float64) string {
	switch abs := math.Abs(ns); {
	case abs < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case abs < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	default:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	}
}

func TestCoreContestantsAnswer(t *testing.T) {
	for _, c := range coreContests() {
		for _, who := range c.contestants {
			require.NoError(t, c.op(t.Context(), who), "%s, %s", c.name, who.name)
		}
	}
}
