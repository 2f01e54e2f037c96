// Package leftout is a schema of which not all has loaders.
package leftout

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/entloader"
)

// Stops can not be compared.
type Stops struct{ all []string }

func (s Stops) Value() (driver.Value, error) { return strings.Join(s.all, "/"), nil }

func (s *Stops) Scan(src any) error {
	s.all = strings.Split(fmt.Sprint(src), "/")
	return nil
}

type Route struct{ ent.Schema }

func (Route) Fields() []ent.Field {
	return []ent.Field{field.Other("id", Stops{}).SchemaType(map[string]string{dialect.SQLite: "text"})}
}

type Secret struct{ ent.Schema }

func (Secret) Annotations() []schema.Annotation { return []schema.Annotation{entloader.Skip()} }

func (Secret) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("unit", Unit.Type).Ref("secrets").Unique(),
		edge.From("sharers", Unit.Type).Ref("shared"),
		edge.To("units", Unit.Type),
	}
}

type Unit struct{ ent.Schema }

func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", Unit.Type).From("parent").Unique(),
		edge.To("secrets", Secret.Type),
		edge.To("shared", Secret.Type),
		edge.From("secret", Secret.Type).Ref("units").Unique(),
		edge.To("skipped", Unit.Type).Annotations(entloader.Skip()),
		edge.From("skipper", Unit.Type).Ref("skipped").Unique(),
	}
}
