// Package schema has names that generated code needs.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/entloader/entloader/entloader"
)

// Unit has fields with the names of methods.
type Unit struct{ ent.Schema }

// Fields of a unit.
func (Unit) Fields() []ent.Field {
	return []ent.Field{
		field.String("load_samples"),
		field.Int("count_samples"),
		field.String("code").Unique(),
		field.String("shelf"),
	}
}

// Edges of a unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Sample.Type).Annotations(entloader.Dynamic("others")),
		edge.To("others", Sample.Type),
		edge.To("parts", Sample.Type).Annotations(entloader.Name("pieces")),
		edge.To("pieces", Sample.Type),
		edge.To("by_code", Sample.Type),
		edge.To("siblings", Sample.Type),
	}
}

// Indexes of a unit.
func (Unit) Indexes() []ent.Index {
	return []ent.Index{index.Fields("code", "shelf").Unique()}
}

// Sample is loaded by methods that are there already.
type Sample struct{ ent.Schema }

// Loaders is a type of every package with loaders.
type Loaders struct{ ent.Schema }

// SampleLoaders is the type that loads samples by key.
type SampleLoaders struct{ ent.Schema }

// Entloader has the file of the loaders.
type Entloader struct{ ent.Schema }

// Stats is a method of all loaders.
type Stats struct{ ent.Schema }

// Scope is one, and is called otherwise.
type Scope struct{ ent.Schema }

// Annotations of a scope.
func (Scope) Annotations() []schema.Annotation {
	return []schema.Annotation{entloader.Name("oauth_scope")}
}

// OauthScope is called the same.
type OauthScope struct{ ent.Schema }

// UnitByCodeShelfKey is the key of an index.
type UnitByCodeShelfKey struct{ ent.Schema }
