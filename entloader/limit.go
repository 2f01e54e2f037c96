package entloader

import (
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// A limit is one per key, and there are three ways to have it:
//
//   - one key: LIMIT and OFFSET, as ent's own query has them;
//   - SQLite, where an index finds the rows of a key: for each key of the list the
//     rows whose id is in (SELECT id … WHERE fk = key ORDER BY … LIMIT …). The
//     database stops after the last row that is wanted. With 1,000 rows per key
//     and an index on (fk, order) it takes a hundredth or less of the third way;
//     with one on fk alone, or a limit that takes all rows, it is still faster;
//   - otherwise a window function, which looks at all rows of all keys but needs
//     no index: without one the second way would scan the table for each key.
//
// A join table may hold a pair twice, and a limit is one of different rows. The first
// way and the third count pairs, and where the rows that they bring show that one came
// twice, the statement is sent again with DENSE_RANK, since nobody else should pay for
// that. What an offset skips does not show, so there it is that at once. The second way
// shows no pair twice. It takes DISTINCT ids, a tenth slower, where the schema says that
// pairs repeat.

// keysAlias is the name of the key list as a table, listedKey the key in it, and
// listedAt the position of the key, which json_each calls the key of an element.
const (
	keysAlias = "entloader_keys"
	atColumn  = "entloader_at"
)

var (
	listedKey = sql.Table(keysAlias).C(keyColumn)
	listedAt  = sql.Table(keysAlias).C(atColumn)
)

// perKey reports whether the database looks for each key on its own.
func (st *statement) perKey(s *sql.Selector) bool {
	return (!st.keyless || st.apart()) && st.match.Indexed && st.list.json != "" && s.Dialect() == dialect.SQLite
}

// apart reports whether the database has to tell the rows of a key apart before it
// limits them.
func (st *statement) apart() bool { return st.once && (st.again || st.offset > 0) }

// repeats reports whether pairs have to be taken for repeated by a statement that does
// not show it. For a single key that costs nothing to speak of.
func (st *statement) repeats() bool { return st.match.Repeats || st.keyless && st.paired() }

// fromKeys makes s select from the keys as well. The list stands in a subquery of
// its own: the columns of json_each (id, key, value, type) must not be mixed up
// with those of the target.
func (st *statement) fromKeys(s *sql.Selector) {
	s.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("(SELECT " + st.list.elements + " AS ").Ident(keyColumn).WriteString(", `key` AS ").Ident(atColumn).
			WriteString(" FROM json_each(").Arg(st.list.json).WriteString(")) AS ").Ident(keysAlias)
	}))
}

// only restricts s to the rows of the one key that there is, such that an index
// on (fk, order) gives them in order.
func (st *statement) only(s *sql.Selector) {
	column, _ := st.keyOf(s)
	if st.list.json == "" || st.list.width > 1 {
		s.Where(st.list.in(column))
		return
	}
	s.Where(sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" = (SELECT " + st.list.elements + " FROM json_each(").Arg(st.list.json).WriteString("))")
	}))
}

// copyOf returns a copy of s that shares its predicate: ent's Clone makes one
// whose operators are written into the old one.
func copyOf(s *sql.Selector) *sql.Selector {
	c := new(sql.Selector)
	*c = *s
	return c
}

// listed renders s, restricted to the rows whose column is the listed key. This is
// done before anything else is changed: terms and predicates may be functions that
// refer to the selector that they were made for.
func (st *statement) listed(s *sql.Selector, column string) sql.Querier {
	s.Where(sql.P(func(b *sql.Builder) { b.Ident(column).WriteString(" = ").Ident(listedKey) }))
	text, args := s.Query()
	return sql.Expr(text, args...)
}

// limitRows gives s the limit and the offset, which are those of each key; text
// is s without its order and its conditions, terms and args are its order.
func (st *statement) limitRows(s *sql.Selector, text, terms string, args []any, distinct bool) {
	switch {
	case st.keyless && !st.apart():
		st.only(s)
		s.SetDistinct(distinct)
		limitTo(s, st.limit, st.offset)
	case st.perKey(s) && st.selectsColumns(s, text) && !s.HasJoins() && st.idColumn != "" && (!st.repeats() || st.once || distinct):
		st.limitEach(s, terms, args)
	default:
		key := st.selectKey(s)
		s.SetDistinct(distinct)
		st.rank(s, key, distinct || st.apart(), terms != "")
	}
}

// limitTo limits the rows of all of s. Databases want a limit with an offset.
func limitTo(s *sql.Selector, limit, offset int) {
	if offset > 0 {
		s.Offset(offset).Limit(noLimit)
	}
	if limit > 0 {
		s.Limit(limit)
	}
}

// noLimit is what ent writes for no limit.
const noLimit = 1<<31 - 1

// selectsColumns reports whether s selects columns of its table and nothing else:
// expressions and aliases could be what the order refers to.
func (st *statement) selectsColumns(s *sql.Selector, text string) bool {
	plain, _ := sql.Dialect(s.Dialect()).Select(s.SelectedColumns()...).From(s.Table()).WithContext(s.Context()).Query()
	return strings.HasPrefix(text, plain)
}

// limitEach makes s return the rows from offset to offset+limit of each key, with
// a subquery for each. The rows of a key come together, in its order: a database sorts
// numbers faster than most terms, and the owner of a row is known by the row before.
func (st *statement) limitEach(s *sql.Selector, terms string, args []any) {
	id := s.C(st.idColumn)
	inner := copyOf(s)
	key, paired := st.keyOf(inner)
	if st.repeats() {
		inner.Select(paired).Distinct()
	} else {
		inner.Select(id)
	}
	limitTo(inner, st.limit, st.offset)
	ids := st.listed(inner, key)

	s.SetP(sql.P(func(b *sql.Builder) {
		b.Ident(id).WriteString(" IN ")
		b.Wrap(func(b *sql.Builder) { b.Join(ids) })
	}))
	if terms != "" {
		s.ClearOrder().OrderBy(listedAt).OrderExpr(sql.Expr(terms, args...))
	}
	st.fromKeys(s)
	st.keyFrom(s, listedKey)
}

// probe makes s return the keys that have more than offset rows, each with the
// number 1. Rows are told apart by columns.
func (st *statement) probe(s *sql.Selector, columns []string, distinct bool, offset int) {
	one := sql.Raw("1")
	group := func(s *sql.Selector) { // the rows that an offset skips
		if offset > 0 && distinct {
			s.GroupBy(columns...)
		}
		s.Limit(1)
		if offset > 0 {
			s.Offset(offset)
		}
	}
	switch {
	case st.keyless:
		st.only(s)
		s.Select().AppendSelectExprAs(one, countColumn)
		group(s)
	case st.perKey(s):
		inner := copyOf(s).Select().AppendSelectExpr(one)
		group(inner)
		key, _ := st.keyOf(inner)
		rows := st.listed(inner, key)
		*s = *sql.Dialect(s.Dialect()).Select().AppendSelectAs(listedKey, keyColumn).AppendSelectExprAs(one, countColumn).
			Where(sql.P(func(b *sql.Builder) {
				b.WriteString("EXISTS ").Wrap(func(b *sql.Builder) { b.Join(rows) })
			})).WithContext(s.Context())
		st.fromKeys(s)
	default:
		key := st.selectKey(s)
		s.Select().AppendSelectAs(key, keyColumn).AppendSelectExprAs(one, countColumn).GroupBy(key)
		if offset > 0 {
			s.Having(sql.GT(countOf(columns, distinct), offset))
		}
	}
}
