package lab

import (
	"context"
	"fmt"

	"github.com/entloader/entloader/ent"
)

// Resolver resolves the fields of Query, Mutation and Subscription. All other fields are fields and methods of ent's
// entities.
type Resolver struct {
	client *ent.Client
}

// paged is a query builder of ent.
type paged[Q, E any] interface {
	Limit(int) Q
	Offset(int) Q
	All(context.Context) ([]E, error)
}

// page runs q for one page of its rows. Without a limit it leaves the query as it is, which need not mean all rows:
// interceptors may set a limit.
func page[Q paged[Q, E], E any](ctx context.Context, q Q, limit, offset *int) ([]E, error) {
	if limit != nil {
		if *limit < 0 {
			return nil, fmt.Errorf("limit is %d: it must not be negative", *limit)
		}
		if *limit == 0 {
			return []E{}, nil // to ent, a limit of 0 is none
		}
		q = q.Limit(*limit)
	}
	if offset != nil {
		if *offset < 0 {
			return nil, fmt.Errorf("offset is %d: it must not be negative", *offset)
		}
		q = q.Offset(*offset)
	}
	return q.All(ctx)
}

// orNull turns the error that there is no such row into null.
func orNull[E any](one *E, err error) (*E, error) {
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return one, err
}
