package codegen

import (
	"cmp"
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader"
)

// declared returns the statement that a dynamic edge sends: for its rows, or for
// the Count or Exist of them.
func (r *renderer) declared(d *dynamicModel, run string) string {
	k := d.Edge.ByID
	terms, err := d.query()
	if err != nil {
		r.fail(k, fmt.Errorf("Dynamic(%q): %w", d.Spec.Label, err))
		return ""
	}
	return r.run(k, r.match(k), func(ctx context.Context, s *sibling) (err error) {
		declared := &entloader.Declared[int, *row, *rowQuery, entloader.NoParams]{
			Name: d.Name(), Relation: s.edge.ByID, First: d.Spec.First,
			Apply: func(q *rowQuery, _ entloader.NoParams) {
				q.where = append(q.where, terms.where...)
				q.order = append(q.order, terms.order...)
				q.Limit, q.Offset = terms.Limit, terms.Offset
			},
		}
		none := entloader.NoParams{}
		switch run {
		case "Count":
			_, err = entloader.CountDeclared(ctx, s.edge, declared, s.parent, nil, none)
		case "Exist":
			_, err = entloader.ExistDeclared(ctx, s.edge, declared, s.parent, nil, none)
		default:
			_, err = entloader.LoadDeclared(ctx, s.edge, declared, s.parent, nil, none)
		}
		return err
	})
}

// query is what the dynamic edge adds to a query.
func (d *dynamicModel) query() (*rowQuery, error) {
	q := &rowQuery{target: d.Edge.Type}
	for _, c := range d.Spec.Where {
		f, err := fieldOf(q.target, c.Field)
		if err != nil {
			return nil, err
		}
		where, err := predicate(f, c)
		if err != nil {
			return nil, err
		}
		q.where = append(q.where, where)
	}
	for _, o := range d.Spec.Order {
		f, err := fieldOf(q.target, o.Field)
		if err != nil {
			return nil, err
		}
		direction := sql.Asc
		if o.Desc {
			direction = sql.Desc
		}
		q.order = append(q.order, func(s *sql.Selector) { s.OrderBy(direction(s.C(f.StorageKey()))) })
	}
	if d.Spec.Limit != nil {
		q.limit(bound(d.Spec.Limit, 1))
	}
	if d.Spec.Offset != nil {
		if n := bound(d.Spec.Offset, 0); n > 0 {
			q.Offset = &n
		}
	}
	return q, nil
}

// bound is the limit or offset that is shown: the fixed one, the default, the
// largest, or otherwise.
func bound(b *entloader.DynamicBound, otherwise int) int {
	switch {
	case b.Fixed != nil:
		return *b.Fixed
	case otherwise == 0:
		return b.Default
	}
	return cmp.Or(b.Default, b.Max, otherwise)
}

func fieldOf(t *gen.Type, name string) (*gen.Field, error) {
	if t.HasOneFieldID() && t.ID.Name == name {
		return t.ID, nil
	}
	for _, f := range t.Fields {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("schema %s has no field %q", t.Name, name)
}

// predicate is what ent generates for a condition. Values are parameters, so that
// they do not matter, save for bools, and for how many they are.
func predicate(f *gen.Field, c entloader.DynamicCondition) (func(*sql.Selector), error) {
	column, n := f.StorageKey(), max(len(c.Values), 1)
	var value any = ""
	if f.IsBool() {
		value = len(c.Values) == 0 || string(c.Values[0]) == "true"
	}
	switch c.Op {
	case entloader.EQ:
		return sql.FieldEQ(column, value), nil
	case entloader.NEQ:
		return sql.FieldNEQ(column, value), nil
	case entloader.GT:
		return sql.FieldGT(column, value), nil
	case entloader.GTE:
		return sql.FieldGTE(column, value), nil
	case entloader.LT:
		return sql.FieldLT(column, value), nil
	case entloader.LTE:
		return sql.FieldLTE(column, value), nil
	case entloader.In:
		return sql.FieldIn(column, make([]string, n)...), nil
	case entloader.NotIn:
		return sql.FieldNotIn(column, make([]string, n)...), nil
	case entloader.Contains:
		return sql.FieldContains(column, ""), nil
	case entloader.ContainsFold:
		return sql.FieldContainsFold(column, ""), nil
	case entloader.EqualFold:
		return sql.FieldEqualFold(column, ""), nil
	case entloader.HasPrefix:
		return sql.FieldHasPrefix(column, ""), nil
	case entloader.HasSuffix:
		return sql.FieldHasSuffix(column, ""), nil
	case entloader.IsNil:
		return sql.FieldIsNull(column), nil
	case entloader.NotNil:
		return sql.FieldNotNull(column), nil
	}
	return nil, fmt.Errorf("operator %s is not known", c.Op)
}
