package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// MediaType is a format of files.
type MediaType struct{ ent.Schema }

// Annotations of the table.
func (MediaType) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("MediaType")}
}

// Fields are the columns.
func (MediaType) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("MediaTypeId"),
		field.String("name").StorageKey("Name").Optional().Nillable(),
	}
}

// Edges of a media type.
func (MediaType) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tracks", Track.Type),
	}
}
