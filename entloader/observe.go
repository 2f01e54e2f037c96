package entloader

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// A Batch describes a fetch.
type Batch struct {
	// Loader is the name of the loader, for example Unit.samples.
	Loader string
	// Keys is how many keys are fetched.
	Keys int
	// Failed is how many of them had an error of their own, those that were not found
	// included. It is known when the batch has ended.
	Failed int
	// Reason says what sent the batch: "siblings" (the keys were known to belong
	// together), "full", "quiet" (no other key came), "waiting" (everyone in an
	// Each waits), "flush", "alone".
	Reason string
}

// An Observer is told of each batch. Its methods are called by the goroutine of
// the fetch, several at the same time, and must neither load nor panic.
type Observer interface {
	// BatchStart is called before the fetch, with its context, and returns the one
	// that the fetch gets: ctx, or one that is derived from it, which holds a span for
	// instance.
	BatchStart(ctx context.Context, b Batch) context.Context
	// BatchEnd is called after the fetch, with the context that BatchStart returned.
	// err is that of the whole batch; errors of single keys are counted in b.
	BatchEnd(ctx context.Context, b Batch, took time.Duration, err error)
}

// WithObserver tells o of each batch. It may be given several times: the first
// observer is the outermost.
func WithObserver(o Observer) Option {
	return func(opt *options) { opt.observers = append(opt.observers, o) }
}

// observed fetches keys and tells the observers. What they look up does not decide
// the answer.
func (b *batch[K, C, V]) observed(keys []K, out *answers[V]) (err error) {
	all := b.loader.opt.observers
	start := time.Now()
	ctx := context.Context(&b.ctx)
	under := make([]context.Context, len(all))
	b.ctx.mute(true)
	for i, o := range all {
		ctx = o.BatchStart(ctx, b.ctx.about)
		under[i] = ctx
	}
	b.ctx.mute(false)
	err = errPanicked // until the fetch returns
	defer func() {
		b.ctx.mute(true)
		took := time.Since(start)
		about := b.ctx.about
		about.Failed = out.failed()
		for i, o := range slices.Backward(all) {
			o.BatchEnd(under[i], about, took, err)
		}
	}()
	err = b.loader.fetch(ctx, keys, out)
	return err
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

func (slogObserver) BatchStart(ctx context.Context, _ Batch) context.Context { return ctx }

func (o slogObserver) BatchEnd(ctx context.Context, b Batch, took time.Duration, err error) {
	attrs := []slog.Attr{
		slog.String("loader", b.Loader), slog.Int("keys", b.Keys),
		slog.String("reason", b.Reason), slog.Duration("took", took),
	}
	if b.Failed > 0 {
		attrs = append(attrs, slog.Int("failed", b.Failed))
	}
	level := slog.LevelDebug
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	o.log.LogAttrs(ctx, level, "entloader: batch", attrs...)
}
