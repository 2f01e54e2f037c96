package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Label is the sticker on the tube of a sample.
type Label struct {
	ent.Schema
}

// Fields of the Label.
func (Label) Fields() []ent.Field {
	return []ent.Field{
		field.String("barcode"),
	}
}

// Edges of the Label.
func (Label) Edges() []ent.Edge {
	return []ent.Edge{
		// O2O, inverse of Sample.label, required, hidden FK on Label.
		edge.From("sample", Sample.Type).
			Ref("label").
			Unique().
			Required(),
	}
}
