// Package schema has edges with a window of their own beside others.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"

	"github.com/entloader/entloader/entloader"
)

// Unit has two edges alike.
type Unit struct{ ent.Schema }

// Edges of a unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Sample.Type).Annotations(entloader.Window(4)),
		edge.To("notes", Note.Type),
	}
}

// Sample is at the end of the edge with a window.
type Sample struct{ ent.Schema }

// Edges of a sample.
func (Sample) Edges() []ent.Edge {
	return []ent.Edge{edge.From("unit", Unit.Type).Ref("samples").Unique().Annotations(entloader.Window(30))}
}

// Note is at the end of the other.
type Note struct{ ent.Schema }
