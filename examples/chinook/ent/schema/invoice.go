package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/examples/chinook/column"
)

// Invoice is what a customer bought on one day.
type Invoice struct{ ent.Schema }

// Annotations of the table.
func (Invoice) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Invoice")}
}

// Fields are the columns.
func (Invoice) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("InvoiceId"),
		field.Int("customer_id").StorageKey("CustomerId"),
		field.Time("invoice_date").StorageKey("InvoiceDate").GoType(column.DateTime{}),
		field.String("billing_address").StorageKey("BillingAddress").Optional().Nillable(),
		field.String("billing_city").StorageKey("BillingCity").Optional().Nillable(),
		field.String("billing_state").StorageKey("BillingState").Optional().Nillable(),
		field.String("billing_country").StorageKey("BillingCountry").Optional().Nillable(),
		field.String("billing_postal_code").StorageKey("BillingPostalCode").Optional().Nillable(),
		field.Float("total").StorageKey("Total").GoType(column.Cents(0)).
			SchemaType(map[string]string{dialect.SQLite: "NUMERIC(10,2)"}),
	}
}

// Edges of an invoice.
func (Invoice) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("invoices").Field("customer_id").Unique().Required(),
		edge.To("lines", InvoiceLine.Type),
	}
}
