package equivalence

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
)

// Elsewhere a limit per parent loads everything, and cuts it afterwards: what a
// statement returns here is what its parents are answered.
func testLimitIsCutByTheDatabase(t *testing.T, db Database) {
	lab := db.newLab(t, 40)
	all := len(lab.Sample.Query().IDsX(t.Context()))
	type option = func(*ent.SampleQuery)
	for name, load := range map[string]func(ctx context.Context, t *testing.T, o option) int{
		"one to many": func(ctx context.Context, t *testing.T, o option) (n int) {
			for _, u := range lab.Unit.Query().AllX(ctx) {
				found, err := u.LoadSamples(ctx, o)
				require.NoError(t, err)
				n += len(found)
			}
			return n
		},
		"many to many": func(ctx context.Context, t *testing.T, o option) (n int) {
			for _, x := range lab.Tag.Query().AllX(ctx) {
				found, err := x.LoadSamples(ctx, o)
				require.NoError(t, err)
				n += len(found)
			}
			return n
		},
	} {
		for _, page := range []struct{ limit, offset int }{{2, 0}, {2, 2}, {1, 5}} {
			t.Run(fmt.Sprint(name, ", ", page), func(t *testing.T) {
				ctx, _ := lab.load(t)
				lab.rec.Reset()
				n := load(ctx, t, func(q *ent.SampleQuery) {
					q.Order(ent.Desc(sample.FieldTakenAt)).Limit(page.limit).Offset(page.offset)
				})
				sent := lab.rec.Reset()
				require.Len(t, sent, 2)
				rows, err := lab.db.QueryContext(t.Context(), sent[1].Query, sent[1].Args...)
				require.NoError(t, err)
				returned := 0
				for rows.Next() {
					returned++
				}
				require.NoError(t, rows.Err())
				require.NoError(t, rows.Close())
				require.Equal(t, n, returned)
				require.Positive(t, n)
				require.Less(t, n, all/2)
			})
		}
	}
}
