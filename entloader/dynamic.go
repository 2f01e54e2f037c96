package entloader

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"entgo.io/ent/schema"
)

// Op is the operator of a condition of a [DynamicEdge]. A field has the
// operators that ent generates predicates for.
type Op string

// Operators.
const (
	EQ           Op = "EQ"
	NEQ          Op = "NEQ"
	GT           Op = "GT"
	GTE          Op = "GTE"
	LT           Op = "LT"
	LTE          Op = "LTE"
	In           Op = "In"
	NotIn        Op = "NotIn"
	Contains     Op = "Contains"
	ContainsFold Op = "ContainsFold"
	EqualFold    Op = "EqualFold"
	HasPrefix    Op = "HasPrefix"
	HasSuffix    Op = "HasSuffix"
	IsNil        Op = "IsNil"
	NotNil       Op = "NotNil"
)

// A DynamicEdge is an annotation of an edge to many that declares another way to
// load it: with a filter, an order or a limit, whose values are parameters or
// constants. Use [Dynamic]. Its methods return a changed copy. What is wrong with
// a declaration is reported when code is generated.
type DynamicEdge struct {
	spec DynamicSpec
	last func(*DynamicSpec) *DynamicBound // what Default and Max are about
}

// DynamicSpec is what a [DynamicEdge] declares, in the form in which it comes to
// the code generation.
type DynamicSpec struct {
	Label  string             `json:"name"`
	Where  []DynamicCondition `json:"where,omitempty"`
	Order  []OrderTerm        `json:"order,omitempty"`
	Limit  *DynamicBound      `json:"limit,omitempty"`
	Offset *DynamicBound      `json:"offset,omitempty"`
	Params []DynamicParam     `json:"params,omitempty"`
	First  bool               `json:"first,omitempty"`
	Func   bool               `json:"func,omitempty"`
	// Errors are mistakes in the use of the methods of DynamicEdge.
	Errors []string `json:"errors,omitempty"`
}

// DynamicCondition is one condition of a [DynamicSpec]. Values are constants; a
// condition without any has a parameter.
type DynamicCondition struct {
	Field    string            `json:"field"`
	Op       Op                `json:"op"`
	Values   []json.RawMessage `json:"values,omitempty"`
	Optional bool              `json:"optional,omitempty"`
	Param    string            `json:"param,omitempty"`
}

// DynamicBound is a limit or an offset: a parameter, unless Fixed is set.
type DynamicBound struct {
	Fixed   *int `json:"fixed,omitempty"`
	Default int  `json:"default,omitempty"`
	Max     int  `json:"max,omitempty"`
}

// DynamicParam is a parameter that only the function of a dynamic edge uses.
type DynamicParam struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	PkgPath string `json:"pkg,omitempty"`
}

// OrderTerm is a term of an order. Use [Asc] and [Desc].
type OrderTerm struct {
	Field string `json:"field"`
	Desc  bool   `json:"desc,omitempty"`
}

// Asc orders a dynamic edge by a field, smallest first.
func Asc(field string) OrderTerm { return OrderTerm{Field: field} }

// Desc orders a dynamic edge by a field, largest first.
func Desc(field string) OrderTerm { return OrderTerm{Field: field, Desc: true} }

// Dynamic declares a dynamic edge of the edge that it annotates: "recent_samples"
// on edge samples of Unit is loaded by unit.LoadRecentSamples. Rows have to meet
// all of its conditions; without an order theirs is not defined.
func Dynamic(name string) DynamicEdge { return DynamicEdge{spec: DynamicSpec{Label: name}} }

// Where adds a condition on a field of the target. Without values it gets a
// parameter, named like ent's predicate (TakenAtGTE, StatusIn), or like the field
// for EQ. IsNil and NotNil have neither.
func (d DynamicEdge) Where(field string, op Op, values ...any) DynamicEdge {
	c := DynamicCondition{Field: field, Op: op}
	d.spec.Errors = slices.Clone(d.spec.Errors)
	for _, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			d.spec.Errors = append(d.spec.Errors, fmt.Sprintf("Where(%q, %s): value %v: %v", field, op, v, err))
		}
		c.Values = append(c.Values, b)
	}
	d.spec.Where = append(slices.Clone(d.spec.Where), c)
	return d
}

// Is adds the condition that a field has a value: Where(field, EQ, value).
func (d DynamicEdge) Is(field string, value any) DynamicEdge { return d.Where(field, EQ, value) }

// Optional makes the parameter of the Where before it one that can be left out,
// and the condition with it. IsNil and NotNil get a bool that asks for them.
func (d DynamicEdge) Optional() DynamicEdge {
	return d.condition("Optional", func(c *DynamicCondition) { c.Optional = true })
}

// As names the parameter of the Where before it.
func (d DynamicEdge) As(param string) DynamicEdge {
	return d.condition("As", func(c *DynamicCondition) { c.Param = param })
}

func (d DynamicEdge) condition(method string, change func(*DynamicCondition)) DynamicEdge {
	if len(d.spec.Where) == 0 {
		return d.wrong(method + " has to follow the Where that it is about")
	}
	d.spec.Where = slices.Clone(d.spec.Where)
	change(&d.spec.Where[len(d.spec.Where)-1])
	return d
}

// OrderBy orders the rows of each parent. Rows that the terms hold for equal are
// ordered by primary key.
func (d DynamicEdge) OrderBy(terms ...OrderTerm) DynamicEdge {
	d.spec.Order = append(slices.Clone(d.spec.Order), terms...)
	return d
}

// Limit bounds how many rows each parent gets: to n, or to a parameter named
// Limit if there is no n; 0 means the default of [DynamicEdge.Default], or no
// limit.
func (d DynamicEdge) Limit(n ...int) DynamicEdge {
	d.spec.Limit = &DynamicBound{}
	d.last = func(s *DynamicSpec) *DynamicBound { b := *s.Limit; s.Limit = &b; return &b }
	return d.fix("Limit", n)
}

// Offset leaves out the first rows of each parent: n, or a parameter named Offset
// if there is no n.
func (d DynamicEdge) Offset(n ...int) DynamicEdge {
	d.spec.Offset = &DynamicBound{}
	d.last = func(s *DynamicSpec) *DynamicBound { b := *s.Offset; s.Offset = &b; return &b }
	return d.fix("Offset", n)
}

func (d DynamicEdge) fix(method string, n []int) DynamicEdge {
	switch {
	case len(n) > 1 || len(n) == 1 && n[0] < 1:
		return d.wrong(method + " takes one number above 0, or none for a parameter")
	case len(n) == 1:
		d.last(&d.spec).Fixed = &n[0]
	}
	return d
}

// Default is what the parameter of the Limit or Offset before it is where it is 0.
func (d DynamicEdge) Default(n int) DynamicEdge {
	return d.bound("Default", n, func(b *DynamicBound) { b.Default = n })
}

// Max bounds the parameter of the Limit or Offset before it. A limit above it, or
// none, becomes n; an offset above it is an error.
func (d DynamicEdge) Max(n int) DynamicEdge {
	return d.bound("Max", n, func(b *DynamicBound) { b.Max = n })
}

func (d DynamicEdge) bound(method string, n int, change func(*DynamicBound)) DynamicEdge {
	if d.last == nil {
		return d.wrong(method + " has to follow the Limit or Offset that it is about")
	}
	if n < 1 {
		return d.wrong(fmt.Sprintf("%s(%d) has to be above 0", method, n))
	}
	change(d.last(&d.spec))
	return d
}

// First makes the dynamic edge one to one: the first row in its order, nil where
// there is none. Its Count is that of all rows, as ent's Count is with a limit.
func (d DynamicEdge) First() DynamicEdge {
	d.spec.First = true
	return d
}

// Func adds what no operator says: a function on the query, which is given to
// ConfigureLoaders of the generated package at start-up.
func (d DynamicEdge) Func() DynamicEdge {
	d.spec.Func = true
	return d
}

// Param adds a parameter for the function of [DynamicEdge.Func], of the type of
// example: Param("days", 0). The type must be comparable, and must not be one of
// the generated packages.
func (d DynamicEdge) Param(name string, example any) DynamicEdge {
	t := reflect.TypeOf(example)
	if t == nil || !t.Comparable() || t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return d.wrong(fmt.Sprintf("Param(%q): type %v can not be compared by value", name, t))
	}
	d.spec.Params = append(slices.Clone(d.spec.Params), DynamicParam{Name: name, Type: t.String(), PkgPath: t.PkgPath()})
	return d
}

func (d DynamicEdge) wrong(text string) DynamicEdge {
	d.spec.Errors = append(slices.Clone(d.spec.Errors), text)
	return d
}

// Name implements schema.Annotation.
func (DynamicEdge) Name() string { return Annotation{}.Name() }

// Merge implements schema.Merger.
func (d DynamicEdge) Merge(other schema.Annotation) schema.Annotation {
	return d.annotation().Merge(other)
}

// MarshalJSON writes the annotation that the code generation reads.
func (d DynamicEdge) MarshalJSON() ([]byte, error) { return json.Marshal(d.annotation()) }

func (d DynamicEdge) annotation() Annotation { return Annotation{Dynamic: []DynamicSpec{d.spec}} }

var _ schema.Merger = DynamicEdge{}
