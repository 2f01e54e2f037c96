package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Result is what was measured of a sample.
type Result struct{ ent.Schema }

// Fields of a result.
func (Result) Fields() []ent.Field { return []ent.Field{field.Float("value")} }

// Edges of a result.
func (Result) Edges() []ent.Edge {
	return []ent.Edge{edge.From("sample", Sample.Type).Ref("results").Unique().Required()}
}

// Indexes of a result.
func (Result) Indexes() []ent.Index { return []ent.Index{index.Edges("sample")} }
