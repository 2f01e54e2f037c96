package equivalence

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/predicate"
	"github.com/entloader/entloader/ent/result"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/tag"
	"github.com/entloader/entloader/entloader"
)

// options are random options of a query for samples.
type options struct {
	names []string
	apply []func(*ent.SampleQuery)
	// ties is what the oracle adds behind the last term.
	ties    func(*ent.SampleQuery)
	ordered bool
	limited bool
}

func (o *options) add(name string, f func(*ent.SampleQuery)) {
	o.names = append(o.names, name)
	o.apply = append(o.apply, f)
}

func (o *options) String() string { return strings.Join(o.names, " ") }

// drawOptions leaves out what ent's own query can not do on the database.
func drawOptions(t *rapid.T, database string) *options {
	o := &options{}
	predicates := map[string]func(*ent.SampleQuery){
		"status":    func(q *ent.SampleQuery) { q.Where(sample.StatusEQ(sample.StatusDone)) },
		"volume":    func(q *ent.SampleQuery) { q.Where(sample.VolumeGT(20)) },
		"no remark": func(q *ent.SampleQuery) { q.Where(sample.RemarkIsNil()) },
		"neighbors": func(q *ent.SampleQuery) { q.Where(sample.HasResultsWith(result.ValueGT(5))) },
		"or":        func(q *ent.SampleQuery) { q.Where(sample.Or(sample.HasLabel(), sample.VolumeLT(10))) },
		"raw": func(q *ent.SampleQuery) {
			q.Where(raw("length(serial) > ?", 3))
		},
		"join": func(q *ent.SampleQuery) { // multiplies rows: DISTINCT matters
			q.Where(func(s *sql.Selector) {
				r := sql.Table(result.Table)
				s.Join(r).On(s.C(sample.FieldID), r.C(result.SampleColumn))
			})
		},
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys(predicates)), 0, 2, rapid.ID).Draw(t, "predicates") {
		o.add(name, predicates[name])
	}
	type term struct {
		order  sample.OrderOption
		desc   bool
		unique bool
	}
	terms := map[string]term{
		"taken_at":      {order: sample.ByTakenAt()},
		"taken_at desc": {order: sample.ByTakenAt(sql.OrderDesc()), desc: true},
		"status":        {order: ent.Asc(sample.FieldStatus)},
		"status desc":   {order: ent.Desc(sample.FieldStatus), desc: true},
		"remark desc nulls last": {
			order: sample.ByRemark(sql.OrderDesc(), sql.OrderNullsLast()), desc: true,
		},
		"remark":             {order: sample.ByRemark()}, // NULLs where the database has them
		"serial":             {order: sample.BySerial(), unique: true},
		"id desc":            {order: sample.ByID(sql.OrderDesc()), unique: true},
		"results count desc": {order: sample.ByResultsCount(sql.OrderDesc()), desc: true},
		"expression": {order: func(s *sql.Selector) {
			s.OrderExpr(expr("coalesce(remark, ?) DESC", "none"))
		}, desc: true},
	}
	if database == dialect.MySQL {
		delete(terms, "remark desc nulls last") // a syntax error
	}
	order := rapid.SliceOfNDistinct(rapid.SampledFrom(keys(terms)), 0, 2, rapid.ID).Draw(t, "order")
	for _, name := range order {
		o.add("by "+name, func(q *ent.SampleQuery) { q.Order(terms[name].order) })
	}
	if len(order) > 0 {
		o.ordered = true
		switch last := terms[order[len(order)-1]]; {
		case last.unique:
			o.ties = func(*ent.SampleQuery) {}
		case last.desc:
			o.ties = func(q *ent.SampleQuery) { q.Order(ent.Desc(sample.FieldID)) }
		default:
			o.ties = func(q *ent.SampleQuery) { q.Order(ent.Asc(sample.FieldID)) }
		}
	}
	if n := rapid.IntRange(0, 4).Draw(t, "limit"); n > 0 {
		o.limited = true
		o.add(fmt.Sprint("limit ", n), func(q *ent.SampleQuery) { q.Limit(n) })
	}
	if n := rapid.IntRange(0, 3).Draw(t, "offset"); n > 0 {
		o.limited = true
		o.add(fmt.Sprint("offset ", n), func(q *ent.SampleQuery) { q.Offset(n) })
	}
	more := rapid.SampledFrom([]string{"", "", "", "unique", "repeats", "select", "with"}).Draw(t, "more")
	// PostgreSQL wants what a DISTINCT is ordered by to be selected.
	if database == dialect.Postgres && (more == "select" || slices.Contains(order, "expression") || slices.Contains(order, "results count desc")) {
		o.add("repeats", func(q *ent.SampleQuery) { q.Unique(false) })
		if more != "select" {
			more = "" // ent's eager loading fills one of several entities with the same id
		}
	}
	switch more {
	case "unique":
		o.add("unique", func(q *ent.SampleQuery) { q.Unique(true) })
	case "repeats":
		o.add("repeats", func(q *ent.SampleQuery) { q.Unique(false) })
	case "select":
		o.add("select", func(q *ent.SampleQuery) { q.Select(sample.FieldSerial) })
	case "with":
		o.add("with", func(q *ent.SampleQuery) {
			q.WithUnit().WithTags(func(q *ent.TagQuery) { q.Order(ent.Asc(tag.FieldID)) })
		})
	}
	return o
}

func keys[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// optionEdges are the edges to samples.
var optionEdges = []edge{
	{entity: reflect.TypeFor[*ent.Unit](), name: "Samples"},       // O2M
	{entity: reflect.TypeFor[*ent.Technician](), name: "Samples"}, // O2M, UUID
	{entity: reflect.TypeFor[*ent.Sample](), name: "Aliquots"},    // O2M, hidden FK
	{entity: reflect.TypeFor[*ent.Tag](), name: "Samples"},        // M2M, text keys
	{entity: reflect.TypeFor[*ent.Project](), name: "Samples"},    // M2M through
}

// testOptions compares loads with random options with ent's own query.
func testOptions(t *testing.T, db Database) {
	lab := db.newLab(t, 15)
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		e := rapid.SampledFrom(optionEdges).Draw(rt, "edge")
		o := drawOptions(rt, db.Dialect)
		loading, _ := lab.load(t)
		siblings := lab.all(t, loading, e.entity.Elem().Name())
		lab.rec.Reset()
		opts := make([]reflect.Value, len(o.apply))
		for i, f := range o.apply {
			opts[i] = reflect.ValueOf(f)
		}
		answers := make([]any, len(siblings))
		for i, x := range siblings {
			var err error
			answers[i], err = e.load(loading, x, opts...)
			require.NoError(rt, err, o)
		}
		want, twice := 1, 1
		if db.repeats && o.limited {
			twice = 2 // where the limit took pairs for rows
		}
		if strings.Contains(o.String(), "with") {
			want += len(lab.rec.Statements()) - 1 // the nested eager loads, none where nothing was found
			require.LessOrEqual(rt, want, 4*twice)
		} else if twice > 1 {
			want = len(lab.rec.Statements())
			require.LessOrEqual(rt, want, twice)
		}
		require.Len(rt, lab.rec.Reset(), want, o)

		for i, x := range siblings {
			if o.ties != nil {
				all := append(opts[:len(opts):len(opts)], reflect.ValueOf(o.ties))
				v, err := e.query(ctx, x, all...)
				require.NoError(rt, err)
				require.Equal(rt, rows(t, v, true), rows(t, answers[i], true), "%s: %s of %v", o, e, x)
				continue
			}
			v, err := e.query(ctx, x, opts...)
			require.NoError(rt, err)
			if !o.limited {
				require.Equal(rt, rows(t, v, false), rows(t, answers[i], false), "%s: %s of %v", o, e, x)
				continue
			}
			// Without an order any of the rows will do.
			got := rows(t, answers[i], false)
			require.Len(rt, got, len(rows(t, v, false)), "%s: %s of %v", o, e, x)
			unlimited := append(opts[:len(opts):len(opts)], reflect.ValueOf(func(q *ent.SampleQuery) { q.Limit(1 << 20).Offset(0) }))
			v, err = e.query(ctx, x, unlimited...)
			require.NoError(rt, err)
			require.Subset(rt, rows(t, v, false), got, "%s: %s of %v", o, e, x)
		}
		lab.rec.Reset()
	})
}

// testCountsWithOptions compares counts with random options with ent's own.
func testCountsWithOptions(t *testing.T, db Database) {
	lab := db.newLab(t, 15)
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		e := rapid.SampledFrom(optionEdges).Draw(rt, "edge")
		run := rapid.SampledFrom([]string{"Count", "Exist"}).Draw(rt, "run")
		o := drawOptions(rt, db.Dialect)
		loading, _ := lab.load(t)
		siblings := lab.all(t, loading, e.entity.Elem().Name())
		lab.rec.Reset()
		opts := make([]reflect.Value, len(o.apply))
		for i, f := range o.apply {
			opts[i] = reflect.ValueOf(f)
		}
		type answer struct {
			v   any
			err error
		}
		answers := make([]answer, len(siblings))
		for i, x := range siblings {
			v, err := e.count(loading, run, x, opts...)
			answers[i] = answer{v, err}
		}
		sent := lab.rec.Reset()
		for i, x := range siblings {
			v, err := e.run(ctx, run, x, opts...)
			if refusesOrder(err) {
				require.NoError(rt, answers[i].err, "%s: %s of %v", o, e, x)
				break // there is nothing to compare with
			}
			if err != nil {
				require.Error(rt, answers[i].err, "%s: %s of %v", o, e, x)
				require.Equal(rt, errors.Is(err, stdsql.ErrNoRows), errors.Is(answers[i].err, stdsql.ErrNoRows))
				require.Empty(rt, sent, "a statement that can not answer")
				continue
			}
			require.NoError(rt, answers[i].err, "%s: %s of %v", o, e, x)
			require.Equal(rt, v, answers[i].v, "%s: %s of %v", o, e, x)
			require.Len(rt, sent, 1, o)
		}
		lab.rec.Reset()
	})
}

// Equal options share a statement, whoever wrote them; different ones never do.
func testOptionsAreComparedByStatement(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	u := lab.Unit.Query().FirstX(ctx)
	lab.rec.Reset()
	load := func(want int, opts ...func(*ent.SampleQuery)) {
		t.Helper()
		_, err := u.LoadSamples(ctx, opts...)
		require.NoError(t, err)
		lab.statements(t, want)
	}
	load(1, func(q *ent.SampleQuery) { q.Where(sample.VolumeGT(10)) })
	load(0, func(q *ent.SampleQuery) { q.Where(predicate.Sample(sql.FieldGT(sample.FieldVolume, 10.0))) })
	load(1, func(q *ent.SampleQuery) { q.Where(sample.VolumeGT(11)) })
	load(1, func(q *ent.SampleQuery) { q.Where(sample.VolumeGTE(10)) })
	load(1, func(q *ent.SampleQuery) { q.Where(raw("volume > ?", 10)) })
	load(1, func(q *ent.SampleQuery) { q.Where(raw("volume > ?", "10")) }, func(*ent.SampleQuery) {})
	load(1, func(q *ent.SampleQuery) { q.Where(raw("volume > ?", 10.0)) })
	load(0, func(q *ent.SampleQuery) { q.Where(raw("volume > ?", int64(10))) })
	load(1, func(q *ent.SampleQuery) { q.Where(raw("serial IN (?, ?)", "a", "bc")) })
	load(1, func(q *ent.SampleQuery) { q.Where(raw("serial IN (?, ?)", "ab", "c")) })
	load(1, func(q *ent.SampleQuery) { q.Limit(3) })
	load(1, func(q *ent.SampleQuery) { q.Offset(3) })
	load(1, func(q *ent.SampleQuery) { q.Limit(3).Unique(false) })
	load(1, func(q *ent.SampleQuery) { q.Select(sample.FieldSerial) })
	load(2, func(q *ent.SampleQuery) { q.WithTags() })
	load(2, func(q *ent.SampleQuery) { q.WithTags(func(q *ent.TagQuery) { q.Where(tag.IDNEQ("routine")) }) })
	load(0, func(q *ent.SampleQuery) { q.WithTags(func(q *ent.TagQuery) { q.Where(tag.IDNEQ("routine")) }) })
	load(2, func(q *ent.SampleQuery) { q.WithResults() })
	load(0, func(q *ent.SampleQuery) { q.WithTags() })
	load(1)
	load(0, func(*ent.SampleQuery) {}, func(*ent.SampleQuery) {})
}

func raw(text string, args ...any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { b.Join(expr(text, args...)) }))
	}
}

// expr is sql.Expr with the placeholders of the dialect in place of "?".
func expr(text string, args ...any) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		parts := strings.Split(text, "?")
		for i, a := range args {
			b.WriteString(parts[i]).Arg(a)
		}
		b.WriteString(parts[len(args)])
	})
}

// Entities that ask each for something else cost one window of guesses, and
// then a key each.
func testVaryingOptions(t *testing.T, db Database) {
	lab := db.newLab(t, 200)
	ctx, loaders := lab.load(t, entloader.WithQuiet(0))
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for i, u := range units {
		newer := sample.TakenAtGT(u.InstalledAt.Add(time.Duration(i) * time.Hour))
		got, err := u.LoadSamples(ctx, func(q *ent.SampleQuery) { q.Where(newer) })
		require.NoError(t, err)
		want := u.QuerySamples().Where(newer).AllX(t.Context())
		require.Equal(t, rows(t, want, false), rows(t, got, false))
	}
	keys := 0
	for _, s := range loaders.Stats() {
		keys += s.Keys
	}
	require.Equal(t, 200+199, keys)

	// Two aliases of one field cost a window each.
	ctx, _ = lab.load(t)
	units = lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for _, u := range units {
		for _, status := range []sample.Status{sample.StatusOpen, sample.StatusDone} {
			_, err := u.LoadSamples(ctx, func(q *ent.SampleQuery) { q.Where(sample.StatusEQ(status)) })
			require.NoError(t, err)
		}
	}
	require.LessOrEqual(t, len(lab.rec.Reset()), 3)
}

// An eager load within the options of a batch fills every entity, also those
// that belong to several parents.
func testEagerLoadWithinManyToMany(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t)
	for _, x := range lab.Tag.Query().AllX(ctx) {
		samples, err := x.LoadSamples(ctx, func(q *ent.SampleQuery) { q.WithResults().WithUnit() })
		require.NoError(t, err)
		for _, s := range samples {
			require.Len(t, s.Edges.Results, s.QueryResults().CountX(t.Context()))
			require.Equal(t, s.UnitID, s.Edges.Unit.ID)
		}
	}
}
