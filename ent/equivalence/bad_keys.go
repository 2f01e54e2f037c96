package equivalence

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/entloader"
)

// A badKeys is a load by keys of which some can not be sent.
type badKeys struct {
	name  string
	keys  []string
	load  func(ctx context.Context, key string) (any, error)
	query func(ctx context.Context, key string) (any, error) // ent's own
}

// testBadKeys loads keys together, some of which nobody can send: all others have
// their answers, in one statement.
func testBadKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	plain := t.Context()
	standards := lab.Standard.Query().AllX(plain)
	coded := func(k string) *ent.Standard {
		x := *standards[0]
		x.ID = labid.StandardCode(k)
		return &x
	}
	words := []string{"two words", string(standards[0].ID), "none", string(standards[1].ID), "and two"}

	var loaders *ent.Loaders
	cases := []badKeys{
		{name: "Standard.ByID", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.ByID.Load(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) { return lab.Standard.Get(ctx, labid.StandardCode(k)) },
		},
		{name: "Standard.Calibrations", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.Calibrations.Load(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) {
				return coded(k).QueryCalibrations().All(ctx)
			},
		},
		{name: "Standard.Calibrations, counted", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.Calibrations.Count(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) {
				return coded(k).QueryCalibrations().Count(ctx)
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var ctx context.Context
			ctx, loaders = lab.load(t)
			type answer struct {
				v   any
				err error
			}
			want := make(map[string]answer)
			for _, k := range c.keys {
				v, err := c.query(plain, k)
				want[k] = answer{v, err}
			}
			lab.rec.Reset()
			for _, statements := range []int{1, 0} { // errors of keys are remembered
				got := make([]answer, len(c.keys))
				require.NoError(t, entloader.Each(ctx, c.keys, func(ctx context.Context, k string) error {
					v, err := c.load(ctx, k)
					got[slices.Index(c.keys, k)] = answer{v, err}
					return nil
				}))
				lab.statements(t, statements)
				for i, k := range c.keys {
					want := want[k]
					if want.err == nil {
						require.NoError(t, got[i].err, "%q", k)
						switch want.v.(type) {
						case int, bool:
							require.Equal(t, want.v, got[i].v, "%q", k)
						default:
							require.Equal(t, rows(t, want.v, false), rows(t, got[i].v, false), "%q", k)
						}
						continue
					}
					require.Error(t, got[i].err, "%q", k)
					require.Equal(t, ent.IsNotFound(want.err), ent.IsNotFound(got[i].err), "%q: want %v, got %v", k, want.err, got[i].err)
					require.ErrorContains(t, want.err, errors.Unwrap(got[i].err).Error(), "%q", k)
				}
			}
		})
	}
}
