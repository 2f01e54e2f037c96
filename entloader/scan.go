package entloader

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A rowScanner tells for each row of a batch whose it is, and which entity. The
// key of a row is turned into the position of its owner at once.
type rowScanner[K comparable] struct {
	codec *Codec[K]
	parts []Codec[K]  // of the codec, by column
	index map[K]int32 // owners by key; nil if there is one
	// forms are the owners by the folded key, for keys that the database
	// compares more loosely than Go does; made when a row needs it.
	forms map[string]int32
	// idColumn is set where an entity may come in several rows, one per owner.
	// Such an entity is made once: ent's eager loaders fill one of several
	// entities with the same id, and leave the others empty.
	idColumn string
	seen     map[any]int32 // entities by id
	once     bool          // an owner has an entity once, however many rows bring it

	key   K     // of the row that is being read, then of the one before
	last  K     // key of the row before the one that is being read
	owner int32 // of key
	// By row. Without seen, each row has an entity of its own, and entities
	// stays empty.
	owners, entities []int32
	made             int32 // entities
	dropped          int   // rows that repeated others of their owner
	lost             bool  // some row has a key that nobody asked for
}

func newRowScanner[K comparable](codec *Codec[K], keys []K) *rowScanner[K] {
	s := &rowScanner[K]{codec: codec, parts: codec.columns(), owner: -1}
	if len(keys) > 1 {
		s.index = make(map[K]int32, len(keys))
		for i, k := range keys {
			s.index[codec.id(k)] = int32(i)
		}
	}
	return s
}

// holds reports whether the key can be read from the holders that ent makes for
// columns.
func (s *rowScanner[K]) holds(spec *sqlgraph.QuerySpec, columns []string) bool {
	if s.index == nil {
		return false
	}
	holders, err := spec.ScanValues(columns)
	if err != nil || len(holders) != len(columns) {
		return false
	}
	var k K
	for i := range holders {
		if s.parts[i].late || !s.parts[i].Held(holders[i], &k) {
			return false
		}
	}
	return true
}

// Scan implements sql.Scanner for the column of a key of one: one holder serves
// all rows.
func (s *rowScanner[K]) Scan(src any) error { return s.scan(0, src) }

// A partHolder implements sql.Scanner for a column of a key of several.
type partHolder[K comparable] struct {
	s    *rowScanner[K]
	part int
}

func (h *partHolder[K]) Scan(src any) error { return h.s.scan(h.part, src) }

// scan reads a part of the key. database/sql reads the columns of a row in order.
func (s *rowScanner[K]) scan(part int, src any) error {
	if part == 0 {
		s.last = s.key
	}
	if err := s.parts[part].Scan(src, &s.key); err != nil {
		return err
	}
	if part == len(s.parts)-1 {
		s.own()
	}
	return nil
}

// own finds the owner of s.key.
func (s *rowScanner[K]) own() {
	s.key = s.codec.id(s.key)
	if s.owner >= 0 && s.key == s.last {
		return // rows of one parent often come in a row
	}
	owner, ok := s.index[s.key]
	if !ok && !s.codec.Exact {
		owner, ok = s.loosely()
	}
	if !ok {
		s.lost = true
	}
	s.owner = owner
}

// loosely finds the owner of s.key among the keys of the same form, of which
// there is one.
func (s *rowScanner[K]) loosely() (owner int32, ok bool) {
	if s.forms == nil {
		s.forms = make(map[string]int32, len(s.index))
		for k, i := range s.index {
			if f, err := folded(*s.codec, k); err == nil {
				s.forms[f] = i
			}
		}
	}
	f, err := folded(*s.codec, s.key)
	if err != nil {
		return 0, false
	}
	owner, ok = s.forms[f]
	return owner, ok
}

// attach makes the scanner read the columns that st added behind those of ent,
// and takes them away again. It may be called several times: an interceptor may
// retry.
func (s *rowScanner[K]) attach(spec *sqlgraph.QuerySpec, st *statement) {
	s.owners, s.entities, s.made, s.dropped, s.owner = s.owners[:0], s.entities[:0], 0, 0, -1
	s.lost, s.once = false, false
	if s.idColumn != "" {
		s.seen = make(map[any]int32)
	}
	scan, assign := spec.ScanValues, spec.Assign
	spec.ScanValues = func(columns []string) ([]any, error) {
		values, err := scan(columns)
		if err != nil {
			return values, err
		}
		ours := values[len(values)-st.keyColumns-st.rankColumns:]
		for i := range st.keyColumns {
			ours[i] = &partHolder[K]{s, i}
		}
		return values, nil
	}
	at := make([]int, len(s.parts)) // of the key among ent's columns, of the first row
	spec.Assign = func(columns []string, values []any) error {
		n := len(columns) - st.keyColumns - st.rankColumns
		columns, values = columns[:n], values[:n]
		if len(s.owners) == 0 {
			s.once = st.once
			for i, c := range st.match.columns() {
				at[i] = slices.Index(columns, c)
			}
		}
		switch {
		case s.index == nil:
			s.owner = 0
		case st.keyColumns == 0:
			s.last = s.key
			for i := range at {
				if at[i] < 0 || !s.parts[i].Held(values[at[i]], &s.key) {
					return fmt.Errorf("column %q holds no key", st.match.columns()[i])
				}
			}
			s.own()
		}
		if s.seen != nil && (s.index != nil || s.once) {
			if e, ok := s.known(columns, values); ok {
				if s.index == nil {
					s.dropped++
					return nil
				}
				s.owners, s.entities = append(s.owners, s.owner), append(s.entities, e)
				return nil
			}
			s.entities = append(s.entities, s.made)
		}
		s.owners = append(s.owners, s.owner)
		s.made++
		return assign(columns, values)
	}
}

// known returns the entity of a row if another row brought it.
func (s *rowScanner[K]) known(columns []string, values []any) (int32, bool) {
	i := slices.Index(columns, s.idColumn)
	if i < 0 {
		return 0, false
	}
	id, ok := scanned(values[i])
	if !ok {
		return 0, false
	}
	e, ok := s.seen[id]
	if !ok {
		s.seen[id] = s.made
	}
	return e, ok
}

// entity returns which entity a row brought.
func (s *rowScanner[K]) entity(row int) int32 {
	if s.seen == nil {
		return int32(row)
	}
	return s.entities[row]
}

// scanned returns the value in a holder that database/sql scanned into, in a
// form that can be compared.
func scanned(holder any) (any, bool) {
	switch h := holder.(type) {
	case *sql.NullInt64:
		return h.Int64, true
	case *sql.NullString:
		return h.String, true
	case driver.Valuer:
		v, err := h.Value()
		if b, ok := v.([]byte); ok {
			return string(b), err == nil
		}
		return v, err == nil
	}
	v := reflect.Indirect(reflect.ValueOf(holder))
	if !v.IsValid() || !v.Comparable() {
		return nil, false
	}
	return v.Interface(), true
}

// groups distributes the entities that interceptors returned, given those that
// were scanned, to their owners. It reports false if an entity can not be told.
func groups[K comparable, T any](s *rowScanner[K], returned, scanned []T, out []rows) bool {
	if s.lost || int(s.made) != len(scanned) {
		return false
	}
	if s.once {
		s.dropRepeats(len(out))
	}
	total := len(s.owners)
	each := func(yield func(owner int32, entity T) bool) {
		for i, o := range s.owners {
			if !yield(o, scanned[s.entity(i)]) {
				return
			}
		}
	}
	if !slices.EqualFunc(returned, scanned, func(a, b T) bool { return any(a) == any(b) }) {
		kept, ok := returnedRows(s, returned, scanned)
		if !ok || cutOut(returned, scanned) {
			return false
		}
		total = len(kept)
		each = func(yield func(owner int32, entity T) bool) {
			for _, i := range kept {
				if !yield(s.owners[i], scanned[s.entity(i)]) {
					return
				}
			}
		}
	}
	all, ends := group(total, len(out), each)
	var shared any = all
	start := int32(0)
	for i, end := range ends {
		out[i] = rows{shared, start, end}
		start = end
	}
	return true
}

// dropRepeats drops the rows that bring their owner an entity which another row
// brought, as those of a join table do that holds a pair twice.
func (s *rowScanner[K]) dropRepeats(owners int) {
	if len(s.owners) == int(s.made) {
		return // no entity came twice
	}
	sorted, ends := group(len(s.owners), owners, func(yield func(int32, int32) bool) {
		for row, o := range s.owners {
			if !yield(o, int32(row)) {
				return
			}
		}
	})
	last := make([]int32, s.made) // by entity: the owner that had it last, and 1
	start := int32(0)
	for o, end := range ends {
		for _, row := range sorted[start:end] {
			e := s.entities[row]
			if last[e] == int32(o)+1 {
				s.entities[row] = -1
				s.dropped++
			}
			last[e] = int32(o) + 1
		}
		start = end
	}
	if s.dropped == 0 {
		return
	}
	kept := 0
	for row, e := range s.entities {
		if e >= 0 {
			s.owners[kept], s.entities[kept] = s.owners[row], e
			kept++
		}
	}
	s.owners, s.entities = s.owners[:kept], s.entities[:kept]
}

// group sorts n rows by their owner, keeping their order. They share one array: the
// rows of an owner end where those of the next one begin.
func group[T any](n, owners int, each func(yield func(owner int32, row T) bool)) (all []T, ends []int32) {
	starts := make([]int32, owners+1)
	for o := range each {
		starts[o+1]++
	}
	for i := range owners {
		starts[i+1] += starts[i]
	}
	all = make([]T, n)
	for o, row := range each {
		all[starts[o]] = row
		starts[o]++ // the end of o when all of its rows are there
	}
	return all, starts[:owners]
}

// cutOut reports whether an interceptor returned a part of the entities without a gap.
// That is what is left by one that cuts lists, to a page or to a few, and what it
// would have left of the list of a single key nobody can tell. One that drops entities
// for what they are rarely drops only from the ends.
func cutOut[T any](returned, scanned []T) bool {
	if len(returned) == 0 || len(returned) >= len(scanned) {
		return false
	}
	start := slices.IndexFunc(scanned, func(e T) bool { return any(e) == any(returned[0]) })
	return start >= 0 && start+len(returned) <= len(scanned) &&
		slices.EqualFunc(returned, scanned[start:start+len(returned)], func(a, b T) bool { return any(a) == any(b) })
}

// returnedRows are the rows of the entities that interceptors returned: they
// may have dropped some, or changed the order.
func returnedRows[K comparable, T any](s *rowScanner[K], returned, scanned []T) (kept []int, ok bool) {
	at := make(map[any]int, len(returned)) // T are pointers
	for i, e := range returned {
		at[e] = i
	}
	position := make([]int, len(scanned)) // in returned, by position in scanned
	ordered, last, found := true, -1, 0
	for i, e := range scanned {
		p, ok := at[e]
		if !ok {
			position[i] = -1
			continue
		}
		position[i] = p
		found++
		ordered = ordered && p > last
		last = p
	}
	if found != len(at) {
		return nil, false // not an entity of this statement
	}
	for i := range s.owners {
		if position[s.entity(i)] >= 0 {
			kept = append(kept, i)
		}
	}
	if !ordered {
		slices.SortStableFunc(kept, func(a, b int) int { return position[s.entity(a)] - position[s.entity(b)] })
	}
	return kept, true
}
