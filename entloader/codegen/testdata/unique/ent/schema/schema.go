// Package schema has a unique field of every kind, and unique indexes.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"example.com/cases/unique/kind"
	"github.com/entloader/entloader/entloader"
)

func text() map[string]string { return map[string]string{dialect.SQLite: "text"} }

// Item has all kinds of unique fields.
type Item struct{ ent.Schema }

// Fields of an item.
func (Item) Fields() []ent.Field {
	return []ent.Field{
		field.Bool("first"),
		field.Time("at").Unique(),
		field.Enum("slot").Values("a", "b", "c", "d"),
		field.UUID("token", uuid.UUID{}).Unique(),
		field.Float("weight").Unique(),
		field.Uint64("serial").Unique(),
		field.Int8("level").GoType(kind.Level(0)).Unique(),
		field.String("nick").Optional().Unique(),
		field.Int("rank").Optional().Nillable().Unique(),
		field.Other("price", kind.Amount{}).SchemaType(text()).Unique(),
		field.Bytes("digest").GoType(kind.Digest{}).Unique(),
		field.String("code").GoType(kind.Code("")).ValueScanner(kind.CodeScanner).Unique(),
		field.String("number").StorageKey("item_no").Unique().Annotations(entloader.Name("item_number")),

		field.Bytes("blob").Unique(),

		// No keys.
		field.Other("route", kind.Route{}).SchemaType(text()).Unique(),
		field.Other("ref", &kind.Ref{}).SchemaType(text()).Unique(),
		field.String("secret").Unique().Annotations(entloader.Skip()),

		field.String("shelf"),
		field.Int("place"),
		field.String("label"),
		field.Bool("gone").Default(false),
	}
}

// Edges of an item.
func (Item) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", Owner.Type).Ref("items").Unique()}
}

// Indexes of an item.
func (Item) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("first").Unique(),
		index.Fields("slot").Unique(),
		index.Fields("shelf").Unique(),
		index.Fields("shelf", "place").Unique().Annotations(entloader.Name("spot")),
		index.Fields("shelf").Edges("owner").Unique(),
		index.Fields("at", "level", "price").Unique(),
		index.Fields("code").Unique(), // unique already
		// Unique among those that are not gone.
		index.Fields("label").Unique().Annotations(entsql.IndexWhere("not gone")),
		index.Fields("blob", "shelf").Unique(),
		// No keys.
		index.Fields("route", "shelf").Unique(),
		index.Fields("place").Unique().Annotations(entloader.Skip()),
		index.Fields("gone"),
	}
}

// Owner has items.
type Owner struct{ ent.Schema }

// Edges of an owner.
func (Owner) Edges() []ent.Edge { return []ent.Edge{edge.To("items", Item.Type)} }
