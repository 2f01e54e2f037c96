package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"github.com/entloader/entloader/ent/labid"
)

// Certification allows a technician to work on an instrument. It is an edge schema with a composite ID.
type Certification struct {
	ent.Schema
}

// Annotations of the Certification.
func (Certification) Annotations() []schema.Annotation {
	return []schema.Annotation{
		field.ID("technician_id", "instrument_id"),
	}
}

// Fields of the Certification.
func (Certification) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("technician_id", uuid.UUID{}),
		field.Int64("instrument_id").GoType(labid.InstrumentID(0)),
		field.Time("granted_at"),
	}
}

// Edges of the Certification.
func (Certification) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O from an edge schema, required, the FK is a schema field and part of the composite ID.
		edge.To("technician", Technician.Type).
			Field("technician_id").
			Unique().
			Required(),
		// M2O from an edge schema, required, the FK is a schema field and part of the composite ID.
		edge.To("instrument", Instrument.Type).
			Field("instrument_id").
			Unique().
			Required(),
	}
}

// Indexes of the Certification. The primary key serves look-ups by technician.
func (Certification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("instrument_id"),
	}
}
