package entloader

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// Columns that a batch adds to its statement, behind those of ent.
const (
	keyColumn  = "entloader_key"
	rankColumn = "entloader_rank"
)

// A statement turns ent's query for the neighbors of one entity into one for
// those of many. It is rewritten at the last moment, when interceptors and
// policies have run, so that what they set is treated like what options set.
type statement struct {
	match    Match
	schema   string // of match.Table
	idColumn string
	unique   []string
	one      bool
	list     keyList
	// keyless says that there is one key, so rows need not tell theirs.
	keyless bool
	// held says that the key can be read from the column where ent reads it, if
	// ent selects that.
	held bool

	limit, offset int
	// once says that what repeats a row of the same key is left out when rows are
	// scanned, again that such rows were seen: see limit.go.
	once, again bool
	// refused says that the statement was not sent: several keys can not share it.
	refused bool
	// Columns that are selected behind those of ent, set when the statement is
	// complete: the key, and the rank.
	keyColumns, rankColumns int
}

// rewrite changes spec. q is the context of its query.
func (st *statement) rewrite(spec *sqlgraph.QuerySpec, q *ent.QueryContext) {
	// Limit and offset are per key from here on.
	st.limit, st.offset = spec.Limit, spec.Offset
	spec.Limit, spec.Offset = 0, 0
	if st.one && st.limit > 1 && st.offset == 0 {
		// Only asks for two rows to see that there is one. So do we, and find
		// it cheaper to look at all rows of a key than to rank them.
		st.limit = 0
	}
	unique := q.Unique
	// The slice may be the query's own.
	modifiers := spec.Modifiers[:len(spec.Modifiers):len(spec.Modifiers)]
	spec.Modifiers = append(modifiers, func(s *sql.Selector) {
		// ent's edge queries are DISTINCT by default. It costs a sort of all
		// columns, and changes nothing where every row comes once. It does not in a
		// join table that holds a pair twice; those are seen by their ids.
		distinct := s.HasJoins()
		if unique != nil {
			distinct = *unique
		}
		st.once = st.paired() && unique == nil && !distinct
		terms, args, text := orderTerms(s, 0)
		if st.refuse(s, text) {
			return
		}
		if terms != "" {
			if tie := st.tieBreak(s, terms); tie != "" {
				s.OrderExpr(sql.Expr(strings.TrimPrefix(tie, ", ")))
				terms += tie
			}
		}
		if st.limit > 0 || st.offset > 0 {
			st.limitRows(s, text, terms, args, distinct)
		} else {
			st.selectKey(s)
			s.SetDistinct(distinct)
		}
	})
}

// paired reports whether rows are found by a table of pairs. The ones that ent
// makes have a primary key, those of other origin may hold a pair twice.
func (st *statement) paired() bool { return st.match.Table != "" && !st.one }

// refuse reports whether the keys can not share the statement of s, whose text
// without order and conditions is given, and keeps it from being sent. What
// options on a call lead to is known before; what a function of the schema, an
// interceptor or a traverser did to the selector shows only here.
func (st *statement) refuse(s *sql.Selector, text string) bool {
	if st.keyless || batchable(text, "") {
		return false
	}
	st.refused = true
	s.AddError(errRefused)
	return true
}

var errRefused = errors.New("entloader: the statement can not be sent for several keys")

// selectKey restricts the rows to those of the keys and selects the key.
func (st *statement) selectKey(s *sql.Selector) (key string) {
	key, _ = st.keyOf(s)
	s.Where(st.list.in(key))
	st.keyFrom(s, key)
	return key
}

// keyOf returns the column of the key, whose table it joins to s if need be; of a
// key of several columns their row value. id is the column that tells its rows apart,
// of that table if there is one: an index on the pair gives it in order.
func (st *statement) keyOf(s *sql.Selector) (key, id string) {
	switch {
	case st.match.Columns != nil:
		return "(" + strings.Join(s.Columns(st.match.Columns...), ", ") + ")", s.C(st.idColumn)
	case st.match.Table == "":
		return s.C(st.match.Column), s.C(st.idColumn)
	}
	join := sql.Dialect(s.Dialect()).Table(st.match.Table).Schema(st.schema)
	target := s.C(st.match.Target)
	s.Join(join).On(target, join.C(st.match.On))
	return join.C(st.match.Column), join.C(st.match.On)
}

// keyFrom selects the key, which stands in a column, unless it is selected
// already: a column less is two percent less of a batch.
func (st *statement) keyFrom(s *sql.Selector, column string) {
	if st.keyless || st.held && selects(s, st.match.columns()) {
		return
	}
	if st.match.Columns == nil {
		s.AppendSelectAs(column, keyColumn)
		st.keyColumns = 1
		return
	}
	for i, c := range st.match.Columns {
		s.AppendSelectAs(s.C(c), fmt.Sprintf("%s_%d", keyColumn, i))
	}
	st.keyColumns = len(st.match.Columns)
}

// selects reports whether s selects columns of its table.
func selects(s *sql.Selector, columns []string) bool {
	selected := s.SelectedColumns()
	return !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(selected, s.C(c)) })
}

// orderTerms renders what stands behind ORDER BY in s, for a place that has so
// many arguments before it: PostgreSQL numbers them. rest is the statement without
// order and conditions. ent's order terms are functions and expressions; their
// text is the one form that all of them have.
func orderTerms(s *sql.Selector, arguments int) (terms string, args []any, rest string) {
	s = copyOf(s).SetP(nil) // the key list is long, and nothing of it is needed
	_, before := copyOf(s).ClearOrder().Query()
	s.SetTotal(arguments - len(before))
	rest, _ = copyOf(s).ClearOrder().Query()
	all, args := s.Query()
	return strings.TrimPrefix(all[len(rest):], " ORDER BY "), args[len(before):], rest
}

// tieBreak returns the term that orders rows by primary key where terms hold
// them for equal, so that pages do not overlap. It goes in the direction of the
// last term, since the other one would keep the database from reading an index
// in order. It is empty if the last term is unique already.
func (st *statement) tieBreak(s *sql.Selector, terms string) string {
	if st.idColumn == "" {
		return ""
	}
	last := strings.TrimSpace(terms[strings.LastIndexByte(terms, ',')+1:])
	column, direction, _ := strings.Cut(last, " ")
	for _, u := range append([]string{st.idColumn}, st.unique...) {
		if c := s.C(u); column == c || column == c[strings.LastIndexByte(c, '.')+1:] {
			return ""
		}
	}
	if strings.HasPrefix(strings.ToUpper(direction), "DESC") {
		return ", " + s.C(st.idColumn) + " DESC"
	}
	return ", " + s.C(st.idColumn)
}

// rank makes s return the rows from offset to offset+limit of each key, in the
// order of s. It counts rows with a window function, which needs no index and
// costs one sort at most.
func (st *statement) rank(s *sql.Selector, key string, distinct, ordered bool) {
	count, order := "ROW_NUMBER()", func(*sql.Builder) {}
	if ordered {
		terms := copyOf(s)
		order = func(b *sql.Builder) {
			text, args, _ := orderTerms(terms, b.Total())
			b.WriteString(" ORDER BY ").Join(sql.Expr(text, args...))
		}
	}
	if distinct && st.idColumn != "" {
		// Equal rows count once.
		count = "DENSE_RANK()"
		if !ordered {
			id := s.C(st.idColumn)
			order = func(b *sql.Builder) { b.WriteString(" ORDER BY ").Ident(id) }
		}
	}
	inner := new(sql.Selector)
	*inner = *s
	inner.ClearOrder()
	inner.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString(count + " OVER (PARTITION BY ").Ident(strings.Trim(key, "()"))
		order(b)
		b.WriteByte(')')
	}), rankColumn)
	st.rankColumns = 1
	outer := sql.Dialect(s.Dialect()).Select("*").From(inner.As("entloader")).WithContext(s.Context())
	if st.offset > 0 {
		outer.Where(sql.GT(rankColumn, st.offset))
	}
	if st.limit > 0 {
		outer.Where(sql.LTE(rankColumn, st.offset+st.limit))
	}
	if ordered {
		outer.OrderBy(rankColumn)
	}
	*s = *outer
}
