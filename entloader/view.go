package entloader

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
)

// A View is a query builder as the runtime sees it: what ent keeps unexported.
// Generated code makes one where it is asked for; a nil View is that of no query.
type View struct {
	// Context is ent's context of the query.
	Context *ent.QueryContext
	// State is the field that generated code adds to the builder.
	State *QueryState
	// Interceptors are those of the query.
	Interceptors []ent.Interceptor
	// Path says that the query starts from another one.
	Path bool
	// Predicates, Orders and Modifiers are how many predicates, order terms and
	// modifiers the query has.
	Predicates, Orders, Modifiers int
	// Driver is where the query has its driver, and Send sends its statement there.
	Driver *dialect.Driver
	Send   func(context.Context) error

	eager []eagerView
	// opaque says that some eager load is of a type without loaders.
	opaque bool
}

// An eagerView is an eager load of a query.
type eagerView struct {
	*View
	edge int
	name string // of a named eager load
}

// Eager adds the query of an eager load, if there is one: of the edge with the
// given number; name is empty but for named ones. Generated code
// calls it for each edge of each type, so it is not inlined.
//
//go:noinline
func (v *View) Eager(edge int, name string, query *View) {
	if query != nil {
		v.eager = append(v.eager, eagerView{query, edge, name})
	}
}

// Opaque adds eager loads of a type without loaders, if there are any.
func (v *View) Opaque(any bool) { v.opaque = v.opaque || any }

// plain reports whether the query is that of an eager load without options.
func (v *View) plain() bool {
	return !v.Path && v.Predicates == 0 && v.Orders == 0 && v.Modifiers == 0 && !v.chosen()
}

// chosen reports whether the query's context says more than that it is a query. ent
// shows that to the interceptors of its eager loads, too: one that limits edges which
// have no limit would take this one for it, as it does not in the edge's own query.
func (v *View) chosen() bool {
	return v.cut() || len(v.Context.Fields) > 0 || v.Context.Unique != nil
}

// cut reports whether the query does not bring all rows.
func (v *View) cut() bool { return v.Context.Limit != nil || v.Context.Offset != nil }

// cutBelow reports whether some eager load of the query does not bring all rows:
// its limit is one for all of the query's entities together.
func (v *View) cutBelow() bool {
	return slices.ContainsFunc(v.eager, func(with eagerView) bool { return with.cut() || with.cutBelow() })
}

// render notes the statements that the query would send. It reports false if they
// can not be sent for several entities at once.
func (v *View) render(ctx context.Context, r *Renderer) bool {
	if v.Path || v.opaque {
		return false
	}
	r.bound(v.Context.Limit, v.Context.Offset)
	own := *v.Driver
	*v.Driver = r
	err := v.Send(ctx)
	*v.Driver = own
	if !r.rendered(err) {
		return false
	}
	r.unique(v.Context.Unique)
	slices.SortStableFunc(v.eager, func(a, b eagerView) int {
		if a.edge != b.edge {
			return a.edge - b.edge
		}
		return strings.Compare(a.name, b.name) // ent keeps named ones in a map
	})
	for _, with := range v.eager {
		r.edge(with.edge, with.name)
		if with.cut() || !with.render(ctx, r) {
			return false
		}
	}
	r.end()
	return true
}
