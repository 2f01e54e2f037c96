package entloader

import (
	"context"
	"sync/atomic"
)

// aloneContext hides the loaders of generated packages and tells those outside
// ent to fetch at once.
type aloneContext struct{ context.Context }

type aloneKey struct{}

func (c aloneContext) Value(key any) any {
	if key == any(aloneKey{}) {
		return true
	}
	if _, ok := key.(contextKey); ok {
		return nil
	}
	return c.Context.Value(key)
}

// Alone returns a context under which loads run exactly as ent's own edge query
// would: for one entity, without a batch and without a cache, and nothing is
// remembered of queries. Loaders outside ent fetch the one key.
func Alone(ctx context.Context) context.Context {
	aloneUsed.Store(true)
	return aloneContext{ctx}
}

// aloneUsed spares programs that do not use Alone a walk up the context for each
// load, which would be a third of one that finds its answer.
var aloneUsed atomic.Bool

// IsAlone reports whether ctx comes from Alone.
func IsAlone(ctx context.Context) bool { return aloneUsed.Load() && ctx.Value(aloneKey{}) != nil }
