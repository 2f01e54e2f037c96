package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	gen "github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/privacy"
	"github.com/entloader/entloader/ent/viewer"
)

// Incident is something that went wrong at a unit. Who may see it is the matter of its policy.
type Incident struct {
	ent.Schema
}

// Fields of the Incident.
func (Incident) Fields() []ent.Field {
	return []ent.Field{
		field.String("summary"),
		field.Enum("severity").Values("minor", "major", "critical"),
		field.Bool("confidential").Default(false),
		field.Time("reported_at"),
		field.Int("unit_id"),
	}
}

// Edges of the Incident.
func (Incident) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Unit.incidents, required, FK as a schema field on Incident.
		edge.From("unit", Unit.Type).
			Ref("incidents").
			Field("unit_id").
			Unique().
			Required(),
	}
}

// Indexes of the Incident.
func (Incident) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("unit_id"),
	}
}

// Policy of the Incident: anybody may write, only admins see what is confidential. For everybody else, and where the
// context has no viewer, the rows are filtered, not denied.
func (Incident) Policy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			privacy.IncidentQueryRuleFunc(func(ctx context.Context, q *gen.IncidentQuery) error {
				if !viewer.FromContext(ctx).Admin {
					q.Where(incident.Confidential(false))
				}
				return privacy.Skip
			}),
		},
	}
}
