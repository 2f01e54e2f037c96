package entloader

import (
	"context"
	"log/slog"
	"time"
)

// A Batch describes a fetch.
type Batch struct {
	// Loader is the name of the loader, for example Unit.samples.
	Loader string
	// Keys is how many keys are fetched.
	Keys int
	// Reason says what sent the batch: "siblings" (the keys were known to belong
	// together), "full", "quiet" (no other key came), "waiting" (everyone in an
	// Each waits), "flush", "alone".
	Reason string
}

// An Observer is told of each batch. Its methods are called by the goroutine of
// the fetch, several at the same time, and must not load.
type Observer interface {
	// BatchStart is called before the fetch, with its context.
	BatchStart(ctx context.Context, b Batch)
	// BatchEnd is called after the fetch. err is that of the whole batch.
	BatchEnd(ctx context.Context, b Batch, took time.Duration, err error)
}

// WithObserver tells o of each batch.
func WithObserver(o Observer) Option {
	return func(opt *options) { opt.observer = o }
}

// BatchFromContext returns the batch that ctx belongs to: for drivers and
// tracers that want to know what a statement is for. It reports false outside of
// a fetch.
func BatchFromContext(ctx context.Context) (Batch, bool) {
	c := batchOf(ctx)
	if c == nil {
		return Batch{}, false
	}
	return c.about, true
}

// LogBatches returns an observer that writes a record for each batch: at level
// Debug, or Error if it failed.
func LogBatches(log *slog.Logger) Observer { return slogObserver{log} }

type slogObserver struct{ log *slog.Logger }

func (slogObserver) BatchStart(context.Context, Batch) {}

func (o slogObserver) BatchEnd(ctx context.Context, b Batch, took time.Duration, err error) {
	attrs := []slog.Attr{
		slog.String("loader", b.Loader), slog.Int("keys", b.Keys),
		slog.String("reason", b.Reason), slog.Duration("took", took),
	}
	level := slog.LevelDebug
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	o.log.LogAttrs(ctx, level, "entloader: batch", attrs...)
}
