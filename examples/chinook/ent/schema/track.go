package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/examples/chinook/column"
)

// Track is one piece of music, or a video. It belongs to one album at most, and
// to any number of playlists.
type Track struct{ ent.Schema }

// Annotations of the table.
func (Track) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Track")}
}

// Fields are the columns.
func (Track) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("TrackId"),
		field.String("name").StorageKey("Name"),
		field.Int("album_id").StorageKey("AlbumId").Optional().Nillable(),
		field.Int("media_type_id").StorageKey("MediaTypeId"),
		field.Int("genre_id").StorageKey("GenreId").Optional().Nillable(),
		field.String("composer").StorageKey("Composer").Optional().Nillable(),
		field.Int("milliseconds").StorageKey("Milliseconds"),
		field.Int("bytes").StorageKey("Bytes").Optional().Nillable(),
		field.Float("unit_price").StorageKey("UnitPrice").GoType(column.Cents(0)).
			SchemaType(map[string]string{dialect.SQLite: "NUMERIC(10,2)"}),
	}
}

// Edges of a track.
func (Track) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("album", Album.Type).Ref("tracks").Field("album_id").Unique(),
		edge.From("media_type", MediaType.Type).Ref("tracks").Field("media_type_id").Unique().Required(),
		edge.From("genre", Genre.Type).Ref("tracks").Field("genre_id").Unique(),
		edge.From("playlists", Playlist.Type).Ref("tracks"),
		edge.To("invoice_lines", InvoiceLine.Type),
	}
}
