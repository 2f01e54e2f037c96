package dynamic

import (
	"context"
	"time"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
)

// A Row is one unit of a page.
type Row struct {
	Name string
	// Open are the serials of the newest open samples, three at most; OpenCount
	// is how many there are in all.
	Open      []string
	OpenCount int
	// Last is when the last sample was taken; zero if none was.
	Last time.Time
	// Done is the share of samples that are not open.
	Done float64
}

// Page returns the first units by name. Its loop reads as if it sent a statement
// per unit and field; under loaders it sends five: the units, and one for each of
// the four loads below.
func Page(ctx context.Context, client *ent.Client, limit int) ([]Row, error) {
	units, err := client.Unit.Query().Order(unit.ByName(), unit.ByID()).Limit(limit).All(ctx)
	if err != nil {
		return nil, err
	}
	page := make([]Row, len(units))
	for i, u := range units {
		if page[i], err = row(ctx, u); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func row(ctx context.Context, u *ent.Unit) (r Row, err error) {
	r.Name = u.Name
	// Dynamic edges that ent/schema/unit.go declares.
	recent, err := u.LoadRecentSamples(ctx, ent.UnitRecentSamplesParams{Status: sample.StatusOpen, Limit: 3})
	if err != nil {
		return r, err
	}
	for _, s := range recent {
		r.Open = append(r.Open, s.Serial)
	}
	if r.OpenCount, err = u.CountOpenSamples(ctx); err != nil {
		return r, err
	}
	last, err := u.LoadLastSample(ctx)
	if err != nil {
		return r, err
	}
	if last != nil {
		r.Last = last.TakenAt
	}
	r.Done, err = done(ctx, u)
	return r, err
}

// done is computed from two loads, one of which the row has made already: a
// function takes what it needs, and nobody has to know.
func done(ctx context.Context, u *ent.Unit) (float64, error) {
	all, err := u.CountSamples(ctx)
	if err != nil || all == 0 {
		return 0, err
	}
	open, err := u.CountOpenSamples(ctx)
	return float64(all-open) / float64(all), err
}
