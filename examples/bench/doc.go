// Package bench measures what entloader costs next to ent's eager loading, to a
// query per entity and to a hand-written dataloader, over the same data, the
// same GraphQL schema and the same goroutines.
package bench

//go:generate go tool gqlgen generate
