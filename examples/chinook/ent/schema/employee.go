package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/entloader/entloader/examples/chinook/column"
)

// Employee works for the shop, and reports to another employee. The general
// manager reports to nobody.
type Employee struct{ ent.Schema }

// Annotations of the table.
func (Employee) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("Employee")}
}

// Fields are the columns.
func (Employee) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("EmployeeId"),
		field.String("last_name").StorageKey("LastName"),
		field.String("first_name").StorageKey("FirstName"),
		field.String("title").StorageKey("Title").Optional().Nillable(),
		field.Int("reports_to").StorageKey("ReportsTo").Optional().Nillable(),
		field.Time("birth_date").StorageKey("BirthDate").GoType(column.DateTime{}).Optional().Nillable(),
		field.Time("hire_date").StorageKey("HireDate").GoType(column.DateTime{}).Optional().Nillable(),
		field.String("address").StorageKey("Address").Optional().Nillable(),
		field.String("city").StorageKey("City").Optional().Nillable(),
		field.String("state").StorageKey("State").Optional().Nillable(),
		field.String("country").StorageKey("Country").Optional().Nillable(),
		field.String("postal_code").StorageKey("PostalCode").Optional().Nillable(),
		field.String("phone").StorageKey("Phone").Optional().Nillable(),
		field.String("fax").StorageKey("Fax").Optional().Nillable(),
		field.String("email").StorageKey("Email").Optional().Nillable(),
	}
}

// Edges of an employee.
func (Employee) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("reports", Employee.Type).
			From("manager").Field("reports_to").Unique(),
		edge.To("customers", Customer.Type),
	}
}
