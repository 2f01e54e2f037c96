package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/entloader/entloader/ent/labid"
)

// Result is one measured value of a sample.
type Result struct {
	ent.Schema
}

// Fields of the Result.
func (Result) Fields() []ent.Field {
	return []ent.Field{
		field.String("analyte"),
		field.Float("value"),
		field.String("uom").Comment("the unit of measure of value"),
		field.Time("measured_at"),
		// Optional but not Nillable: the Go value of a NULL is 0, as if an instrument had that number.
		field.Int64("instrument_id").GoType(labid.InstrumentID(0)).Optional(),
	}
}

// Edges of the Result.
func (Result) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Sample.results, required, hidden FK on Result.
		edge.From("sample", Sample.Type).
			Ref("results").
			Unique().
			Required(),
		// M2O, inverse of Instrument.results, FK as an optional schema field on Result that is not nillable.
		edge.From("instrument", Instrument.Type).
			Ref("results").
			Field("instrument_id").
			Unique(),
	}
}

// Indexes of the Result.
func (Result) Indexes() []ent.Index {
	return []ent.Index{
		index.Edges("sample"),
		index.Fields("instrument_id"),
	}
}
