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

// InvoiceLine is one track on an invoice.
type InvoiceLine struct{ ent.Schema }

// Annotations of the table.
func (InvoiceLine) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("InvoiceLine")}
}

// Fields are the columns.
func (InvoiceLine) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("InvoiceLineId"),
		field.Int("invoice_id").StorageKey("InvoiceId"),
		field.Int("track_id").StorageKey("TrackId"),
		field.Float("unit_price").StorageKey("UnitPrice").GoType(column.Cents(0)).
			SchemaType(map[string]string{dialect.SQLite: "NUMERIC(10,2)"}),
		field.Int("quantity").StorageKey("Quantity"),
	}
}

// Edges of an invoice line.
func (InvoiceLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("invoice", Invoice.Type).Ref("lines").Field("invoice_id").Unique().Required(),
		edge.From("track", Track.Type).Ref("invoice_lines").Field("track_id").Unique().Required(),
	}
}
