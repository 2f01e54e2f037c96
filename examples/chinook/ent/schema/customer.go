package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Customer buys tracks, and may have an employee to turn to.
type Customer struct{ ent.Schema }

// Annotations of the table.
func (Customer) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Customer")}
}

// Fields are the columns.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("CustomerId"),
		field.String("first_name").StorageKey("FirstName"),
		field.String("last_name").StorageKey("LastName"),
		field.String("company").StorageKey("Company").Optional().Nillable(),
		field.String("address").StorageKey("Address").Optional().Nillable(),
		field.String("city").StorageKey("City").Optional().Nillable(),
		field.String("state").StorageKey("State").Optional().Nillable(),
		field.String("country").StorageKey("Country").Optional().Nillable(),
		field.String("postal_code").StorageKey("PostalCode").Optional().Nillable(),
		field.String("phone").StorageKey("Phone").Optional().Nillable(),
		field.String("fax").StorageKey("Fax").Optional().Nillable(),
		field.String("email").StorageKey("Email"),
		field.Int("support_rep_id").StorageKey("SupportRepId").Optional().Nillable(),
	}
}

// Edges of a customer.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("support_rep", Employee.Type).Ref("customers").Field("support_rep_id").Unique(),
		edge.To("invoices", Invoice.Type),
	}
}
