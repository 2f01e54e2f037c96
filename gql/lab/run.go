package lab

import (
	"context"
	"fmt"
	"iter"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/entloader/entloader/ent"
)

// Check reports what is wrong with the text of an operation: its syntax, or that it does not fit the schema.
func Check(query string) error {
	_, err := prepare(context.Background(), executor.New(newSchema(nil)), query)
	return err
}

// Run executes one operation in this process, without a server. An operation that does not parse or does not fit the
// schema is an error, and nothing is executed; errors of its fields are in its responses.
//
// Queries and mutations have one response, or more where they use @defer; a subscription has one per event, and ends when
// the caller stops or ctx ends. The responses can be ranged over once.
func Run(ctx context.Context, client *ent.Client, query string, opts ...Option) (iter.Seq[*graphql.Response], error) {
	exec := executor.New(newSchema(client))
	for _, e := range extensions(client, opts) {
		exec.Use(e)
	}
	op, err := prepare(ctx, exec, query)
	if err != nil {
		return nil, err
	}
	return func(yield func(*graphql.Response) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		next, ctx := exec.DispatchOperation(graphql.WithOperationContext(ctx, op), op)
		for resp := next(ctx); resp != nil && yield(resp); resp = next(ctx) {
		}
	}, nil
}

func prepare(ctx context.Context, exec *executor.Executor, query string) (*graphql.OperationContext, error) {
	now := graphql.Now()
	op, errs := exec.CreateOperationContext(graphql.StartOperationTrace(ctx), &graphql.RawParams{
		Query:    query,
		ReadTime: graphql.TraceTiming{Start: now, End: now},
	})
	if errs != nil {
		return nil, fmt.Errorf("entloader: the query is not valid: %w", errs)
	}
	return op, nil
}
