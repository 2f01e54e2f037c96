package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Extension is a gqlgen handler extension that gives each operation its own loaders, and each event of a subscription
// fresh ones. It has no zero value that works: use [NewExtension]. It is safe for concurrent use if its attach function
// is.
type Extension struct {
	attach func(context.Context) context.Context // read-only
}

var (
	_ graphql.HandlerExtension     = (*Extension)(nil)
	_ graphql.OperationInterceptor = (*Extension)(nil)
)

// NewExtension returns an extension that calls attach wherever new loaders begin to live. attach returns a context that
// carries new loaders and is derived from the one it is given. It is called with the context of the operation, so it may
// choose the loaders by what other extensions, used before this one, put there.
func NewExtension(attach func(context.Context) context.Context) *Extension {
	return &Extension{attach: attach}
}

// ExtensionName implements graphql.HandlerExtension.
func (*Extension) ExtensionName() string { return "EntLoader" }

// Validate implements graphql.HandlerExtension. gqlgen panics with the error when a server uses the extension.
func (e *Extension) Validate(graphql.ExecutableSchema) error {
	if e == nil || e.attach == nil {
		return errors.New("entloader: gql: the extension has no function that attaches loaders: " +
			"pass NewExtension one that returns ent.NewLoadersContext(ctx, ent.NewLoaders(client))")
	}
	return nil
}

// InterceptOperation implements graphql.OperationInterceptor.
//
// A query or a mutation runs entirely under the context that next gets here: gqlgen hands it back to the transport, which
// asks for the response, and for what @defer left to later, under it.
//
// A subscription asks for one response per event, under that same context. The event's loaders are attached around the
// handler that gqlgen returns, not in a ResponseInterceptor: for schemas with @subscriptionContext, gqlgen resolves the
// event's fields before it calls those.
func (e *Extension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	respond := next(e.attach(ctx))
	if op := graphql.GetOperationContext(ctx).Operation; op == nil || op.Operation != ast.Subscription {
		return respond
	}
	return func(ctx context.Context) *graphql.Response {
		return respond(e.attach(ctx))
	}
}
