package bench

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/entloader/loadertest"
)

func TestAllWaysAnswerTheSame(t *testing.T) {
	drv, err := open(t.Context(), t.Name())
	require.NoError(t, err)
	defer drv.Close()
	client := ent.NewClient(ent.Driver(drv))
	for _, levels := range []int{1, 3} {
		t.Run(fmt.Sprintf("GraphQL/%d", levels), func(t *testing.T) {
			want := ""
			for _, w := range throughGraphQL {
				answer, err := serve(client, w, levels)(t.Context())
				require.NoError(t, err, w.name)
				got := canonical(t, answer)
				if want == "" {
					want = got
					require.Equal(t, units*samplesPerUnit, strings.Count(got, `"serial"`))
					if levels == 3 {
						require.Equal(t, units*samplesPerUnit*resultsOfSample, strings.Count(got, `"value"`))
					}
				}
				require.Equal(t, want, got, w.name)
			}
		})
		t.Run(fmt.Sprintf("loop/%d", levels), func(t *testing.T) {
			want, err := loop(client, eagerly, levels)(t.Context())
			require.NoError(t, err)
			require.Equal(t, units*samplesPerUnit, want.samples)
			for _, w := range throughALoop {
				got, err := loop(client, w, levels)(t.Context())
				require.NoError(t, err, w.name)
				require.Equal(t, want, got, w.name)
			}
		})
	}
}

// canonical returns JSON with its lists sorted: no way of loading orders them.
func canonical(t *testing.T, b []byte) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(b, &v))
	var text func(any) string
	text = func(v any) string {
		switch v := v.(type) {
		case []any:
			list := make([]string, len(v))
			for i, e := range v {
				list[i] = text(e)
			}
			slices.Sort(list)
			return "[" + strings.Join(list, ",") + "]"
		case map[string]any:
			list := make([]string, 0, len(v))
			for k, e := range v {
				list = append(list, fmt.Sprintf("%q:%s", k, text(e)))
			}
			slices.Sort(list)
			return "{" + strings.Join(list, ",") + "}"
		}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return string(b)
	}
	return text(v)
}

func TestStatements(t *testing.T) {
	drv, err := open(t.Context(), t.Name())
	require.NoError(t, err)
	defer drv.Close()
	rec := loadertest.NewRecorder(drv)
	client := ent.NewClient(ent.Driver(rec))
	for _, c := range contests {
		for _, w := range c.ways {
			want, runs := 0, 1
			switch w.name {
			case loaders.name, eagerly.name:
				runs = 50
				want = map[int]int{1: 2, 3: 3}[c.levels]
			case oneByOne.name:
				want = map[int]int{1: 1 + units, 3: 1 + units + units*samplesPerUnit}[c.levels]
			default:
				continue // as many as the timer makes of it
			}
			run := c.of(client, w, c.levels)
			for range runs {
				rec.Reset()
				_, err := run(t.Context())
				require.NoError(t, err)
				require.Len(t, rec.Reset(), want, "%s, %d levels, %s", c.name, c.levels, w.name)
			}
		}
	}
}
