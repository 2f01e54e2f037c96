package bench

import (
	"context"
	"time"

	"github.com/vikstrous/dataloadgen"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
)

// A way is one way to answer a request for units, their samples and, at three
// levels, the results of these.
type way struct {
	name string
	// begin is what a server does at the start of each request.
	begin   func(context.Context, *ent.Client) context.Context
	units   func(ctx context.Context, client *ent.Client, levels int) ([]*ent.Unit, error)
	samples func(context.Context, *ent.Unit) ([]*ent.Sample, error)
	results func(context.Context, *ent.Sample) ([]*ent.Result, error)
}

// eagerly is the way that the others are compared with.
var eagerly = way{
	name:  "eager loading",
	begin: nothing,
	units: func(ctx context.Context, client *ent.Client, levels int) ([]*ent.Unit, error) {
		return client.Unit.Query().WithSamples(func(q *ent.SampleQuery) {
			if levels == 3 {
				q.WithResults()
			}
		}).All(ctx)
	},
	samples: func(_ context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.Edges.SamplesOrErr() },
	results: func(_ context.Context, s *ent.Sample) ([]*ent.Result, error) { return s.Edges.ResultsOrErr() },
}

var loaders = way{
	name: "entloader",
	begin: func(ctx context.Context, client *ent.Client) context.Context {
		return ent.NewLoadersContext(ctx, ent.NewLoaders(client))
	},
	units:   plainly,
	samples: func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.LoadSamples(ctx) },
	results: func(ctx context.Context, s *ent.Sample) ([]*ent.Result, error) { return s.LoadResults(ctx) },
}

var oneByOne = way{
	name:    "N+1",
	begin:   nothing,
	units:   plainly,
	samples: func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) { return u.QuerySamples().All(ctx) },
	results: func(ctx context.Context, s *ent.Sample) ([]*ent.Result, error) { return s.QueryResults().All(ctx) },
}

var (
	dataloader     = byHand("dataloadgen, default")
	dataloader1ms  = byHand("dataloadgen, 1 ms", dataloadgen.WithWait(time.Millisecond))
	throughGraphQL = []way{eagerly, loaders, oneByOne, dataloader, dataloader1ms}
	throughALoop   = []way{eagerly, loaders, oneByOne}
)

func nothing(ctx context.Context, _ *ent.Client) context.Context { return ctx }

func plainly(ctx context.Context, client *ent.Client, _ int) ([]*ent.Unit, error) {
	return client.Unit.Query().All(ctx)
}

// byHand is what one writes with dataloadgen: a loader per edge with a query of
// its own, new ones for each request.
func byHand(name string, opts ...dataloadgen.Option) way {
	type loaders struct {
		samples *dataloadgen.Loader[int, []*ent.Sample]
		results *dataloadgen.Loader[int, []*ent.Result]
	}
	type key struct{}
	from := func(ctx context.Context) *loaders { return ctx.Value(key{}).(*loaders) }
	return way{
		name: name,
		begin: func(ctx context.Context, client *ent.Client) context.Context {
			return context.WithValue(ctx, key{}, &loaders{
				samples: dataloadgen.NewLoader(samplesOfUnits(client), opts...),
				results: dataloadgen.NewLoader(resultsOfSamples(client), opts...),
			})
		},
		units: plainly,
		samples: func(ctx context.Context, u *ent.Unit) ([]*ent.Sample, error) {
			return from(ctx).samples.Load(ctx, u.ID)
		},
		results: func(ctx context.Context, s *ent.Sample) ([]*ent.Result, error) {
			return from(ctx).results.Load(ctx, s.ID)
		},
	}
}

func samplesOfUnits(client *ent.Client) func(context.Context, []int) ([][]*ent.Sample, []error) {
	return func(ctx context.Context, ids []int) ([][]*ent.Sample, []error) {
		found, err := client.Sample.Query().Where(sample.UnitIDIn(ids...)).All(ctx)
		if err != nil {
			return nil, []error{err}
		}
		at := positions(ids)
		values := make([][]*ent.Sample, len(ids))
		for _, s := range found {
			i := at[s.UnitID]
			values[i] = append(values[i], s)
		}
		return values, nil
	}
}

func positions(ids []int) map[int]int {
	at := make(map[int]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	return at
}

// resultsOfSamples goes by way of the samples, since a Result does not tell its
// sample: that foreign key is no field of the schema. Of what ent offers this is
// the fastest here, although it sends two statements. A query for the results
// with HasSampleWith and WithSample takes 1.1 times as long, one statement that
// selects the foreign key under a name of its own (read with GetValue) 1.7.
func resultsOfSamples(client *ent.Client) func(context.Context, []int) ([][]*ent.Result, []error) {
	return func(ctx context.Context, ids []int) ([][]*ent.Result, []error) {
		found, err := client.Sample.Query().Where(sample.IDIn(ids...)).WithResults().Select(sample.FieldID).All(ctx)
		if err != nil {
			return nil, []error{err}
		}
		at := positions(ids)
		values := make([][]*ent.Result, len(ids))
		for _, s := range found {
			values[at[s.ID]] = s.Edges.Results
		}
		return values, nil
	}
}
