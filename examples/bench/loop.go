package bench

import (
	"context"

	"github.com/entloader/entloader/ent"
)

// A total is what a job makes of the rows.
type total struct {
	units, samples, results int
	sum                     float64
}

// loop returns the request of a job: nested loops on one goroutine.
func loop(client *ent.Client, w way, levels int) request[total] {
	return func(ctx context.Context) (t total, err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx = w.begin(ctx, client)
		us, err := w.units(ctx, client, levels)
		if err != nil {
			return t, err
		}
		for _, u := range us {
			t.units++
			ss, err := w.samples(ctx, u)
			if err != nil {
				return t, err
			}
			for _, s := range ss {
				t.samples++
				if levels == 1 {
					t.sum += s.Volume
					continue
				}
				rs, err := w.results(ctx, s)
				if err != nil {
					return t, err
				}
				for _, r := range rs {
					t.results++
					t.sum += r.Value
				}
			}
		}
		return t, nil
	}
}
