package schema

import (
	"net"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Attachment is a file that some instrument sent. It has no edges: ent generates none to types whose id is []byte.
type Attachment struct {
	ent.Schema
}

// binary is a column that MySQL takes into an index.
func binary(size string) map[string]string {
	return map[string]string{dialect.MySQL: "varbinary(" + size + ")"}
}

// Fields of the Attachment.
func (Attachment) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("id").SchemaType(binary("1024")).Comment("the hash of the content, by any function"),
		field.String("name"),
		field.Bytes("signature").Optional().Unique().SchemaType(binary("255")),
		// A Go type that converts nothing.
		field.Bytes("sender").GoType(net.IP{}).SchemaType(binary("16")),
	}
}

// Indexes of the Attachment.
func (Attachment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "sender").Unique(),
	}
}
