package equivalence

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// The figures say of each load without siblings why it had none.
func TestWhyLone(t *testing.T) {
	samples := func(u *ent.Unit) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := u.LoadSamples(ctx)
			return err
		}
	}
	at := time.Now()
	varying := func(u *ent.Unit, i int) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := u.LoadSamples(ctx, func(q *ent.SampleQuery) { q.Where(sample.TakenAtGT(at.Add(time.Duration(i)))) })
			return err
		}
	}
	for _, c := range []struct {
		name string
		opts []entloader.Option
		// loads returns what is loaded under ctx.
		loads func(lab *lab, ctx context.Context) []func(context.Context) error
		want  entloader.Lone
	}{
		{"siblings", nil, func(lab *lab, ctx context.Context) []func(context.Context) error {
			return []func(context.Context) error{samples(lab.Unit.Query().AllX(ctx)[0])}
		}, entloader.Lone{}},
		{"by key", nil, func(lab *lab, ctx context.Context) []func(context.Context) error {
			return []func(context.Context) error{func(ctx context.Context) error {
				_, err := ent.LoadersFromContext(ctx).Unit.Samples.Load(ctx, 1)
				return err
			}}
		}, entloader.Lone{ByKey: 1}},
		{"a query without loaders", nil, func(lab *lab, ctx context.Context) []func(context.Context) error {
			return []func(context.Context) error{samples(lab.Unit.Query().FirstX(context.Background()))}
		}, entloader.Lone{NoSet: 1}},
		{"a query under other loaders", nil, func(lab *lab, ctx context.Context) []func(context.Context) error {
			other := ent.NewLoadersContext(context.Background(), ent.NewLoaders(lab.Client))
			return []func(context.Context) error{samples(lab.Unit.Query().AllX(other)[0])}
		}, entloader.Lone{OtherSet: 1}},
		{"another option for each", nil, func(lab *lab, ctx context.Context) []func(context.Context) error {
			units := lab.Unit.Query().Limit(3).AllX(ctx)
			return []func(context.Context) error{varying(units[0], 0), varying(units[1], 1), varying(units[2], 2)}
		}, entloader.Lone{Varying: 2}},
		{"no cache", []entloader.Option{entloader.WithoutCache()}, func(lab *lab, ctx context.Context) []func(context.Context) error {
			return []func(context.Context) error{samples(lab.Unit.Query().AllX(ctx)[0])}
		}, entloader.Lone{Uncached: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := SQLite.newLab(t, 20)
			ctx, loaders := lab.load(t, c.opts...)
			for _, load := range c.loads(lab, ctx) {
				require.NoError(t, load(ctx))
			}
			var got entloader.Lone
			for _, s := range loaders.Stats() {
				got.ByKey += s.Lone.ByKey
				got.NoSet += s.Lone.NoSet
				got.OtherSet += s.Lone.OtherSet
				got.Varying += s.Lone.Varying
				got.Uncached += s.Lone.Uncached
			}
			require.Equal(t, c.want, got)
			require.NotContains(t, loaders.Summary(), "0 by key")
			if c.want.NoSet == 1 {
				require.Contains(t, loaders.Summary(), "; lone: 1 no set\n")
			}
		})
	}
}
