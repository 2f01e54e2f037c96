package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Assignment puts a sample into a project. It is an edge schema with an ID of its own.
type Assignment struct {
	ent.Schema
}

// Fields of the Assignment.
func (Assignment) Fields() []ent.Field {
	return []ent.Field{
		field.Time("assigned_at"),
		field.Int("sample_id"),
		field.Int64("project_id"),
	}
}

// Edges of the Assignment.
func (Assignment) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O from an edge schema, required, FK as a schema field on Assignment.
		edge.To("sample", Sample.Type).
			Field("sample_id").
			Unique().
			Required(),
		// M2O from an edge schema, required, FK as a schema field on Assignment.
		edge.To("project", Project.Type).
			Field("project_id").
			Unique().
			Required(),
	}
}

// Indexes of the Assignment. ent adds a unique one on (sample_id, project_id).
func (Assignment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("project_id"),
	}
}
