package entloader_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

type observer struct {
	mu  sync.Mutex
	log []string
}

func (o *observer) note(s string) {
	o.mu.Lock()
	o.log = append(o.log, s)
	o.mu.Unlock()
}

func (o *observer) BatchStart(ctx context.Context, b entloader.Batch) context.Context {
	if in, ok := entloader.BatchFromContext(ctx); !ok || in != b {
		o.note("no batch in context")
	}
	o.note("start " + b.Loader + " " + b.Reason)
	return ctx
}

func (o *observer) BatchEnd(_ context.Context, b entloader.Batch, _ time.Duration, err error) {
	if err != nil {
		o.note("end " + b.Loader + ": " + err.Error())
		return
	}
	o.note("end " + b.Loader)
}

func TestObserver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o observer
		calls := 0
		l := entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]int, error) {
			b, ok := entloader.BatchFromContext(ctx)
			if !ok || b.Keys != len(keys) {
				t.Error(b, ok)
			}
			calls++
			switch calls {
			case 1:
				return map[int]int{1: 1}, nil
			case 2:
				return nil, errors.New("broken")
			}
			panic("boom")
		}, entloader.WithName("prices"), entloader.WithObserver(&o))
		for k := range 3 {
			_, _ = l.Load(t.Context(), k+1)
		}
		require.Equal(t, []string{
			"start prices quiet", "end prices",
			"start prices quiet", "end prices: broken",
			"start prices quiet", "end prices: entloader: the fetch panicked",
		}, o.log)
		_, ok := entloader.BatchFromContext(t.Context())
		require.False(t, ok)

		var text bytes.Buffer
		var fetches atomic.Int64
		logged := double(&fetches, entloader.WithName("doubles"), entloader.WithObserver(entloader.LogBatches(
			slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))))
		_, err := logged.LoadAll(t.Context(), []int{1, 2, 3})
		require.NoError(t, err)
		require.Contains(t, text.String(), `level=DEBUG msg="entloader: batch" loader=doubles keys=3 reason=quiet`)
	})
}

// nameKey is where each caller has a value of its own.
type nameKey struct{}

// spanKey is where a spanObserver keeps the path of spans.
type spanKey struct{}

// A spanObserver opens a span for each batch, as a tracer does.
type spanObserver struct {
	name string
	log  *observer
}

func pathOf(ctx context.Context) string {
	path, _ := ctx.Value(spanKey{}).(string)
	return path
}

func (o spanObserver) BatchStart(ctx context.Context, b entloader.Batch) context.Context {
	return context.WithValue(ctx, spanKey{}, pathOf(ctx)+"/"+o.name)
}

func (o spanObserver) BatchEnd(ctx context.Context, b entloader.Batch, _ time.Duration, err error) {
	o.log.note(fmt.Sprint(pathOf(ctx), " ", b.Loader, " ", b.Failed, " of ", b.Keys, " failed: ", err))
}

// An observer can put a span around the fetch, and several stand within each other.
// None of them splits a batch, and batches of defined loaders are told as well.
func TestObserversPutSpansAroundFetches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log observer
		var own entloader.Option
		prices := entloader.Define("prices", func(context.Context) *entloader.Loader[int, string] {
			return entloader.NewLoader(func(ctx context.Context, keys []int) (map[int]string, error) {
				found := make(map[int]string)
				for _, k := range keys[1:] {
					found[k] = pathOf(ctx)
				}
				return found, nil
			}, own)
		})
		own = entloader.WithObserver(spanObserver{"inner", &log})
		all := entloader.NewLoaders(entloader.WithObserver(spanObserver{"outer", &log}))
		ctx := entloader.NewLoadersContext(t.Context(), all)
		for _, caller := range []string{"ada", "bob"} {
			_, err := prices.From(ctx).Load(context.WithValue(ctx, nameKey{}, caller), 0)
			require.ErrorIs(t, err, entloader.ErrNotFound)
			require.ErrorContains(t, err, "prices")
			v, err := prices.From(ctx).LoadMap(context.WithValue(ctx, nameKey{}, caller), []int{0, 1, 2})
			require.NoError(t, err)
			require.Equal(t, map[int]string{2: "/outer/inner"}, v)
		}
		require.Equal(t, []string{
			"/outer/inner prices 1 of 1 failed: <nil>", "/outer prices 1 of 1 failed: <nil>",
			"/outer/inner prices 1 of 2 failed: <nil>", "/outer prices 1 of 2 failed: <nil>",
		}, log.log)
		require.Equal(t, 2, all.Stats()[0].KeyErrors)
		require.Contains(t, all.Summary(), "keys that failed: 2")
	})
}
