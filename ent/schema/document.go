package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Document is a file about a unit. Documents are deleted softly: see SoftDeleteMixin.
type Document struct {
	ent.Schema
}

// Mixin of the Document.
func (Document) Mixin() []ent.Mixin {
	return []ent.Mixin{
		SoftDeleteMixin{},
	}
}

// Fields of the Document.
func (Document) Fields() []ent.Field {
	return []ent.Field{
		field.String("title"),
		field.Int64("size").Comment("in bytes"),
	}
}

// Edges of the Document.
func (Document) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Unit.documents, optional, hidden FK on Document.
		edge.From("unit", Unit.Type).
			Ref("documents").
			Unique(),
	}
}

// Indexes of the Document.
func (Document) Indexes() []ent.Index {
	return []ent.Index{
		index.Edges("unit"),
	}
}
