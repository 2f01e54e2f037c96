package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/entloader/entloader/entloader"
)

// Unit is an organisational unit that sends in samples.
type Unit struct {
	ent.Schema
}

// Fields of the Unit.
func (Unit) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Unique(),
		field.String("name"),
		field.Enum("kind").Values("ward", "clinic", "plant", "field_station"),
		field.Time("installed_at"),
		field.Time("retired_at").Optional().Nillable(),
	}
}

// Edges of the Unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		// M2O, inverse of Location.units, optional, hidden FK on Unit.
		edge.From("location", Location.Type).
			Ref("units").
			Unique(),
		// O2M, FK as a schema field on Sample.
		edge.To("samples", Sample.Type).Annotations(
			entloader.Dynamic("recent_samples").
				Where("status", entloader.EQ).
				Where("taken_at", entloader.GTE).Optional().As("since").
				OrderBy(entloader.Desc("taken_at")).
				Limit().Default(20).Max(100).
				Offset(),
			entloader.Dynamic("open_samples").Is("status", "open"),
			entloader.Dynamic("last_sample").OrderBy(entloader.Desc("taken_at")).First(),
			// Operators that are not in the others, constants and parameters mixed.
			entloader.Dynamic("odd_samples").
				Where("status", entloader.NotIn, "done", "rejected").
				Where("volume", entloader.GT).
				Where("volume", entloader.LT, 1000.5).
				Where("taken_at", entloader.NEQ).
				Where("taken_at", entloader.LT, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)).
				Where("serial", entloader.In).Optional().
				Where("serial", entloader.ContainsFold).Optional().
				Where("remark", entloader.IsNil).Optional().
				Where("remark", entloader.HasPrefix).Optional().
				Where("id", entloader.NEQ, 0).
				Where("technician_id", entloader.NotNil).
				OrderBy(entloader.Asc("status"), entloader.Desc("serial")).
				Offset(1),
			entloader.Dynamic("stale_samples").
				Where("status", entloader.In).
				Func().Param("days", 0),
			entloader.Dynamic("first_by_status").Where("status", entloader.EQ).OrderBy(entloader.Asc("taken_at")).First(),
		),
		// O2M, FK as a schema field on Note, whose queries have a default limit.
		edge.To("notes", Note.Type),
		// O2M, FK as a schema field on Incident, whose queries have a privacy policy.
		edge.To("incidents", Incident.Type),
		// O2M, hidden FK on Document, whose queries leave out deleted rows.
		edge.To("documents", Document.Type),
	}
}

// Indexes of the Unit.
func (Unit) Indexes() []ent.Index {
	return []ent.Index{
		index.Edges("location"),
	}
}
