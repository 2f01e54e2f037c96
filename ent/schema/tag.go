package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

// Tag is a word that samples are found by.
type Tag struct {
	ent.Schema
}

// Fields of the Tag.
func (Tag) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Comment("a slug, such as \"fasting\""),
		field.String("title"),
	}
}

// Edges of the Tag.
func (Tag) Edges() []ent.Edge {
	return []ent.Edge{
		// M2M, inverse of Sample.tags: the other side of the join table sample_tags.
		edge.From("samples", Sample.Type).
			Ref("tags").
			Annotations(
				entloader.Dynamic("latest_samples").OrderBy(entloader.Desc("taken_at")).Limit(3),
			),
	}
}
