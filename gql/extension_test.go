package gql_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/entloader/entloader/gql"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { loaders: String! }
	type Mutation { loaders: String! }
	type Subscription { loaders: String! }
`})

// echo is a server whose responses are which loaders the resolver had, and which the response: "1 2". Like generated code
// it resolves subscriptions at once, everything else when the response is asked for. Each operation has two responses.
type echo struct{}

func (echo) Schema() *ast.Schema { return schema }

func (echo) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (echo) Exec(ctx context.Context) graphql.ResponseHandler {
	resolver, left := loaders(ctx), 2
	return func(ctx context.Context) *graphql.Response {
		if left == 0 {
			return nil
		}
		left--
		return &graphql.Response{Data: fmt.Appendf(nil, "%v %v", resolver, loaders(ctx))}
	}
}

// eventEcho is an echo with @subscriptionContext somewhere in its schema.
type eventEcho struct{ echo }

func (e eventEcho) ExecWithEventContext(ctx context.Context) graphql.ResponseHandlerWithContext {
	respond := e.Exec(ctx)
	return func(ctx context.Context) (context.Context, *graphql.Response) {
		return ctx, respond(ctx)
	}
}

type loadersKey struct{}

func loaders(ctx context.Context) any { return ctx.Value(loadersKey{}) }

// numbered attaches 1, 2, 3, … in the place of loaders.
func numbered() func(context.Context) context.Context {
	n := 0
	return func(ctx context.Context) context.Context {
		n++
		return context.WithValue(ctx, loadersKey{}, n)
	}
}

// responses runs one operation as all transports of gqlgen do.
func responses(t *testing.T, ctx context.Context, exec *executor.Executor, query string) (data []string) {
	t.Helper()
	ctx = graphql.StartOperationTrace(ctx)
	now := graphql.Now()
	op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: query, ReadTime: graphql.TraceTiming{Start: now, End: now},
	})
	require.Empty(t, errs)
	next, ctx := exec.DispatchOperation(ctx, op)
	for resp := next(ctx); resp != nil; resp = next(ctx) {
		data = append(data, string(resp.Data))
	}
	return data
}

func TestLoadersLiveAsLongAsTheirOperationOrEvent(t *testing.T) {
	t.Parallel()
	for _, es := range []graphql.ExecutableSchema{echo{}, eventEcho{}} {
		t.Run(fmt.Sprintf("%T", es), func(t *testing.T) {
			t.Parallel()
			exec := executor.New(es)
			exec.Use(gql.NewExtension(numbered()))
			// As a WebSocket has it, whose operations share the context of the connection.
			ctx := context.WithValue(t.Context(), loadersKey{}, "those of the connection")

			require.Equal(t, []string{"1 1", "1 1"}, responses(t, ctx, exec, `{ loaders }`))
			require.Equal(t, []string{"2 2", "2 2"}, responses(t, ctx, exec, `mutation { loaders }`))
			// 6 were made for the response that turned out to be the end of the stream.
			require.Equal(t, []string{"3 4", "3 5"}, responses(t, ctx, exec, `subscription { loaders }`))
			require.Equal(t, []string{"7 7", "7 7"}, responses(t, ctx, exec, `{ loaders }`))
		})
	}
}

func TestOtherExtensionsSeeTheLoaders(t *testing.T) {
	t.Parallel()
	exec := executor.New(echo{})
	var seen []any
	exec.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		seen = append(seen, loaders(ctx))
		return next(ctx)
	})
	exec.Use(gql.NewExtension(numbered()))
	require.Equal(t, []string{"1 2", "1 3"}, responses(t, t.Context(), exec, `subscription { loaders }`))
	require.Equal(t, []any{2, 3, 4}, seen)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, gql.NewExtension(numbered()).Validate(echo{}))
	const message = "entloader: gql: the extension has no function that attaches loaders: pass NewExtension one " +
		"that returns ent.NewLoadersContext(ctx, ent.NewLoaders(client))"
	require.EqualError(t, gql.NewExtension(nil).Validate(echo{}), message)
	require.EqualError(t, new(gql.Extension).Validate(echo{}), message)
	require.PanicsWithError(t, message, func() { executor.New(echo{}).Use(gql.NewExtension(nil)) })
}
