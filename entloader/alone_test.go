package entloader_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// A load under Alone takes part in nothing: elsewhere the way around the cache
// is a second loader.
func TestAloneTakesPartInNothing(t *testing.T) {
	t.Parallel()
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen calls[int]
				l := entloader.NewLoader(func(_ context.Context, keys []int) (map[int]int, error) {
					n := seen.note(keys)
					return map[int]int{keys[0]: n}, nil
				}, entloader.WithQuiet(time.Hour), entloader.WithMaxWait(time.Hour))
				start := time.Now()
				waiting := async(func() (int, error) { return l.Load(t.Context(), 1) })
				synctest.Wait()
				for want := range 2 {
					v, err := w.load(l, entloader.Alone(t.Context()), 1)
					require.NoError(t, err)
					require.Equal(t, want, v)
				}
				require.False(t, waiting.ended())
				require.Equal(t, start, time.Now())
				l.Flush()
				v, err := waiting.wait()
				require.NoError(t, err)
				require.Equal(t, 2, v)
				require.Equal(t, 2, l.Stats().Alone)
				require.True(t, strings.HasPrefix(l.Stats().String(), "loader: 3 loads"), l.Stats().String())
			})
		})
	}
}

// Missing keys are no errors of a map, under Alone either.
func TestAloneLoadMap(t *testing.T) {
	t.Parallel()
	var seen calls[int]
	l := entloader.NewLoader(source(&seen))
	found, err := l.LoadMap(entloader.Alone(t.Context()), []int{1, missingKey})
	require.NoError(t, err)
	require.Equal(t, map[int]int{1: 10}, found)
	_, err = l.LoadMap(entloader.Alone(t.Context()), []int{closedKey})
	require.ErrorIs(t, err, errClosed)
}
