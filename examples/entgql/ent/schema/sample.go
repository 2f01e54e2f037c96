package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Sample is what a unit sends in.
type Sample struct{ ent.Schema }

// Fields of a sample.
func (Sample) Fields() []ent.Field {
	return []ent.Field{field.String("serial"), field.Bool("open").Default(true)}
}

// Edges of a sample.
func (Sample) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("unit", Unit.Type).Ref("samples").Unique().Required(),
		edge.To("results", Result.Type),
	}
}

// Indexes of a sample.
func (Sample) Indexes() []ent.Index { return []ent.Index{index.Edges("unit")} }
