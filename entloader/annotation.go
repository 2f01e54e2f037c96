package entloader

import (
	"slices"

	"entgo.io/ent/schema"
)

// Annotation configures the generation of loaders for a type, an edge, a field or
// an index of an ent schema. Use [Skip], [Name], [Repeats], [Window] and
// [Dynamic].
type Annotation struct {
	// Skip leaves out the loaders.
	Skip bool `json:"skip,omitempty"`
	// Label is what the loaders are called instead of the name in the schema.
	Label string `json:"name,omitempty"`
	// Repeats says that the join table of an edge may hold a pair twice.
	Repeats bool `json:"repeats,omitempty"`
	// Window is how many siblings a batch of the edge takes at most; 0 leaves that to
	// the loaders.
	Window int `json:"window,omitempty"`
	// Dynamic are the dynamic edges of an edge.
	Dynamic []DynamicSpec `json:"dynamic,omitempty"`
}

// Skip leaves out the loaders of an edge, all loaders from and to a type, or the
// loader by a unique field or index.
func Skip() Annotation { return Annotation{Skip: true} }

// Name calls the loaders of an edge by another name than the edge has: an edge
// "items" with Name("line_items") is loaded by LoadLineItems. On a unique field or
// index it names the loader by key: Name("number") is ByNumber. On a type it names
// its loaders by key: with Name("oauth_scope") those of a type Scope are
// loaders.OauthScope.
func Name(name string) Annotation { return Annotation{Label: name} }

// Repeats says that the join table of an edge has no primary key and may hold a pair
// twice, as the tables of a database that ent did not make. It is for one edge of such
// a table or for both. Loads bring an entity once in any case; with Repeats their counts
// are of different entities everywhere, and so are their limits.
func Repeats() Annotation { return Annotation{Repeats: true} }

// Window sets how many siblings one batch of an edge takes at most, its counts and
// dynamic edges included, in place of [WithWindow]: fewer where the entities behind the
// edge are many or large, more where they are few and sets are long. Window(0) says
// nothing.
func Window(n int) Annotation { return Annotation{Window: n} }

// Name implements schema.Annotation.
func (Annotation) Name() string { return "EntLoader" }

// Merge implements schema.Merger, for mixins and repeated annotations.
func (a Annotation) Merge(other schema.Annotation) schema.Annotation {
	switch o := other.(type) {
	case Annotation:
		a.Skip, a.Repeats = a.Skip || o.Skip, a.Repeats || o.Repeats
		if o.Label != "" {
			a.Label = o.Label
		}
		if o.Window != 0 {
			a.Window = o.Window
		}
		a.Dynamic = append(slices.Clip(a.Dynamic), o.Dynamic...)
	case DynamicEdge:
		return a.Merge(o.annotation())
	case *Annotation:
		if o != nil {
			return a.Merge(*o)
		}
	}
	return a
}

var _ schema.Merger = Annotation{}
