package equivalence

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// Elsewhere the windows of one level are sent all at once, to a pool that has
// fewer connections.
func TestWindowsRunAFewAtATime(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []entloader.Option
		most int
	}{
		{"default", nil, entloader.DefaultParallel},
		{"two", []entloader.Option{entloader.WithParallel(2)}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := SQLite.newLab(t, 20)
			synctest.Test(t, func(t *testing.T) {
				ctx, _ := lab.load(t, append(c.opts, withWindow(1))...)
				units := lab.Unit.Query().AllX(ctx)
				lab.rec.Reset()
				var running, most atomic.Int64
				lab.rec.Before(func(context.Context, loadertest.Statement) error {
					if n := running.Add(1); n > most.Load() {
						most.Store(n)
					}
					<-time.After(time.Millisecond)
					running.Add(-1)
					return nil
				})
				defer lab.rec.Before(nil)
				start := time.Now()
				each(units, func(_ int, u *ent.Unit) {
					if _, err := u.LoadSamples(ctx); err != nil {
						t.Error(err)
					}
				})
				lab.statements(t, 20)
				require.Equal(t, int64(c.most), most.Load())
				require.Equal(t, time.Duration(20/c.most)*time.Millisecond, time.Since(start))
			})
		})
	}
}

// Elsewhere batches of a transaction run at the same time, on its one
// connection, which is not made for that.
func TestBatchesOfATransactionRunOneByOne(t *testing.T) {
	lab := SQLite.newLab(t, 20)
	ctx, loaders := lab.load(t, withWindow(4))
	tx, err := lab.Tx(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	units := tx.Unit.Query().AllX(ctx)
	lab.rec.Reset()
	var running, together, samples, incidents, documents atomic.Int64
	lab.rec.Before(func(context.Context, loadertest.Statement) error {
		if running.Add(1) > 1 {
			together.Add(1)
		}
		for range 1000 { // whoever could run as well does so now
			runtime.Gosched()
		}
		running.Add(-1)
		return nil
	})
	defer lab.rec.Before(nil)
	count := func(n *atomic.Int64, found int, err error) {
		if err != nil {
			t.Error(err)
		}
		n.Add(int64(found))
	}
	each(append(units, append(units, units...)...), func(i int, u *ent.Unit) {
		switch i / len(units) {
		case 0:
			found, err := u.LoadSamples(ctx)
			count(&samples, len(found), err)
		case 1:
			found, err := u.LoadIncidents(ctx)
			count(&incidents, len(found), err)
		case 2:
			found, err := loaders.Unit.Documents.Load(ent.NewTxContext(ctx, tx), u.ID)
			count(&documents, len(found), err)
		}
	})
	require.Zero(t, together.Load())
	lab.statements(t, 20/4+20/4+20, "a lone key waits for no other in a transaction")
	require.Equal(t, tx.Sample.Query().CountX(ctx), int(samples.Load()))
	require.Equal(t, tx.Incident.Query().CountX(ctx), int(incidents.Load()))
	require.Positive(t, documents.Load())
}
