package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/ent/labid"
)

// Standard is a reference material that instruments are calibrated against.
type Standard struct {
	ent.Schema
}

// Fields of the Standard.
func (Standard) Fields() []ent.Field {
	return []ent.Field{
		// The stored key differs from the Go value: see labid.StandardCode.
		field.String("id").
			GoType(labid.StandardCode("")).
			ValueScanner(labid.StandardCodeScanner),
		field.String("name"),
	}
}

// Edges of the Standard.
func (Standard) Edges() []ent.Edge {
	return []ent.Edge{
		// M2M, inverse of Calibration.standards, join table and columns under names of their own.
		edge.From("calibrations", Calibration.Type).
			Ref("standards"),
	}
}
