package equivalence

import (
	"context"
	"reflect"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
)

// contexts are what queries and loads run under.
var contexts = map[string]func(context.Context) context.Context{
	"plain":   func(ctx context.Context) context.Context { return ctx },
	"admin":   func(ctx context.Context) context.Context { return viewer.NewContext(ctx, viewer.Viewer{Admin: true}) },
	"deleted": func(ctx context.Context) context.Context { return schema.SkipSoftDelete(ctx) },
}

// way loads an edge for entities, and checks what it finds.
type way func(rt *rapid.T, tr *trial)

// ways are those in which the edge of an entity comes to its loaders.
var ways = map[string]way{
	"loop": func(rt *rapid.T, tr *trial) {
		tr.turns(rt, slices.Clone[[]int])
	},
	"shuffled": func(rt *rapid.T, tr *trial) {
		tr.turns(rt, func(list []int) []int { return rapid.Permutation(list).Draw(rt, "turns") })
	},
	"duplicated": func(rt *rapid.T, tr *trial) {
		tr.turns(rt, func(list []int) []int { return append(list, drawAgain(rt, len(list))...) })
	},
	"goroutines": func(rt *rapid.T, tr *trial) {
		ctx, _ := tr.loaders()
		list := tr.query(ctx)
		tr.lab.rec.Reset()
		got := make([]answer, len(list))
		each(list, func(i int, x reflect.Value) { got[i].v, got[i].err = tr.e.load(ctx, x) })
		n := tr.siblings(entloader.DefaultWindow, tr.primes())
		for i, x := range list {
			tr.check(rt, x, got[i])
			n.load(x)
		}
		n.require(rt)
	},
	"one by one": func(rt *rapid.T, tr *trial) {
		ctx, _ := tr.loaders(entloader.WithQuiet(0))
		list := tr.query(tr.plain()) // entities that were queried elsewhere have no siblings
		tr.lab.rec.Reset()
		for range 2 {
			for _, x := range list {
				tr.load(rt, ctx, x)
			}
		}
		n := len(list)
		if !list[0].Elem().FieldByName("ID").IsValid() {
			n *= 2 // without a key that is one value there is nothing to remember it by
		}
		tr.lab.statements(rt, n, tr.e)
	},
	"by key": byKey,
	"declared by Siblings": func(rt *rapid.T, tr *trial) {
		tr.declare(rt, tr.query(tr.plain()))
	},
	"results of CreateBulk": func(rt *rapid.T, tr *trial) {
		list := tr.create(rt)
		if len(list) > 0 {
			tr.ask(rt, list)
			tr.declare(rt, list)
		}
		tr.ask(rt, tr.query(tr.plain()))
	},
	"eager-loaded": func(rt *rapid.T, tr *trial) {
		window := drawWindow(rt)
		ctx, _ := tr.loaders(withWindow(window))
		list := tr.query(ctx, func(q reflect.Value) { q.MethodByName("With" + tr.e.name).Call(nil) })
		tr.lab.rec.Reset()
		n := tr.siblings(window, false)
		for _, x := range list {
			tr.load(rt, ctx, x)
			// The limit of an interceptor is one of all entities together, and one of the query is seen by interceptors.
			if tr.e.shape().limited || tr.e.shape().intercepted && !tr.filtered {
				n.load(x)
			}
		}
		n.require(rt)
	},
	"eager-loaded with options": func(rt *rapid.T, tr *trial) {
		window := drawWindow(rt)
		ctx, _ := tr.loaders(withWindow(window))
		some := tr.option(tr.e, func(q reflect.Value) { limit(q, 1) })
		list := tr.query(ctx, func(q reflect.Value) { q.MethodByName("With" + tr.e.name).Call([]reflect.Value{some}) })
		tr.lab.rec.Reset()
		n := tr.siblings(window, false)
		for _, x := range list {
			tr.load(rt, ctx, x)
			n.load(x)
		}
		n.require(rt)
	},
}

func drawWindow(rt *rapid.T) int {
	return rapid.SampledFrom([]int{entloader.DefaultWindow, 5, 2, 1}).Draw(rt, "window")
}

// primes reports whether the query of the entities answers other loads.
func (tr *trial) primes() bool { return !tr.filtered }

// drawAgain draws entities that are loaded once more, by their numbers in a list.
func drawAgain(rt *rapid.T, n int) []int {
	return rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 5).Draw(rt, "again")
}

// turns loads the entities of one query, in the turns that are made of their numbers.
func (tr *trial) turns(rt *rapid.T, turns func([]int) []int) {
	window := drawWindow(rt)
	ctx, _ := tr.loaders(withWindow(window))
	list := tr.query(ctx)
	require.Len(rt, list, len(tr.found))
	tr.lab.rec.Reset()
	n := tr.siblings(window, tr.primes())
	for _, i := range turns(indexes(len(list))) {
		tr.load(rt, ctx, list[i])
		n.load(list[i])
	}
	n.require(rt)
}

// declare loads entities that are declared to be siblings.
func (tr *trial) declare(rt *rapid.T, list []reflect.Value) {
	window := drawWindow(rt)
	ctx, loaders := tr.loaders(withWindow(window))
	declare(loaders, list)
	tr.lab.rec.Reset()
	n := tr.declared(list, window)
	for _, i := range rapid.Permutation(indexes(len(list))).Draw(rt, "turns") {
		tr.load(rt, ctx, list[i])
		n.load(list[i])
	}
	n.require(rt)
}

// byKey loads the edge by the ids of the entities, of which some are there twice.
func byKey(rt *rapid.T, tr *trial) {
	ctx, loaders := tr.loaders()
	list := tr.query(tr.plain())
	l := reflect.ValueOf(loaders).Elem().FieldByName(tr.e.entity.Elem().Name()).Elem().FieldByName(tr.e.name)
	if !l.IsValid() {
		require.False(rt, list[0].Elem().FieldByName("ID").IsValid(), "%s", tr.e)
		return
	}
	for _, i := range drawAgain(rt, len(list)) {
		list = append(list, list[i])
	}
	all := l.MethodByName("LoadAll")
	ids := reflect.MakeSlice(all.Type().In(1), 0, len(list))
	for _, x := range list {
		ids = reflect.Append(ids, x.Elem().FieldByName("ID"))
	}
	tr.lab.rec.Reset()
	together := all.Call([]reflect.Value{reflect.ValueOf(ctx), ids})
	tr.lab.statements(rt, 1, tr.e)
	failed := false
	for i, x := range list {
		out := l.MethodByName("Load").Call([]reflect.Value{reflect.ValueOf(ctx), ids.Index(i)})
		got := answer{v: out[0].Interface()}
		got.err, _ = out[1].Interface().(error)
		tr.check(rt, x, got)
		require.Equal(rt, rows(rt, got.v, false), rows(rt, together[0].Index(i).Interface(), false))
		failed = failed || got.err != nil
	}
	require.Equal(rt, failed, !together[1].IsNil(), "%s: %v", tr.e, together[1])
	tr.lab.statements(rt, 0, tr.e)
}

// create replaces the entities by equal ones that CreateBulk returns, with ids of their own where the database gives them.
// What pointed to an entity points to the new one.
func (tr *trial) create(rt *rapid.T) []reflect.Value {
	if tr.e.entity == reflect.TypeFor[*ent.Badge]() {
		return nil // ent wants their id from the database, which has none
	}
	ctx := contexts["admin"](contexts["deleted"](tr.outer.Context()))
	q := *tr
	q.filtered, q.descending = false, false // as in page
	client := reflect.ValueOf(tr.lab.Client).Elem().FieldByName(tr.e.entity.Elem().Name())
	var old, builders []reflect.Value
	for _, x := range q.query(ctx) {
		if b := client.MethodByName("Create").Call(nil)[0]; tr.fill(rt, ctx, b, x) {
			old, builders = append(old, x), append(builders, b)
		}
	}
	tr.lab.unpair(tr.outer, tr.table, within(tr.table, tr.page))
	tr.lab.exec(tr.outer, "DELETE FROM %s WHERE %s", tr.table.Name, within(tr.table, tr.page))
	if len(builders) == 0 {
		return nil
	}
	out := client.MethodByName("CreateBulk").Call(builders)[0].MethodByName("Save").Call([]reflect.Value{reflect.ValueOf(ctx)})
	require.Nil(rt, out[1].Interface(), "%s", tr.e)
	created := many(out[0].Interface())
	for i, x := range created {
		if keyOf(x) != keyOf(old[i]) {
			tr.move(keyOf(old[i]), keyOf(x))
		}
	}
	return created
}

// fill sets what an entity has in a builder. It reports false if there is no row for a required edge: ent makes no entity
// without, and its foreign key is no field.
func (tr *trial) fill(rt *rapid.T, ctx context.Context, b, x reflect.Value) bool {
	set := func(method string, v reflect.Value) {
		m := b.MethodByName(method)
		require.True(rt, m.IsValid(), "%T.%s", b.Interface(), method)
		m.Call([]reflect.Value{v})
	}
	for i := range x.Elem().NumField() {
		switch f, v := x.Elem().Type().Field(i), x.Elem().Field(i); {
		case !f.IsExported() || f.Name == "Edges":
		case f.Name == "ID":
			if m := b.MethodByName("SetID"); m.IsValid() {
				m.Call([]reflect.Value{v})
			}
		case v.Kind() == reflect.Pointer:
			set("SetNillable"+f.Name, v)
		case f.Name == "InstrumentID" && v.IsZero(): // which is how NULL shows
		default:
			set("Set"+f.Name, v)
		}
	}
	for _, e := range tr.lab.edges() {
		fk := e.shape().fk
		hidden := fk != "" && slices.IndexFunc(reflect.VisibleFields(x.Elem().Type()), func(f reflect.StructField) bool { return f.Name == fk }) >= 0
		// ent would set the key on both rows of a pair, of which one is not new.
		if e.entity != tr.e.entity || !hidden || e.name == "Partner" {
			continue
		}
		target, err := e.query(ctx, x)
		if err == nil {
			set("Set"+e.name+"ID", reflect.ValueOf(target).Elem().FieldByName("ID"))
		} else if e.shape().required {
			return false
		}
	}
	return true
}

// move makes what points to the row with an old id point to another one. Such ids are numbers.
func (tr *trial) move(from, to string) {
	for _, table := range migrate.Tables {
		for _, fk := range table.ForeignKeys {
			// Those of the same type may be new as well, and would no longer show what they have.
			if fk.RefTable.Name == tr.table.Name && table.Name != tr.table.Name {
				tr.lab.exec(tr.outer, "UPDATE %s SET %s = %s WHERE %[2]s = %[4]s", table.Name, fk.Columns[0].Name, to, from)
			}
		}
	}
}
