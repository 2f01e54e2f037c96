package equivalence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// What applications write around a load, as they would write it: the ways in
// which a server calls a resolver do not change what it costs.
var callers = map[string]func(parents int, resolve func(i int)){
	"goroutines": func(parents int, resolve func(int)) {
		each(make([]struct{}, parents), func(i int, _ struct{}) { resolve(i) })
	},
	"loop": func(parents int, resolve func(int)) {
		for i := range parents {
			resolve(i)
		}
	},
	"mutex": func(parents int, resolve func(int)) {
		var mu sync.Mutex
		each(make([]struct{}, parents), func(i int, _ struct{}) {
			mu.Lock()
			defer mu.Unlock()
			resolve(i)
		})
	},
}

// A resolver that works on what it loaded: two fields of a unit that come from
// its samples, one statement. What is loaded is shared, so it sorts a copy.
func TestPostProcessedResult(t *testing.T) {
	lab := SQLite.newLab(t, 40)
	latest := func(ctx context.Context, u *ent.Unit) (*ent.Sample, error) {
		samples, err := u.LoadSamples(ctx)
		if err != nil || len(samples) == 0 {
			return nil, err
		}
		return slices.MaxFunc(samples, func(a, b *ent.Sample) int {
			return cmp.Or(a.TakenAt.Compare(b.TakenAt), a.ID-b.ID)
		}), nil
	}
	largest := func(ctx context.Context, u *ent.Unit, n int) ([]*ent.Sample, error) {
		samples, err := u.LoadSamples(ctx)
		if err != nil {
			return nil, err
		}
		sorted := slices.SortedFunc(slices.Values(samples), func(a, b *ent.Sample) int {
			return cmp.Or(cmp.Compare(b.Volume, a.Volume), a.ID-b.ID)
		})
		return sorted[:min(n, len(sorted))], nil
	}
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			ctx, _ := lab.load(t)
			units := lab.Unit.Query().AllX(ctx)
			first, err := units[0].LoadSamples(ctx)
			require.NoError(t, err)
			before := slices.Clone(first)
			lab.statements(t, 2)
			one, some := make([]*ent.Sample, len(units)), make([][]*ent.Sample, len(units))
			call(len(units), func(i int) {
				var err1, err2 error
				one[i], err1 = latest(ctx, units[i])
				some[i], err2 = largest(ctx, units[i], 3)
				if err := errors.Join(err1, err2); err != nil {
					t.Error(err)
				}
			})
			lab.statements(t, 0)
			for i, u := range units {
				want := u.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).AllX(t.Context())
				if len(want) == 0 {
					require.Nil(t, one[i])
					require.Empty(t, some[i])
					continue
				}
				require.Equal(t, want[0].ID, one[i].ID)
				want = u.QuerySamples().Order(ent.Desc(sample.FieldVolume), ent.Asc(sample.FieldID)).Limit(3).AllX(t.Context())
				require.Equal(t, rows(t, want, true), rows(t, some[i], true))
			}
			require.Equal(t, before, first, "who shares the slice sees it as it was")
			lab.rec.Reset()
		})
	}
}

// A resolver that needs two edges of its parent, one after the other: two
// statements for all parents.
func TestTwoLoadersInOneResolver(t *testing.T) {
	lab := SQLite.newLab(t, 40)
	report := func(s *ent.Sample, technician *ent.Technician, results []*ent.Result) string {
		by := "nobody"
		if technician != nil {
			by = technician.Name
		}
		ids := make([]int64, len(results))
		for i, r := range results {
			ids[i] = int64(r.ID)
		}
		slices.Sort(ids)
		return fmt.Sprintf("%s: %v by %s", s.Serial, ids, by)
	}
	resolve := func(ctx context.Context, s *ent.Sample) (string, error) {
		technician, err := s.LoadTechnician(ctx)
		if err != nil {
			return "", err
		}
		results, err := s.LoadResults(ctx)
		if err != nil {
			return "", err
		}
		return report(s, technician, results), nil
	}
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			ctx, _ := lab.load(t)
			samples := lab.Sample.Query().AllX(ctx)
			require.Greater(t, len(samples), 200)
			lab.rec.Reset()
			got := make([]string, len(samples))
			call(len(samples), func(i int) {
				var err error
				if got[i], err = resolve(ctx, samples[i]); err != nil {
					t.Error(err)
				}
			})
			lab.statements(t, 2)
			for i, s := range samples {
				technician, err := s.QueryTechnician().Only(t.Context())
				require.True(t, err == nil || ent.IsNotFound(err))
				require.Equal(t, report(s, technician, s.QueryResults().AllX(t.Context())), got[i])
			}
			lab.rec.Reset()
		})
	}
}

// roundTripper is a service that is reached without a network.
type roundTripper func(*http.Request) (int, string)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A service that knows one instrument at a time, asked for the instrument of
// each result: once per instrument, two at a time, and what it does not know is
// missing for the results of that instrument alone.
func TestExternalServiceThroughPerKey(t *testing.T) {
	lab := SQLite.newLab(t, 10)
	synctest.Test(t, func(t *testing.T) {
		ctx, _ := lab.load(t)
		instruments := lab.Instrument.Query().IDsX(ctx)
		require.Greater(t, len(instruments), 2)
		unknown, broken := instruments[0], instruments[1]
		var running, most atomic.Int64
		var mu sync.Mutex
		asked := make(map[string]int)
		service := http.Client{Transport: roundTripper(func(r *http.Request) (int, string) {
			defer running.Add(-1)
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			mu.Lock()
			asked[r.URL.Path]++
			mu.Unlock()
			<-time.After(10 * time.Millisecond)
			switch r.URL.Path {
			case fmt.Sprint("/", unknown):
				return http.StatusNotFound, ""
			case fmt.Sprint("/", broken):
				return http.StatusBadGateway, ""
			}
			return http.StatusOK, "serviced" + r.URL.Path
		})}
		services := entloader.Define("services", func(context.Context) *entloader.Loader[labid.InstrumentID, string] {
			return entloader.NewLoader(entloader.PerKey(2, func(ctx context.Context, id labid.InstrumentID) (string, error) {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://instruments.test/%d", id), nil)
				if err != nil {
					return "", err
				}
				resp, err := service.Do(r)
				if err != nil {
					return "", err
				}
				defer resp.Body.Close()
				switch resp.StatusCode {
				case http.StatusOK:
					body, err := io.ReadAll(resp.Body)
					return string(body), err
				case http.StatusNotFound:
					return "", entloader.ErrNotFound
				}
				return "", fmt.Errorf("instrument %d: the service answers %s", id, http.StatusText(resp.StatusCode))
			}))
		})

		results := lab.Result.Query().AllX(ctx)
		start := time.Now()
		lab.rec.Reset()
		var answered, notFound, failed atomic.Int64
		err := entloader.Each(ctx, results, func(ctx context.Context, r *ent.Result) error {
			instrument, err := r.LoadInstrument(ctx)
			if err != nil || instrument == nil {
				return err
			}
			state, err := services.From(ctx).Load(ctx, instrument.ID)
			switch {
			case instrument.ID == unknown && errors.Is(err, entloader.ErrNotFound):
				notFound.Add(1)
			case instrument.ID == broken && err != nil && strings.Contains(err.Error(), "entloader: services: instrument"):
				failed.Add(1)
			case err == nil && state == fmt.Sprintf("serviced/%d", instrument.ID):
				answered.Add(1)
			default:
				return fmt.Errorf("instrument %d: %q, %w", instrument.ID, state, err)
			}
			return nil
		})
		require.NoError(t, err)
		lab.statements(t, 1)
		require.Greater(t, answered.Load(), int64(len(asked)), "many results share an instrument")
		require.Positive(t, notFound.Load())
		require.Positive(t, failed.Load())
		for path, n := range asked {
			require.Equal(t, 1, n, path)
		}
		require.Equal(t, int64(2), most.Load())
		rounds := (len(asked) + 1) / 2
		require.Equal(t, time.Duration(rounds)*10*time.Millisecond, time.Since(start), "nothing waits for a timer")
		require.Equal(t, 1, services.From(ctx).Stats().Batches)
	})
}
