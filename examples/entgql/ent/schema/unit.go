package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Unit sends in samples.
type Unit struct{ ent.Schema }

// Fields of a unit.
func (Unit) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges of a unit.
func (Unit) Edges() []ent.Edge { return []ent.Edge{edge.To("samples", Sample.Type)} }

// Annotations of a unit.
func (Unit) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.QueryField(), entgql.Mutations(entgql.MutationCreate())}
}
