// Package mistakes is a schema with annotations that can not be.
package mistakes

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

type Unit struct{ ent.Schema }

func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Sample.Type).Annotations(entloader.Dynamic("recent").OrderBy(entloader.Desc("taken"))),
		edge.To("lost", Sample.Type).Annotations(entloader.Name("1 + 1")),
	}
}

type Sample struct{ ent.Schema }

func (Sample) Fields() []ent.Field { return []ent.Field{field.String("serial")} }
