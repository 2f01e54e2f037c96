package codegen

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader"
)

// A model is what the templates print: the graph of ent with every name and
// expression worked out.
type model struct {
	graph  *gen.Graph
	Config config
	Types  []*typeModel
	// Imports are packages of key types, by path.
	Imports []importModel
	// indexes are the columns that an index starts with.
	indexes map[tableColumn]bool
}

type importModel struct{ Alias, Path string }

// A typeModel is an ent type.
type typeModel struct {
	*gen.Type
	// Base is what the loaders by key are called.
	Base string
	// Edges are the edges with loaders.
	Edges []*edgeModel
	// Dynamic are the dynamic edges that the schema declares.
	Dynamic []*dynamicModel
	// FKs are the foreign keys that siblings of the type are remembered with.
	FKs []*fkModel
	// Keys are the relations that are loaded by key: by id, and by each edge.
	Keys []*relationModel
	// IDKey is how ids are keys; empty for a type without one.
	IDKey keyType
	// HiddenFKs says that entities have foreign keys that are no fields.
	HiddenFKs bool
}

// An edgeModel is an edge with loaders.
type edgeModel struct {
	*gen.Edge
	Owner *typeModel
	// Method is the name of the method on the entity, GraphQL that of the
	// method without options or empty.
	Method, GraphQL string
	// Base is the exported name that the others derive from.
	Base string
	// ByID is the relation by the id of the owner; nil if that has none.
	ByID *relationModel
	// ByFK is the relation by the foreign key that the owner holds, if any.
	ByFK *relationModel
	FK   *fkModel
	// Number is the position of the edge in its ent type.
	Number int
	// Misread says that ent reads the foreign key of the edge wrongly.
	Misread bool
	// Window is how many siblings a batch takes at most, 0 for what the loaders say.
	Window int
}

// An fkModel is a foreign key that an entity holds.
type fkModel struct {
	// Number is its position among those of the type.
	Number int
	// Reader is the expression that reads it.
	Reader string
}

// A relationModel is a way to find rows by a key.
type relationModel struct {
	// Var is the variable that holds the relation.
	Var string
	// Name is what errors call it, Field its field in the loaders by key.
	Name, Field string
	Target      *typeModel
	Key         keyType
	One         bool
	Optional    bool
	// Match are the fields of an entloader.Match.
	Match string
	// Columns are those of a unique field or a unique index; empty for edges and
	// ids.
	Columns []*keyColumn
	// Of says what of the schema the relation is for: "edge samples".
	Of string
}

// LoadersType holds the loaders by key.
func (t *typeModel) LoadersType() string { return t.Base + "Loaders" }

// EntityVar is the variable that says how entities are remembered.
func (t *typeModel) EntityVar() string { return "entloader" + t.Name + "Entity" }

// Misread lists the numbers of the edges that ent reads wrongly.
func (t *typeModel) Misread() string {
	var numbers []string
	for _, e := range t.Edges {
		if e.Misread {
			numbers = append(numbers, strconv.Itoa(e.Number))
		}
	}
	return strings.Join(numbers, ", ")
}

// TargetVar is the variable that holds the type for the runtime. The names of such
// variables end by what they are, and have a mark behind the type: UserGroups may
// be a type, and the edge groups of a type User.
func (t *typeModel) TargetVar() string { return "entloader" + t.Name + "Target" }

// ViewFunc is the function that shows a query to the runtime.
func (t *typeModel) ViewFunc() string { return viewFunc(t.Name) }

// ViewFunc is that of the type called name.
func (m *model) ViewFunc(name string) string { return viewFunc(name) }

func viewFunc(name string) string { return "entloader" + name + "View" }

// relationVar is the variable that holds a relation.
func (t *typeModel) relationVar(field string) string { return "entloader" + t.Name + "_" + field }

// EdgeVar is the variable that holds the edge for the runtime.
func (e *edgeModel) EdgeVar() string { return "entloader" + e.Owner.Name + "_" + e.Base + "Edge" }

// IDType is the type that the id is compared by; entities without one have none.
func (t *typeModel) IDType() string {
	if !t.HasOneFieldID() {
		return "struct{}"
	}
	return t.IDKey.Type
}

// IDOf is the expression for the id of an entity as it is compared.
func (t *typeModel) IDOf(entity string) string {
	if t.IDKey.Bytes() {
		return fmt.Sprintf("%s(%s.ID)", t.IDKey.Type, entity)
	}
	return entity + ".ID"
}

// KeyType is the type of the foreign key, or that of the id where there is none.
func (e *edgeModel) KeyType() string {
	if e.ByFK != nil {
		return e.ByFK.Key.Type
	}
	return e.Owner.IDType()
}

// Kind is the generic type that loads the relation by key.
func (r *relationModel) Kind() string {
	switch {
	case r.Struct():
		return "OneByTuple"
	case r.TakesBytes():
		return "OneByBytes"
	case r.One:
		return "OneBy"
	}
	return "ManyBy"
}

// TakesBytes reports whether loads by key take the keys as the field has them, not
// as they are compared.
func (r *relationModel) TakesBytes() bool { return r.One && r.Key.Bytes() }

// LoaderType is the type of the loader by key.
func (r *relationModel) LoaderType() string {
	keys := r.Key.Type
	switch {
	case r.Struct():
		keys = r.Key.Go + ", " + keys
	case r.TakesBytes():
		keys = r.Key.Go
	}
	return fmt.Sprintf("entloader.%s[*%sRelation, %s, *%s, *%s]", r.Kind(), r.Var, keys, r.Target.Name, r.Target.QueryName())
}

// MakeCodec is the expression for a function that makes the codec.
func (r *relationModel) MakeCodec() string {
	if name, ok := strings.CutSuffix(r.Key.Codec, "]()"); ok && !strings.Contains(name, "(") {
		return name + "]"
	}
	return fmt.Sprintf("func() entloader.Codec[%s] { return %s }", r.Key.Type, r.Key.Codec)
}

// Has reports whether a type has loaders.
func (m *model) Has(name string) bool {
	return slices.ContainsFunc(m.Types, func(t *typeModel) bool { return t.Name == name })
}

// MostKeys is how many loaders by key a type has at most.
func (m *model) MostKeys() (n int) {
	for _, t := range m.Types {
		if len(t.Keys) > 0 {
			n = max(n, len(t.Keys)+len(t.Dynamic))
		}
	}
	return n
}

// Remembers reports whether loaders remember the entities of a type: it has
// loaders, and edges.
func (m *model) Remembers(name string) bool {
	return slices.ContainsFunc(m.Types, func(t *typeModel) bool { return t.Name == name && len(t.Type.Edges) > 0 })
}

// UniqueColumns lists the columns that hold no value twice, and no NULL.
func (t *typeModel) UniqueColumns() string {
	var columns []string
	for _, f := range t.Fields {
		if f.Unique && !f.Optional {
			columns = append(columns, t.Package()+"."+f.Constant())
		}
	}
	return strings.Join(columns, ", ")
}

func newModel(g *gen.Graph, c config) (*model, error) {
	m := &model{graph: g, Config: c}
	byName := make(map[string]*typeModel)
	var errs []error
	for _, n := range g.Nodes {
		a, err := annotation(n.Annotations)
		if err != nil {
			errs = append(errs, fmt.Errorf("entloader: schema %s: %w", n.Name, err))
		}
		if a.Skip {
			continue
		}
		base, err := labelled(a, n.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("entloader: schema %s: %w", n.Name, err))
		}
		t := &typeModel{Type: n, Base: base, HiddenFKs: len(n.UnexportedForeignKeys()) > 0}
		if n.HasOneFieldID() {
			key, ok := m.keyType(n.ID)
			if !ok {
				continue
			}
			t.IDKey = key
		}
		byName[n.Name] = t
		m.Types = append(m.Types, t)
	}
	if err := m.findIndexes(); err != nil {
		errs = append(errs, err)
	}
	for _, t := range m.Types {
		if t.HasOneFieldID() {
			t.Keys = append(t.Keys, &relationModel{
				Var: t.relationVar("ByID"), Name: t.Name + " by id", Field: "ByID",
				Target: t, Key: t.IDKey, One: true,
				Match: fmt.Sprintf("Column: %s.%s, Unique: true", t.Package(), t.ID.Constant()), Of: "its id",
			})
		}
		errs = append(errs, t.addByKey(m)...)
	}
	for _, t := range m.Types {
		for i, e := range t.Type.Edges {
			a, err := annotation(e.Annotations)
			if err != nil {
				errs = append(errs, fmt.Errorf("entloader: schema %s, edge %s: %w", t.Name, e.Name, err))
				continue
			}
			if target := byName[e.Type.Name]; target != nil && !a.Skip {
				errs = append(errs, t.addEdge(m, e, i, target, a))
			}
		}
	}
	return m, errors.Join(errs...)
}

// addEdge works out how the edge is loaded.
func (t *typeModel) addEdge(m *model, e *gen.Edge, number int, target *typeModel, a entloader.Annotation) error {
	base, err := labelled(a, e.StructField())
	if err != nil {
		return fmt.Errorf("entloader: schema %s, edge %s: %w", t.Name, e.Name, err)
	}
	em := &edgeModel{Edge: e, Owner: t, Base: base, Method: m.Config.Prefix + base, Number: number, Misread: misread(t, e), Window: a.Window}
	if m.Config.GraphQL {
		em.GraphQL = base
	}
	name := t.Name + "." + e.Name
	byID := &relationModel{
		Var: t.relationVar(base), Name: name, Field: base,
		Target: target, Key: t.IDKey,
		One: e.Unique, Optional: e.Optional, Of: "edge " + e.Name,
	}
	pkg := t.Package()
	if e.Ref != nil {
		back, err := annotation(e.Ref.Annotations)
		if err != nil {
			return fmt.Errorf("entloader: schema %s, edge %s: %w", e.Type.Name, e.Ref.Name, err)
		}
		a.Repeats = a.Repeats || back.Repeats
	}
	switch {
	case a.Window < 0:
		return fmt.Errorf("entloader: schema %s, edge %s: entloader.Window(%d): a batch takes at least one sibling", t.Name, e.Name, a.Window)
	case a.Repeats && !e.M2M():
		return fmt.Errorf("entloader: schema %s, edge %s: entloader.Repeats() is for an edge that has a join table", t.Name, e.Name)
	case e.M2M():
		on, key := 1, 0
		if e.IsInverse() {
			on, key = 0, 1
		}
		pk := pkg + "." + e.PKConstant()
		byID.Match = fmt.Sprintf("Table: %s.%s, Column: %s[%d], On: %s[%d], Target: %s.%s",
			pkg, e.TableConstant(), pk, key, pk, on, target.Package(), target.ID.Constant())
		if a.Repeats || e.Through != nil && e.Through.HasOneFieldID() {
			byID.Match += ", Repeats: true"
		}
		byID.Match += m.indexed(e.Rel.Table, e.Rel.Columns[key]) + schemaOf(t, e)
	case ownFK(e):
		fk, err := foreignKey(t, e)
		if err != nil {
			return err
		}
		em.FK = fk
		t.FKs = append(t.FKs, fk)
		em.ByFK = target.Keys[0]
		if t.HasOneFieldID() {
			byID.Match = fmt.Sprintf("Table: %s.Table, Column: %s.%s, On: %s.%s, Target: %s.%s",
				pkg, pkg, t.ID.Constant(), pkg, e.ColumnConstant(), target.Package(), target.ID.Constant())
			byID.Match += schemaOf(t, e)
		}
	default:
		byID.Match = fmt.Sprintf("Column: %s.%s", pkg, e.ColumnConstant())
		if e.O2O() {
			byID.Match += ", Unique: true"
		}
		byID.Match += m.indexed(e.Rel.Table, e.Rel.Column())
	}
	if t.HasOneFieldID() {
		em.ByID = byID
		t.Keys = append(t.Keys, byID)
	}
	t.Edges = append(t.Edges, em)
	var errs []error
	for _, d := range a.Dynamic {
		errs = append(errs, t.addDynamic(m, em, d))
	}
	return errors.Join(errs...)
}

// ownFK reports whether ent answers an edge query from the foreign key of the
// entity itself. A bidirectional O2O edge has a foreign key on both rows; ent's
// edge query reads that of the other one, and so do we.
func ownFK(e *gen.Edge) bool { return e.OwnFK() && !e.Bidi }

// misread reports whether ent takes the id of the entity for the foreign key of
// the edge. It does so where the column of the key is named like the column of
// the id that it points to, and is no field: Album.ArtistId, for Artist.ArtistId.
// Where the id has an external ValueScanner, it does not convert a key that is no
// field. ent's edge query is right even there; its eager loading is not.
func misread(t *typeModel, e *gen.Edge) bool {
	if e.M2M() {
		return false
	}
	owner := t.Type
	if !e.OwnFK() {
		owner = e.Type
	}
	fk, err := e.ForeignKey()
	if err == nil && !fk.UserDefined {
		id := t.ID
		if e.OwnFK() {
			id = e.Type.ID
		}
		return id.HasValueScanner()
	}
	if err != nil || slices.Contains(owner.Fields, fk.Field) {
		return false
	}
	return !owner.HasOneFieldID() || owner.ID.StorageKey() != e.Rel.Column()
}

// schemaOf returns the schema of the table that the edge joins.
func schemaOf(t *typeModel, e *gen.Edge) string {
	if on, _ := t.FeatureEnabled(gen.FeatureSchemaConfig.Name); !on {
		return ""
	}
	name := t.Name
	if e.M2M() {
		switch {
		case e.Through != nil:
			name = e.Through.Name
		case e.Inverse != "":
			name = e.Type.Name + pascal(e.Inverse)
		default:
			name = t.Name + e.StructField()
		}
	}
	return fmt.Sprintf(", Schema: func(sc *entloader.Scope) string { return sc.Client().(*config).schemaConfig.%s }", name)
}

// foreignKey works out how to read the foreign key of an edge from entity n.
func foreignKey(t *typeModel, e *gen.Edge) (*fkModel, error) {
	fk, err := e.ForeignKey()
	if err != nil {
		return nil, fmt.Errorf("entloader: schema %s, edge %s: %w", t.Name, e.Name, err)
	}
	f := fk.Field
	key := typeName(e.Type.ID)
	read := func(reader, columns, typ, value string) string {
		return fmt.Sprintf("entloader.%s(%sfunc(n *%s) %s { return n.%s })", reader, columns, t.Name, typ, value)
	}
	column := fmt.Sprintf("%s.%s, ", t.Package(), e.ColumnConstant())
	m := &fkModel{Number: len(t.FKs)}
	switch {
	case misread(t, e), typeName(f) != key, f.Nillable && f.Type.RType.IsPtr():
		// The entity does not hold it, or it is rare enough: the target is looked up
		// by the id of the entity.
		m.Reader = fmt.Sprintf("entloader.UnreadFK[*%s, %s]()", t.Name, key)
	case fk.UserDefined && t.HasOneFieldID() && t.ID.StorageKey() == e.Rel.Column():
		m.Reader = read("ReadIDFK", "", key, "ID")
	case f.Nillable:
		m.Reader = read("ReadNilFK", column, "*"+key, fk.StructField())
	case f.Optional:
		m.Reader = read("ReadZeroFK", column, key, fk.StructField())
	default:
		m.Reader = read("ReadFK", column, key, fk.StructField())
	}
	return m, nil
}

// labelled is the name that an annotation gives, or the one that there is.
func labelled(a entloader.Annotation, name string) (string, error) {
	if a.Label == "" {
		return name, nil
	}
	base := pascal(a.Label)
	if !token.IsIdentifier(base) || !token.IsExported(base) {
		return "", fmt.Errorf("Name(%q) gives no Go identifier", a.Label)
	}
	return base, nil
}

func annotation(all gen.Annotations) (a entloader.Annotation, err error) {
	raw, ok := all[a.Name()]
	if !ok {
		return a, nil
	}
	b, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err != nil {
		return a, fmt.Errorf("reading the EntLoader annotation: %w", err)
	}
	return a, nil
}
