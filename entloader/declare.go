package entloader

// Declare makes siblings of entities that no query returned together: created
// ones, or those of several queries. From then on the first load of an edge sends
// one statement for all of them, at most one per window. Generated code calls it
// for the Siblings method of loaders by key.
//
// shown returns the scope of an entity, nil if it has none, and the keys that it
// shows; those that were read when it was queried are preferred, where they are
// known. Entities of different scopes (a transaction and its outside) can not
// share a batch, so each scope has a set of its own. Nil entities are left out.
//
// It writes to the entities: call it before other goroutines see them, and before
// the id or a foreign key of an entity is changed that was not queried under the
// same loaders. What was eager-loaded with the entities is loaded again.
func Declare[E, S any](entities []*E, handle func(*E) *Handle[S], shown func(*E) (*Scope, S)) {
	type member struct {
		entity *E
		row    S
	}
	sets := make(map[*Scope][]member, 1)
	seen := make(map[*E]bool, len(entities))
	for _, e := range entities {
		if e == nil || seen[e] {
			continue
		}
		seen[e] = true
		sc, row := shown(e)
		if sc == nil {
			continue
		}
		if _, known := handle(e).set(sc); known != nil {
			row = *known
		}
		sets[sc] = append(sets[sc], member{e, row})
	}
	for sc, members := range sets {
		set, h := NewSet[S](sc, len(members), nil)
		for i, m := range members {
			set.Rows[i] = m.row
			*handle(m.entity) = h.At(i)
		}
	}
}
