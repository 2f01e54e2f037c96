// Package schema has tables for two database schemas.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Unit is in the one.
type Unit struct{ ent.Schema }

// Fields of a unit.
func (Unit) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges of a unit.
func (Unit) Edges() []ent.Edge { return []ent.Edge{edge.To("samples", Sample.Type)} }

// Sample is in the other.
type Sample struct{ ent.Schema }

// Fields of a sample.
func (Sample) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges of a sample.
func (Sample) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("unit", Unit.Type).Ref("samples").Unique(),
		edge.To("tags", Tag.Type), // the join table is in the other, too
	}
}

// Tag is in the one.
type Tag struct{ ent.Schema }

// Fields of a tag.
func (Tag) Fields() []ent.Field { return []ent.Field{field.String("name").Unique()} }

// Edges of a tag.
func (Tag) Edges() []ent.Edge { return []ent.Edge{edge.From("samples", Sample.Type).Ref("tags")} }
