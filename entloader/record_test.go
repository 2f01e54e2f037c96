package entloader

import (
	"context"
	"testing"
	"time"

	"entgo.io/ent"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
)

// viewerKey is a pointer, since types of this package are not recorded.
var viewerKey = new(string)

// The batch runs on the values of the load that opened it, with its own end.
func TestBatchContext(t *testing.T) {
	t.Parallel()
	caller, cancelCaller := context.WithTimeout(context.WithValue(t.Context(), viewerKey, "ada"), time.Hour)
	caller = ent.NewQueryContext(caller, &ent.QueryContext{Type: "Unit"})
	caller = graphql.WithFieldContext(caller, &graphql.FieldContext{Object: "Unit"})
	caller = graphql.WithOperationContext(caller, &graphql.OperationContext{OperationName: "q"})
	ctx := new(batchContext)
	ctx.open(caller, spot{}, nil, new(options))

	require.Equal(t, "ada", ctx.Value(viewerKey))
	require.Nil(t, ent.QueryFromContext(ctx), "the query context belongs to one caller")
	require.Nil(t, graphql.GetFieldContext(ctx), "the field context belongs to one caller")
	require.Equal(t, "q", graphql.GetOperationContext(ctx).OperationName)
	_, ok := ctx.Deadline()
	require.False(t, ok)

	child, cancelChild := context.WithCancel(ctx)
	defer cancelChild()
	cancelCaller()
	require.NoError(t, child.Err())
	ctx.life.end()
	<-child.Done()
	require.ErrorIs(t, child.Err(), context.Canceled)
	require.Equal(t, []any{viewerKey}, ctx.freeze().keys, "infrastructure does not count")
}

func TestRecordMatches(t *testing.T) {
	t.Parallel()
	recorded := func(ctx context.Context, keys ...any) *record {
		b := new(batchContext)
		b.open(ctx, spot{}, nil, new(options))
		defer b.life.end()
		for _, k := range keys {
			b.Value(k)
		}
		return b.freeze()
	}
	bg := t.Context()
	ada := context.WithValue(bg, viewerKey, "ada")
	bob := context.WithValue(bg, viewerKey, "bob")

	require.True(t, recorded(ada).matches(bob, nil), "nothing was looked up")
	require.True(t, recorded(ada, viewerKey).matches(context.WithValue(ada, new(string), 1), nil))
	require.False(t, recorded(ada, viewerKey).matches(bob, nil))
	require.False(t, recorded(ada, viewerKey).matches(bg, nil))
	require.False(t, recorded(bg, viewerKey).matches(ada, nil), "what was not found counts as well")
	require.True(t, (*record)(nil).matches(ada, nil))

	slice := context.WithValue(bg, viewerKey, []string{"role"})
	require.True(t, recorded(slice, viewerKey).matches(slice, nil))
	require.False(t, recorded(slice, viewerKey).matches(context.WithValue(slice, new(string), 1), nil), "values that can not be compared are not shared")

	// Session variables of ent decide what a statement sees.
	vars := entsql.WithVar(bg, "app.tenant", "a")
	look := func(ctx context.Context) *record {
		b := new(batchContext)
		b.open(ctx, spot{}, nil, new(options))
		defer b.life.end()
		b.mute(true) // as while the driver has the statement
		entsql.VarFromContext(b, "app.tenant")
		b.Value(viewerKey)
		return b.freeze()
	}
	require.True(t, look(vars).matches(entsql.WithVar(bg, "app.tenant", "a"), nil))
	require.False(t, look(vars).matches(entsql.WithVar(bg, "app.tenant", "b"), nil))
	require.False(t, look(bg).matches(vars, nil))
	require.True(t, look(bg).matches(ada, nil), "a driver's own look-ups do not count")
}

func TestInfrastructure(t *testing.T) {
	t.Parallel()
	for pkg, want := range map[string]bool{
		"net/http/httptrace":                                true,
		"internal/nettrace":                                 true,
		"runtime/pprof":                                     true,
		"go.opentelemetry.io/otel/trace":                    true,
		"go.opencensus.io/trace":                            true,
		"github.com/opentracing/opentracing-go":             true,
		"github.com/DataDog/dd-trace-go/v2/internal":        true,
		"gopkg.in/DataDog/dd-trace-go.v1/internal":          true,
		"github.com/getsentry/sentry-go":                    true,
		"github.com/newrelic/go-agent/v3/internal":          true,
		"go.elastic.co/apm/v2":                              true,
		"net/http":                                          false, // its server's keys tell requests apart
		"google.golang.org/grpc/metadata":                   false, // what a service is told decides what it answers
		"github.com/getsentry/sentry-gopher":                false,
		"example.com/vendored/go.opentelemetry.io/otel":     false,
		"github.com/entloader/entloader/examples/quick/ent": false,
	} {
		require.Equal(t, want, isInfrastructure(pkg), pkg)
	}
}
