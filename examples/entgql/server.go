package entgql

import (
	"context"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"github.com/entloader/entloader/examples/entgql/ent"
	"github.com/entloader/entloader/gql"
)

// NewServer returns a server whose operations have loaders of their own.
func NewServer(client *ent.Client) *handler.Server {
	srv := handler.New(NewExecutableSchema(Config{Resolvers: &Resolver{client}}))
	srv.AddTransport(transport.POST{})
	srv.Use(gql.NewExtension(func(ctx context.Context) context.Context {
		return ent.NewLoadersContext(ctx, ent.NewLoaders(client))
	}))
	return srv
}
