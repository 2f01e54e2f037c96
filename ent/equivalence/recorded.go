package equivalence

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	entgo "entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/predicate"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// callerKey is looked up by something that is part of a query, or is not.
type callerKey struct{}

func withCaller(ctx context.Context, caller any) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// loadWays are the ways to load the samples of a unit, each beside ent's own query.
var loadWays = []struct {
	name      string
	load, own func(ctx context.Context, u *ent.Unit) (any, error)
}{
	{
		"rows",
		func(ctx context.Context, u *ent.Unit) (any, error) { return serials(u.LoadSamples(ctx, bySerial)) },
		func(ctx context.Context, u *ent.Unit) (any, error) {
			return serials(u.QuerySamples().Order(ent.Asc(sample.FieldSerial)).All(ctx))
		},
	},
	{
		"limit",
		func(ctx context.Context, u *ent.Unit) (any, error) {
			return serials(u.LoadSamples(ctx, bySerial, func(q *ent.SampleQuery) { q.Limit(2) }))
		},
		func(ctx context.Context, u *ent.Unit) (any, error) {
			return serials(u.QuerySamples().Order(ent.Asc(sample.FieldSerial)).Limit(2).All(ctx))
		},
	},
	{
		"count",
		func(ctx context.Context, u *ent.Unit) (any, error) { return u.CountSamples(ctx) },
		func(ctx context.Context, u *ent.Unit) (any, error) { return u.QuerySamples().Count(ctx) },
	},
	{
		"exist",
		func(ctx context.Context, u *ent.Unit) (any, error) { return u.ExistSamples(ctx) },
		func(ctx context.Context, u *ent.Unit) (any, error) { return u.QuerySamples().Exist(ctx) },
	},
}

func bySerial(q *ent.SampleQuery) { q.Order(ent.Asc(sample.FieldSerial)) }

func serials(list []*ent.Sample, err error) ([]string, error) {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.Serial
	}
	return texts, err
}

// sameForCallers requires that each way answers each caller as ent does, with one
// statement for each caller.
func (l *lab) sameForCallers(t *testing.T, callers ...any) {
	t.Helper()
	for _, w := range loadWays {
		t.Run(w.name, func(t *testing.T) {
			ctx, _ := l.load(t)
			units := l.Unit.Query().AllX(ctx)
			l.rec.Reset()
			got := make(map[any][]any)
			for _, c := range callers {
				for _, u := range units {
					answer, err := w.load(withCaller(ctx, c), u)
					got[c] = append(got[c], answer, errors.Is(err, errDenied))
				}
			}
			// An error of a whole batch is not kept.
			sent := l.rec.Reset()
			require.GreaterOrEqual(t, len(sent), len(callers))
			require.LessOrEqual(t, len(sent), len(callers)+len(units))
			for _, c := range callers {
				var want []any
				for _, u := range units {
					answer, err := w.own(withCaller(ctx, c), u)
					want = append(want, answer, errors.Is(err, errDenied))
				}
				require.Equal(t, want, got[c], c)
			}
		})
	}
}

var errDenied = errors.New("denied")

// A predicate may look at the caller when the statement is rendered, which is later
// than all interceptors.
func testPredicateLooksUp(t *testing.T, db Database) {
	lab := db.newLab(t, 5)
	lab.Sample.Intercept(ent.TraverseFunc(func(ctx context.Context, q ent.Query) error {
		q.(*ent.SampleQuery).Where(predicate.Sample(func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				status, _ := ctx.Value(callerKey{}).(sample.Status)
				b.Ident(s.C(sample.FieldStatus)).WriteOp(sql.OpEQ).Arg(status)
			}))
		}))
		return nil
	}))
	lab.sameForCallers(t, sample.StatusOpen, sample.StatusDone)
}

// An interceptor may look at the caller when the rows are there, or when there are
// none.
func testInterceptorLooksUpAfterwards(t *testing.T, db Database) {
	for name, seeded := range map[string]int{"rows": 5, "no rows": 0} {
		t.Run(name, func(t *testing.T) {
			lab := db.newLab(t, seeded)
			lab.units(t, 2)
			lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
				return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
					v, err := next.Query(ctx, q)
					if ctx.Value(callerKey{}) != "admin" {
						return nil, errDenied
					}
					return v, err
				})
			}))
			lab.sameForCallers(t, "admin", "guest")
		})
	}
}

// spanDriver looks up a key that differs for each caller, as tracers do.
type spanDriver struct{ dialect.Driver }

func (d spanDriver) Query(ctx context.Context, query string, args, v any) error {
	_ = ctx.Value(callerKey{})
	return d.Driver.Query(ctx, query, args, v)
}

// What a driver looks up does not keep callers apart: not in a batch, not in what it
// loads eagerly, not in what the user did.
func testDriverLooksUp(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	client := ent.NewClient(ent.Driver(spanDriver{lab.rec}))
	ctx := ent.NewLoadersContext(t.Context(), ent.NewLoaders(client))
	results := func(q *ent.SampleQuery) { q.WithResults().WithTags() }

	eager := client.Unit.Query().WithSamples().AllX(withCaller(ctx, "the query's own"))
	lab.rec.Reset()
	for i, u := range eager {
		_, err := u.LoadSamples(withCaller(ctx, i))
		require.NoError(t, err)
	}
	lab.statements(t, 0, "eager-loaded")
	units := client.Unit.Query().AllX(ctx)
	loaded := make([][]*ent.Sample, len(units))
	lab.rec.Reset()
	for i, u := range units {
		var err error
		loaded[i], err = u.LoadSamples(withCaller(ctx, i), results, bySerial)
		require.NoError(t, err)
	}
	lab.statements(t, 3, "with eager loads")
	for i, u := range units {
		want := u.QuerySamples().WithResults().WithTags().Order(ent.Asc(sample.FieldSerial)).AllX(t.Context())
		require.Len(t, loaded[i], len(want))
		for j, s := range loaded[i] {
			require.Equal(t, want[j].Serial, s.Serial)
			require.Len(t, s.Edges.Results, len(want[j].Edges.Results))
			require.Len(t, s.Edges.Tags, len(want[j].Edges.Tags))
		}
	}
	lab.rec.Reset()
	for i, u := range units {
		_, err := u.CountSamples(withCaller(ctx, i))
		require.NoError(t, err)
	}
	lab.statements(t, 1, "counted")

	// Entities have the driver of the client, not the one that stood in for it.
	samples, err := units[0].LoadSamples(ctx, results, bySerial)
	require.NoError(t, err)
	require.NotEmpty(t, samples)
	lab.rec.Reset()
	for _, s := range samples {
		_, err := s.LoadTechnician(ctx)
		require.NoError(t, err)
	}
	lab.statements(t, 1)
}

// A lookingObserver looks up the caller, as a log handler does.
type lookingObserver struct{}

func (lookingObserver) BatchStart(ctx context.Context, _ entloader.Batch) context.Context {
	_ = ctx.Value(callerKey{})
	return ctx
}

func (lookingObserver) BatchEnd(ctx context.Context, _ entloader.Batch, _ time.Duration, _ error) {
	_ = ctx.Value(callerKey{})
}

func testObserverLooksUp(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	ctx, _ := lab.load(t, entloader.WithObserver(lookingObserver{}))
	units := lab.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	for i, u := range units {
		_, err := u.LoadSamples(withCaller(ctx, i))
		require.NoError(t, err)
	}
	lab.statements(t, 1)
}

func testWithUnrecorded(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	lab.Sample.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (entgo.Value, error) {
			_ = ctx.Value(callerKey{}) // for a line of a log, say
			return next.Query(ctx, q)
		})
	}))
	for name, c := range map[string]struct {
		opts       []entloader.Option
		statements int
	}{
		"recorded": {nil, 10},
		"unrecorded": {[]entloader.Option{entloader.WithUnrecorded(func(key any) bool {
			_, ok := key.(callerKey)
			return ok
		})}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, _ := lab.load(t, c.opts...)
			units := lab.Unit.Query().AllX(ctx)
			lab.rec.Reset()
			for i, u := range units {
				_, err := u.LoadSamples(withCaller(ctx, i))
				require.NoError(t, err)
			}
			lab.statements(t, c.statements)
		})
	}
}

// Callers that all differ, or can not be compared, cost a statement each but not all
// siblings each.
func testEachItsOwnCaller(t *testing.T, db Database) {
	const units = 100
	lab := db.newLab(t, units)
	lab.Sample.Intercept(ent.TraverseFunc(func(ctx context.Context, q ent.Query) error {
		switch ctx.Value(callerKey{}).(type) {
		case nil, int, []string:
		default:
			q.(*ent.SampleQuery).Where(sample.StatusEQ(sample.StatusOpen))
		}
		return nil
	}))
	var one context.Context
	for name, c := range map[string]struct {
		context    func(ctx context.Context, i int) context.Context
		statements int
	}{
		"comparable": {withCallerNumber, units},
		"uncomparable": {func(ctx context.Context, i int) context.Context {
			return withCaller(ctx, []string{"role"})
		}, units},
		"uncomparable, one context": {func(ctx context.Context, i int) context.Context {
			if i == 0 {
				one = withCaller(ctx, []string{"role"})
			}
			return one
		}, 1},
		"ten, in turn": {func(ctx context.Context, i int) context.Context {
			return withCallerNumber(ctx, i%10)
		}, 15}, // five send for all at once, five when they come again
	} {
		for _, concurrent := range []bool{false, true} {
			if concurrent && c.statements < units {
				continue // who comes first decides
			}
			t.Run(fmt.Sprint(name, ", concurrent ", concurrent), func(t *testing.T) {
				ctx, loaders := lab.load(t)
				list := lab.Unit.Query().AllX(ctx)
				lab.rec.Reset()
				load := func(i int, u *ent.Unit) {
					got, err := u.LoadSamples(c.context(ctx, i))
					if err != nil {
						t.Error(err)
					}
					if want := u.QuerySamples().CountX(withCallerNumber(t.Context(), i)); len(got) != want {
						t.Errorf("unit %d: %d samples, want %d", u.ID, len(got), want)
					}
				}
				if concurrent {
					each(list, load)
				} else {
					for i, u := range list {
						load(i, u)
					}
				}
				lab.statements(t, c.statements+units)
				s := loaders.Stats()[0]
				require.LessOrEqual(t, s.Keys, 10*units)
				require.Equal(t, c.statements, s.Batches)
			})
		}
	}
}

func withCallerNumber(ctx context.Context, i int) context.Context { return withCaller(ctx, i) }
