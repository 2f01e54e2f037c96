package equivalence

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/entloader"
)

// A trial is an edge of some entities, and what ent's own queries answer.
type trial struct {
	lab   *lab
	outer testing.TB
	e     edge
	table *schema.Table

	page       page
	descending bool
	filtered   bool // by a predicate; else by a limit and an offset
	as         func(context.Context) context.Context
	found      []string // the keys of the entities
	want       map[string]answer
	fks        map[string]sql.NullString
}

// An answer is what an edge has for an entity.
type answer struct {
	v   any
	err error
	// all has the rows of a limited edge that there are without the limit.
	all []string
}

// trial returns a trial of an edge of no entities.
func (l *lab) trial(t testing.TB, e edge) *trial {
	t.Helper()
	tr := &trial{lab: l, outer: t, e: e, as: contexts["plain"]}
	q := l.queries()[e.entity.Elem().Name()].Call(nil)[0]
	order(q, func(s *entsql.Selector) { // which is where the name of the table is
		tr.table = migrate.Tables[slices.IndexFunc(migrate.Tables, func(table *schema.Table) bool { return table.Name == s.TableName() })]
	})
	limit(q, 1)
	q.MethodByName("All").Call([]reflect.Value{reflect.ValueOf(t.Context())})
	return tr
}

// drawEntities draws the query of the entities, if there are any, and asks ent for the edge of each.
func (tr *trial) drawEntities(rt *rapid.T) {
	n := tr.lab.size(tr.outer, tr.table)
	if n == 0 {
		return
	}
	tr.page = drawPage(rt, n, 12)
	tr.descending = rapid.Bool().Draw(rt, "descending")
	tr.filtered = rapid.Bool().Draw(rt, "filtered")
	tr.as = contexts[rapid.SampledFrom(keys(contexts)).Draw(rt, "as")]
	tr.ask(rt, tr.query(tr.plain()))
}

// ask asks ent for the edge of each entity.
func (tr *trial) ask(rt *rapid.T, entities []reflect.Value) {
	tr.of(entities)
	tr.want = make(map[string]answer)
	for _, x := range entities {
		var a answer
		a.v, a.err = tr.e.query(tr.plain(), x)
		if tr.e.shape().limited {
			all, err := tr.e.query(tr.plain(), x, tr.option(tr.e, func(q reflect.Value) { limit(q, 1000) }))
			require.NoError(rt, err)
			a.all = rows(rt, all, false)
		}
		tr.want[keyOf(x)] = a
	}
}

// of makes it a trial of entities, in the order of their query.
func (tr *trial) of(entities []reflect.Value) {
	if tr.e.shape().fk != "" && len(tr.table.PrimaryKey) == 1 {
		tr.fks = tr.lab.foreignKeys(tr.outer, tr.table, tr.e.shape().fk)
	}
	tr.found = nil
	for _, x := range entities {
		tr.found = append(tr.found, keyOf(x))
	}
}

// order orders a query.
func order(q reflect.Value, by func(*entsql.Selector)) {
	f := q.MethodByName("Order")
	f.Call([]reflect.Value{reflect.ValueOf(by).Convert(f.Type().In(0).Elem())})
}

// plain returns a context without loaders.
func (tr *trial) plain() context.Context { return tr.as(tr.outer.Context()) }

// loaders returns a context with new loaders.
func (tr *trial) loaders(opts ...entloader.Option) (context.Context, *ent.Loaders) {
	ctx, loaders := tr.lab.load(tr.outer, opts...)
	return tr.as(ctx), loaders
}

// query queries the entities.
func (tr *trial) query(ctx context.Context, more ...func(q reflect.Value)) []reflect.Value {
	q := tr.lab.queries()[tr.e.entity.Elem().Name()].Call(nil)[0]
	order(q, func(s *entsql.Selector) {
		for _, c := range primaryKey(tr.table) {
			if tr.descending {
				s.OrderBy(entsql.Desc(s.C(c)))
			} else {
				s.OrderBy(s.C(c))
			}
		}
	})
	if tr.filtered {
		where := q.MethodByName("Where")
		page := func(s *entsql.Selector) { s.Where(entsql.ExprP(within(tr.table, tr.page))) }
		where.Call([]reflect.Value{reflect.ValueOf(page).Convert(where.Type().In(0).Elem())})
	} else {
		limit(q, tr.page.size)
		q.MethodByName("Offset").Call([]reflect.Value{reflect.ValueOf(tr.page.offset)})
	}
	for _, f := range more {
		f(q)
	}
	out := q.MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})
	require.Nil(tr.outer, out[1].Interface())
	return many(out[0].Interface())
}

func limit(q reflect.Value, n int) { q.MethodByName("Limit").Call([]reflect.Value{reflect.ValueOf(n)}) }

// option returns f as an option of an edge's query.
func (tr *trial) option(e edge, f func(q reflect.Value)) reflect.Value {
	m, _ := e.entity.MethodByName("Query" + e.name)
	typ := reflect.FuncOf([]reflect.Type{m.Type.Out(0)}, nil, false)
	return reflect.MakeFunc(typ, func(args []reflect.Value) []reflect.Value {
		f(args[0])
		return nil
	})
}

// check compares what was loaded of an entity with what ent's query answers.
func (tr *trial) check(rt *rapid.T, x reflect.Value, got answer) {
	want, ok := tr.want[keyOf(x)]
	require.True(rt, ok, "%s: %v was not there before", tr.e, x)
	if !tr.e.shape().limited {
		requireEqual(rt, tr.e, x, want.v, want.err, got.v, got.err, false)
		return
	}
	require.NoError(rt, want.err)
	require.NoError(rt, got.err)
	found := rows(rt, got.v, false)
	require.Len(rt, found, len(many(want.v)), "%s of %v", tr.e, x)
	require.Subset(rt, want.all, found, "%s of %v", tr.e, x)
	require.Len(rt, slices.Compact(found), len(found), "%s of %v: a row twice", tr.e, x)
}

// load loads the edge of an entity and checks it.
func (tr *trial) load(rt *rapid.T, ctx context.Context, x reflect.Value) {
	v, err := tr.e.load(ctx, x)
	tr.check(rt, x, answer{v: v, err: err})
}

// keyOf returns the primary key of an entity.
func keyOf(x reflect.Value) string {
	if id := x.Elem().FieldByName("ID"); id.IsValid() {
		return fmt.Sprint(id.Interface())
	}
	return fmt.Sprint(x.Elem().FieldByName("TechnicianID"), x.Elem().FieldByName("InstrumentID"))
}

// shown returns the field of an entity that holds a column, which need not be exported.
func shown(x reflect.Value, column string) reflect.Value {
	for i := range x.Elem().NumField() {
		f := x.Elem().Type().Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == column || f.Name == column {
			return x.Elem().Field(i)
		}
	}
	return reflect.Value{}
}

// knowledge is what loaders know of the foreign key of an entity.
type knowledge int

const (
	unknown knowledge = iota // they ask by the id of the entity
	null
	known
)

// A count is a model of the loaders of one edge: it says how many statements loads cost, as long as they are one by one.
type count struct {
	tr     *trial
	set    []string // the keys of the siblings, in the order of their query
	fk     map[string]knowledge
	window int
	sent   int
	// answered are the keys that need no statement, by what they are keys of.
	answered map[knowledge]map[string]bool
}

// siblings counts for the entities of one query under loaders, which know all foreign keys. primed says that the query
// answers loads of these entities as well.
func (tr *trial) siblings(window int, primed bool) *count {
	c := tr.declared(nil, window)
	c.set = tr.found
	for _, k := range tr.found {
		switch fk, ok := tr.fks[k]; {
		case tr.e.shape().fk == "":
			c.fk[k] = unknown
		case ok && !fk.Valid:
			c.fk[k] = null
		default:
			c.fk[k] = known
		}
		if !primed {
			continue
		}
		if tr.refersToItself() {
			c.answered[known][k] = true
		}
		if column := tr.e.shape().theirs; column != "" {
			c.answered[unknown][tr.lab.foreignKeys(tr.outer, tr.table, column)[k].String] = true
		}
	}
	return c
}

func (tr *trial) refersToItself() bool {
	for _, fk := range tr.table.ForeignKeys {
		if fk.Columns[0].Name == tr.e.shape().fk {
			return fk.RefTable.Name == tr.table.Name
		}
	}
	return false
}

// declared counts for entities that were declared to be siblings: loaders know the foreign keys that they show.
func (tr *trial) declared(entities []reflect.Value, window int) *count {
	c := &count{tr: tr, window: window, fk: make(map[string]knowledge), answered: map[knowledge]map[string]bool{known: {}, unknown: {}}}
	for _, x := range entities {
		c.set = append(c.set, keyOf(x))
		if f := shown(x, tr.e.shape().fk); tr.e.shape().fk != "" && !f.IsZero() {
			c.fk[keyOf(x)] = known
		}
	}
	return c
}

// keyOf returns the key that an entity is loaded by.
func (c *count) keyOf(k string) string {
	if c.fk[k] != known {
		return k
	}
	if fk, ok := c.tr.fks[k]; ok {
		return fk.String
	}
	return strings.Fields(k)[slices.Index(primaryKey(c.tr.table), c.tr.e.shape().fk)]
}

// load counts a load of one entity.
func (c *count) load(x reflect.Value) {
	k := keyOf(x)
	by := c.fk[k]
	if by == null || c.answered[by][c.keyOf(k)] {
		return
	}
	c.sent++
	start := slices.Index(c.set, k) / c.window * c.window
	for _, k := range c.set[start:min(start+c.window, len(c.set))] {
		if c.fk[k] == by {
			c.answered[by][c.keyOf(k)] = true
		}
	}
}

// require requires that as many statements were sent.
func (c *count) require(t helper) {
	t.Helper()
	c.tr.lab.statements(t, c.sent, c.tr.e)
}
