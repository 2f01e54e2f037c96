package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// Badge is the key card of a technician. It has no ID of its own: its ID is that of the technician.
type Badge struct {
	ent.Schema
}

// Fields of the Badge.
func (Badge) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}),
		field.String("number"),
		field.Time("issued_at"),
	}
}

// Edges of the Badge.
func (Badge) Edges() []ent.Edge {
	return []ent.Edge{
		// O2O, inverse of Technician.badge, required, where the FK is the ID of Badge.
		edge.From("technician", Technician.Type).
			Ref("badge").
			Unique().
			Required(),
	}
}
