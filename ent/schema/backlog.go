package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/ent/view"
)

// Backlog is a view with one row per unit that has samples waiting. It has neither ID nor edges nor mutations.
// The migration of ent does not create it: see view.Create.
type Backlog struct {
	ent.View
}

// Annotations of the Backlog.
func (Backlog) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.View(view.Backlog),
	}
}

// Fields of the Backlog.
func (Backlog) Fields() []ent.Field {
	return []ent.Field{
		field.Int("unit_id"),
		field.String("code"),
		field.Int("waiting"),
	}
}
