package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Sample is a specimen that a unit sent in.
type Sample struct {
	ent.Schema
}

// Fields of the Sample.
func (Sample) Fields() []ent.Field {
	return []ent.Field{
		field.String("serial").Unique(),
		field.Enum("status").Values("open", "running", "done", "rejected").Default("open"),
		field.Time("taken_at"),
		field.Float("volume").Comment("in millilitres"),
		field.String("remark").Optional().Nillable(),
		field.Int("unit_id"),
		field.UUID("technician_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Edges of the Sample.
func (Sample) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Unit.samples, required, FK as a schema field on Sample.
		edge.From("unit", Unit.Type).
			Ref("samples").
			Field("unit_id").
			Unique().
			Required(),
		// M2O, inverse of Technician.samples, FK as an optional, nillable schema field on Sample (a UUID).
		edge.From("technician", Technician.Type).
			Ref("samples").
			Field("technician_id").
			Unique(),
		// O2M, hidden FK on Result.
		edge.To("results", Result.Type),
		// M2M, the owning side of the join table sample_tags.
		edge.To("tags", Tag.Type),
		// O2O, hidden FK on Label.
		edge.To("label", Label.Type).
			Unique(),
		// O2M to itself with its inverse M2O, hidden FK on Sample.
		edge.To("aliquots", Sample.Type).
			From("source").
			Unique(),
		// M2M through an edge schema with an ID of its own, which adds the O2M edge assignments.
		edge.To("projects", Project.Type).
			Through("assignments", Assignment.Type),
	}
}

// Indexes of the Sample.
func (Sample) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("unit_id", "taken_at"),
		index.Fields("technician_id"),
		index.Edges("source"),
	}
}
