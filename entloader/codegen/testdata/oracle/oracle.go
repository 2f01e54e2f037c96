// Package oracle loads every edge of a generated package, and compares with
// what ent's own edge queries answer. It knows no package: all that it calls, it
// finds by reflection.
package oracle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// A Case is a generated package.
type Case struct {
	Name string
	// Prefix is that of the methods that load. Strict says that they fail without
	// loaders in the context.
	Prefix string
	Strict bool
	// Client opens the package, NewLoaders makes its loaders, Attach attaches them.
	Client     func(dialect.Driver) any
	NewLoaders func(client any) any
	Attach     func(ctx context.Context, loaders any) context.Context
	IsNotFound func(error) bool
	// Required has the edges to one that must not be absent, as Type.Edge.
	Required map[string]bool
	Tables   []*schema.Table
}

// lab is a case with data.
type lab struct {
	Case
	rec    *loadertest.Recorder
	client any
}

// Check writes a line about each edge of the package, and panics where a load
// differs from ent's edge query.
func (c Case) Check(w io.Writer) {
	drv, err := open(c)
	check(err)
	defer drv.Close()
	l := &lab{Case: c, rec: loadertest.NewRecorder(drv)}
	l.client = c.Client(l.rec)
	for _, t := range l.types() {
		l.byID(t)
		for _, e := range t.edges() {
			fmt.Fprintln(w, l.edge(t, e))
		}
	}
	l.orphans()
}

// orphans loads edges to one of entities that are alone in the end: what they point to is deleted, and they
// with it.
func (l *lab) orphans() {
	type orphan struct {
		ctx  context.Context
		node reflect.Value
		edge edge
	}
	var all []orphan
	for _, t := range l.types() {
		for _, e := range t.edges() {
			if _, ok := t.entity().MethodByName(l.Prefix + e.name); !ok || !e.unique {
				continue
			}
			ctx := l.Attach(context.Background(), l.NewLoaders(l.client))
			for _, n := range t.all(ctx) {
				all = append(all, orphan{ctx, n, e})
			}
		}
	}
	for _, t := range l.Tables {
		if !t.View {
			check(l.rec.Exec(context.Background(), "DELETE FROM `"+t.Name+"`", []any{}, nil))
		}
	}
	for _, o := range all {
		what := fmt.Sprintf("%s.%s without rows", o.edge.owner, o.edge.name)
		want := l.ask(context.Background(), o.node, o.edge, shallowly)
		got := l.load(o.ctx, o.node, o.edge, shallowly)
		if o.edge.self() && got.err == nil && len(got.rows) > 0 {
			continue // the query of the entities brought it
		}
		l.same(o.edge, what, want, got)
	}
}

// A typ is an ent type.
type typ struct {
	name   string
	client reflect.Value // *UnitClient
}

// An edge is that of a type.
type edge struct {
	owner, name string
	target      reflect.Type // *SampleQuery
	unique      bool
}

// self reports whether the edge is one between entities of one type.
func (e edge) self() bool { return e.target.Elem().Name() == e.owner+"Query" }

func (l *lab) types() []typ {
	var all []typ
	c := reflect.ValueOf(l.client).Elem()
	for i := range c.NumField() {
		f := c.Type().Field(i)
		if f.IsExported() && c.Field(i).MethodByName("Query").IsValid() && l.stored(f.Name, c.Field(i)) {
			all = append(all, typ{f.Name, c.Field(i)})
		}
	}
	return all
}

// stored reports whether the rows of a type are in a table; ent creates no views.
func (l *lab) stored(name string, client reflect.Value) bool {
	return client.MethodByName("Create").IsValid()
}

func (t typ) query() reflect.Value { return t.client.MethodByName("Query").Call(nil)[0] }

// entity is the type of the entities, *Unit.
func (t typ) entity() reflect.Type {
	all, _ := t.query().Type().MethodByName("All")
	return all.Type.Out(0).Elem()
}

// edges are those that have a query.
func (t typ) edges() []edge {
	var all []edge
	fields := make(map[string]reflect.Type)
	if f, ok := t.entity().Elem().FieldByName("Edges"); ok {
		for i := range f.Type.NumField() {
			fields[f.Type.Field(i).Name] = f.Type.Field(i).Type
		}
	}
	for i := range t.entity().NumMethod() {
		m := t.entity().Method(i)
		name, ok := strings.CutPrefix(m.Name, "Query")
		if f := fields[name]; ok && f != nil && m.Type.NumIn() == 1 {
			all = append(all, edge{t.name, name, m.Type.Out(0), f.Kind() == reflect.Pointer})
		}
	}
	return all
}

// all returns the entities of a type, as siblings if ctx has loaders.
func (t typ) all(ctx context.Context) []reflect.Value {
	all, err := returned(ctx, t.query())
	check(err)
	return all
}

// returned are the entities that a query returns.
func returned(ctx context.Context, q reflect.Value) (all []reflect.Value, err error) {
	out := call(q.MethodByName("All"), ctx)
	for i := range out[0].Len() {
		all = append(all, out[0].Index(i))
	}
	return all, asError(out[1])
}

// loaders are those of the type by key, whatever they are called.
func (t typ) loaders(loaders any) reflect.Value {
	v := reflect.ValueOf(loaders).Elem()
	for i := range v.NumField() {
		if by := v.Field(i); v.Type().Field(i).IsExported() && by.Kind() == reflect.Pointer {
			if m := by.MethodByName("Siblings"); m.IsValid() && m.Type().In(0).Elem() == t.entity() {
				return by.Elem()
			}
		}
	}
	return reflect.Indirect(v.FieldByName(t.name))
}

// byID loads every entity by its id.
func (l *lab) byID(t typ) {
	if _, ok := t.entity().Elem().FieldByName("ID"); !ok {
		return
	}
	loaders := l.NewLoaders(l.client)
	by := t.loaders(loaders)
	if !by.IsValid() {
		return
	}
	entities := t.all(context.Background())
	require(len(entities) > 0, "%s: no entities", t.name)
	ctx := l.Attach(context.Background(), loaders)
	out := loadAll(ctx, by.FieldByName("ByID"), entities)
	check(asError(out[1]))
	for i, e := range entities {
		same(t.name+" by id", text(e), text(out[0].Index(i)))
	}
}

// edge compares an edge in every way that it can be loaded.
func (l *lab) edge(t typ, e edge) string {
	line := fmt.Sprintf("%s.%s", t.name, e.name)
	if _, ok := t.entity().MethodByName(l.Prefix + e.name); !ok {
		return line + ": no loader"
	}
	modes := e.modes(l)
	var statements []string
	found, owners := 0, 0
	for _, mode := range modes {
		want := make(answers)
		for _, n := range t.all(context.Background()) {
			a := l.ask(context.Background(), n, e, mode)
			want[text(n)] = a
			if len(a.rows) > 0 && mode.name == "" {
				owners, found = owners+1, found+len(a.rows)
			}
		}
		if err := want.failed(l); err != nil {
			// ent does not load eagerly what it reads the foreign key of wrongly.
			require(mode.name == "eager", "%s: ent fails: %v", line, err)
			statements = append(statements, mode.name+" fails in ent")
			continue
		}
		what := line + " " + mode.name
		fresh := func() (context.Context, any) {
			loaders := l.NewLoaders(l.client)
			return l.Attach(context.Background(), loaders), loaders
		}
		// Siblings.
		ctx, _ := fresh()
		entities := t.all(ctx)
		l.rec.Reset()
		for _, n := range entities {
			l.same(e, what, want.of(n), l.load(ctx, n, e, mode))
		}
		sent := l.rec.Reset()
		statements = append(statements, strings.TrimSpace(fmt.Sprint(mode.name, " ", len(sent))))
		// Entities that were queried elsewhere.
		ctx, _ = fresh()
		for _, n := range t.all(context.Background()) {
			l.same(e, what+", alone", want.of(n), l.load(ctx, n, e, mode))
		}
		// No loaders.
		for _, n := range t.all(context.Background()) {
			got := l.load(context.Background(), n, e, mode)
			if l.Strict {
				require(errors.Is(got.err, entloader.ErrNoLoaders), "%s, without loaders: %v", what, got.err)
				continue
			}
			l.same(e, what+", without loaders", want.of(n), got)
		}
		l.counts(t, e, mode)
		if mode.name != "" {
			continue
		}
		// What ent loaded eagerly before; it may lead back, with bidiedges.
		ctx, _ = fresh()
		q := t.query()
		q.MethodByName("With" + e.name).Call(nil)
		eager, err := returned(ctx, q)
		if err != nil {
			statements = append(statements, "eager loading fails in ent")
		}
		for _, n := range eager {
			plain := reflect.New(n.Type().Elem())
			plain.Elem().Set(n.Elem())
			plain.Elem().FieldByName("Edges").SetZero() // which the text has
			l.same(e, what+", after eager loading", want.of(plain), l.load(ctx, n, e, shallowly))
		}
		// By key.
		ctx, loaders := fresh()
		by := t.loaders(loaders)
		if !by.IsValid() || !by.FieldByName(e.name).IsValid() {
			continue
		}
		entities = t.all(context.Background())
		out := loadAll(ctx, by.FieldByName(e.name), entities)
		if err := asError(out[1]); err != nil && !l.IsNotFound(err) {
			panic(fmt.Errorf("%s, by key: %w", what, err))
		}
		for i, n := range entities {
			got := answer{}
			if v := out[0].Index(i); !e.unique {
				got.rows = texts(v, mode)
			} else if !v.IsNil() {
				got.rows = []string{text(v)}
			} else {
				id := n.Elem().FieldByName("ID")
				got.err = asError(call(by.FieldByName(e.name).MethodByName("Load"), ctx, id.Convert(idsOf(by.FieldByName(e.name)).Elem()))[1])
			}
			l.same(e, what+", by key", want.of(n), got)
		}
	}
	return fmt.Sprintf("%s: %d of %d, statements %s", line, found, owners, strings.Join(statements, ", "))
}

// counts compares the methods that count.
func (l *lab) counts(t typ, e edge, mode mode) {
	for _, how := range []string{"Count", "Exist"} {
		if _, ok := t.entity().MethodByName(how + e.name); !ok {
			return
		}
		ctx := l.Attach(context.Background(), l.NewLoaders(l.client))
		for _, n := range t.all(ctx) {
			q := n.MethodByName("Query" + e.name).Call(nil)[0]
			mode.apply(q)
			want := call(q.MethodByName(how), context.Background())
			got := call(n.MethodByName(how+e.name), ctx, mode.option(e)...)
			what := fmt.Sprintf("%s of %s.%s %s", how, t.name, e.name, mode.name)
			check(asError(want[1]))
			check(asError(got[1]))
			same(what, fmt.Sprint(want[0].Interface()), fmt.Sprint(got[0].Interface()))
		}
	}
}

// An answer is what an edge has.
type answer struct {
	rows []string
	err  error
}

// answers are by the text of the entity.
type answers map[string]answer

func (a answers) of(n reflect.Value) answer {
	found, ok := a[text(n)]
	require(ok, "%s was not there before", text(n))
	return found
}

// failed returns an error of ent that says more than that there is no row.
func (a answers) failed(l *lab) error {
	for _, answer := range a {
		if answer.err != nil && !l.IsNotFound(answer.err) {
			return answer.err
		}
	}
	return nil
}

func (l *lab) same(e edge, what string, want, got answer) {
	switch {
	case want.err != nil:
		// A required edge fails, an optional one has nothing.
		required := l.Required[e.owner+"."+e.name]
		require(len(got.rows) == 0 && required == (got.err != nil) && (!required || l.IsNotFound(got.err)),
			"%s: want %v, required %v, got %v, %v", what, want.err, required, got.rows, got.err)
	case got.err != nil:
		panic(fmt.Errorf("%s: %w", what, got.err))
	default:
		same(what, strings.Join(want.rows, "\n"), strings.Join(got.rows, "\n"))
	}
}

// ask runs ent's edge query.
func (l *lab) ask(ctx context.Context, n reflect.Value, e edge, mode mode) answer {
	q := n.MethodByName("Query" + e.name).Call(nil)[0]
	mode.apply(q)
	if e.unique {
		return answerOf(call(q.MethodByName("Only"), ctx), mode)
	}
	return answerOf(call(q.MethodByName("All"), ctx), mode)
}

func (l *lab) load(ctx context.Context, n reflect.Value, e edge, mode mode) answer {
	return answerOf(call(n.MethodByName(l.Prefix+e.name), ctx, mode.option(e)...), mode)
}

func answerOf(out []reflect.Value, mode mode) answer {
	switch v := out[0]; {
	case !out[1].IsNil():
		return answer{err: asError(out[1])}
	case v.Kind() == reflect.Slice:
		require(!v.IsNil(), "a nil slice")
		return answer{rows: texts(v, mode)}
	case v.IsNil():
		return answer{}
	default:
		return answer{rows: []string{mode.text(v)}}
	}
}

// texts are the entities of a slice.
func texts(v reflect.Value, mode mode) []string {
	all := []string{}
	for i := range v.Len() {
		all = append(all, mode.text(v.Index(i)))
	}
	if !mode.ordered {
		sort.Strings(all)
	}
	return all
}

// text is an entity with what is loaded of its edges. ent loads those in any
// order.
func text(v reflect.Value) string {
	s := v.MethodByName("String").Call(nil)[0].String()
	edges := v.Elem().FieldByName("Edges")
	if !edges.IsValid() {
		return s
	}
	for i := range edges.NumField() {
		f := edges.Type().Field(i)
		if !f.IsExported() || edges.Field(i).IsZero() {
			continue
		}
		switch f.Type.Kind() {
		case reflect.Pointer:
			s += fmt.Sprintf(" %s[%s]", f.Name, shallow(edges.Field(i)))
		case reflect.Slice:
			var all []string
			for j := range edges.Field(i).Len() {
				all = append(all, shallow(edges.Field(i).Index(j)))
			}
			sort.Strings(all)
			s += fmt.Sprintf(" %s%q", f.Name, all)
		}
	}
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if strings.HasPrefix(m.Name, "Named") && m.Type.NumIn() == 2 {
			named := v.Method(i).Call([]reflect.Value{reflect.ValueOf(named)})
			if named[1].IsNil() {
				s += fmt.Sprintf(" %s%q", m.Name, texts(named[0], mode{text: shallow}))
			}
		}
	}
	return s
}

// shallow is an entity without its edges, which may lead back.
func shallow(v reflect.Value) string { return v.MethodByName("String").Call(nil)[0].String() }

// loadAll calls LoadAll with the ids of entities.
func loadAll(ctx context.Context, by reflect.Value, entities []reflect.Value) []reflect.Value {
	f := by.MethodByName("LoadAll")
	ids := reflect.MakeSlice(idsOf(by), 0, len(entities))
	for _, n := range entities {
		ids = reflect.Append(ids, n.Elem().FieldByName("ID").Convert(ids.Type().Elem()))
	}
	return call(f, ctx, ids)
}

// idsOf is the type of the ids that LoadAll takes.
func idsOf(by reflect.Value) reflect.Type { return by.MethodByName("LoadAll").Type().In(1) }

func call(f reflect.Value, ctx context.Context, args ...reflect.Value) []reflect.Value {
	return f.Call(append([]reflect.Value{reflect.ValueOf(ctx)}, args...))
}

func asError(v reflect.Value) error {
	err, _ := v.Interface().(error)
	return err
}

func same(what, want, got string) {
	require(want == got, "%s:\nwant %s\ngot  %s", what, want, got)
}

func require(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Errorf(format, args...))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
