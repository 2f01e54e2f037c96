package entloader

// Declare makes siblings of entities that no query returned together: created
// ones, or those of several queries. From then on the first load of an edge sends
// one statement for all of them, at most one per window. Generated code calls it
// for the Siblings method of loaders by key, of which l is one.
//
// The keys that were read when an entity was queried are preferred to those that
// it shows, where they are known. Entities of different scopes (a transaction and
// its outside) can not share a batch, so each scope has a set of its own. Nil
// entities are left out.
//
// It writes to the entities: call it before other goroutines see them, and before
// the id or a foreign key of an entity is changed that was not queried under the
// same loaders. What was eager-loaded with the entities is loaded again.
func Declare[T any](l *ByKey, e *Entity[T], entities []T) {
	type set struct {
		entities []T
		known    []Handle
	}
	var none T
	sets := make(map[*Scope]*set, 1)
	seen := make(map[any]bool, len(entities)) // T are pointers
	for _, n := range entities {
		if any(n) == any(none) || seen[n] {
			continue
		}
		seen[n] = true
		sc := e.Scope(l.loaders.finder, n)
		if sc == nil {
			continue
		}
		if sets[sc] == nil {
			sets[sc] = new(set)
		}
		s := sets[sc]
		s.entities, s.known = append(s.entities, n), append(s.known, *e.Handle(n))
	}
	for sc, s := range sets {
		remember(e, sc, nil, s.entities, s.known)
	}
}
