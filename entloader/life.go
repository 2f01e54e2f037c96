package entloader

import (
	"context"
	"sync"
)

// A life is what ends the context of a batch. Most fetches never ask for it, so
// that a context is made only for those that do.
type life struct {
	mu     sync.Mutex
	ended  bool            // protected by mu
	ctx    context.Context // nil until it is asked for; protected by mu
	cancel context.CancelFunc
}

// context returns a context that ends with the life.
func (l *life) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		l.ctx, l.cancel = context.WithCancel(context.Background())
		if l.ended {
			l.cancel()
		}
	}
	return l.ctx
}

func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.ctx != nil {
		l.cancel()
	}
}

func (l *life) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return context.Canceled
	}
	return nil
}
