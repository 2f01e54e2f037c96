package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/entloader/loadertest"
)

const (
	rounds    = 20 // of one run of the benchmark; the figures are medians of them
	perRound  = 2  // requests of each way in one round
	countRuns = 10 // requests whose statements are counted, apart from the timing
)

// A contest is a kind of request with several ways to answer it.
type contest struct {
	name   string
	levels int
	ways   []way
	of     func(*ent.Client, way, int) request[any]
}

var contests = []contest{
	{"GraphQL", 1, throughGraphQL, untyped(serve)},
	{"GraphQL", 3, throughGraphQL, untyped(serve)},
	{"plain loop", 1, throughALoop, untyped(loop)},
	{"plain loop", 3, throughALoop, untyped(loop)},
}

func untyped[T any](of func(*ent.Client, way, int) request[T]) func(*ent.Client, way, int) request[any] {
	return func(client *ent.Client, w way, levels int) request[any] {
		run := of(client, w, levels)
		return func(ctx context.Context) (any, error) { return run(ctx) }
	}
}

// Benchmark prints a table of all contests. It asks the ways in turns, so that
// whatever else the machine does strikes all of them, and each turn begins one
// way further. A ratio is the median of the ratios within each round.
func Benchmark(b *testing.B) {
	drv, err := open(b.Context(), b.Name())
	require.NoError(b, err)
	defer drv.Close()

	out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(out, "\n| request\t levels\t way\t statements\t median µs\t of eager loading\t\n|---\t---\t---\t---\t---\t---\t\n")
	for _, c := range contests {
		b.Run(fmt.Sprintf("%s/%d", c.name, c.levels), func(b *testing.B) {
			counts := make([]string, len(c.ways))
			rec := loadertest.NewRecorder(drv)
			for i, w := range c.ways {
				counts[i] = statements(b, rec, c.of(ent.NewClient(ent.Driver(rec)), w, c.levels))
			}
			client := ent.NewClient(ent.Driver(drv)) // nothing is counted from here on
			requests := make([]request[any], len(c.ways))
			for i, w := range c.ways {
				requests[i] = c.of(client, w, c.levels)
			}
			micros := make([][]float64, len(c.ways))
			ratios := make([][]float64, len(c.ways))
			for n := 0; b.Loop(); n++ {
				for round := range rounds {
					took := measure(b, requests, round)
					for i, d := range took {
						micros[i] = append(micros[i], float64(d)/float64(time.Microsecond)/perRound)
						ratios[i] = append(ratios[i], float64(d)/float64(took[0]))
					}
				}
			}
			for i, w := range c.ways {
				us, ratio := median(micros[i]), median(ratios[i])
				b.ReportMetric(ratio, metric(w.name))
				fmt.Fprintf(out, "| %s\t %d\t %s\t %s\t %.0f\t %.2f\t\n", c.name, c.levels, w.name, counts[i], us, ratio)
			}
			b.ReportMetric(0, "ns/op") // the time of all rounds of all ways: no figure of interest
		})
	}
	out.Flush()
}

// measure runs every request a few times and returns how long each took.
func measure(b *testing.B, requests []request[any], round int) []time.Duration {
	took := make([]time.Duration, len(requests))
	for turn := range requests {
		i := (round + turn) % len(requests)
		runtime.GC() // of what the way before left behind
		start := time.Now()
		for range perRound {
			if _, err := requests[i](b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		took[i] = time.Since(start)
	}
	return took
}

// statements returns how many statements a request sends: their mean, since
// those of a loader with a timer vary.
func statements(b *testing.B, rec *loadertest.Recorder, run request[any]) string {
	rec.Reset()
	for range countRuns {
		_, err := run(b.Context())
		require.NoError(b, err)
	}
	n := len(rec.Reset())
	if n%countRuns == 0 {
		return fmt.Sprint(n / countRuns)
	}
	return fmt.Sprintf("%.1f", float64(n)/countRuns)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// metric returns the unit under which the ratio of a way is reported.
func metric(name string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(name) + "/eager"
}
