package codegen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"reflect"
	"strconv"
	"strings"

	"github.com/entloader/entloader/entloader"
)

// match is the Match of a relation as the generated code will have it. It is read
// from the very text that is generated, so the two can not differ.
func (r *renderer) match(k *relationModel) entloader.Match {
	var m entloader.Match
	x, err := parser.ParseExpr("entloader.Match{" + k.Match + "}")
	if err != nil {
		r.fail(k, err)
		return m
	}
	v := reflect.ValueOf(&m).Elem()
	for _, elt := range x.(*ast.CompositeLit).Elts {
		kv := elt.(*ast.KeyValueExpr)
		field := kv.Key.(*ast.Ident).Name
		if _, isFunc := kv.Value.(*ast.FuncLit); isFunc {
			continue // the database schema is a matter of the client
		}
		value, err := r.model.value(kv.Value)
		if err != nil {
			r.fail(k, fmt.Errorf("%s: %w", field, err))
			continue
		}
		v.FieldByName(field).Set(reflect.ValueOf(value))
	}
	return m
}

// value evaluates an expression of a Match.
func (m *model) value(x ast.Expr) (any, error) {
	switch x := x.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(x.Value)
	case *ast.Ident:
		return x.Name == "true", nil
	case *ast.SelectorExpr:
		if pkg, ok := x.X.(*ast.Ident); ok {
			if v, ok := m.constant(pkg.Name, x.Sel.Name); ok {
				return v, nil
			}
			return nil, fmt.Errorf("no constant %s.%s", pkg.Name, x.Sel.Name)
		}
	case *ast.IndexExpr:
		list, err := m.value(x.X)
		if err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(x.Index.(*ast.BasicLit).Value)
		if err != nil {
			return nil, err
		}
		return list.([]string)[i], nil
	case *ast.CompositeLit: // []string{…}
		list := make([]string, 0, len(x.Elts))
		for _, elt := range x.Elts {
			s, err := m.value(elt)
			if err != nil {
				return nil, err
			}
			list = append(list, s.(string))
		}
		return list, nil
	}
	return nil, fmt.Errorf("expression %T is not expected", x)
}

// constant is a constant, or a list of columns, that ent generates into the package
// of a type.
func (m *model) constant(pkg, name string) (any, bool) {
	for _, n := range m.graph.Nodes {
		if localName(n.Package()) != pkg {
			continue
		}
		if name == "Table" {
			return n.Table(), true
		}
		if n.HasOneFieldID() && name == n.ID.Constant() {
			return n.ID.StorageKey(), true
		}
		for _, f := range n.Fields {
			if name == f.Constant() {
				return f.StorageKey(), true
			}
		}
		for _, e := range n.Edges {
			switch {
			case name == e.TableConstant():
				return e.Rel.Table, true
			case name == e.PKConstant() && e.M2M():
				return e.Rel.Columns, true
			case name == e.ColumnConstant() && !e.M2M():
				return e.Rel.Column(), true
			}
		}
	}
	return nil, false
}

// columnOf is the column that holds the key of a relation, or the columns.
func columnOf(k *relationModel, m entloader.Match) string {
	table := m.Table
	if table == "" {
		table = k.Target.Table()
	}
	if m.Columns == nil {
		return table + "." + m.Column
	}
	return table + ".(" + strings.Join(m.Columns, ", ") + ")"
}
