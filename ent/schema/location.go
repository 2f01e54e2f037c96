package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Location is a place in a tree: a site has buildings, a building has rooms.
type Location struct {
	ent.Schema
}

// Fields of the Location.
func (Location) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.Enum("kind").Values("site", "building", "room"),
		field.Int("parent_id").Optional().Nillable(),
	}
}

// Edges of the Location.
func (Location) Edges() []ent.Edge {
	return []ent.Edge{
		// O2M to itself with its inverse M2O, FK as an optional, nillable schema field on Location.
		edge.To("children", Location.Type).
			From("parent").
			Field("parent_id").
			Unique(),
		// O2M, hidden FK on Unit.
		edge.To("units", Unit.Type),
	}
}

// Indexes of the Location.
func (Location) Indexes() []ent.Index {
	return []ent.Index{
		// Unique over two fields, of which one may be NULL: sites are not kept from having the same name.
		index.Fields("parent_id", "name").Unique(),
	}
}
