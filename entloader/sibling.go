package entloader

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// A Set is a sibling set: the entities that one query returned together, as
// the keys of each (its id and foreign keys), read before the application
// could change them. The loaders hold their sets, the entities do not:
//
//	loaders ──▶ Set ◀┄┄ token ◀── Handle ◀── entity      ┄┄ weak
//
// so a set goes with its loaders, or with the last of its entities, whichever
// is first, and an entity that is kept for long keeps alive a token of a few
// words.
type Set struct {
	setNode
	size int // entities
	// The keys of the entities, in the order of the query: written before the
	// entities are handed out, then read-only.
	ids column   // columnOf the ids; nil for entities without one
	fks []column // columnOf FK, by number of the foreign key

	scope *Scope
	born  uint64  // Loaders.clears when the query ran
	eager []int   // edges that were loaded with the query, as a whole
	read  *record // what the eager loads read from their context

	mu      sync.Mutex
	guesses map[guessKey]*guess // protected by mu
}

// token ties the entities of a set to the set without keeping it alive.
type token struct{ set weak.Pointer[Set] }

// A Handle is the field that generated code adds to an entity. The zero Handle
// belongs to no set.
type Handle struct {
	token *token
	index int
}

// newSet makes a set of n entities that the query with the given state
// returned, or that none did if that is nil. It returns the handle of the first.
func newSet(sc *Scope, n int, ids column, fks []column, state *QueryState) Handle {
	s := &Set{size: n, ids: ids, fks: fks, scope: sc, born: sc.loaders.clears.Load()}
	if state != nil {
		s.eager, s.read = state.eagerLoaded()
	}
	sc.loaders.link(&s.setNode)
	w := weak.Make(s)
	t := &token{set: w}
	// The cleanup must not hold the set: it would keep the loaders alive for as
	// long as the entity.
	runtime.AddCleanup(t, dropSet, w)
	return Handle{token: t}
}

func dropSet(w weak.Pointer[Set]) {
	if s := w.Value(); s != nil {
		s.scope.loaders.unlink(&s.setNode)
	}
}

// set returns the set of h if it belongs to the scope.
func (h Handle) set(sc *Scope) *Set {
	if h.token == nil {
		return nil
	}
	s := h.token.set.Value()
	if s == nil || s.scope != sc || h.index >= s.size {
		return nil
	}
	return s
}

// setNode links the sets of loaders, so that a set lives as long as they do.
// The fields are protected by Loaders.mu.
type setNode struct{ prev, next *setNode }

func (l *Loaders) link(n *setNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.next = l.sets; n.next != nil {
		n.next.prev = n
	}
	l.sets = n
}

func (l *Loaders) unlink(n *setNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.next != nil {
		n.next.prev = n.prev
	}
	if n.prev != nil {
		n.prev.next = n.next
	} else if l.sets == n {
		l.sets = n.next
	}
	n.prev, n.next = nil, nil
}

// whole reports whether the set was queried together with the edge of the given
// index, such that the entities hold what a load under ctx would bring.
func (s *Set) whole(ctx context.Context, index int) bool {
	return s != nil && slices.Contains(s.eager, index) && ctx.Err() == nil &&
		s.born == s.scope.loaders.clears.Load() &&
		s.read.matches(ctx, s.scope.loaders.opt.scope)
}

// A guess bounds what is sent for siblings that have not asked yet. There is
// one per set, relation and kind of answer. Entities of a set mostly ask for the
// same; those that ask each for something else (a time of its own for each unit)
// must not cost a window of keys each.
type guess struct {
	options any          // of the first load with options
	asked   map[any]bool // others, each asked for by one entity
}

type guessKey struct {
	of     any // the relation, or the dynamic edge
	answer answerKind
}

// siblings reports whether a load with these options may send for siblings.
func (s *Set) siblings(of guessKey, options any) bool {
	if options == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.guesses == nil {
		s.guesses = make(map[guessKey]*guess)
	}
	g := s.guesses[of]
	switch {
	case g == nil:
		s.guesses[of] = &guess{options: options, asked: make(map[any]bool)}
		return true
	case g.options == options, g.asked[options]: // asked for twice: no guess
		return true
	}
	g.asked[options] = true
	return false
}
