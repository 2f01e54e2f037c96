package codegen

import (
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/entc/gen"
)

// A Description says what the extension generates for a schema.
type Description struct {
	// Loaders are in the order of the schema: for each type the loaders of its
	// entities by key, then its edges, each with its dynamic edges behind it.
	Loaders []Loader `json:"loaders"`
	// LeftOut is what has no loaders, or not all of them.
	LeftOut []LeftOut `json:"leftOut"`
}

// A Loader describes an edge, a dynamic edge, or entities that are loaded by key.
type Loader struct {
	// Name is what errors and statistics call it: Unit.samples, "Unit by id".
	Name string `json:"name"`
	// Schema is the type that has the loader, Edge its edge, empty for entities by
	// key, and Dynamic the name of a dynamic edge of that edge.
	Schema  string `json:"schema"`
	Edge    string `json:"edge,omitempty"`
	Dynamic string `json:"dynamic,omitempty"`
	// Kind is O2M, M2O, O2O or M2M, as ent has it, or "key" for entities by key.
	Kind string `json:"kind"`
	// Target is the type of what is loaded.
	Target string `json:"target"`
	// Key is what rows are asked for by, e.g. "Unit.id int"; empty if there is no key.
	Key string `json:"key"`
	// Column is where the key is looked up in the database, as table.column, save
	// for an edge whose foreign key the entity holds: there it is that column.
	Column string `json:"column"`
	// JoinTable is that of an M2M edge.
	JoinTable string `json:"joinTable,omitempty"`
	// Params are the parameters of a dynamic edge, each as Go declares it.
	Params []string `json:"params,omitempty"`
	// Hooked says that the target has interceptors or a policy. They see each
	// statement before it is sent, and may change it.
	Hooked bool `json:"hooked,omitempty"`
	// Methods are those that load: on the entity, then by key.
	Methods []Method `json:"methods"`
}

// A Method is a generated method, or a field of the generated Loaders.
type Method struct {
	// Name is Unit.LoadSamples for a method on entities, and Loaders.Unit.Samples
	// for what loads by key.
	Name string `json:"name"`
	// SQL is the statement for several keys in the form for SQLite, without
	// options; empty if there is no key. The list of columns that a statement
	// begins with is written as …. A dynamic edge is shown with all of its optional
	// parameters, lists of one value, bools that are true, and its default limit (or its
	// largest, or 1); what a function of ConfigureLoaders adds is not known.
	SQL string `json:"sql"`
}

// LeftOut is a type or an edge without loaders, or without some of them.
type LeftOut struct {
	Schema string `json:"schema"`
	Edge   string `json:"edge,omitempty"`
	Reason string `json:"reason"`
}

// Describe returns what an extension with the given options generates for a
// graph, which stays as it is: nothing is written. The errors are those of the
// generation: they name schema and edge.
func Describe(g *gen.Graph, opts ...Option) (*Description, error) {
	e, err := NewExtension(opts...)
	if err != nil {
		return nil, err
	}
	m, err := e.model(g)
	if err != nil {
		return nil, err
	}
	d := &Description{Loaders: []Loader{}, LeftOut: m.leftOut()}
	r := &renderer{model: m}
	for _, t := range m.Types {
		d.Loaders = append(d.Loaders, r.keys(t)...)
		for _, e := range t.Edges {
			d.Loaders = append(d.Loaders, r.edge(e))
			for _, dyn := range t.Dynamic {
				if dyn.Edge == e {
					d.Loaders = append(d.Loaders, r.dynamic(dyn))
				}
			}
		}
	}
	return d, errors.Join(r.errs...)
}

// leftOut finds what the model lacks, and says why.
func (m *model) leftOut() []LeftOut {
	all := []LeftOut{}
	for _, n := range m.graph.Nodes {
		i := slices.IndexFunc(m.Types, func(t *typeModel) bool { return t.Name == n.Name })
		if i < 0 {
			all = append(all, LeftOut{Schema: n.Name, Reason: whyNoType(n)})
			continue
		}
		t := m.Types[i]
		switch {
		case t.HasOneFieldID():
		case len(t.Type.Edges) == 0 && len(t.Keys) == 0:
			all = append(all, LeftOut{Schema: n.Name, Reason: "it has neither an id nor edges"})
		default:
			all = append(all, LeftOut{Schema: n.Name, Reason: "its id has several columns, or it has none: there is no loader by id, and no edge is loaded by it"})
		}
		for _, e := range t.Type.Edges {
			j := slices.IndexFunc(t.Edges, func(em *edgeModel) bool { return em.Name == e.Name })
			switch {
			case j >= 0 && (t.Edges[j].ByID != nil || t.Edges[j].ByFK != nil):
			case j >= 0:
				all = append(all, LeftOut{n.Name, e.Name, "there is no key to load it by: each load is ent's own query"})
			case m.Has(e.Type.Name):
				all = append(all, LeftOut{n.Name, e.Name, "entloader.Skip() on the edge"})
			default:
				all = append(all, LeftOut{n.Name, e.Name, fmt.Sprintf("%s has no loaders: %s", e.Type.Name, whyNoType(e.Type))})
			}
		}
	}
	return all
}

// whyNoType says why a type has no loaders at all.
func whyNoType(n *gen.Type) string {
	if a, err := annotation(n.Annotations); err == nil && a.Skip {
		return "entloader.Skip() on the schema"
	}
	return fmt.Sprintf("ids of type %s can not be compared in Go", n.ID.Type)
}

// keys describes the loaders of entities by key.
func (r *renderer) keys(t *typeModel) []Loader {
	var all []Loader
	for _, k := range t.Keys {
		if slices.ContainsFunc(t.Edges, func(e *edgeModel) bool { return e.ByID == k }) {
			continue
		}
		match := r.match(k)
		all = append(all, Loader{
			Name: k.Name, Schema: t.Name, Kind: "key", Target: k.Target.Name, Hooked: hooked(k.Target),
			Key: t.Name + " " + k.Key.Go, Column: columnOf(k, match),
			Methods: []Method{{byKeyName(t, k.Field), r.load(k, match)}},
		})
	}
	return all
}

// edge describes an edge.
func (r *renderer) edge(e *edgeModel) Loader {
	t := e.Owner
	l := Loader{
		Name: t.Name + "." + e.Name, Schema: t.Name, Edge: e.Name, Kind: e.Rel.Type.String(), Target: e.Type.Name,
		Hooked: e.Type.NumInterceptors() > 0 || e.Type.NumPolicy() > 0,
	}
	if e.M2M() {
		l.JoinTable = e.Rel.Table
	}
	by := e.ByID
	if e.ByFK != nil {
		by = e.ByFK // what siblings are loaded by
	}
	load := ""
	if by != nil {
		match := r.match(by)
		load = r.load(by, match)
		l.Key, l.Column = fmt.Sprintf("%s.%s %s", t.Name, t.idName(), by.Key.Go), columnOf(by, match)
	}
	if e.ByFK != nil {
		l.Key = fmt.Sprintf("%s.%s %s", e.Type.Name, e.Type.ID.Name, by.Key.Go)
		l.Column = e.Rel.Table + "." + e.Rel.Column()
	}
	l.Methods = append(l.Methods, Method{t.Name + "." + e.Method, load})
	if e.GraphQL != "" {
		l.Methods = append(l.Methods, Method{t.Name + "." + e.GraphQL, load})
	}
	for _, c := range e.Counts() {
		l.Methods = append(l.Methods, Method{t.Name + "." + c.Name, r.count(e.ByID, c.Run)})
	}
	if e.ByID != nil {
		l.Methods = append(l.Methods, Method{byKeyName(t, e.ByID.Field), r.load(e.ByID, r.match(e.ByID))})
	}
	return l
}

// dynamic describes a dynamic edge.
func (r *renderer) dynamic(d *dynamicModel) Loader {
	l := r.edge(d.Edge)
	t := d.Edge.Owner
	l.Name, l.Dynamic, l.Methods = d.Name(), d.Spec.Label, nil
	for _, p := range d.Params {
		l.Params = append(l.Params, p.Name+" "+p.Type)
	}
	load := r.declared(d, "")
	l.Methods = append(l.Methods, Method{t.Name + "." + d.Method(), load})
	for _, c := range d.Counts() {
		l.Methods = append(l.Methods, Method{t.Name + "." + c.Name, r.declared(d, c.Run)})
	}
	l.Methods = append(l.Methods, Method{byKeyName(t, d.Base), load})
	return l
}

func byKeyName(t *typeModel, field string) string { return "Loaders." + t.Base + "." + field }

func hooked(t *typeModel) bool { return t.NumInterceptors() > 0 || t.NumPolicy() > 0 }

// idName is the name of the id in the schema.
func (t *typeModel) idName() string {
	if !t.HasOneFieldID() {
		return ""
	}
	return t.ID.Name
}
