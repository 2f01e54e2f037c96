package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/ent/labid"
)

// Instrument is a device that measures samples.
type Instrument struct {
	ent.Schema
}

// Fields of the Instrument.
func (Instrument) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").GoType(labid.InstrumentID(0)),
		field.String("name"),
		field.String("model"),
		// Unique where it is known.
		field.String("asset_tag").Optional().Nillable().Unique(),
	}
}

// Edges of the Instrument.
func (Instrument) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O without an inverse, hidden FK on Instrument.
		edge.To("home", Location.Type).
			Unique(),
		// O2M, FK as a schema field on Result.
		edge.To("results", Result.Type),
		// M2M through an edge schema with a composite ID, inverse of Technician.instruments.
		edge.From("technicians", Technician.Type).
			Ref("instruments").
			Through("certifications", Certification.Type),
		// O2M, hidden FK on Calibration under a column name of its own.
		edge.To("calibrations", Calibration.Type).
			StorageKey(edge.Column("device_no")),
	}
}
