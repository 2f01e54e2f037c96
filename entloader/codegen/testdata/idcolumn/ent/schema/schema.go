// Package schema names foreign key columns after the id columns that they point
// to, which many databases do.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Artist has albums and singles.
type Artist struct{ ent.Schema }

// Fields of an artist.
func (Artist) Fields() []ent.Field {
	return []ent.Field{field.Int("id").StorageKey("ArtistId")}
}

// Edges of an artist.
func (Artist) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("albums", Album.Type).StorageKey(edge.Column("ArtistId")),
		edge.To("singles", Single.Type), // a column here, too, and ent's code does not compile
		edge.To("profile", Profile.Type).Unique().StorageKey(edge.Column("ArtistId")),
	}
}

// Album has a hidden foreign key.
type Album struct{ ent.Schema }

// Fields of an album.
func (Album) Fields() []ent.Field {
	return []ent.Field{field.Int("id").StorageKey("AlbumId")}
}

// Edges of an album.
func (Album) Edges() []ent.Edge {
	return []ent.Edge{edge.From("artist", Artist.Type).Ref("albums").Unique().Required()}
}

// Single has a foreign key that is a field.
type Single struct{ ent.Schema }

// Fields of a single.
func (Single) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("SingleId"),
		field.Int("artist_id").StorageKey("ArtistId").Optional().Nillable(),
	}
}

// Edges of a single.
func (Single) Edges() []ent.Edge {
	return []ent.Edge{edge.From("artist", Artist.Type).Ref("singles").Field("artist_id").Unique()}
}

// Profile has a foreign key that is the id.
type Profile struct{ ent.Schema }

// Fields of a profile.
func (Profile) Fields() []ent.Field {
	return []ent.Field{field.Int("id").StorageKey("ArtistId")}
}

// Edges of a profile.
func (Profile) Edges() []ent.Edge {
	return []ent.Edge{edge.From("artist", Artist.Type).Ref("profile").Unique().Required()}
}
