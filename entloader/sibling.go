package entloader

import (
	"context"
	"runtime"
	"sync"
	"weak"
)

// A Set is a sibling set: the entities that one query returned together, as
// the keys S of each (its id and foreign keys), read before the application
// could change them. The loaders hold their sets, the entities do not:
//
//	loaders ──▶ Set ◀┄┄ token ◀── Handle ◀── entity      ┄┄ weak
//
// so a set goes with its loaders, or with the last of its entities, whichever
// is first, and an entity that is kept for long keeps alive a token of a few
// words.
type Set[S any] struct {
	setNode
	// Rows are the keys of the entities, in the order of the query. Generated
	// code fills them before the entities are handed out; then read-only.
	Rows []S

	scope *Scope
	born  uint64  // Loaders.clears when the query ran
	eager []bool  // by edge: loaded with the query, as a whole
	read  *record // what the eager loads read from their context

	mu      sync.Mutex
	guesses map[guessKey]*guess // protected by mu
}

// token ties the entities of a set to the set without keeping it alive.
type token[S any] struct{ set weak.Pointer[Set[S]] }

// A Handle is the field that generated code adds to an entity. The zero Handle
// belongs to no set.
type Handle[S any] struct {
	token *token[S]
	index int
}

// NewSet returns a set of n entities that the query with the given state
// returned, or that none did if that is nil, and the handle of the first. It
// returns nil if sc is nil.
func NewSet[S any](sc *Scope, n int, state *QueryState) (*Set[S], Handle[S]) {
	if sc == nil || n == 0 {
		return nil, Handle[S]{}
	}
	s := &Set[S]{Rows: make([]S, n), scope: sc, born: sc.loaders.clears.Load()}
	if state != nil {
		s.eager, s.read = state.eagerLoaded()
	}
	sc.loaders.link(&s.setNode)
	w := weak.Make(s)
	t := &token[S]{set: w}
	// The cleanup must not hold the set: it would keep the loaders alive for as
	// long as the entity.
	runtime.AddCleanup(t, dropSet[S], w)
	return s, Handle[S]{token: t}
}

// At returns the handle of the i-th entity of the set.
func (h Handle[S]) At(i int) Handle[S] { return Handle[S]{token: h.token, index: i} }

func dropSet[S any](w weak.Pointer[Set[S]]) {
	if s := w.Value(); s != nil {
		s.scope.loaders.unlink(&s.setNode)
	}
}

// set returns the set of h if it belongs to the scope, and the row of h in it.
func (h Handle[S]) set(sc *Scope) (*Set[S], *S) {
	if h.token == nil {
		return nil, nil
	}
	s := h.token.set.Value()
	if s == nil || s.scope != sc || h.index >= len(s.Rows) {
		return nil, nil
	}
	return s, &s.Rows[h.index]
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
func (s *Set[S]) whole(ctx context.Context, index int) bool {
	return s.eager != nil && s.eager[index] &&
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
	of     any // the relation
	answer answerKind
}

// siblings reports whether a load with these options may send for siblings.
func (s *Set[S]) siblings(of guessKey, options any) bool {
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
