package bench

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/examples/bench/graph"
)

// queries by their number of levels; a level is what one statement can bring.
var queries = map[int]string{
	1: "{ units { name samples { serial } } }",
	3: "{ units { name samples { serial results { value } } } }",
}

// A request does all that one request costs, and returns the answer.
type request[T any] func(context.Context) (T, error)

// serve returns the request of a GraphQL server without HTTP: the query is
// parsed once, as in gqlgen's own server, and the answer is JSON.
func serve(client *ent.Client, w way, levels int) request[[]byte] {
	exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &resolver{client, w, levels}}))
	exec.SetQueryCache(lru.New[*ast.QueryDocument](1))
	return func(ctx context.Context) ([]byte, error) {
		// As in a server, the context of a request can end: SQLite's driver
		// works harder for those that can.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx = graphql.StartOperationTrace(w.begin(ctx, client))
		op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: queries[levels]})
		if errs != nil {
			return nil, errs
		}
		respond, ctx := exec.DispatchOperation(ctx, op)
		response := respond(ctx)
		if response.Errors != nil {
			return nil, response.Errors
		}
		return json.Marshal(response)
	}
}

// resolver resolves the fields of all types in one way.
type resolver struct {
	client *ent.Client
	way    way
	levels int
}

func (r *resolver) Query() graph.QueryResolver   { return queryResolver{r} }
func (r *resolver) Unit() graph.UnitResolver     { return unitResolver{r} }
func (r *resolver) Sample() graph.SampleResolver { return sampleResolver{r} }

type queryResolver struct{ *resolver }

func (r queryResolver) Units(ctx context.Context) ([]*ent.Unit, error) {
	return r.way.units(ctx, r.client, r.levels)
}

type unitResolver struct{ *resolver }

func (r unitResolver) Samples(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) {
	return r.way.samples(ctx, u)
}

type sampleResolver struct{ *resolver }

func (r sampleResolver) Results(ctx context.Context, s *ent.Sample) ([]*ent.Result, error) {
	return r.way.results(ctx, s)
}
