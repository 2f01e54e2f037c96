package ent_test

import (
	"context"
	"testing"

	"github.com/entloader/entloader/ent"
)

// Making the loaders of a request: at most 1 µs and 5 allocations, whatever the
// number of edges.
func BenchmarkNewLoaders(b *testing.B) {
	client := ent.NewClient()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		ctx = ent.NewLoadersContext(context.Background(), ent.NewLoaders(client))
	}
	_ = ctx
}
