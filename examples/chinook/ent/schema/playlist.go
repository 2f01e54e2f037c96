package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Playlist is a choice of tracks. Some names are there twice, and some playlists
// are empty.
type Playlist struct{ ent.Schema }

// Annotations of the table.
func (Playlist) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Playlist")}
}

// Fields are the columns.
func (Playlist) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("PlaylistId"),
		field.String("name").StorageKey("Name").Optional().Nillable(),
	}
}

// Edges of a playlist.
func (Playlist) Edges() []ent.Edge {
	return []ent.Edge{
		// The table holds nothing but the two keys, so it is no type of its own.
		edge.To("tracks", Track.Type).
			StorageKey(edge.Table("PlaylistTrack"), edge.Columns("PlaylistId", "TrackId")),
	}
}
