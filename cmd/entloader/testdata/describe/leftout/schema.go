// Package leftout is a schema of which not all has loaders.
package leftout

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

type Blob struct{ ent.Schema }

func (Blob) Fields() []ent.Field { return []ent.Field{field.Bytes("id")} }

type Secret struct{ ent.Schema }

func (Secret) Annotations() []schema.Annotation { return []schema.Annotation{entloader.Skip()} }

type Unit struct{ ent.Schema }

func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", Unit.Type).From("parent").Unique(),
		edge.To("secrets", Secret.Type),
		edge.To("skipped", Unit.Type).Annotations(entloader.Skip()),
	}
}
