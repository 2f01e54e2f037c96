// Package entloader is the runtime of generated edge loaders: it turns the
// one-query-per-entity loads of an ent schema into batched IN queries, without
// a resolver to write or a timer to tune.
//
// A load takes this way through the package, one file a step:
//
//	entity → Handle (sibling.go; entity.go for how its keys were read)
//	→ EntityEdge (edge.go) → LoaderBy (loader.go; loadall.go for many keys)
//	→ answers that are there (cache.go) or keys to send (dispatch.go; door.go
//	for lone keys that come at the same time, settle.go and pace.go for when they are
//	sent)
//	→ batch (batch.go) → Relation (relation.go), on ent's query (view.go) → SQL (statement.go)
//	→ rows → groups (scan.go) → waiter
//
// # Sibling sets
//
// Loaders that are attached to a context remember of every ent query which
// entities it returned together. The first load of an edge sends one statement
// for all of them; the others find the answer ready. See [Set].
//
// What a set's query brought is the answer of loads by id or by a unique field as
// well. See offer.go.
//
// # Recorded context
//
// A batch runs under a context that records which keys interceptors, policies
// and hooks look up, and what they find. The record is part of the answer:
// another load shares it only if its own context holds equal values, so
// viewers, tenants and soft-delete switches separate by themselves. See
// record.go, and quiet.go for what drivers look up.
//
// # Loaders of one's own
//
// [NewLoader] and its relatives load what is no ent edge; [Define] keeps such a
// loader in the loaders of the request, and [Each] sends what the members of a
// loop load without waiting for a timer.
//
// The rest of what this package exports is called by generated code.
package entloader
