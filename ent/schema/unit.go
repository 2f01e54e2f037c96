package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Unit is an organisational unit that sends in samples.
type Unit struct {
	ent.Schema
}

// Fields of the Unit.
func (Unit) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Unique(),
		field.String("name"),
		field.Enum("kind").Values("ward", "clinic", "plant", "field_station"),
		field.Time("installed_at"),
		field.Time("retired_at").Optional().Nillable(),
	}
}

// Edges of the Unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Location.units, optional, hidden FK on Unit.
		edge.From("location", Location.Type).
			Ref("units").
			Unique(),
		// O2M, FK as a schema field on Sample.
		edge.To("samples", Sample.Type),
		// O2M, FK as a schema field on Note, whose queries have a default limit.
		edge.To("notes", Note.Type),
		// O2M, FK as a schema field on Incident, whose queries have a privacy policy.
		edge.To("incidents", Incident.Type),
		// O2M, hidden FK on Document, whose queries leave out deleted rows.
		edge.To("documents", Document.Type),
	}
}

// Indexes of the Unit.
func (Unit) Indexes() []ent.Index {
	return []ent.Index{
		index.Edges("location"),
	}
}
