package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Genre is a kind of music.
type Genre struct{ ent.Schema }

// Annotations of the table.
func (Genre) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Genre")}
}

// Fields are the columns.
func (Genre) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("GenreId"),
		field.String("name").StorageKey("Name").Optional().Nillable(),
	}
}

// Edges of a genre.
func (Genre) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tracks", Track.Type),
	}
}
