// Package entloader is the runtime of generated edge loaders: it turns the
// one-query-per-entity loads of an ent schema into batched IN queries, without
// a resolver to write or a timer to tune.
//
// A load takes this way through the package, one file a step:
//
//	entity → Handle (sibling.go) → EntityEdge (edge.go) → LoaderBy (loader.go)
//	→ batch (batch.go) → Relation (relation.go) → SQL (statement.go) → rows
//	→ group → waiter
//
// # Sibling sets
//
// Loaders that are attached to a context remember of every ent query which
// entities it returned together. The first load of an edge sends one statement
// for all of them; the others find the answer ready. See [Set].
//
// # Recorded context
//
// A batch runs under a context that records which keys interceptors, policies
// and hooks look up, and what they find. The record is part of the answer:
// another load shares it only if its own context holds equal values, so
// viewers, tenants and soft-delete switches separate by themselves. See
// record.go.
//
// Most of what this package exports is called by generated code. Applications
// use the methods generated into their ent package, and [Option].
package entloader
