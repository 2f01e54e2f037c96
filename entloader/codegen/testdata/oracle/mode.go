package oracle

import (
	"reflect"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
)

// named is the name of named edges.
const named = "n"

// A mode is what a load is asked for.
type mode struct {
	name    string
	apply   func(q reflect.Value)
	text    func(reflect.Value) string
	ordered bool
}

// shallowly asks for no more than the entities.
var shallowly = mode{apply: func(reflect.Value) {}, text: shallow}

// modes are the options that an edge is loaded with: those that its query has.
func (e edge) modes(l *lab) []mode {
	all := []mode{{"", func(reflect.Value) {}, text, false}}
	if !e.unique {
		all = append(all, mode{"limit", func(q reflect.Value) {
			order := q.MethodByName("Order")
			terms := reflect.MakeSlice(order.Type().In(0), 1, 1)
			terms.Index(0).Set(reflect.ValueOf(l.descending).Convert(terms.Type().Elem()))
			order.CallSlice([]reflect.Value{terms})
			q.MethodByName("Limit").Call([]reflect.Value{reflect.ValueOf(2)})
		}, text, true})
	}
	if eager := methods(e.target, "With"); len(eager) > 0 {
		all = append(all, mode{"eager", func(q reflect.Value) {
			for _, m := range eager {
				args := []reflect.Value{}
				if strings.HasPrefix(m, "WithNamed") {
					args = append(args, reflect.ValueOf(named))
				}
				q.MethodByName(m).Call(args)
			}
		}, text, false})
	}
	if _, ok := e.target.MethodByName("Modify"); ok {
		all = append(all, mode{"modify", func(q reflect.Value) {
			q.MethodByName("Modify").Call([]reflect.Value{reflect.ValueOf(func(s *entsql.Selector) {
				for _, c := range l.key(s.TableName()) {
					s.Where(entsql.NotNull(s.C(c)))
				}
			})})
		}, text, false})
	}
	return all
}

// option is the option of a load method.
func (m mode) option(e edge) []reflect.Value {
	if m.name == "" {
		return nil
	}
	f := reflect.FuncOf([]reflect.Type{e.target}, nil, false)
	return []reflect.Value{reflect.MakeFunc(f, func(args []reflect.Value) []reflect.Value {
		m.apply(args[0])
		return nil
	})}
}

// descending orders by the primary key.
func (l *lab) descending(s *entsql.Selector) {
	for _, c := range l.key(s.TableName()) {
		s.OrderBy(entsql.Desc(s.C(c)))
	}
}

// key is the primary key of a table.
func (l *lab) key(table string) (columns []string) {
	for _, t := range l.Tables {
		if t.Name == table {
			for _, c := range t.PrimaryKey {
				columns = append(columns, c.Name)
			}
		}
	}
	return columns
}

// methods lists the methods with a prefix that take options, and maybe a name.
func methods(t reflect.Type, prefix string) (names []string) {
	for i := range t.NumMethod() {
		if m := t.Method(i); strings.HasPrefix(m.Name, prefix) && m.Type.IsVariadic() {
			names = append(names, m.Name)
		}
	}
	return names
}
