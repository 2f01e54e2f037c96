package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/entloader/entloader/ent/intercept"
)

// Note is a remark that somebody wrote down about a unit.
type Note struct {
	ent.Schema
}

// Fields of the Note.
func (Note) Fields() []ent.Field {
	return []ent.Field{
		field.String("body"),
		field.Time("written_at"),
		field.Int("unit_id"),
	}
}

// Edges of the Note.
func (Note) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Unit.notes, required, FK as a schema field on Note.
		edge.From("unit", Unit.Type).
			Ref("notes").
			Field("unit_id").
			Unique().
			Required(),
	}
}

// Indexes of the Note.
func (Note) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("unit_id", "written_at"),
	}
}

// noteLimit is how many notes a query brings that has no limit of its own.
const noteLimit = 5

// Interceptors of the Note: a query without a limit gets one, as in ent's documentation. Per parent, where the query
// is that of an edge; eager loading, which has one query for all parents, spreads it over all of them.
func (Note) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{
		intercept.Func(func(ctx context.Context, q intercept.Query) error {
			if qc := ent.QueryFromContext(ctx); qc == nil || qc.Limit == nil {
				q.Limit(noteLimit)
			}
			return nil
		}),
	}
}
