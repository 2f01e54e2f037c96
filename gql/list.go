package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

// List makes what a resolver of a list returns of what LoadAll returned for keys: an element that failed is null in the
// response, with its error at its index, and the others are there. The elements of the list have to be nullable in the
// schema, as in [User], and pointers here. An error that is none of single keys is returned as it is.
//
//	func (r *queryResolver) Users(ctx context.Context, ids []int) ([]*ent.User, error) {
//		users, err := ent.LoadersFromContext(ctx).User.ByID.LoadAll(ctx, ids)
//		return gql.List(ctx, ids, users, err)
//	}
func List[K comparable, V any](ctx context.Context, keys []K, values []V, err error) ([]V, error) {
	var failed interface { // entloader.KeyErrors[K]
		error
		Of(key K) error
	}
	if !errors.As(err, &failed) {
		return values, err
	}
	for i, k := range keys {
		if e := failed.Of(k); e != nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i)), e)
		}
	}
	return values, nil
}
