package equivalence

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
)

// A span is the parents from one id up to, and without, another.
type span struct{ from, to int }

func (s span) units(c *ent.Client) *ent.UnitQuery {
	return c.Unit.Query().Where(unit.IDGTE(s.from), unit.IDLT(s.to))
}

func (s span) samples(c *ent.Client) *ent.SampleQuery {
	return c.Sample.Query().Where(sample.IDGTE(s.from), sample.IDLT(s.to))
}

// A sizedEdge is an edge that is read for parents of a span.
type sizedEdge struct {
	name string
	rows int // of a parent
	// load loads the edge of each parent and returns how many rows they have.
	load func(context.Context, *ent.Client, span) (rows int, err error)
	// eager lets ent load the edge with the parents, which it returns.
	eager func(context.Context, *ent.Client, span) (parents any, err error)
}

var sizedEdges = []sizedEdge{
	{
		name: "O2M, the foreign key is a field", rows: 2,
		load: func(ctx context.Context, c *ent.Client, s span) (int, error) {
			return loadEach(ctx, s.units(c), func(u *ent.Unit) (int, error) { all, err := u.LoadSamples(ctx); return len(all), err })
		},
		eager: func(ctx context.Context, c *ent.Client, s span) (any, error) {
			return s.units(c).WithSamples().All(ctx)
		},
	},
	{
		name: "O2M, the foreign key is hidden", rows: 2,
		load: func(ctx context.Context, c *ent.Client, s span) (int, error) {
			return loadEach(ctx, s.samples(c), func(s *ent.Sample) (int, error) { all, err := s.LoadResults(ctx); return len(all), err })
		},
		eager: func(ctx context.Context, c *ent.Client, s span) (any, error) {
			return s.samples(c).WithResults().All(ctx)
		},
	},
	{
		name: "M2O", rows: 1,
		load: func(ctx context.Context, c *ent.Client, s span) (int, error) {
			return loadEach(ctx, s.samples(c), func(s *ent.Sample) (int, error) { _, err := s.LoadUnit(ctx); return 1, err })
		},
		eager: func(ctx context.Context, c *ent.Client, s span) (any, error) { return s.samples(c).WithUnit().All(ctx) },
	},
	{
		name: "M2M", rows: 2,
		load: func(ctx context.Context, c *ent.Client, s span) (int, error) {
			return loadEach(ctx, s.samples(c), func(s *ent.Sample) (int, error) { all, err := s.LoadTags(ctx); return len(all), err })
		},
		eager: func(ctx context.Context, c *ent.Client, s span) (any, error) { return s.samples(c).WithTags().All(ctx) },
	},
	{
		name: "O2M by key", rows: 2, // in one statement, whatever the number of keys
		load: func(ctx context.Context, _ *ent.Client, s span) (rows int, err error) {
			keys := make([]int, s.to-s.from)
			for i := range keys {
				keys[i] = s.from + i
			}
			groups, err := ent.LoadersFromContext(ctx).Unit.Samples.LoadAll(ctx, keys)
			for _, g := range groups {
				rows += len(g)
			}
			return rows, err
		},
		eager: func(ctx context.Context, c *ent.Client, s span) (any, error) {
			return s.units(c).WithSamples().All(ctx)
		},
	},
}

func loadEach[P any](ctx context.Context, q interface {
	All(context.Context) ([]P, error)
}, load func(P) (int, error)) (rows int, err error) {
	parents, err := q.All(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range parents {
		n, err := load(p)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

// loads reads the edge of all parents by loads, for at most n under the same loaders.
func (e sizedEdge) loads(b *testing.B, c *ent.Client, all, n int) {
	rows := 0
	for from := 1; from <= all; from += n {
		ctx := ent.NewLoadersContext(b.Context(), ent.NewLoaders(c))
		found, err := e.load(ctx, c, span{from, from + n})
		require.NoError(b, err)
		rows += found
	}
	require.Equal(b, all*e.rows, rows)
}

// eagerly reads the edge of all parents by ent's eager loading, and holds at most n of
// them at the same time. A query takes no more than a window: of ent's lists of
// parameters SQLite takes 32,766.
func (e sizedEdge) eagerly(b *testing.B, c *ent.Client, all, n int) {
	var held []any
	step := min(n, entloader.DefaultWindow)
	for from := 1; from <= all; from += step {
		if len(held)*step >= n {
			held = nil
		}
		parents, err := e.eager(b.Context(), c, span{from, from + step})
		require.NoError(b, err)
		held = append(held, parents)
	}
	runtime.KeepAlive(held)
}

// fillSized writes units with two samples each, and samples with two results and
// two tags each.
func (l *lab) fillSized(b *testing.B, parents int) {
	for _, text := range []string{
		`INSERT INTO units (id, code, name, kind, installed_at) SELECT i, 'u' || i, 'unit ' || i, 'ward', '2026-01-01 00:00:00+00:00' FROM n`,
		`INSERT INTO samples (id, serial, status, taken_at, volume, unit_id)
			SELECT 2*i - j, 's' || i || '-' || j, 'open', '2026-01-01 00:00:00+00:00', i, i FROM n, (SELECT 0 AS j UNION ALL SELECT 1)`,
		`INSERT INTO results (analyte, value, uom, measured_at, sample_results)
			SELECT 'glucose', i, 'mmol/l', '2026-01-01 00:00:00+00:00', i FROM n, (SELECT 0 AS j UNION ALL SELECT 1)`,
		`INSERT INTO tags (id, title) SELECT 't' || i, 'tag ' || i FROM n WHERE i <= 500`,
		`INSERT INTO sample_tags (sample_id, tag_id) SELECT i, 't' || (1 + (i * 7 + j) % 500) FROM n, (SELECT 0 AS j UNION ALL SELECT 1)`,
	} {
		_, err := l.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `+text, parents)
		require.NoError(b, err)
	}
}

// The time for a parent where very many are read in one go, of that where few are:
// both read the same parents, by turns. What ent's own eager loading takes stands
// beside it: rows that are held cost the garbage collection of whoever holds them.
func BenchmarkSize(b *testing.B) {
	many, few, rounds := 100_000, 1_000, 9
	if testing.Short() {
		many, rounds = 5_000, 1
	}
	lab := SQLite.newLab(b, 0)
	lab.fillSized(b, many)
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, lab.db))) // without a statement log
	for _, e := range sizedEdges {
		b.Run(e.name, func(b *testing.B) {
			runs := []func(){
				func() { e.loads(b, client, many, few) },
				func() { e.loads(b, client, many, many) },
				func() { e.eagerly(b, client, many, few) },
				func() { e.eagerly(b, client, many, many) },
			}
			micros, ratios := make([][]float64, len(runs)), make([][]float64, len(runs))
			for b.Loop() {
				for round := range rounds {
					took := make([]float64, len(runs))
					for turn := range runs {
						i := (round + turn) % len(runs)
						runtime.GC() // of what the turn before left behind
						start := time.Now()
						runs[i]()
						took[i] = float64(time.Since(start).Microseconds()) / float64(many)
					}
					for i := range runs {
						micros[i], ratios[i] = append(micros[i], took[i]), append(ratios[i], took[i]/took[i&^1])
					}
				}
			}
			b.ReportMetric(middle(micros[0]), fmt.Sprint("µs-of-", few))
			b.ReportMetric(middle(micros[1]), fmt.Sprint("µs-of-", many))
			b.ReportMetric(middle(ratios[1]), "ratio")
			b.ReportMetric(middle(ratios[3]), "ratio-of-eager-loading")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// middle is the median.
func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
