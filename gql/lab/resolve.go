package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
)

// setSampleStatus sets the status of all samples or, if one of them does not exist, of none.
func (r *Resolver) setSampleStatus(ctx context.Context, ids []int, status sample.Status) ([]*ent.Sample, error) {
	tx, err := r.client.Tx(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // without effect after Commit
	if err := tx.Sample.Update().Where(sample.IDIn(ids...)).SetStatus(status).Exec(ctx); err != nil {
		return nil, err
	}
	found, err := tx.Sample.Query().Where(sample.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := allFound("sample", ids, found); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	// Read anew, outside the transaction: entities of one query are loaded together, those of a transaction are not
	// loaded at all once it has ended.
	samples, err := r.client.Sample.Query().Where(sample.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(samples, func(a, b *ent.Sample) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	return samples, nil
}

// unitTicks reads and sends one unit after the other, each only once the one before it was taken. The stream ends early
// if a unit is deleted meanwhile.
func (r *Resolver) unitTicks(ctx context.Context, ids []int, rounds int) (<-chan *ent.Unit, error) {
	if rounds < 1 {
		return nil, fmt.Errorf("rounds is %d: it must be at least 1", rounds)
	}
	found, err := r.client.Unit.Query().Where(unit.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := allFound("unit", ids, found); err != nil {
		return nil, err
	}
	ticks := make(chan *ent.Unit)
	go func() {
		defer close(ticks)
		for range rounds {
			for _, id := range ids {
				u, err := r.client.Unit.Get(ctx, id)
				if err != nil {
					return
				}
				select {
				case ticks <- u:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return ticks, nil
}

// allFound names the first ID that was asked for and not found.
func allFound(what string, ids, found []int) error {
	for _, id := range ids {
		if !slices.Contains(found, id) {
			return fmt.Errorf("there is no %s %d", what, id)
		}
	}
	return nil
}
