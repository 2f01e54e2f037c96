package entloader

import (
	"context"
	"database/sql"
	"errors"
	"reflect"

	"entgo.io/ent"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A count is a load like any other, of a number instead of rows: the same
// relation, keys, options and siblings, with a statement that groups by key. What
// ent's Count and Exist mean is kept:
//
//   - Count takes no notice of a limit, and fails where there is an offset.
//   - Exist takes notice of both.
//   - Interceptors run with their operation, once for the batch, and are given
//     the result of all of it. Where one returns another, each key is asked
//     alone, since nobody can tell what it would have returned for each.

// countColumn is the column of the number of rows.
const countColumn = "entloader_count"

// errExistSelect is for a query that ent fails to run as well: it scans ids only.
var errExistSelect = errors.New("Exist of a query with Select: leave the Select out")

// CountMany returns how many targets the edge of the entity has, as LoadMany
// returns which.
func CountMany[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], query func(E) Q, opts []func(Q)) (int, error) {
	if options, ok := compareEdgeOptions(ctx, e, p.Scope, opts); ok {
		n, err := loadAnswer(ctx, e, p, guessKey{&e.ByID.Match, answerCount}, counter(e.ByID, e.ByID.Name, p.Scope, options, opts))
		return n.number(), err
	}
	q, err := ownQuery(ctx, e, p, query, opts)
	if err != nil {
		return 0, err
	}
	return q.Count(ctx)
}

// ExistMany reports whether the edge of the entity has targets, as LoadMany
// returns which.
func ExistMany[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], query func(E) Q, opts []func(Q)) (bool, error) {
	if options, ok := compareEdgeOptions(ctx, e, p.Scope, opts); ok {
		n, err := loadAnswer(ctx, e, p, guessKey{&e.ByID.Match, answerExist}, prober(e.ByID, e.ByID.Name, p.Scope, options, opts))
		return n.number() > 0, err
	}
	q, err := ownQuery(ctx, e, p, query, opts)
	if err != nil {
		return false, err
	}
	return q.Exist(ctx)
}

// compareEdgeOptions is that of the relation; it reports false without loaders.
func compareEdgeOptions[I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], sc *Scope, opts []func(Q)) (string, bool) {
	if sc == nil || e.ByID == nil {
		return "", false
	}
	return compareOptions(ctx, e.ByID, sc, opts)
}

// loadAnswer loads what l brings for an entity, together with its siblings. The
// edge is one to many: it is loaded by id.
func loadAnswer[E any, I, K comparable, T any, Q EdgeQuery[T]](ctx context.Context, e *EntityEdge[I, K, T, Q], p Parent[E, I], of guessKey, l *LoaderBy[I, I, rows]) (rows, error) {
	if found, ok := l.ready(ctx, p.ID); ok {
		return found, nil
	}
	found, err := l.load(ctx, p.ID, familyOf(findSet(e, p), p.Handle, e.Window, of, l, func(set *Set, i int) (I, bool) { return idsOf[I](set)[i], true }))
	if err != nil {
		err = keyError(l.name, err)
	}
	return found, err
}

// counter returns the loader of numbers of rows, which is called name.
func counter[K comparable, T, Q any](r *Relation[K, T, Q], name string, sc *Scope, options any, opts []func(Q)) *LoaderBy[K, K, rows] {
	return countLoader(r, name, sc, variantKey{&r.Match, answerCount, options},
		func(ctx context.Context, keys []K, list keyList, out []rows) (outcome, error) {
			return countRows(ctx, r, sc, ent.OpQueryCount, opts, keys, list, out)
		})
}

// prober returns the loader of whether there are rows: of numbers above 0 where
// there are.
func prober[K comparable, T, Q any](r *Relation[K, T, Q], name string, sc *Scope, options any, opts []func(Q)) *LoaderBy[K, K, rows] {
	return countLoader(r, name, sc, variantKey{&r.Match, answerExist, options},
		func(ctx context.Context, keys []K, list keyList, out []rows) (outcome, error) {
			if r.Target.IDs != nil {
				return countRows(ctx, r, sc, ent.OpQueryExist, opts, keys, list, out)
			}
			// ent looks for an entity where there is no id to look for.
			found := make([]rows, len(keys))
			came, err := queryRows(ctx, r, sc, ent.OpQueryExist, opts, keys, list, found)
			for i := range found {
				out[i] = numbered(found[i].len())
			}
			return came, err
		})
}

// countLoader returns the loader for key, whose fetch brings the numbers that
// query finds.
func countLoader[K comparable, T, Q any](r *Relation[K, T, Q], name string, sc *Scope, key variantKey, query func(ctx context.Context, keys []K, list keyList, out []rows) (outcome, error)) *LoaderBy[K, K, rows] {
	l, ok := sc.loading.Load(key)
	if !ok {
		l = sc.add(key, func() anyLoader {
			var l *LoaderBy[K, K, rows]
			l = newLoader(name, sc.loaders.opt, sc, identity[K], true,
				func(ctx context.Context, keys []K, out *answers[rows]) error {
					return inLists(r, l, keys, out, func(keys []K, list keyList, out []rows) (outcome, error) {
						return query(ctx, keys, list, out)
					})
				})
			l.options = guessed(key)
			return l
		})
	}
	return l.(*LoaderBy[K, K, rows])
}

// countRows sends one statement and notes the numbers that it brings.
func countRows[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, op string, opts []func(Q), keys []K, list keyList, out []rows) (outcome, error) {
	q := r.Target.New(sc)
	for _, opt := range opts {
		opt(q)
	}
	var (
		invalid error
		st      *statement
		given   ent.Value
		t       = tally[K]{rowScanner: newRowScanner(codecOf(r), keys), numbers: out}
	)
	hook := func(ctx context.Context, spec *sqlgraph.QuerySpec, v *View) {
		st = statementOf(r, sc, list, len(keys))
		if invalid = st.count(spec, v.Context, op); invalid != nil {
			// The error of a selector keeps its statement from being sent.
			spec.Modifiers = append(spec.Modifiers, func(s *entsql.Selector) { s.AddError(invalid) })
		}
		t.attach(spec)
		v.quiet(ctx)
	}
	got, err := runCount(ctx, r.Target, q, op, hook, func() (ent.Value, error) {
		given = t.total
		if op == ent.OpQueryExist {
			given = r.Target.IDs(t.total)
		}
		return given, nil
	})
	switch {
	case invalid != nil && err != nil:
		return untold, invalid
	case st != nil && st.refused:
		return bounded, nil
	case err != nil:
		return untold, err
	case len(keys) == 1:
		n, err := number(op, got)
		out[0] = numbered(n)
		return told, err
	}
	return toldIf(!t.lost && sameAnswer(given, got)), nil
}

// number is what Count or Exist makes of what the interceptors returned.
func number(op string, v ent.Value) (int, error) {
	if op == ent.OpQueryCount {
		if n, ok := v.(int); ok {
			return n, nil
		}
	} else if ids := reflect.ValueOf(v); ids.Kind() == reflect.Slice {
		return ids.Len(), nil
	}
	return 0, errors.New("an interceptor returned a value of another type than it was given")
}

// sameAnswer reports whether interceptors returned what they were given.
func sameAnswer(given, got ent.Value) bool {
	if n, ok := given.(int); ok {
		return got == n
	}
	a, b := reflect.ValueOf(given), reflect.ValueOf(got)
	return b.IsValid() && a.Type() == b.Type() && a.Len() == b.Len() && a.Pointer() == b.Pointer()
}

// countRows changes spec into one that brings a number per key: of its rows for
// Count, and 1 for each key that has rows for Exist. It returns the error of a
// query that ent would not run.
func (st *statement) count(spec *sqlgraph.QuerySpec, q *ent.QueryContext, op string) error {
	offset, fields := spec.Offset, q.Fields
	spec.Limit, spec.Offset, spec.Unique = 0, 0, false
	unique, none := q.Unique, false
	switch {
	case op == ent.OpQueryCount:
		if offset != 0 {
			return sql.ErrNoRows // what is left of the one row of a count
		}
	case len(fields) > 1:
		return errExistSelect
	default:
		fields = nil
		none = q.Limit != nil && *q.Limit == 0 // an interceptor's, which ent takes at its word here
	}
	modifiers := spec.Modifiers[:len(spec.Modifiers):len(spec.Modifiers)]
	spec.Modifiers = append(modifiers, func(s *entsql.Selector) {
		if _, _, text := orderTerms(s, 0); st.refuse(s, text) {
			return
		}
		columns, distinct := fields, unique == nil || *unique
		switch {
		case st.idColumn == "":
			columns, distinct = nil, false
		case len(fields) > 0:
			distinct = unique != nil && *unique
		default:
			columns = []string{st.idColumn}
			if !s.HasJoins() && !st.match.Repeats {
				columns, distinct = nil, false // every row has an id of its own
			}
		}
		if columns != nil {
			columns = s.Columns(columns...)
		}
		s.ClearOrder().SetDistinct(false)
		if none {
			s.Where(entsql.False())
		}
		if op == ent.OpQueryExist {
			st.probe(s, columns, distinct, offset)
		} else {
			key := st.selectKey(s)
			s.Select()
			if !st.keyless {
				s.AppendSelectAs(key, keyColumn).GroupBy(key)
			}
			s.AppendSelectAs(countOf(columns, distinct), countColumn)
		}
	})
	return nil
}

// countOf returns the expression that ent counts rows by.
func countOf(columns []string, distinct bool) string {
	switch {
	case len(columns) == 0:
		return entsql.Count("*")
	case distinct:
		return entsql.Count(entsql.Distinct(columns...))
	}
	b := &entsql.Builder{}
	return entsql.Count(b.IdentComma(columns...).String())
}

// A tally reads the numbers of a batch.
type tally[K comparable] struct {
	*rowScanner[K]
	numbers []rows // by position of the key
	total   int
	n       int // of the row that is being read
}

// attach makes the query read numbers in place of entities. It may be called
// several times: an interceptor may retry.
func (t *tally[K]) attach(spec *sqlgraph.QuerySpec) {
	clear(t.numbers)
	t.lost, t.owner, t.total = false, -1, 0
	spec.ScanValues = func([]string) ([]any, error) {
		if t.index == nil {
			return []any{&t.n}, nil
		}
		return []any{t.rowScanner, &t.n}, nil
	}
	spec.Assign = func([]string, []any) error {
		if t.index == nil {
			t.owner = 0
		}
		if t.owner >= 0 {
			t.numbers[t.owner] = numbered(t.numbers[t.owner].number() + t.n)
			t.total += t.n
		}
		return nil
	}
}
