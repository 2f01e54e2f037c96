// Package schema has ids and unique fields that are bytes. ent v0.14.6 takes no edges
// to such a type, and of those from it only edges to one whose foreign key it holds.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"example.com/cases/bytes/kind"
)

func text() map[string]string { return map[string]string{dialect.SQLite: "text collate nocase"} }

// Blob is the plain case.
type Blob struct{ ent.Schema }

// Fields of a blob.
func (Blob) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("id"),
		field.Bytes("maybe").Optional().Unique(),
		field.Bytes("nillable").Optional().Nillable().Unique(),
		field.Bytes("folded").Unique().SchemaType(text()),
		field.Bytes("shelf"),
		field.Int("place"),
	}
}

// Indexes of a blob.
func (Blob) Indexes() []ent.Index {
	return []ent.Index{index.Fields("shelf", "place").Unique()}
}

// Edges of a blob.
func (Blob) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("owner", Owner.Type).Unique(),
		edge.To("keeper", Owner.Type).Unique().Field("place").Required(),
	}
}

// Owner has no edge to its blobs.
type Owner struct{ ent.Schema }

// Fields of an owner.
func (Owner) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Plain has a Go type that converts nothing.
type Plain struct{ ent.Schema }

// Fields of a plain.
func (Plain) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("id").GoType(kind.Plain{}),
		field.Bytes("words").GoType(kind.Words{}).Unique(), // no key
	}
}

// Marked has a Go type that converts itself to bytes.
type Marked struct{ ent.Schema }

// Fields of a marked.
func (Marked) Fields() []ent.Field { return []ent.Field{field.Bytes("id").GoType(kind.Marked{})} }

// Hex has a Go type that converts itself to text.
type Hex struct{ ent.Schema }

// Fields of a hex.
func (Hex) Fields() []ent.Field {
	return []ent.Field{field.Bytes("id").GoType(kind.Hex{}).SchemaType(text())}
}

// Outside has a ValueScanner. ent v0.14.5 takes none for an id.
type Outside struct{ ent.Schema }

// Fields of an outside.
func (Outside) Fields() []ent.Field {
	return []ent.Field{field.Bytes("code").GoType(kind.Outside{}).ValueScanner(kind.OutsideScanner).Unique()}
}
