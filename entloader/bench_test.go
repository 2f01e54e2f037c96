package entloader_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// A load that finds its answer allocates nothing.
func TestCachedLoadDoesNotAllocate(t *testing.T) {
	var fetches atomic.Int64
	l := double(&fetches)
	ctx := t.Context()
	_, err := l.Load(ctx, 1)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = l.Load(ctx, 1) }))
}

// What the recorded context costs a load that finds its answer: with nothing
// recorded, and with look-ups that have to be compared, in a context as deep as
// that of a GraphQL field.
func BenchmarkCachedLoad(b *testing.B) {
	keys := make([]*int, 4)
	for i := range keys {
		keys[i] = new(int)
	}
	for _, lookups := range []int{0, 1, 4} {
		b.Run(fmt.Sprint("lookups=", lookups), func(b *testing.B) {
			ctx := context.Background()
			for i, k := range keys {
				ctx = context.WithValue(ctx, k, i)
			}
			type other int
			for i := range 8 {
				ctx = context.WithValue(ctx, other(i), i)
			}
			l := entloader.NewLoader(func(ctx context.Context, ks []int) (map[int]int, error) {
				found := make(map[int]int)
				for _, k := range ks {
					for _, key := range keys[:lookups] {
						found[k] += ctx.Value(key).(int)
					}
					found[k] += 0
				}
				return found, nil
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Load(ctx, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What it costs to gather the keys of n goroutines, and how many batches are
// sent.
func BenchmarkEach(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint("keys=", n), func(b *testing.B) {
			items := numbers(n)
			var fetches atomic.Int64
			b.ReportAllocs()
			for b.Loop() {
				l := double(&fetches)
				if err := entloader.Each(context.Background(), items, func(ctx context.Context, i int) error {
					_, err := l.Load(ctx, i)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(fetches.Load())/float64(b.N), "batches/op")
		})
	}
}
