package lab

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/99designs/gqlgen/graphql/playground"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/entloader/entloader/ent"
	_ "github.com/entloader/entloader/ent/runtime" // interceptors, hooks and policies
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/gql"
)

// An Option changes how the laboratory answers.
type Option func(*options)

type options struct {
	bare bool
}

// WithoutLoaders leaves the loaders out: each edge of each entity costs one statement, as it does in ent.
func WithoutLoaders() Option {
	return func(o *options) { o.bare = true }
}

// extensions are what both the server and Run use.
func extensions(client *ent.Client, opts []Option) []graphql.HandlerExtension {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	exts := []graphql.HandlerExtension{extension.Introspection{}}
	if !o.bare {
		exts = append(exts, gql.NewExtension(func(ctx context.Context) context.Context {
			return ent.NewLoadersContext(ctx, ent.NewLoaders(client))
		}))
	}
	return exts
}

func newSchema(client *ent.Client) graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Resolvers: &Resolver{client: client}})
}

// NewHandler returns a server that has the API at /query, over HTTP, server-sent events and WebSockets, and a playground
// at /. The client must not be closed while it serves.
func NewHandler(client *ent.Client, opts ...Option) http.Handler {
	srv := handler.New(newSchema(client))
	srv.AddTransport(transport.Websocket{KeepAlivePingInterval: 10 * time.Second})
	srv.AddTransport(transport.Options{})
	srv.AddTransport(transport.SSE{})
	srv.AddTransport(transport.MultipartMixed{})
	srv.AddTransport(transport.GET{})
	srv.AddTransport(transport.POST{})
	srv.SetQueryCache(lru.New[*ast.QueryDocument](100))
	for _, e := range extensions(client, opts) {
		srv.Use(e)
	}
	mux := http.NewServeMux()
	mux.Handle("/query", withViewer(srv))
	mux.Handle("GET /{$}", playground.Handler("entloader laboratory", "/query"))
	return mux
}

// withViewer puts the viewer of the request into its context.
func withViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := viewer.Viewer{
			Name:  r.Header.Get("X-Viewer"),
			Admin: r.Header.Get("X-Viewer-Admin") == "true",
		}
		next.ServeHTTP(w, r.WithContext(viewer.NewContext(r.Context(), v)))
	})
}
