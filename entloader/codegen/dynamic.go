package codegen

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

// A dynamicModel is a dynamic edge that the schema declares.
type dynamicModel struct {
	Edge *edgeModel
	Spec entloader.DynamicSpec
	// Base is the exported name that the others derive from.
	Base string
	// Params are the fields of the params struct; there is none without fields.
	Params []paramModel
	// Prepare and Apply are statements on p, and on q and p.
	Prepare, Apply []string
}

type paramModel struct{ Name, Type, Comment string }

// Name is what errors call the dynamic edge.
func (d *dynamicModel) Name() string { return d.Edge.Owner.Name + "." + d.Spec.Label }

// Method is the name of the method on the entity.
func (d *dynamicModel) Method() string {
	return strings.TrimSuffix(d.Edge.Method, d.Edge.Base) + d.Base
}

// ParamsType is the name of the params struct, that of the empty one without.
func (d *dynamicModel) ParamsType() string {
	if len(d.Params) == 0 {
		return "entloader.NoParams"
	}
	return d.Edge.Owner.Name + d.Base + "Params"
}

// Var is the variable that holds the dynamic edge for the runtime.
func (d *dynamicModel) Var() string {
	return "entloader" + d.Edge.Owner.Name + "_" + d.Base + "Declared"
}

// FuncField is the field of LoadersConfig.
func (d *dynamicModel) FuncField() string { return d.Edge.Owner.Name + d.Base }

// FuncType is the type of the function.
func (d *dynamicModel) FuncType() string {
	if len(d.Params) == 0 {
		return fmt.Sprintf("func(q *%s)", d.Edge.Type.QueryName())
	}
	return fmt.Sprintf("func(q *%s, p %s)", d.Edge.Type.QueryName(), d.ParamsType())
}

// Kind is the generic type that loads the dynamic edge by key.
func (d *dynamicModel) Kind() string {
	switch none := len(d.Params) == 0; {
	case d.Spec.First && none:
		return "FixedFirstBy"
	case d.Spec.First:
		return "FirstBy"
	case none:
		return "FixedBy"
	}
	return "DeclaredBy"
}

// LoaderType is the type of the loader by key.
func (d *dynamicModel) LoaderType() string {
	params := ""
	if len(d.Params) > 0 {
		params = ", " + d.ParamsType()
	}
	return fmt.Sprintf("entloader.%s[*%sBy, %s, *%s, *%s%s]", d.Kind(), d.Var(), d.Edge.Owner.IDType(), d.Edge.Type.Name, d.Edge.Type.QueryName(), params)
}

// Counts are the methods that count. A fixed offset has no count in ent; that only the
// first row is loaded is a limit, and does not matter to either.
func (d *dynamicModel) Counts() []countModel {
	all := []countModel{
		{Name: "Count" + d.Base, Run: "Count", Result: "int", Zero: "0", Does: "counts"},
		{Name: "Exist" + d.Base, Run: "Exist", Result: "bool", Zero: "false", Does: "reports whether there are any of"},
	}
	if o := d.Spec.Offset; o != nil && o.Fixed != nil {
		return all[1:]
	}
	return all
}

// hasDynamic reports whether the schema declares a dynamic edge.
func (m *model) hasDynamic() bool {
	return slices.ContainsFunc(m.Types, func(t *typeModel) bool { return len(t.Dynamic) > 0 })
}

// HasFuncs reports whether some dynamic edge has a function.
func (m *model) HasFuncs() bool {
	for _, t := range m.Types {
		for _, d := range t.Dynamic {
			if d.Spec.Func {
				return true
			}
		}
	}
	return false
}

// addDynamic works out a dynamic edge. It collects all mistakes.
func (t *typeModel) addDynamic(m *model, e *edgeModel, spec entloader.DynamicSpec) error {
	b := dynamicBuilder{model: m, dynamicModel: &dynamicModel{Edge: e, Spec: spec}}
	b.Base = gen.Funcs["pascal"].(func(string) string)(spec.Label)
	if !token.IsIdentifier(b.Base) || !token.IsExported(b.Base) {
		b.fail("the name gives no Go identifier")
	}
	for _, text := range spec.Errors {
		b.fail("%s", text)
	}
	if e.Unique || e.ByID == nil {
		b.fail("a dynamic edge has to be on an edge to many, of a type with an id")
	}
	for _, c := range spec.Where {
		b.where(c)
	}
	b.order()
	b.bound("Limit", spec.Limit)
	b.bound("Offset", spec.Offset)
	if spec.First && spec.Limit != nil {
		b.fail("First and Limit exclude each other")
	}
	if len(spec.Params) > 0 && !spec.Func {
		b.fail("Param is for the function of Func, which is missing")
	}
	for _, p := range spec.Params {
		typ := p.Type
		if p.PkgPath == m.graph.Package || strings.HasPrefix(p.PkgPath, m.graph.Package+"/") && slices.ContainsFunc(m.graph.Nodes, func(n *gen.Type) bool { return p.PkgPath == n.Config.Package+"/"+n.PackageDir() }) {
			b.fail("parameter %s has type %s of a generated package, which may not exist yet", p.Name, typ)
		}
		m.addImport(p.PkgPath, typ)
		b.param(gen.Funcs["pascal"].(func(string) string)(p.Name), localType(p.PkgPath, typ), "for the function")
	}
	if spec.Func {
		call := "entloaderConfigured.Load()." + b.FuncField() + "(q"
		if len(b.Params) > 0 {
			call += ", p"
		}
		b.Apply = append(b.Apply, call+")")
	}
	t.Dynamic = append(t.Dynamic, b.dynamicModel)
	return errors.Join(b.errs...)
}

// addImport notes the package of a type such as uuid.UUID.
func (m *model) addImport(path, typ string) {
	alias, _, ok := strings.Cut(typ, ".")
	if !ok || path == "" || path == "time" || slices.ContainsFunc(m.Imports, func(i importModel) bool { return i.Path == path }) {
		return
	}
	m.Imports = append(m.Imports, importModel{Alias: localName(alias), Path: path})
}

type dynamicBuilder struct {
	*dynamicModel
	model *model
	errs  []error
}

func (b *dynamicBuilder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("entloader: schema %s, edge %s, Dynamic(%q): %s", b.Edge.Owner.Name, b.Edge.Name, b.Spec.Label, fmt.Sprintf(format, args...)))
}

func (b *dynamicBuilder) param(name, typ, comment string) {
	switch {
	case !token.IsIdentifier(name) || !token.IsExported(name):
		b.fail("parameter %q gives no Go identifier", name)
	case slices.ContainsFunc(b.Params, func(p paramModel) bool { return p.Name == name }):
		b.fail("two parameters would be called %s: name one with As(…)", name)
	}
	b.Params = append(b.Params, paramModel{name, typ, comment})
}

// field finds a field of the target.
func (b *dynamicBuilder) field(name string) *gen.Field {
	target := b.Edge.Type
	if target.HasOneFieldID() && target.ID.Name == name {
		return target.ID
	}
	names := []string{}
	if target.HasOneFieldID() {
		names = append(names, target.ID.Name)
	}
	for _, f := range target.Fields {
		if f.Name == name {
			return f
		}
		names = append(names, f.Name)
	}
	b.fail("schema %s has no field %q: it has %s", target.Name, name, strings.Join(names, ", "))
	return nil
}

func (b *dynamicBuilder) where(c entloader.DynamicCondition) {
	f := b.field(c.Field)
	if f == nil {
		return
	}
	ops := f.Ops()
	i := slices.IndexFunc(ops, func(o gen.Op) bool { return o.Name() == string(c.Op) })
	if i < 0 {
		names := make([]string, len(ops))
		for i, o := range ops {
			names[i] = o.Name()
		}
		b.fail("field %q has no operator %s: it has %s", c.Field, c.Op, strings.Join(names, ", "))
		return
	}
	op := ops[i]
	name := c.Param
	if name == "" {
		name = f.StructField()
		if op != gen.EQ {
			name += op.Name()
		}
	} else {
		name = gen.Funcs["pascal"].(func(string) string)(name)
	}
	pkg := localName(b.Edge.Type.Package())
	predicate := pkg + "." + f.StructField() + op.Name()
	if f == b.Edge.Type.ID {
		predicate = pkg + ".ID" + op.Name()
	}
	apply := func(args string) string { return fmt.Sprintf("q.Where(%s(%s))", predicate, args) }
	switch {
	case op.Niladic():
		if len(c.Values) > 0 {
			b.fail("Where(%q, %s) takes no value", c.Field, c.Op)
		}
		if c.Optional {
			b.param(name, "bool", "whether "+condition(c, f))
			b.Apply = append(b.Apply, fmt.Sprintf("if p.%s {\n%s\n}", name, apply("")))
			return
		}
		b.Apply = append(b.Apply, apply(""))
		return
	case len(c.Values) > 0:
		if c.Optional || c.Param != "" {
			b.fail("Where(%q, %s) has a constant: Optional and As are for parameters", c.Field, c.Op)
		}
		if len(c.Values) > 1 && !op.Variadic() {
			b.fail("Where(%q, %s) takes one value", c.Field, c.Op)
		}
		args := make([]string, len(c.Values))
		for i, v := range c.Values {
			var err error
			if args[i], err = b.constant(f, v); err != nil {
				b.fail("Where(%q, %s): %s", c.Field, c.Op, err)
			}
		}
		b.Apply = append(b.Apply, apply(strings.Join(args, ", ")))
		return
	}
	element, isBytes := typeName(f), f.Type.Type == field.TypeBytes && !f.HasGoType()
	if isBytes {
		element = "entloader.Bytes"
	}
	if r := f.Type.RType; r != nil && !isBytes && (r.IsPtr() || slices.Contains([]reflect.Kind{reflect.Slice, reflect.Map, reflect.Func, reflect.Interface}, r.Kind)) {
		b.fail("field %q has type %s, which can not be compared by value: use Func and Param", c.Field, f.Type)
	}
	b.model.addImport(f.Type.PkgPath, f.Type.String())
	typ, value := element, "p."+name
	if op.Variadic() {
		typ = fmt.Sprintf("entloader.List[%s]", element)
	}
	isTime := f.Type.String() == "time.Time"
	if c.Optional {
		typ, value = fmt.Sprintf("entloader.Optional[%s]", typ), "v"
	} else if isTime && !op.Variadic() {
		b.Prepare = append(b.Prepare, fmt.Sprintf("p.%s = entloader.Instant(p.%s)", name, name))
	}
	b.param(name, typ, condition(c, f))
	switch {
	case op.Variadic() && isBytes:
		value = "entloader.ByteSlices(" + value + ")..."
	case op.Variadic():
		value += ".Values()..."
	case isBytes:
		value = "[]byte(" + value + ")"
	}
	if c.Optional {
		b.Apply = append(b.Apply, fmt.Sprintf("if v, ok := p.%s.Get(); ok {\n%s\n}", name, apply(value)))
		return
	}
	b.Apply = append(b.Apply, apply(value))
}

// condition describes a condition.
func condition(c entloader.DynamicCondition, f *gen.Field) string {
	s := f.Name + " " + string(c.Op)
	if c.Optional && !slices.Contains([]entloader.Op{entloader.IsNil, entloader.NotNil}, c.Op) {
		s += "; not a condition if it is left out"
	}
	return s
}

// constant returns the expression for a value of a field.
func (b *dynamicBuilder) constant(f *gen.Field, raw json.RawMessage) (string, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	typ := typeName(f)
	wrong := fmt.Errorf("%s is no value of a field of type %s", raw, typ)
	convert := func(literal string) string {
		if f.HasGoType() || f.IsEnum() {
			return typ + "(" + literal + ")"
		}
		return literal
	}
	if r := f.Type.RType; f.HasGoType() && r != nil && (r.IsPtr() || r.Kind == reflect.Struct || r.Kind == reflect.Array || r.Kind == reflect.Slice) && typ != "uuid.UUID" && typ != "time.Time" {
		return "", fmt.Errorf("a constant of type %s can not be written into the generated code: use a parameter", typ)
	}
	b.model.addImport(f.Type.PkgPath, typ)
	switch t := f.Type.Type; {
	case f.IsEnum():
		s, ok := v.(string)
		if !ok || !slices.Contains(f.EnumValues(), s) {
			return "", fmt.Errorf("%s is no value of the enum: it has %s", raw, strings.Join(f.EnumValues(), ", "))
		}
		return convert(strconv.Quote(s)), nil
	case t == field.TypeString:
		if s, ok := v.(string); ok {
			return convert(strconv.Quote(s)), nil
		}
	case t == field.TypeBool:
		if x, ok := v.(bool); ok {
			return convert(strconv.FormatBool(x)), nil
		}
	case t == field.TypeTime:
		if s, ok := v.(string); ok {
			at, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				return "", wrong
			}
			zone := "time.UTC"
			if _, offset := at.Zone(); offset != 0 {
				zone = fmt.Sprintf("time.FixedZone(\"\", %d)", offset)
			}
			return fmt.Sprintf("time.Date(%d, %d, %d, %d, %d, %d, %d, %s)", at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone), nil
		}
	case t == field.TypeUUID && f.Type.PkgPath == "github.com/google/uuid":
		if s, ok := v.(string); ok {
			return fmt.Sprintf("%s.MustParse(%q)", strings.TrimSuffix(typ, ".UUID"), s), nil
		}
	case t == field.TypeBytes:
		if s, ok := v.(string); ok {
			data, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				return "", wrong
			}
			return fmt.Sprintf("[]byte(%q)", data), nil
		}
	case t.Integer():
		if n, ok := v.(json.Number); ok && fits(t, n.String()) {
			return convert(n.String()), nil
		}
	case t.Float():
		if n, ok := v.(json.Number); ok {
			if x, err := n.Float64(); err == nil && !math.IsInf(x, 0) {
				return convert(n.String()), nil
			}
		}
	default:
		return "", fmt.Errorf("a constant of type %s can not be written into the generated code: use a parameter", typ)
	}
	return "", wrong
}

// fits reports whether an integer type has a value.
func fits(t field.Type, n string) bool {
	bits := map[field.Type]int{
		field.TypeInt8: 8, field.TypeInt16: 16, field.TypeInt32: 32, field.TypeInt: 64, field.TypeInt64: 64,
		field.TypeUint8: 8, field.TypeUint16: 16, field.TypeUint32: 32, field.TypeUint: 64, field.TypeUint64: 64,
	}[t]
	var err error
	if t >= field.TypeUint8 && t <= field.TypeUint64 {
		_, err = strconv.ParseUint(n, 10, bits)
	} else {
		_, err = strconv.ParseInt(n, 10, bits)
	}
	return err == nil
}

func (b *dynamicBuilder) order() {
	terms := make([]string, 0, len(b.Spec.Order))
	for _, o := range b.Spec.Order {
		f := b.field(o.Field)
		if f == nil {
			continue
		}
		if f.IsJSON() {
			b.fail("rows can not be ordered by field %q of type %s", o.Field, f.Type)
		}
		dir := "Asc"
		if o.Desc {
			dir = "Desc"
		}
		terms = append(terms, fmt.Sprintf("%s(%s.%s)", dir, localName(b.Edge.Type.Package()), f.Constant()))
	}
	if len(terms) > 0 {
		b.Apply = append(b.Apply, "q.Order("+strings.Join(terms, ", ")+")")
	}
}

func (b *dynamicBuilder) bound(method string, d *entloader.DynamicBound) {
	switch {
	case d == nil:
	case d.Fixed != nil:
		if d.Default != 0 || d.Max != 0 {
			b.fail("%s(%d) is fixed: Default and Max are for a parameter", method, *d.Fixed)
		}
		b.Apply = append(b.Apply, fmt.Sprintf("q.%s(%d)", method, *d.Fixed))
	default:
		if d.Max > 0 && d.Default > d.Max {
			b.fail("Default(%d) of the %s is above its Max(%d)", d.Default, strings.ToLower(method), d.Max)
		}
		comment := map[string]string{"Limit": "rows per parent", "Offset": "rows of each parent that are left out"}[method]
		if d.Default > 0 {
			comment += fmt.Sprintf("; %d if it is 0", d.Default)
		} else if method == "Limit" && d.Max == 0 {
			comment += "; all if it is 0"
		}
		if d.Max > 0 {
			comment += fmt.Sprintf("; at most %d", d.Max)
		}
		b.param(method, "int", comment)
		b.Prepare = append(b.Prepare, fmt.Sprintf("if p.%s, err = entloader.%sParam(p.%s, %d, %d); err != nil {\nreturn p, err\n}", method, method, method, d.Default, d.Max))
		b.Apply = append(b.Apply, fmt.Sprintf("if p.%s > 0 {\nq.%s(p.%s)\n}", method, method, method))
	}
}
