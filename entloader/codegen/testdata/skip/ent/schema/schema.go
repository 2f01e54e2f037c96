// Package schema has types and edges without loaders beside others.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

// Unit has edges to types with and without loaders.
type Unit struct{ ent.Schema }

// Edges of a unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Sample.Type),
		edge.To("tags", Tag.Type).Through("taggings", Tagging.Type), // the join table has no loaders
		edge.To("secrets", Secret.Type),
		edge.To("keeper", Secret.Type).Unique(),
		edge.To("shared", Secret.Type),
		edge.To("twin", Unit.Type).Unique().Annotations(entloader.Skip()),
		edge.To("hidden", Sample.Type).Annotations(entloader.Skip()),
		edge.To("seen", Sample.Type),
	}
}

// Sample has the other ends.
type Sample struct{ ent.Schema }

// Edges of a sample.
func (Sample) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("unit", Unit.Type).Ref("samples").Unique(),
		edge.From("hider", Unit.Type).Ref("hidden").Unique(),
		edge.From("watcher", Unit.Type).Ref("seen").Unique().Annotations(entloader.Skip()),
		edge.From("secret", Secret.Type).Ref("samples").Unique(),
	}
}

// Secret has no loaders.
type Secret struct{ ent.Schema }

// Annotations of a secret.
func (Secret) Annotations() []schema.Annotation { return []schema.Annotation{entloader.Skip()} }

// Fields of a secret.
func (Secret) Fields() []ent.Field { return []ent.Field{field.String("code").Unique()} }

// Edges of a secret.
func (Secret) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("unit", Unit.Type).Ref("secrets").Unique(),
		edge.From("sharers", Unit.Type).Ref("shared"),
		edge.To("samples", Sample.Type),
		edge.To("next", Secret.Type).Unique(),
	}
}

// Tag is on units.
type Tag struct{ ent.Schema }

// Edges of a tag.
func (Tag) Edges() []ent.Edge {
	return []ent.Edge{edge.From("units", Unit.Type).Ref("tags").Through("taggings", Tagging.Type)}
}

// Tagging is a row of a join table without loaders.
type Tagging struct{ ent.Schema }

// Annotations of a tagging.
func (Tagging) Annotations() []schema.Annotation { return []schema.Annotation{entloader.Skip()} }

// Fields of a tagging.
func (Tagging) Fields() []ent.Field {
	return []ent.Field{field.Int("unit_id"), field.Int("tag_id")}
}

// Edges of a tagging.
func (Tagging) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required(),
		edge.To("tag", Tag.Type).Field("tag_id").Unique().Required(),
	}
}
