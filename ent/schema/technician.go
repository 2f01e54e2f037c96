package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// Technician is a person who takes and measures samples.
type Technician struct {
	ent.Schema
}

// Fields of the Technician.
func (Technician) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(uuid.New),
		field.String("name"),
		// Unique without regard to case.
		field.String("email").Unique().SchemaType(map[string]string{dialect.SQLite: "text collate nocase"}),
	}
}

// Edges of the Technician.
func (Technician) Edges() []ent.Edge {
	return []ent.Edge{
		// O2M, FK as a schema field on Sample.
		edge.To("samples", Sample.Type),
		// O2O to itself, bidirectional, hidden FK on Technician, set on both rows of a pair.
		edge.To("partner", Technician.Type).
			Unique(),
		// M2M to itself, bidirectional: the join table technician_colleagues has a pair in both directions.
		edge.To("colleagues", Technician.Type),
		// M2M to itself, directed, with its inverse: join table technician_trainees.
		edge.To("trainees", Technician.Type).
			From("trainers"),
		// M2M through an edge schema with a composite ID, which adds the O2M edge certifications.
		edge.To("instruments", Instrument.Type).
			Through("certifications", Certification.Type),
		// O2O, where the FK is the ID of Badge.
		edge.To("badge", Badge.Type).
			Unique().
			StorageKey(edge.Column("id")),
	}
}
