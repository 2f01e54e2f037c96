// Package schema has annotations that say what there is not.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/entloader/entloader/entloader"
)

// Unit has the mistakes.
type Unit struct{ ent.Schema }

// Fields of a unit.
func (Unit) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Unique().Annotations(entloader.Name("1st")),
		field.String("shelf"),
	}
}

// Edges of a unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Sample.Type).Annotations(
			entloader.Dynamic("recent").Where("stat", entloader.EQ).OrderBy(entloader.Desc("taken")),
			entloader.Dynamic("heavy").Where("open", entloader.GT).Where("weight", entloader.EQ, "a lot"),
		),
		edge.To("first_sample", Sample.Type).Unique().Annotations(entloader.Dynamic("first").First()),
		edge.To("parts", Sample.Type).Annotations(entloader.Name("a b")),
	}
}

// Indexes of a unit.
func (Unit) Indexes() []ent.Index {
	return []ent.Index{index.Fields("code", "shelf").Unique().Annotations(entloader.Name("code-shelf"))}
}

// Sample has fields.
type Sample struct{ ent.Schema }

// Fields of a sample.
func (Sample) Fields() []ent.Field {
	return []ent.Field{field.Bool("open"), field.Int("weight")}
}
