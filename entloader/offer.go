package entloader

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"entgo.io/ent"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A row that some query brought is the answer of other loaders as well: of those
// that find it by a key of its own: its id, a unique field, the foreign key of an
// O2O edge. So a set offers the rows of its query, and such a loader looks there for
// a key before it sends it: unit.samples.unit costs no statement.
//
// It takes a row only if its own query would bring the same:
//
//   - No predicates, modifiers, columns or eager loads of the application had a
//     part in it. What policies and interceptors add to a query of one of our
//     batches counts as what they read from the context does: it is in the record.
//     Of other queries there is no record, so there must be none of these.
//   - No interceptor had the entities in its hands: it might hide or change some.
//   - The scope is the same, and so is what the record says.
//   - Nothing was cleared since the query began.
//
// What is kept of a row is what database/sql scanned. An entity is made of that
// when a loader takes it: the one that the query returned belongs to somebody who
// may have changed it.

const (
	// maxOffers is how many queries a loader looks through: where keys are loaded
	// one by one, each brings an offer.
	maxOffers = 8
	// maxOffered is how many rows of a type are on offer, unless one query brought
	// more: loaders must not hold on to all that was ever read.
	maxOffered = 5 * DefaultWindow
)

// An offer is the rows of a set.
type offer struct {
	*keptRows
	read *record // what the query read from its context
	// entity makes the entity of a row.
	entity func(row int32) (any, error)

	mu      sync.Mutex
	indexes map[*Match]any // of a relation → map[K]int32, the rows by key; protected by mu
}

// offers are those of a type in a scope. The zero value is empty.
type offers struct {
	made atomic.Bool // there was one
	mu   sync.Mutex
	list []*offer // the newest last; protected by mu
}

// offersOf returns the offers of a type in a scope.
func offersOf[T any](sc *Scope) *offers {
	all, ok := sc.offers.Load(reflect.TypeFor[T]())
	if !ok {
		all, _ = sc.offers.LoadOrStore(reflect.TypeFor[T](), new(offers))
	}
	return all.(*offers)
}

// any reports whether there may be something on offer.
func (os *offers) any() bool { return os != nil && os.made.Load() }

// offerRows offers the rows that a query kept to the loaders of its scope. first
// is the handle of the first row.
func offerRows[T any](ctx context.Context, e *Entity[T], sc *Scope, st *QueryState, first Handle) {
	k := st.kept
	st.kept = nil // the query may be kept for long
	if k == nil || k.shared {
		return
	}
	o := &offer{keptRows: k, read: k.record(ctx), indexes: make(map[*Match]any)}
	if o.read == nil || o.read.own {
		return
	}
	o.entity = func(row int32) (any, error) {
		n := e.Make(sc)
		*e.Handle(n) = Handle{token: first.token, index: int(row)}
		return n, e.Assign(n, k.columns, k.row(int(row)))
	}
	offersOf[T](sc).add(o)
}

// add adds an offer, and drops the oldest if they are too many.
func (os *offers) add(o *offer) {
	os.mu.Lock()
	defer os.mu.Unlock()
	os.dropCleared(o.loaders)
	os.list = append(os.list, o)
	first, rows := len(os.list)-1, o.n
	for first > 0 && len(os.list)-first < maxOffers && rows+os.list[first-1].n <= maxOffered {
		first--
		rows += os.list[first].n
	}
	os.list = slices.Delete(os.list, 0, first)
	os.made.Store(true)
}

// dropCleared drops what is older than the last clear. The caller holds os.mu.
func (os *offers) dropCleared(l *Loaders) {
	clears := l.clears.Load()
	os.list = slices.DeleteFunc(os.list, func(o *offer) bool { return o.born != clears })
}

// get returns what is on offer, and how many that are.
func (os *offers) get(l *Loaders) (list [maxOffers]*offer, n int) {
	os.mu.Lock()
	defer os.mu.Unlock()
	os.dropCleared(l)
	n = copy(list[:], os.list)
	return list, n
}

// take returns the row with the given key, if it is on offer for ctx, with the
// record of the query that brought it.
func take[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, key K) (found rows, read *record) {
	all := offersOf[T](sc)
	if !all.any() {
		return rows{}, nil
	}
	list, n := all.get(sc.loaders)
	for _, o := range slices.Backward(list[:n]) {
		row, ok := offered(r, o)[key]
		if !ok || row == twice || !o.read.matches(ctx, sc.loaders.opt.scope) {
			continue
		}
		if o.interceptors != len(r.Target.View(r.Target.New(sc)).Interceptors) {
			continue // some were added since
		}
		if e, err := o.entity(row); err == nil {
			return rowsOf([]T{e.(T)}), o.read
		}
	}
	return rows{}, nil
}

// twice stands for rows with the same key: the table lacks the constraint that the
// schema has, and ent's query says so.
const twice = -1

// offered returns the rows of an offer by key, without those that have none.
func offered[K comparable, T, Q any](r *Relation[K, T, Q], o *offer) map[K]int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if index, ok := o.indexes[&r.Match]; ok {
		return index.(map[K]int32)
	}
	index := make(map[K]int32, o.n)
	o.indexes[&r.Match] = index
	codec := codecOf(r)
	columns, parts := r.Match.columns(), codec.columns()
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(o.columns, c); at[i] < 0 {
			return index
		}
	}
rows:
	for row := range o.n {
		var k K
		values := o.row(row)
		for i := range parts {
			if h := values[at[i]]; isNull(h) || !parts[i].Held(h, &k) {
				continue rows
			}
		}
		k = codec.id(k)
		if _, ok := index[k]; ok {
			index[k] = twice
		} else {
			index[k] = int32(row)
		}
	}
	return index
}

// taken makes a row that is on offer the answer for a key. It returns nil if there is
// none. The caller holds l.mu.
func (l *LoaderBy[K, C, V]) taken(ctx context.Context, id C) *slot[K, C, V] {
	if !l.offers.any() {
		return nil
	}
	v, read := l.take(ctx, id)
	if read == nil {
		return nil
	}
	l.shutDoor() // those inside wait for nothing that is known
	s := &slot[K, C, V]{asked: true, next: l.slots[id], batch: &batch[K, C, V]{loader: l, read: read, answers: answers[V]{values: []V{v}}}}
	s.batch.ready.Store(true)
	l.slots[id] = s
	l.keep(id)
	l.trim()
	l.stats.Primed++
	return s
}

// keptRows are the rows of a query, to be offered. They are read-only as soon as
// the query has ended.
type keptRows struct {
	loaders      *Loaders
	batch        *batchContext // that the query belongs to, nil if it is none of ours
	born         uint64        // Loaders.clears when the query began
	interceptors int           // how many the query had

	columns []string
	// rows are what database/sql scanned, by row and column, in chunks: to move a
	// long list when it grows costs more than all else here.
	rows   [][][]any
	n      int   // rows
	blobs  []int // columns whose bytes are those of the entity
	shared bool  // some other holder shares memory with the entity
}

// keep keeps the rows of a query to be offered, if it brings what a loader would
// get. policy says that its type has a privacy policy.
func (st *QueryState) keep(ctx context.Context, l *Loaders, spec *sqlgraph.QuerySpec, v *View, policy bool) {
	if l.opt.uncache || len(v.Context.Fields) > 0 || v.Modifiers > 0 {
		return
	}
	k := &keptRows{loaders: l, born: l.clears.Load(), interceptors: len(v.Interceptors)}
	switch {
	case st.plain:
		if slices.ContainsFunc(v.Interceptors, seesEntities) {
			return
		}
		k.batch = batchOf(ctx)
	case policy || v.Path || v.Predicates > 0 || len(v.Interceptors) > 0:
		return
	}
	st.kept = k
	assign := spec.Assign
	spec.Assign = func(columns []string, values []any) error {
		k.keep(spec.Node.Columns, columns, values)
		return assign(columns, values)
	}
}

// seesEntities reports whether an interceptor gets what a query returns. One that
// only traverses the query returns the next querier as it is.
func seesEntities(i ent.Interceptor) bool {
	return i.Intercept(endQuerier) != ent.Querier(endQuerier)
}

// endQuerier is the end of a chain of interceptors that is never run.
var endQuerier = new(noQuerier)

type noQuerier struct{ _ byte } // of a size, so that no other has its address

func (*noQuerier) Query(context.Context, ent.Query) (ent.Value, error) { return nil, nil }

// keep keeps a row whose first columns are those of the table.
func (k *keptRows) keep(table, columns []string, values []any) {
	n := len(table)
	switch {
	case k.shared:
		return
	case k.columns == nil:
		if k.shared = len(columns) < n || !slices.Equal(columns[:n], table); k.shared {
			return
		}
		k.columns = columns[:n:n]
		for i, h := range values[:n] {
			if _, ok := h.(*[]byte); ok {
				k.blobs = append(k.blobs, i)
			} else {
				k.shared = k.shared || shares(h)
			}
		}
		if k.shared {
			return
		}
	}
	values = values[:n:n]
	if k.blobs != nil {
		values = slices.Clone(values) // the entity gets the others
		for _, i := range k.blobs {
			b := slices.Clone(*values[i].(*[]byte))
			values[i] = &b
		}
	}
	last := k.n / rowChunk
	if last == len(k.rows) {
		k.rows = append(k.rows, make([][]any, 0, min(k.n, rowChunk)))
	}
	k.rows[last] = append(k.rows[last], values)
	k.n++
}

// row returns what was scanned of a row.
func (k *keptRows) row(i int) []any { return k.rows[i/rowChunk][i%rowChunk] }

// rowChunk is how many rows are in a chunk.
const rowChunk = 128

// shares reports whether an entity that is made of what a holder holds shares
// memory with it.
func shares(holder any) bool {
	switch h := holder.(type) {
	case *sql.NullInt64, *sql.NullString, *sql.NullFloat64, *sql.NullBool, *sql.NullTime:
		return false
	case *entsql.NullScanner:
		return shares(h.S)
	}
	t := reflect.TypeOf(holder)
	return t.Kind() != reflect.Pointer || refers(t.Elem())
}

// refers reports whether values of a type refer to others that can be changed.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return refers(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false
		}
		for i := range t.NumField() {
			if refers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	}
	return false
}

// record returns what the query of the rows read from its context; nil if that is
// not known.
func (k *keptRows) record(ctx context.Context) *record {
	if k.batch != nil {
		return k.batch.soFar()
	}
	r := new(record)
	r.note(sessionVarsKey, ctx.Value(sessionVarsKey)) // ent's driver looks them up
	if scope := k.loaders.opt.scope; scope != nil {
		r.scope = scope(ctx)
		r.own = r.own || !same(r.scope, r.scope)
	}
	return r
}
