package entgql

import "github.com/entloader/entloader/examples/entgql/ent"

// Resolver resolves queries.
type Resolver struct{ client *ent.Client }
