package entloader

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A Target is one ent type T with its query builder Q, as the runtime sees it.
// Generated code makes one per type.
type Target[T, Q any] struct {
	// Package is what all types of the package have in common.
	Package *Package
	// Label is what errors of ent call the type.
	Label string
	// IDColumn is the primary key; empty for types without one.
	IDColumn string
	// Unique are the columns that hold no value twice.
	Unique []string
	// New returns a query on the client configuration of the scope.
	New func(*Scope) Q
	// View shows a query.
	View func(Q) *View
	// Run runs a query: interceptors, policies, then the statement. view is View,
	// hook sees the final specification of the statement, answer turns the entities
	// that it brought into what the interceptors are given. Run returns what they
	// make of it.
	Run func(ctx context.Context, q Q, view func(Q) *View, op string, hook SpecHook, answer func([]T) (ent.Value, error)) (ent.Value, error)
	// IDs returns a list of n zero ids: what interceptors see of Exist. It is nil
	// for types without one id.
	IDs func(n int) ent.Value
}

// A Package is a generated package as the runtime sees it.
type Package struct {
	// NotFound and NotSingular return the errors of the package for the label of a
	// type, IsNotFound tells the first.
	NotFound, NotSingular func(label string) error
	IsNotFound            func(error) bool
	// Strict says that loads without loaders fail.
	Strict bool
}

func notFound[T, Q any](t *Target[T, Q]) error    { return t.Package.NotFound(t.Label) }
func notSingular[T, Q any](t *Target[T, Q]) error { return t.Package.NotSingular(t.Label) }

// IDs returns n zero ids of type I, for a Target.
func IDs[I any](n int) ent.Value { return make([]I, n) }

// runAll runs q as ent's All does, or the method of another op. scanned are the
// entities that the statement brought, returned those that interceptors let
// through.
func runAll[T, Q any](ctx context.Context, t *Target[T, Q], q Q, op string, hook SpecHook) (returned, scanned []T, err error) {
	limit, v := 0, t.View(q)
	switch op {
	case ent.OpQueryOnly:
		limit = 2
	case ent.OpQueryExist, ent.OpQueryFirst:
		limit = 1
	}
	if limit > 0 {
		v.Context.Limit = &limit
	}
	found, err := t.Run(ctx, q, t.View, op, hook, func(rows []T) (ent.Value, error) {
		if scanned = rows; len(v.Interceptors) > 0 {
			scanned = slices.Clone(rows) // interceptors may edit theirs
		}
		return rows, nil
	})
	if err != nil {
		return nil, nil, err
	}
	returned, ok := found.([]T)
	if !ok {
		return nil, nil, fmt.Errorf("unexpected type %T returned from %T. expected type: %T", found, q, returned) // as ent says it
	}
	return returned, scanned, nil
}

// runCount runs q as ent's Count does, or as its Exist, with a statement that hook
// rewrites to bring no entities. answer returns what the interceptors are given.
func runCount[T, Q any](ctx context.Context, t *Target[T, Q], q Q, op string, hook SpecHook, answer func() (ent.Value, error)) (ent.Value, error) {
	if op == ent.OpQueryExist && t.IDColumn != "" { // as Exist does
		limit, unique, c := 1, true, t.View(q).Context
		c.Limit = &limit
		if c.Unique == nil {
			c.Unique = &unique
		}
		c.AppendFieldOnce(t.IDColumn)
	}
	return t.Run(ctx, q, t.View, op, hook, func([]T) (ent.Value, error) { return answer() })
}

// SpecHook rewrites a statement: spec is what ent is about to send, v shows its
// query.
type SpecHook func(ctx context.Context, spec *sqlgraph.QuerySpec, v *View)

// A Relation says how rows of an ent type are found by a key: an edge seen from
// its one end, or an id. There is one per edge and key, made at start-up;
// relations are read-only.
//
// What is done with relations, targets and edges is functions: the compiler makes
// all methods of a generic type for each of its types, but a function only once
// for all keys and entities that look alike.
type Relation[K comparable, T any, Q any] struct {
	// Name is how errors and statistics call the relation, e.g. Unit.samples.
	Name string
	// Key makes the codec that carries the keys to the database.
	Key func() Codec[K]
	// Match is where the key stands. Its address is what tells relations apart.
	Match Match
	// One says that there is at most one row per key.
	One bool
	// Optional says that a key without a row is no error.
	Optional bool
	// Target is the type of the rows.
	Target *Target[T, Q]

	codec atomic.Pointer[Codec[K]] // nil until codecOf made it
}

func codecOf[K comparable, T, Q any](r *Relation[K, T, Q]) *Codec[K] {
	c := r.codec.Load()
	if c == nil {
		made := r.Key()
		c = &made
		r.codec.Store(c)
	}
	return c
}

// Match is where a key stands: in columns of the target's table, or in a table
// that is joined to it.
type Match struct {
	// Column holds the key. It belongs to Table, or to the target's table if
	// Table is empty.
	Column string
	// Columns of the target's table hold the parts of a key of several columns,
	// instead of Column.
	Columns []string
	// Table is joined where its column On equals the target's column Target.
	Table, On, Target string
	// Schema is the database schema of Table; nil without sql/schemaconfig.
	Schema func(*Scope) string
	// Repeats says that Table may hold a pair twice.
	Repeats bool
	// Unique says that the key is one of the target itself, and no two rows have it.
	Unique bool
	// Indexed says that the schema has an index which starts with Column, so that
	// the rows of one key are found without looking at others.
	Indexed bool
}

// columns returns the columns that hold the key.
func (m *Match) columns() []string {
	if m.Columns == nil {
		return []string{m.Column}
	}
	return m.Columns
}

// rowLoader returns the loader of the relation for queries with the given options.
func rowLoader[K comparable, T, Q any](r *Relation[K, T, Q], sc *Scope, options any, opts []func(Q)) *LoaderBy[K, K, rows] {
	var key any = &r.Match
	if options != "" {
		key = variantKey{relation: &r.Match, options: options}
	}
	l, ok := sc.loading.Load(key)
	if !ok {
		l = sc.add(key, func() anyLoader {
			codec := codecOf(r)
			var l *LoaderBy[K, K, rows]
			l = newLoader(r.Name, sc.loaders.opt, sc, codec.id, codec.canon == nil,
				func(ctx context.Context, keys []K, out *answers[rows]) error {
					return fetchRows(ctx, r, l, opts, keys, out)
				})
			l.options = options
			if options == "" && r.Match.Unique {
				l.offers = offersOf[T](sc)
				l.take = func(ctx context.Context, key K) (rows, *record) { return take(ctx, r, sc, key) }
			}
			return l
		})
	}
	return l.(*LoaderBy[K, K, rows])
}

func identity[K comparable](k K) K { return k }

// fetchRows finds the rows for keys of l.
func fetchRows[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], l *LoaderBy[K, K, rows], opts []func(Q), keys []K, out *answers[rows]) error {
	op := ent.OpQueryAll
	if r.One {
		op = ent.OpQueryOnly
	}
	return inLists(r, l, keys, out, func(keys []K, list keyList, out []rows) (outcome, error) {
		return queryRows(ctx, r, l.scope, op, opts, keys, list, out)
	})
}

// An outcome says what a statement for several keys came to. Unless it is told, each
// of the keys is sent by itself.
type outcome uint8

const (
	told    outcome = iota // the answers are there
	bounded                // the statement was refused
	untold                 // some answer can not be told to one of the keys
)

// toldIf is the outcome of a statement that was sent.
func toldIf(ok bool) outcome {
	if ok {
		return told
	}
	return untold
}

// inLists calls query with lists of keys of l: with one, or with as many as are
// needed where the dialect limits them, or where the database could hold two of
// the keys for equal. query writes the answers at the position of their key. It is
// called for each key of a list by itself where its outcome is not told.
//
// A key that can not be sent has an error of its own. So has one that fails in a
// statement by itself, which those are given that could fail it for others.
func inLists[K comparable, T, Q any](r *Relation[K, T, Q], l *LoaderBy[K, K, rows], keys []K, out *answers[rows], query func([]K, keyList, []rows) (outcome, error)) error {
	codec := codecOf(r)
	if codec.Exact || len(keys) == 1 {
		if err := inListsApart(r, l, keys, out.values, query); err != errUnfit {
			return err
		}
	}
	lists, suspects, unfit := apart(l.scope.driver.Dialect(), *codec, keys)
	for i, err := range unfit {
		out.fail(int(i), err)
	}
	if len(lists) == 1 && len(lists[0]) == len(keys) {
		return inListsApart(r, l, keys, out.values, query)
	}
	for _, positions := range lists {
		some, found := make([]K, len(positions)), make([]rows, len(positions))
		for i, p := range positions {
			some[i] = keys[p]
		}
		if err := inListsApart(r, l, some, found, query); err != nil {
			return err
		}
		for i, p := range positions {
			out.values[p] = found[i]
		}
	}
	// Last: on PostgreSQL nothing is answered in a transaction after a failure.
	for _, i := range suspects {
		if err := inListsApart(r, l, keys[i:i+1], out.values[i:i+1], query); err != nil {
			out.fail(int(i), err)
		}
	}
	return nil
}

// inListsApart is inLists for keys of which the database holds no two for equal.
func inListsApart[K comparable, T, Q any](r *Relation[K, T, Q], l *LoaderBy[K, K, rows], keys []K, out []rows, query func([]K, keyList, []rows) (outcome, error)) error {
	codec, dialect := *codecOf(r), l.scope.driver.Dialect()
	return keyLists(dialect, codec, keys, func(start, end int, list keyList) error {
		came, err := query(keys[start:end], list, out[start:end])
		if came == told || err != nil {
			return err
		}
		l.countApart(came, end-start)
		// What is found for a key alone is its own.
		for i := start; i < end; i++ {
			err := keyLists(dialect, codec, keys[i:i+1], func(_, _ int, list keyList) error {
				_, err := query(keys[i:i+1], list, out[i:i+1])
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// queryRows sends one statement and groups its rows. It sends another one if what
// repeats rows took the place of others in a limit.
func queryRows[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, op string, opts []func(Q), keys []K, list keyList, out []rows) (outcome, error) {
	came, again, err := queryOnce(ctx, r, sc, op, opts, keys, list, out, false)
	if again {
		came, _, err = queryOnce(ctx, r, sc, op, opts, keys, list, out, true)
	}
	return came, err
}

// queryOnce sends one statement, the second for the same keys if so, and groups its
// rows. again says that a second one has to tell rows apart.
func queryOnce[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, op string, opts []func(Q), keys []K, list keyList, out []rows, second bool) (came outcome, again bool, err error) {
	q := r.Target.New(sc)
	for _, opt := range opts {
		opt(q)
	}
	if state := r.Target.View(q).State; state != nil {
		state.plain = len(opts) == 0
	}
	var st *statement
	scan := newRowScanner(codecOf(r), keys)
	if r.Match.Table != "" && (len(keys) > 1 || !r.One) {
		scan.idColumn = r.Target.IDColumn
	}
	returned, scanned, err := runAll(ctx, r.Target, q, op, func(ctx context.Context, spec *sqlgraph.QuerySpec, v *View) {
		st = statementOf(r, sc, list, len(keys))
		st.again = second
		st.held = r.Match.Table == "" && scan.holds(spec, r.Match.columns())
		st.rewrite(spec, v.Context)
		scan.attach(spec, st)
		v.quiet(ctx)
	})
	switch {
	case st != nil && st.refused:
		return bounded, false, nil
	case err != nil:
		return untold, false, err
	case len(keys) == 1:
		out[0] = rowsOf(returned)
	case r.Target.View(q).cutBelow():
		came = untold // the limit is one for what a key alone brings
	default:
		came = toldIf(groups(scan, returned, scanned, out))
	}
	return came, st != nil && st.limit > 0 && !st.apart() && scan.dropped > 0, nil
}

// statementOf returns a statement for n keys.
func statementOf[K comparable, T, Q any](r *Relation[K, T, Q], sc *Scope, list keyList, n int) *statement {
	st := &statement{match: r.Match, idColumn: r.Target.IDColumn, unique: r.Target.Unique, one: r.One, list: list, keyless: n == 1}
	if r.Match.Schema != nil {
		st.schema = r.Match.Schema(sc)
	}
	return st
}
