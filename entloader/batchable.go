package entloader

import (
	"strconv"
	"strings"
)

// Predicates, orders and modifiers may do anything to a selector. What they did
// shows in the statement that ent would send: a batch keeps the rows of parents
// apart, so it can take every statement in which a row depends on that row alone.
// It can not take one that groups, locks, or bounds its rows by itself.

// bound sets the limit and the offset of the query whose statement comes next.
func (r *Renderer) bound(limit, offset *int) {
	r.bounds = ""
	switch l, o := value(limit), value(offset); {
	case l != 0 && o != 0:
		r.bounds = " LIMIT " + strconv.Itoa(l) + " OFFSET " + strconv.Itoa(o)
	case o != 0:
		r.bounds = " LIMIT " + strconv.Itoa(noLimit) + " OFFSET " + strconv.Itoa(o)
	case l != 0:
		r.bounds = " LIMIT " + strconv.Itoa(l)
	}
}

// batchable is the function of that name, for the statement of a query.
func (r *Renderer) batchable(query string) bool {
	if r.verdicts == nil {
		return batchable(query, r.bounds)
	}
	key := [2]string{query, r.bounds}
	if v, ok := r.verdicts.Load(key); ok {
		return v.(bool)
	}
	v := batchable(query, r.bounds)
	r.verdicts.Store(key, v)
	return v
}

func value(p *int) int {
	if p == nil {
		return 0
	}
	return *p
}

// alone are words that a statement which is sent for several keys must not have.
var alone = []string{
	" GROUP BY ", " HAVING ", " WINDOW ", " UNION ", " INTERSECT ", " EXCEPT ",
	" FOR UPDATE", " FOR SHARE", " FOR NO KEY", " FOR KEY", " LOCK IN SHARE MODE",
}

// batchable reports whether a statement can be sent for several keys. bounds is
// the end that it has from the query's own limit.
func batchable(query, bounds string) bool {
	top := strings.ToUpper(outermost(query))
	rest, ok := strings.CutPrefix(top, "SELECT ")
	if !ok || !strings.HasSuffix(top, bounds) {
		return false
	}
	for _, word := range alone {
		if strings.Contains(top, word) {
			return false
		}
	}
	if unbounded := strings.TrimSuffix(top, bounds); strings.Contains(unbounded, " LIMIT ") || strings.Contains(unbounded, " OFFSET ") {
		return false
	}
	// A function in the list of columns may be an aggregate, or one over a window.
	columns, _, _ := strings.Cut(rest, " FROM ")
	for i := range len(columns) {
		if columns[i] == '(' && i > 0 && columns[i-1] != ' ' && columns[i-1] != '(' {
			return false
		}
	}
	return true
}

// outermost returns a statement without what stands in parentheses and in quotes.
func outermost(query string) string {
	b := make([]byte, 0, len(query))
	depth := 0
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch c {
		case '\'', '"', '`':
			if end := strings.IndexByte(query[i+1:], c); end >= 0 {
				i += end + 1
			}
		case '(':
			if depth == 0 {
				b = append(b, c)
			}
			depth++
			continue
		case ')':
			depth--
		}
		if depth == 0 {
			b = append(b, c)
		}
	}
	return string(b)
}
