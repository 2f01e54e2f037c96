package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Calibration is an entry in the calibration log of an instrument. No name in its storage is what ent would choose:
// the table, its columns, its foreign key and its join table are those of a log that was there before ent.
type Calibration struct {
	ent.Schema
}

// Annotations of the Calibration.
func (Calibration) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Annotation{Table: "cal_log"},
	}
}

// Fields of the Calibration.
func (Calibration) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("entry_no"),
		field.Time("performed_at").StorageKey("done_on"),
		field.Float("drift").StorageKey("drift_pct"),
		field.Bool("passed").StorageKey("is_ok"),
	}
}

// Edges of the Calibration.
func (Calibration) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Instrument.calibrations, required, hidden FK on Calibration under a column name of its own.
		edge.From("instrument", Instrument.Type).
			Ref("calibrations").
			Unique().
			Required(),
		// M2M, join table and columns under names of their own, to a type whose ID has a ValueScanner.
		edge.To("standards", Standard.Type).
			StorageKey(edge.Table("cal_log_std"), edge.Columns("entry_no", "std_code")),
	}
}

// Indexes of the Calibration.
func (Calibration) Indexes() []ent.Index {
	return []ent.Index{
		index.Edges("instrument"),
		// Unique over a field, which is a time, and a hidden FK.
		index.Fields("performed_at").Edges("instrument").Unique(),
	}
}
