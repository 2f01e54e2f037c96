package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Project is a study that samples are assigned to.
type Project struct {
	ent.Schema
}

// Fields of the Project.
func (Project) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("name"),
		field.Time("started_at"),
	}
}

// Edges of the Project.
func (Project) Edges() []ent.Edge {
	return []ent.Edge{
		// M2M through an edge schema with an ID of its own, inverse of Sample.projects.
		edge.From("samples", Sample.Type).
			Ref("projects").
			Through("assignments", Assignment.Type),
	}
}
