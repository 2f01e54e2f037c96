package codegen

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/entc/gen"
)

// A keyColumn is a column of a unique key.
type keyColumn struct {
	keyType
	// Field is the field in the struct of a key of several columns.
	Field string
	// Column is an expression.
	Column string
	// name is that in the schema.
	name string
}

// Struct reports whether the key is a struct of its own.
func (r *relationModel) Struct() bool { return len(r.Columns) > 1 }

// addByKey adds the relations by unique fields and unique indexes of a type.
func (t *typeModel) addByKey(m *model) (errs []error) {
	seen := make(map[string]bool)
	add := func(columns []*keyColumn, what, base string, annotations gen.Annotations) {
		a, err := annotation(annotations)
		if err != nil {
			errs = append(errs, fmt.Errorf("entloader: schema %s, %s: %w", t.Name, what, err))
			return
		}
		var names, exprs []string
		for _, c := range columns {
			names, exprs = append(names, c.name), append(exprs, c.Column)
		}
		if a.Skip || seen[strings.Join(exprs, ",")] {
			return
		}
		seen[strings.Join(exprs, ",")] = true
		if base, err = labelled(a, base); err != nil {
			errs = append(errs, fmt.Errorf("entloader: schema %s, %s: %w", t.Name, what, err))
			return
		}
		r := &relationModel{
			Var: t.relationVar("By" + base), Name: t.Name + " by " + strings.Join(names, ", "), Field: "By" + base,
			Target: t, Key: columns[0].keyType, One: true,
			Match: "Column: " + exprs[0], Columns: columns, Of: what,
		}
		if r.Struct() {
			r.Key = tupleType(t.Name+r.Field+"Key", columns)
			r.Match = fmt.Sprintf("Columns: []string{%s}", strings.Join(exprs, ", "))
		}
		if !partial(annotations) {
			r.Match += ", Unique: true"
		}
		t.Keys = append(t.Keys, r)
	}
	for _, f := range t.Fields {
		if !f.Unique {
			continue
		}
		if c := t.keyOfField(m, f); c != nil {
			add([]*keyColumn{c}, "field "+f.Name, f.StructField(), f.Annotations)
		}
	}
	if t.HasCompositeID() {
		if columns, base := t.keyOfColumns(m, t.EdgeSchema.ID[0].StorageKey(), t.EdgeSchema.ID[1].StorageKey()); columns != nil {
			add(columns, "its id", base, nil)
		}
	}
	for _, idx := range t.Indexes {
		if !idx.Unique {
			continue
		}
		if columns, base := t.keyOfColumns(m, idx.Columns...); columns != nil {
			add(columns, "index "+idx.Name, base, idx.Annotations)
		}
	}
	return errs
}

// tupleType is how a key of several columns is compared: as pairs.
func tupleType(name string, columns []*keyColumn) keyType {
	last := len(columns) - 1
	k := keyType{Go: name, Type: columns[last].Type}
	for _, c := range slices.Backward(columns[:last]) {
		k.Type = fmt.Sprintf("entloader.Pair[%s, %s]", c.Type, k.Type)
	}
	var parts strings.Builder
	for i, c := range columns {
		place := strings.Repeat(".Rest", i)
		if i < last {
			place += ".First"
		}
		fmt.Fprintf(&parts, "entloader.Part(%s, func(k *%s) *%s { return &k%s }),\n", c.Codec, k.Type, c.Type, place)
	}
	k.Codec = "entloader.TupleKey(\n" + parts.String() + ")"
	return k
}

// Tuple is the expression for what a key of several columns is compared by, given
// as the user has it.
func (r *relationModel) Tuple(key string) string {
	last := len(r.Columns) - 1
	tuple := key + "." + r.Columns[last].Field
	for _, c := range slices.Backward(r.Columns[:last]) {
		tuple = fmt.Sprintf("entloader.PairOf(%s.%s, %s)", key, c.Field, tuple)
	}
	return tuple
}

// partial reports whether annotations say that an index is one of some rows only.
func partial(annotations gen.Annotations) bool {
	var a entsql.IndexAnnotation
	b, err := json.Marshal(annotations[a.Name()])
	return err == nil && json.Unmarshal(b, &a) == nil && a.Where != ""
}

// keyOfColumns returns the columns of a key, and its name; nil if one of them can
// not be compared in Go.
func (t *typeModel) keyOfColumns(m *model, names ...string) (columns []*keyColumn, base string) {
	for _, name := range names {
		c := t.keyOfColumn(m, name)
		if c == nil {
			return nil, ""
		}
		columns = append(columns, c)
		base += c.Field
	}
	return columns, base
}

func (t *typeModel) keyOfColumn(m *model, name string) *keyColumn {
	for _, f := range t.Fields {
		if f.StorageKey() == name {
			return t.keyOfField(m, f)
		}
	}
	if t.HasOneFieldID() && t.ID.StorageKey() == name {
		return &keyColumn{keyType: t.IDKey, Field: "ID", Column: t.Package() + "." + t.ID.Constant(), name: t.ID.Name}
	}
	for _, e := range t.Type.Edges {
		if !e.OwnFK() || e.Rel.Column() != name {
			continue
		}
		key, ok := m.keyType(e.Type.ID)
		if !ok {
			return nil
		}
		return &keyColumn{keyType: key, Field: e.StructField() + "ID", Column: t.Package() + "." + e.ColumnConstant(), name: e.Name}
	}
	return nil
}

// keyOfField returns nil for fields that can not be compared in Go.
func (t *typeModel) keyOfField(m *model, f *gen.Field) *keyColumn {
	key, ok := m.keyType(f)
	if !ok {
		return nil
	}
	if f.IsEnum() && !f.HasGoType() {
		key.Type = t.Package() + "." + f.StructField()
		key.Go, key.Codec = key.Type, fmt.Sprintf("entloader.StringKey[%s]()", key.Type)
	}
	return &keyColumn{keyType: key, Field: f.StructField(), Column: t.Package() + "." + f.Constant(), name: f.Name}
}

func pascal(s string) string { return gen.Funcs["pascal"].(func(string) string)(s) }
