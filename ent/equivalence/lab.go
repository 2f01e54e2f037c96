package equivalence

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/migrate"
	_ "github.com/entloader/entloader/ent/runtime"
	"github.com/entloader/entloader/ent/seed"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// A lab is a laboratory with a statement log.
type lab struct {
	*ent.Client
	rec *loadertest.Recorder
	db  *sql.DB
}

// newLab returns a laboratory in a database of its own, with the tables of the
// schema, and the given number of units with what belongs to them.
func (d Database) newLab(t testing.TB, units int) *lab {
	t.Helper()
	db := d.Open(t)
	rec := loadertest.NewRecorder(entsql.OpenDB(d.Dialect, db))
	client := ent.NewClient(ent.Driver(rec))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	// A copy, as in enttest: a migration writes into its tables.
	tables, err := schema.CopyTables(migrate.Tables)
	require.NoError(t, err)
	require.NoError(t, migrate.Create(t.Context(), client.Schema, tables, migrate.WithForeignKeys(!d.loose)))
	if units > 0 {
		_, err = seed.Run(t.Context(), db, seed.Options{Units: units, Dialect: d.Dialect})
		require.NoError(t, err)
	}
	l := &lab{Client: client, rec: rec, db: db}
	if d.repeats {
		l.repeatPairs(t)
	}
	rec.Reset()
	return l
}

// load returns a context with new loaders.
func (l *lab) load(t testing.TB, opts ...entloader.Option) (context.Context, *ent.Loaders) {
	t.Helper()
	loaders := ent.NewLoaders(l.Client, opts...)
	return ent.NewLoadersContext(t.Context(), loaders), loaders
}

// statements requires that n statements were sent since the last call.
func (l *lab) statements(t helper, n int, msg ...any) {
	t.Helper()
	sent := l.rec.Reset()
	if len(sent) != n {
		var b strings.Builder
		for i, s := range sent {
			if i == 10 {
				b.WriteString("…\n")
				break
			}
			b.WriteString(s.Query + "\n")
		}
		require.Len(t, sent, n, fmt.Sprint(append([]any{b.String()}, msg...)...))
	}
}

// A helper is what the checks need of a test: those of rapid have it as well.
type helper interface {
	require.TestingT
	Helper()
}

// refusesOrder reports whether err is PostgreSQL's for a query that is ordered by
// what it does not select: ent's Exist is DISTINCT, and selects the id alone.
func refusesOrder(err error) bool {
	return err != nil && strings.Contains(err.Error(), "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
}

// An edge is an edge of the reference schema, loaded and queried through
// reflection, so that a new one needs no line here.
type edge struct {
	entity reflect.Type // *ent.Unit
	name   string       // Samples
	unique bool
}

func (e edge) String() string { return e.entity.Elem().Name() + "." + e.name }

// entities returns the query of every type, by its name.
func (l *lab) queries() map[string]reflect.Value {
	all := make(map[string]reflect.Value)
	c := reflect.ValueOf(l.Client).Elem()
	for i := range c.NumField() {
		if f := c.Field(i); f.CanInterface() {
			if q := f.MethodByName("Query"); q.IsValid() {
				all[c.Type().Field(i).Name] = q
			}
		}
	}
	return all
}

// all returns the entities of a type, as sorted does. It panics where the schema is not what
// the tests think it is.
func (l *lab) all(t testing.TB, ctx context.Context, typ string) []reflect.Value {
	t.Helper()
	q := l.queries()[typ].Call(nil)[0]
	out := q.MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})
	require.Nil(t, out[1].Interface())
	return sorted(t, out[0])
}

// sorted returns the entities of a slice one by one, in an order that does not
// depend on the database: their queries have none.
func sorted(t testing.TB, slice reflect.Value) []reflect.Value {
	t.Helper()
	type entity struct {
		value reflect.Value
		text  string
	}
	all := make([]entity, slice.Len())
	for i := range all {
		x := slice.Index(i)
		all[i] = entity{x, rows(t, x.Interface(), true)[0]}
	}
	slices.SortStableFunc(all, func(a, b entity) int { return strings.Compare(a.text, b.text) })
	list := make([]reflect.Value, len(all))
	for i, e := range all {
		list[i] = e.value
	}
	return list
}

// edges returns all edges of the schema.
func (l *lab) edges() []edge {
	var all []edge
	for _, q := range l.queries() {
		out := q.Type().Out(0) // *ent.UnitQuery
		all1, _ := out.MethodByName("All")
		entity := all1.Type.Out(0).Elem()
		for i := range entity.NumMethod() {
			m := entity.Method(i)
			name, ok := strings.CutPrefix(m.Name, "Load")
			if _, own := entity.MethodByName("Query" + name); ok && own { // not a dynamic edge
				all = append(all, edge{entity: entity, name: name, unique: m.Type.Out(0).Kind() == reflect.Pointer})
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	return all
}

// load calls LoadX of an entity, with options if any.
func (e edge) load(ctx context.Context, entity reflect.Value, opts ...reflect.Value) (any, error) {
	out := entity.MethodByName("Load" + e.name).Call(append([]reflect.Value{reflect.ValueOf(ctx)}, opts...))
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// count calls CountX or ExistX of an entity.
func (e edge) count(ctx context.Context, run string, entity reflect.Value, opts ...reflect.Value) (any, error) {
	out := entity.MethodByName(run + e.name).Call(append([]reflect.Value{reflect.ValueOf(ctx)}, opts...))
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// run calls a method of ent's own query of the edge.
func (e edge) run(ctx context.Context, run string, entity reflect.Value, opts ...reflect.Value) (any, error) {
	q := entity.MethodByName("Query" + e.name).Call(nil)[0]
	for _, opt := range opts {
		opt.Call([]reflect.Value{q})
	}
	out := q.MethodByName(run).Call([]reflect.Value{reflect.ValueOf(ctx)})
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// query runs the same edge as ent's own query.
func (e edge) query(ctx context.Context, entity reflect.Value, opts ...reflect.Value) (any, error) {
	run := "All"
	if e.unique {
		run = "Only"
	}
	return e.run(ctx, run, entity, opts...)
}

// rows returns the fields of one entity or of many, each as JSON; sorted,
// unless the query has an order.
func rows(t helper, v any, ordered bool) []string {
	t.Helper()
	rv := reflect.ValueOf(v)
	var list []string
	add := func(e any) {
		b, err := json.Marshal(e)
		require.NoError(t, err)
		list = append(list, string(b))
	}
	switch {
	case rv.Kind() == reflect.Slice:
		for i := range rv.Len() {
			add(rv.Index(i).Interface())
		}
	case !rv.IsNil():
		add(v)
	}
	if !ordered {
		slices.Sort(list)
	}
	return list
}

// requireEqual requires that a load and a query gave the same answer. Where ent's Only finds no row, a required edge is an
// error as well; an optional one is nil.
func requireEqual(t helper, e edge, entity reflect.Value, want any, wantErr error, got any, gotErr error, ordered bool) {
	t.Helper()
	if ent.IsNotFound(wantErr) && !e.shape().required {
		require.NoError(t, gotErr, "%s of %v", e, entity)
		require.Nil(t, got, "%s of %v", e, entity)
		return
	}
	if wantErr != nil {
		require.Equal(t, ent.IsNotFound(wantErr), ent.IsNotFound(gotErr), "%s of %v: want %v, got %v", e, entity, wantErr, gotErr)
		require.Equal(t, ent.IsNotSingular(wantErr), ent.IsNotSingular(gotErr), "%s of %v: want %v, got %v", e, entity, wantErr, gotErr)
		require.Error(t, gotErr)
		return
	}
	require.NoError(t, gotErr, "%s of %v", e, entity)
	if !e.unique {
		require.False(t, reflect.ValueOf(got).IsNil(), "%s of %v: nil slice", e, entity)
		s := reflect.ValueOf(got)
		require.Equal(t, s.Len(), s.Cap(), "%s of %v: an append by one caller would be seen by others", e, entity)
	}
	require.Equal(t, rows(t, want, ordered), rows(t, got, ordered), "%s of %v", e, entity)
}
