package equivalence

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// A caller that leaves does so at once; the fetch ends when the last has left.
func TestCancel(t *testing.T) {
	lab := SQLite.newLab(t, 5)
	synctest.Test(t, func(t *testing.T) {
		ctx, _ := lab.load(t)
		units := lab.Unit.Query().AllX(ctx)
		ended := make(chan error, 1)
		lab.rec.Before(func(ctx context.Context, _ loadertest.Statement) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
		defer lab.rec.Before(nil)
		first, cancelFirst := context.WithCancel(ctx)
		second, cancelSecond := context.WithCancel(ctx)
		firstErr, secondErr := make(chan error, 1), make(chan error, 1)
		go func() { _, err := units[0].LoadSamples(first); firstErr <- err }()
		go func() { _, err := units[1].LoadSamples(second); secondErr <- err }()
		synctest.Wait()
		cancelFirst()
		require.ErrorIs(t, <-firstErr, context.Canceled)
		synctest.Wait()
		require.Empty(t, ended, "the second caller still waits")
		cancelSecond()
		require.ErrorIs(t, <-secondErr, context.Canceled)
		require.ErrorIs(t, <-ended, context.Canceled)
		lab.rec.Before(nil)

		// The next load gets a fetch of its own.
		_, err := units[2].LoadSamples(ctx)
		require.NoError(t, err)
		_, err = units[0].LoadSamples(first)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A lone key waits for others for the quiet time, and no longer.
func TestLoneKeysWait(t *testing.T) {
	lab := SQLite.newLab(t, 20)
	ids := lab.Unit.Query().IDsX(t.Context())
	lab.rec.Reset()
	synctest.Test(t, func(t *testing.T) {
		ctx, loaders := lab.load(t, entloader.WithQuiet(1000), entloader.WithMaxWait(5000))
		each(ids, func(_ int, id int) {
			if _, err := loaders.Unit.Samples.Load(ctx, id); err != nil {
				t.Error(err)
			}
		})
		stats := loaders.Stats()[0]
		require.Equal(t, 1, stats.Quiet)
		require.Equal(t, len(ids), stats.Keys)
	})
	lab.statements(t, 1)
}
