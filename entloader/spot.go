package entloader

import (
	"context"
	"sync/atomic"
)

// A spot is where a context stands among fetches and Eachs. A load asks once
// for all of it: contexts are deep.
type spot struct {
	batch  *batchContext // of the innermost fetch, nil outside of all
	parker parker        // has to know when a load waits, nil outside of every Each
}

// spotKey finds the spot of a context.
type spotKey struct{}

// spots is how many fetches and Eachs there are. While there is none, no context
// stands anywhere, which spares each load a walk up its context.
var spots atomic.Int64

func spotOf(ctx context.Context) spot {
	if spots.Load() == 0 {
		return spot{}
	}
	return lookSpot(ctx)
}

func lookSpot(ctx context.Context) spot {
	if s, ok := ctx.Value(spotKey{}).(*spot); ok {
		return *s
	}
	return spot{}
}

// spotContext is a context that stands elsewhere than its parent.
type spotContext struct {
	context.Context
	spot spot
}

func (c *spotContext) Value(key any) any {
	if key == any(spotKey{}) {
		return &c.spot
	}
	return c.Context.Value(key)
}
