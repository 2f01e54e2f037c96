package entloader

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A Target is one ent type T with its query builder Q, as the runtime sees it.
// Generated code makes one per type.
type Target[T comparable, Q any] struct {
	// IDColumn is the primary key; empty for types without one.
	IDColumn string
	// Unique are the columns that hold no value twice.
	Unique []string
	// New returns a query on the client configuration of the scope.
	New func(*Scope) Q
	// All runs q as ent's All does (Only or Exist, if op is ent.OpQueryOnly or
	// ent.OpQueryExist):
	// interceptors, policies, then the statement. hook sees the final
	// specification of the statement. scanned are the entities that the
	// statement brought, returned those that interceptors let through.
	All func(ctx context.Context, q Q, op string, hook SpecHook) (returned, scanned []T, err error)
	// Count runs q as ent's Count does (Exist, if op is ent.OpQueryExist), with a
	// statement that hook rewrites to bring no entities. answer returns what the
	// interceptors are given as its result; Count returns what they make of it.
	Count func(ctx context.Context, q Q, op string, hook SpecHook, answer func() (ent.Value, error)) (ent.Value, error)
	// IDs returns a list of n zero ids: what interceptors see of Exist. It is nil
	// for types without one id.
	IDs func(n int) ent.Value
	// Cut reports whether q, which has run, limited an eager load of its own, such
	// that its rows depend on which entities were queried together.
	Cut func(q Q) bool
	// Render adds to r the statements that q would send. It reports false if
	// q can not be batched.
	Render func(ctx context.Context, q Q, r *Renderer) bool
	// NotFound and NotSingular return the errors of ent's package.
	NotFound, NotSingular func() error
}

// SpecHook rewrites a statement: spec is what ent is about to send, q the
// context of its query.
type SpecHook func(ctx context.Context, spec *sqlgraph.QuerySpec, q *ent.QueryContext)

// A Relation says how rows of an ent type are found by a key: an edge seen from
// its one end, or an id. There is one per edge and key, made at start-up;
// relations are read-only.
type Relation[K comparable, T comparable, Q any] struct {
	// Name is how errors and statistics call the relation, e.g. Unit.samples.
	Name string
	// Key carries the keys to the database.
	Key Codec[K]
	// Match is where the key stands.
	Match Match
	// One says that there is at most one row per key.
	One bool
	// Optional says that a key without a row is no error.
	Optional bool
	// Target is the type of the rows.
	Target *Target[T, Q]
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

// loader returns the loader of the relation for queries with the given options.
func (r *Relation[K, T, Q]) loader(sc *Scope, options any, opts []func(Q)) *LoaderBy[K, K, []T] {
	var key any = r
	if options != "" {
		key = variantKey{relation: r, options: options}
	}
	l, ok := sc.loading.Load(key)
	if !ok {
		l = sc.add(key, func() anyLoader {
			l := newLoader(r.Name, sc.loaders.opt, sc, r.Key.id, r.Key.canon == nil,
				func(ctx context.Context, keys []K, out *answers[[]T]) error {
					return r.fetch(ctx, sc, opts, keys, out)
				})
			l.options, l.clip = options, clip[T]
			return l
		})
	}
	return l.(*LoaderBy[K, K, []T])
}

func identity[K comparable](k K) K { return k }

// fetch finds the rows for keys.
func (r *Relation[K, T, Q]) fetch(ctx context.Context, sc *Scope, opts []func(Q), keys []K, out *answers[[]T]) error {
	op := ent.OpQueryAll
	if r.One {
		op = ent.OpQueryOnly
	}
	return inLists(r, sc, keys, out.values, func(keys []K, list keyList, out [][]T) (bool, error) {
		return r.query(ctx, sc, op, opts, keys, list, out)
	})
}

// inLists calls query with lists of keys: with one, or with as many as are
// needed where the dialect limits them, or where the database could hold two of
// the keys for equal. query writes the answers at the position of their key. It
// reports false if one can not be told to one of several keys; it is called for
// each of these alone then.
func inLists[K comparable, T comparable, Q, V any](r *Relation[K, T, Q], sc *Scope, keys []K, out []V, query func([]K, keyList, []V) (bool, error)) error {
	if r.Key.Exact || len(keys) == 1 {
		return inListsApart(r, sc, keys, out, query)
	}
	lists, err := apart(r.Key, keys)
	if err != nil {
		return err
	}
	if len(lists) == 1 {
		return inListsApart(r, sc, keys, out, query)
	}
	for _, positions := range lists {
		some, found := make([]K, len(positions)), make([]V, len(positions))
		for i, p := range positions {
			some[i] = keys[p]
		}
		if err := inListsApart(r, sc, some, found, query); err != nil {
			return err
		}
		for i, p := range positions {
			out[p] = found[i]
		}
	}
	return nil
}

// inListsApart is inLists for keys of which the database holds no two for equal.
func inListsApart[K comparable, T comparable, Q, V any](r *Relation[K, T, Q], sc *Scope, keys []K, out []V, query func([]K, keyList, []V) (bool, error)) error {
	return keyLists(sc.driver.Dialect(), r.Key, keys, func(start, end int, list keyList) error {
		told, err := query(keys[start:end], list, out[start:end])
		if told || err != nil {
			return err
		}
		// What is found for a key alone is its own.
		for i := start; i < end; i++ {
			err := keyLists(sc.driver.Dialect(), r.Key, keys[i:i+1], func(_, _ int, list keyList) error {
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

// query sends one statement and groups its rows. It reports false if a row can
// not be told to one of several keys.
func (r *Relation[K, T, Q]) query(ctx context.Context, sc *Scope, op string, opts []func(Q), keys []K, list keyList, out [][]T) (bool, error) {
	q := r.Target.New(sc)
	for _, opt := range opts {
		opt(q)
	}
	var st *statement
	scan := newRowScanner(&r.Key, keys)
	if r.Match.Table != "" && len(keys) > 1 {
		scan.idColumn = r.Target.IDColumn
	}
	returned, scanned, err := r.Target.All(ctx, q, op, func(ctx context.Context, spec *sqlgraph.QuerySpec, qc *ent.QueryContext) {
		st = r.statement(sc, list, len(keys))
		st.held = r.Match.Table == "" && scan.holds(spec, r.Match.columns())
		st.rewrite(ctx, spec, qc)
		scan.attach(ctx, spec, st)
	})
	muteBatch(ctx, false)
	if st != nil && st.refused {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(keys) == 1 {
		if returned == nil { // an interceptor's
			returned = []T{}
		}
		out[0] = returned[:len(returned):len(returned)]
		return true, nil
	}
	if r.Target.Cut(q) {
		return false, nil // the limit is one for what a key alone brings
	}
	return groups(scan, returned, scanned, out), nil
}

// statement returns a statement for n keys.
func (r *Relation[K, T, Q]) statement(sc *Scope, list keyList, n int) *statement {
	st := &statement{match: r.Match, idColumn: r.Target.IDColumn, unique: r.Target.Unique, one: r.One, list: list, keyless: n == 1}
	if r.Match.Schema != nil {
		st.schema = r.Match.Schema(sc)
	}
	return st
}
