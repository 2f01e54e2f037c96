package gql_test

import (
	"context"
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/gql"
)

func TestList(t *testing.T) {
	t.Parallel()
	ctx := graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: graphql.CollectedField{}, Object: "Query"})
	one := new(int)

	got, err := gql.List(ctx, []int{1}, []*int{one}, nil)
	require.NoError(t, err)
	require.Equal(t, []*int{one}, got)

	broken := errors.New("broken")
	_, err = gql.List(ctx, []int{1}, []*int{nil}, broken)
	require.ErrorIs(t, err, broken)
	require.Empty(t, graphql.GetErrors(ctx))

	got, err = gql.List(ctx, []int{1, 2}, []*int{one, nil}, entloader.KeyErrors[int]{2: context.DeadlineExceeded})
	require.NoError(t, err)
	require.Equal(t, []*int{one, nil}, got)
	require.Len(t, graphql.GetErrors(ctx), 1)
	require.ErrorIs(t, graphql.GetErrors(ctx)[0], context.DeadlineExceeded)
}
