package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Album is a record of one artist.
type Album struct{ ent.Schema }

// Annotations of the table.
func (Album) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Album")}
}

// Fields are the columns.
func (Album) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("AlbumId"),
		field.String("title").StorageKey("Title"),
		field.Int("artist_id").StorageKey("ArtistId"),
	}
}

// Edges of an album.
func (Album) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("artist", Artist.Type).Ref("albums").Field("artist_id").Unique().Required(),
		edge.To("tracks", Track.Type),
	}
}
