package equivalence

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// alone are the methods of a query builder whose options are not batched.
var alone = map[string]bool{"ForUpdate": true, "ForShare": true}

// arguments are what the methods of a query builder are called with, by type.
var arguments = []any{
	sample.VolumeGT(10), 2, true, sample.ByTakenAt(), sample.FieldSerial, ent.Count(), func(s *sql.Selector) { s.Where(sql.GT(s.C(sample.FieldVolume), 5)) },
}

// Every method of the query builder that changes a query, found by reflection, can
// be used in options: one statement for all siblings, and ent's answer, but for a
// closed list that runs alone and is counted.
func testEveryMethodOfTheQuery(t *testing.T, db Database) {
	lab := db.newLab(t, 12)
	query := reflect.TypeFor[*ent.SampleQuery]()
	called := 0
	for i := range query.NumMethod() {
		m := query.Method(i)
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			continue // runs the query
		}
		t.Run(m.Name, func(t *testing.T) {
			called++
			var args []reflect.Value
			for j := 1; j < m.Type.NumIn(); j++ {
				in := m.Type.In(j)
				if m.Type.IsVariadic() && j == m.Type.NumIn()-1 {
					in = in.Elem()
					if in.Kind() == reflect.Func && in.NumIn() == 1 && strings.HasSuffix(in.In(0).String(), "Query") {
						continue // options of an eager load: none will do
					}
					if in == reflect.TypeFor[sql.LockOption]() || in.Kind() == reflect.String {
						continue
					}
				}
				at := -1
				for k, a := range arguments {
					if reflect.TypeOf(a).AssignableTo(in) || in.Kind() == reflect.Func && reflect.TypeOf(a).ConvertibleTo(in) {
						at = k
						break
					}
				}
				require.GreaterOrEqual(t, at, 0, "no argument of type %v: add one to the table", in)
				args = append(args, reflect.ValueOf(arguments[at]).Convert(in))
			}
			option := func(q *ent.SampleQuery) { reflect.ValueOf(q).Method(i).Call(args) }
			ctx, loaders := lab.load(t)
			units := lab.Unit.Query().AllX(ctx)
			lab.rec.Reset()
			answers := make([][]*ent.Sample, len(units))
			errs := make([]error, len(units))
			for i, u := range units {
				answers[i], errs[i] = u.LoadSamples(ctx, option)
			}
			sent := len(lab.rec.Reset())
			counted := 0
			for _, s := range loaders.Stats() {
				counted += s.Alone
			}
			for i, u := range units {
				q := u.QuerySamples()
				option(q)
				want, err := q.All(t.Context())
				if err != nil {
					require.EqualError(t, errs[i], err.Error())
					continue
				}
				require.NoError(t, errs[i])
				if m.Name == "Limit" || m.Name == "Offset" { // any of the rows will do
					require.Len(t, answers[i], len(want))
					continue
				}
				require.Equal(t, unordered(t, want), unordered(t, answers[i]))
			}
			if alone[m.Name] {
				require.Equal(t, len(units), counted)
				return
			}
			require.Zero(t, counted)
			if strings.HasPrefix(m.Name, "With") {
				require.LessOrEqual(t, sent, 3)
				return
			}
			require.Equal(t, 1, sent)
		})
	}
	require.GreaterOrEqual(t, called, 30)
}

// ranAlone returns why keys of batches ran alone. The figures count nothing else as
// alone.
func ranAlone(t testing.TB, l *ent.Loaders) (why entloader.Lone) {
	t.Helper()
	for _, s := range l.Stats() {
		why.Bounded += s.Lone.Bounded
		why.Untold += s.Lone.Untold
		require.Equal(t, s.Lone.Bounded+s.Lone.Untold, s.Alone)
	}
	return why
}

// unordered returns rows in a form that does not show the order of any list.
func unordered(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(b, &tree))
	var sorted func(any) any
	sorted = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				v[k] = sorted(v[k])
			}
		case []any:
			for i := range v {
				v[i] = sorted(v[i])
			}
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		return v
	}
	return sorted(tree)
}

// An eager load in options that is limited, by its options or by an interceptor,
// is limited for each parent as in ent's own query, not for all of a batch.
func testLimitedEagerLoads(t *testing.T, db Database) {
	lab := db.newLab(t, 12)
	ctx, loaders := lab.load(t)
	for _, l := range lab.Location.Query().AllX(ctx) {
		for _, option := range []func(*ent.UnitQuery){
			func(q *ent.UnitQuery) { q.WithNotes() }, // the interceptor of notes
			func(q *ent.UnitQuery) { q.WithSamples(func(q *ent.SampleQuery) { q.Limit(2) }) },
			func(q *ent.UnitQuery) {
				q.WithSamples(func(q *ent.SampleQuery) { q.WithResults(func(q *ent.ResultQuery) { q.Limit(1) }) })
			},
		} {
			got, err := l.LoadUnits(ctx, option)
			require.NoError(t, err)
			q := l.QueryUnits()
			option(q)
			require.Equal(t, unordered(t, q.AllX(t.Context())), unordered(t, got))
		}
	}
	require.Positive(t, loaders.Stats()[0].Lone.Untold, "the interceptor of notes")
}

// Select loads fewer columns, and is never taken for the whole row.
func testSelectedColumns(t *testing.T, db Database) {
	lab := db.newLab(t, 6)
	ctx, _ := lab.load(t)
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	serial := func(q *ent.SampleQuery) { q.Select(sample.FieldSerial) }
	for _, u := range units {
		few, err := u.LoadSamples(ctx, serial)
		require.NoError(t, err)
		all, err := u.LoadSamples(ctx)
		require.NoError(t, err)
		require.Len(t, few, len(all))
		for i := range few {
			require.NotEmpty(t, few[i].Serial)
			require.NotZero(t, few[i].ID)
			require.Zero(t, few[i].TakenAt, "a column that was not selected")
			require.NotZero(t, all[i].TakenAt)
			// What hangs on a row with few columns is still found.
			owner, err := few[i].LoadUnit(ctx)
			require.NoError(t, err)
			require.Equal(t, u.ID, owner.ID)
		}
	}
	sent := lab.rec.Reset()
	require.Len(t, sent, 3, "few columns, all columns, the owners")
	require.NotContains(t, sent[0].Query, sample.FieldVolume)
	require.Contains(t, sent[0].Query, sample.FieldUnitID, "the key comes along")
}
