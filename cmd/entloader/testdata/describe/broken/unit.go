// Package broken is a schema that does not compile.
package broken

import (
	"entgo.io/ent"
)

type Unit struct{ ent.Schema }

func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("samples", Unit.Type),
	}
}
