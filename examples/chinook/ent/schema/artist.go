package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Artist is who made an album: a person, a band, an orchestra. Some have none.
type Artist struct{ ent.Schema }

// Annotations of the table.
func (Artist) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Artist")}
}

// Fields are the columns.
func (Artist) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("ArtistId"),
		field.String("name").StorageKey("Name").Optional().Nillable(),
	}
}

// Edges of an artist.
func (Artist) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("albums", Album.Type),
	}
}
