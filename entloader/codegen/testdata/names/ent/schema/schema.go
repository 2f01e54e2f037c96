// Package schema has types whose packages are named like packages, parameters and
// variables of generated code.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

// The columns of all of these are read in generated functions.
func fields() []ent.Field {
	return []ent.Field{field.String("code").Unique(), field.Int("owner_id").Optional()}
}

func edges(to any) []ent.Edge {
	return []ent.Edge{
		edge.To("many", to),
		edge.To("hidden", to).Unique(),
		edge.To("owner", to).Unique().Field("owner_id"),
	}
}

// Set is a name.
type Set struct{ ent.Schema }

// Fields of the type.
func (Set) Fields() []ent.Field { return fields() }

// Edges of the type.
func (Set) Edges() []ent.Edge { return edges(H.Type) }

// H is a name.
type H struct{ ent.Schema }

// Fields of the type.
func (H) Fields() []ent.Field { return fields() }

// Edges of the type.
func (H) Edges() []ent.Edge { return edges(Spec.Type) }

// Spec is a name.
type Spec struct{ ent.Schema }

// Fields of the type.
func (Spec) Fields() []ent.Field { return fields() }

// Edges of the type.
func (Spec) Edges() []ent.Edge { return edges(HTTP.Type) }

// HTTP is a name.
type HTTP struct{ ent.Schema }

// Fields of the type.
func (HTTP) Fields() []ent.Field { return fields() }

// Edges of the type.
func (HTTP) Edges() []ent.Edge { return edges(Slices.Type) }

// Slices is a name.
type Slices struct{ ent.Schema }

// Fields of the type.
func (Slices) Fields() []ent.Field { return fields() }

// Edges of the type.
func (Slices) Edges() []ent.Edge { return edges(Field.Type) }

// Field is a name.
type Field struct{ ent.Schema }

// Fields of the type.
func (Field) Fields() []ent.Field { return fields() }

// Edges of the type.
func (Field) Edges() []ent.Edge { return edges(HMany.Type) }

// HMany is a name: that of an edge of H, behind H.
type HMany struct{ ent.Schema }

// Fields of the type.
func (HMany) Fields() []ent.Field { return fields() }

// Edges of the type.
func (HMany) Edges() []ent.Edge { return edges(Scope.Type) }

// Scope is what all loaders have.
type Scope struct{ ent.Schema }

// Fields of the type.
func (Scope) Fields() []ent.Field { return fields() }

// Edges of the type.
func (Scope) Edges() []ent.Edge { return edges(Set.Type) }

// Annotations of the type.
func (Scope) Annotations() []schema.Annotation {
	return []schema.Annotation{entloader.Name("rights")}
}
