package entloader

import "fmt"

// Lone says of loads for which no siblings were sent along why that was. A load
// that finds its answer there, or on its way, is not lone.
type Lone struct {
	// ByKey: it was a load by key, without an entity.
	ByKey int
	// NoSet: the entity is not from a query under loaders; it was created, or
	// updated.
	NoSet int
	// OtherSet: the entity is from a query under other loaders, or of another
	// client configuration (a transaction that has ended), or its id was changed.
	OtherSet int
	// Varying: siblings load the edge with different options.
	Varying int
	// Context: siblings load the edge under contexts that differ in what decides the
	// answer, or can not be compared; or a load waited for the answer of another
	// context, which it may not share.
	Context int
	// Uncached: [WithoutCache] leaves nothing for siblings to find.
	Uncached int
	// Options: the options can not be batched, so the load ran as a query of its
	// own.
	Options int
	// Alone: the load ran by itself, under [Alone].
	Alone int
	// Bounded counts keys of batches, each of which was sent by itself since the
	// statement can not be one for all of them: an interceptor, a traverser or a
	// function of the schema limits, groups or aggregates it, or locks rows.
	Bounded int
	// Untold counts keys of batches, each of which was sent by itself as well since
	// answers could not be told to one of several keys: an interceptor changed a
	// number, replaced rows, or limited an eager load.
	Untold int
}

// loneReason says why a load is lone.
type loneReason uint8

const (
	loneByKey loneReason = iota
	loneNoSet
	loneOtherSet
	loneVarying
	loneContext
)

func (n *Lone) count(why loneReason) {
	switch why {
	case loneByKey:
		n.ByKey++
	case loneNoSet:
		n.NoSet++
	case loneOtherSet:
		n.OtherSet++
	case loneVarying:
		n.Varying++
	case loneContext:
		n.Context++
	}
}

// String returns the reasons that there were, empty if there was none.
func (n Lone) String() string {
	var s string
	for _, r := range []struct {
		name string
		n    int
	}{
		{"by key", n.ByKey}, {"no set", n.NoSet}, {"other set", n.OtherSet}, {"varying", n.Varying}, {"context", n.Context},
		{"uncached", n.Uncached}, {"options", n.Options}, {"alone", n.Alone},
		{"bounded", n.Bounded}, {"untold", n.Untold},
	} {
		if r.n == 0 {
			continue
		}
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf("%d %s", r.n, r.name)
	}
	return s
}
