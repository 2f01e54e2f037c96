package equivalence

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
)

// fill gives units samples: n(i) for the i-th.
func (l *lab) fill(t testing.TB, units int, n func(i int) int) {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tx, err := l.db.Begin()
	require.NoError(t, err)
	u, err := tx.Prepare("INSERT INTO units (id, code, name, kind, installed_at) VALUES (?, ?, ?, 'ward', ?)")
	require.NoError(t, err)
	s, err := tx.Prepare("INSERT INTO samples (serial, status, taken_at, volume, unit_id) VALUES (?, 'open', ?, ?, ?)")
	require.NoError(t, err)
	for i := range units {
		_, err := u.Exec(i+1, fmt.Sprint("u", i), fmt.Sprint("unit ", i), at)
		require.NoError(t, err)
		for j := range n(i) {
			_, err := s.Exec(fmt.Sprint(i, "-", j), at.Add(time.Duration(j*7919%10_000)*time.Minute), j, i+1)
			require.NoError(t, err)
		}
	}
	require.NoError(t, tx.Commit())
}

// plan returns how SQLite runs a statement.
func (l *lab) plan(t testing.TB, query string, args ...any) string {
	t.Helper()
	rows, err := l.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err)
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		b.WriteString(detail + "\n")
	}
	require.NoError(t, rows.Err())
	return b.String()
}

// The forms of a limit per parent: a subquery for each key where an index finds
// its rows, a window function otherwise, and neither for a single key.
func TestLimitForms(t *testing.T) {
	lab := SQLite.newLab(t, 8)
	ctx, _ := lab.load(t)
	newest := func(q *ent.SampleQuery) { q.Order(sample.ByTakenAt(sql.OrderDesc())).Limit(2) }
	send := func(load func() error) (string, string) {
		t.Helper()
		lab.rec.Reset()
		require.NoError(t, load())
		sent := lab.rec.Reset()
		require.Len(t, sent, 1)
		return sent[0].Query, lab.plan(t, sent[0].Query, sent[0].Args...)
	}
	units := lab.Unit.Query().AllX(ctx)
	text, plan := send(func() error { _, err := units[0].LoadSamples(ctx, newest); return err })
	require.NotContains(t, text, "ROW_NUMBER")
	require.Regexp(t, `(?s)SCAN json_each.*SEARCH samples USING INTEGER PRIMARY KEY.*SEARCH samples USING COVERING INDEX sample_unit_id_taken_at`, plan)
	require.NotContains(t, plan, "SCAN samples")

	lone := lab.Unit.Query().FirstX(t.Context())
	text, plan = send(func() error {
		_, err := lone.LoadSamples(ctx, func(q *ent.SampleQuery) { newest(q); q.Offset(1) })
		return err
	})
	require.NotContains(t, text, "ROW_NUMBER")
	require.Contains(t, plan, "SEARCH samples USING INDEX sample_unit_id_taken_at (unit_id=?)")
	require.NotContains(t, plan, "TEMP B-TREE", "a lone key reads the index in order")

	samples := lab.Sample.Query().AllX(ctx)
	text, _ = send(func() error { _, err := samples[0].LoadAliquots(ctx, newest); return err }) // hidden FK, with an index
	require.NotContains(t, text, "ROW_NUMBER")
	text, _ = send(func() error { _, err := samples[0].LoadTags(ctx, func(q *ent.TagQuery) { q.Limit(1) }); return err }) // M2M, the side that the primary key starts with
	require.NotContains(t, text, "ROW_NUMBER")
	tags := lab.Tag.Query().AllX(ctx)
	text, _ = send(func() error { _, err := tags[0].LoadSamples(ctx, newest); return err }) // the other side
	require.Contains(t, text, "ROW_NUMBER")
	ctx, _ = lab.load(t)
	units = lab.Unit.Query().AllX(ctx)
	text, _ = send(func() error { // an order that needs a join
		_, err := units[0].LoadSamples(ctx, func(q *ent.SampleQuery) { q.Order(sample.ByResultsCount()).Limit(3) })
		return err
	})
	require.Contains(t, text, "DENSE_RANK")
}

// One parent with very many rows costs what the others cost.
func TestLimitWithOneLargeParent(t *testing.T) {
	lab := SQLite.newLab(t, 0)
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	// The rows are written in SQL: through ent a million takes a minute.
	lab.fill(t, 50, func(int) int { return 0 })
	_, err := lab.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO samples (serial, status, taken_at, volume, unit_id) SELECT 's' || i, 'open', '2026-01-01 00:00:00+00:00', i, 25 FROM n`, n)
	require.NoError(t, err)
	ctx, _ := lab.load(t)
	for _, u := range lab.Unit.Query().AllX(ctx) {
		start := time.Now()
		got, err := u.LoadSamples(ctx, func(q *ent.SampleQuery) { q.Order(ent.Desc(sample.FieldTakenAt)).Limit(3) })
		require.NoError(t, err)
		exist, err := u.ExistSamples(ctx)
		require.NoError(t, err)
		require.Less(t, time.Since(start), time.Second, "a window over all rows takes longer")
		if u.ID != 25 {
			require.Empty(t, got)
			require.False(t, exist)
			continue
		}
		require.Len(t, got, 3)
		require.Equal(t, float64(n), got[0].Volume)
		require.True(t, exist)
	}
	lab.statements(t, 3)
	count, err := lab.Unit.GetX(ctx, 25).CountSamples(ctx)
	require.NoError(t, err)
	require.Equal(t, n, count)
}

// interleaved runs fs in turns and returns the fastest time of each.
func interleaved(rounds int, fs ...func()) []time.Duration {
	best := make([]time.Duration, len(fs))
	for r := range rounds {
		for i, f := range fs {
			start := time.Now()
			f()
			if d := time.Since(start); r == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	return best
}

// A limit per parent against the fastest form that can be written by hand, and a
// plain ROW_NUMBER: 100 parents with 1,000 rows each, an index on (fk, order).
func BenchmarkLimitPerParent(b *testing.B) {
	lab := SQLite.newLab(b, 0)
	lab.fill(b, 100, func(int) int { return 1000 })
	drv := sql.OpenDB("sqlite3", lab.db)
	query := func(text string) func() {
		return func() {
			ctx := context.Background()
			var rows sql.Rows
			require.NoError(b, drv.Query(ctx, text, []any{keyList(100)}, &rows))
			var list []*ent.Sample
			for rows.Next() {
				s, tech, remark, source := &ent.Sample{}, stdsql.NullString{}, stdsql.NullString{}, stdsql.NullInt64{}
				require.NoError(b, rows.Scan(&s.ID, &s.Serial, &s.Status, &s.TakenAt, &s.Volume, &remark, &s.UnitID, &tech, &source))
				list = append(list, s)
			}
			require.NoError(b, rows.Close())
			require.Len(b, list, 500)
		}
	}
	const columns = "s.id, s.serial, s.status, s.taken_at, s.volume, s.remark, s.unit_id, s.technician_id, s.sample_aliquots"
	byHand := query("SELECT " + columns + ` FROM json_each(?) k CROSS JOIN samples s ON s.id IN (
		SELECT id FROM samples WHERE unit_id = k.value AND status = 'open' ORDER BY taken_at DESC, id DESC LIMIT 5) ORDER BY s.taken_at DESC, s.id DESC`)
	rowNumber := query("SELECT " + columns + ` FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY taken_at DESC, id DESC) r
		FROM samples WHERE unit_id IN (SELECT value FROM json_each(?)) AND status = 'open') s WHERE r <= 5 ORDER BY r`)
	declared := func() {
		ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(lab.Client))
		n := 0
		for _, u := range lab.Unit.Query().AllX(ctx) {
			got, err := u.LoadRecentSamples(ctx, ent.UnitRecentSamplesParams{Status: sample.StatusOpen, Limit: 5})
			require.NoError(b, err)
			n += len(got)
		}
		require.Equal(b, 500, n)
	}
	options := func() {
		ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(lab.Client))
		units := lab.Unit.Query().AllX(ctx)
		n := 0
		for _, u := range units {
			got, err := u.LoadSamples(ctx, func(q *ent.SampleQuery) {
				q.Where(sample.StatusEQ(sample.StatusOpen)).Order(ent.Desc(sample.FieldTakenAt)).Limit(5)
			})
			require.NoError(b, err)
			n += len(got)
		}
		require.Equal(b, 500, n)
	}
	parents := func() { // what the other two do not load
		ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(lab.Client))
		lab.Unit.Query().AllX(ctx)
	}
	for b.Loop() {
		d := interleaved(15, byHand, declared, parents, rowNumber, options)
		ours := d[1] - d[2]
		b.ReportMetric(float64(d[0].Microseconds()), "µs-by-hand")
		b.ReportMetric(float64(ours)/float64(d[0]), "declared/by-hand")
		b.ReportMetric(float64(d[4]-d[2])/float64(d[0]), "options/by-hand")
		b.ReportMetric(float64(d[3])/float64(ours), "x-faster-than-ROW_NUMBER")
	}
}

func keyList(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i + 1)
	}
	return "[" + strings.Join(ids, ",") + "]"
}

// A declared edge against the plain one, the same rows; and what options on the
// call add to each call.
func BenchmarkDynamic(b *testing.B) {
	lab := SQLite.newLab(b, 0)
	lab.fill(b, 500, func(int) int { return 10 })
	run := func(load func(context.Context, *ent.Unit) ([]*ent.Sample, error)) func() {
		return func() {
			ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(lab.Client))
			n := 0
			for _, u := range lab.Unit.Query().AllX(ctx) {
				got, err := load(ctx, u)
				require.NoError(b, err)
				n += len(got)
			}
			require.Equal(b, 5000, n)
		}
	}
	plain := run(func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.LoadSamples(ctx) })
	filter := func(q *ent.SampleQuery) { q.Where(sample.StatusEQ(sample.StatusOpen)) }
	options := run(func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.LoadSamples(ctx, filter) })
	three := run(func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) {
		return u.LoadSamples(ctx, func(q *ent.SampleQuery) {
			q.Where(sample.StatusEQ(sample.StatusOpen)).Order(ent.Desc(sample.FieldTakenAt)).Limit(10)
		})
	})
	open := run(func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.LoadOpenSamples(ctx) })
	params := run(func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) {
		return u.LoadRecentSamples(ctx, ent.UnitRecentSamplesParams{Status: sample.StatusOpen})
	})
	for b.Loop() {
		d := interleaved(15, plain, open, params, options, three)
		b.ReportMetric(float64(d[1])/float64(d[0]), "declared/plain")
		b.ReportMetric(float64(d[2])/float64(d[0]), "declared-limit/plain")
		b.ReportMetric(float64(d[3]-d[1])/500/1000, "µs-per-call-of-Where")
		b.ReportMetric(float64(d[4]-d[2])/500/1000, "µs-per-call-of-Where+Order+Limit")
	}
}
