package lab_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/gql/lab"
)

// serve starts a server over a laboratory of its own. It returns a function that sends a query and wants an answer
// without errors.
func serve(t *testing.T, h http.Handler) (url string, query func(text string, header ...string) string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL, func(text string, header ...string) string {
		t.Helper()
		body, err := json.Marshal(map[string]string{"query": text})
		require.NoError(t, err)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/query", bytes.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, "%s", answer)
		require.NotContains(t, string(answer), `"errors"`)
		return string(answer)
	}
}

// Each edge in a query costs one statement at most, whatever the number of entities. One that leads back to rows which a
// list above it brought costs none.
func TestOneStatementPerEdge(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 40)
	_, query := serve(t, lab.NewHandler(client))
	for _, c := range []struct {
		query      string
		statements int
		// more is how many edges lead to rows that an edge beside them brings as well. Resolvers run in parallel, so
		// each of them costs a statement only if it is loaded before those rows are there.
		more int
	}{
		{`{ units { name samples { serial results { value } } } }`, 3, 0},
		{`{ units { location { name parent { name } } samples { id } notes { body } incidents { summary } documents { title } } }`, 7, 0},
		{`{ samples { unit { code } technician { name } results { value } tags { title } label { barcode } projects { name } assignments { id } } }`, 8, 0},
		{`{ samples { source { serial } aliquots { serial } } }`, 2, 0},
		{`{ locations { parent { id } children { id units { code } } } }`, 3, 0},
		{`{ technicians { partner { name } colleagues { name } trainers { name } trainees { name } badge { number } } }`, 6, 0},
		{`{ technicians { instruments { name home { name } } certifications { grantedAt instrument { id } technician { id } } } }`, 4, 1},
		{`{ instruments { results { analyte } technicians { name } calibrations { drift standards { id name } } certifications { grantedAt } } }`, 6, 0},
		{`{ standards { calibrations { passed instrument { name } } } }`, 3, 0},
		{`{ tags { samples { serial } } projects { samples { serial } assignments { sample { serial } project { name } } } }`, 5, 1},
		{`{ results(limit: 50) { sample { serial } } labels(limit: 50) { sample { serial } } }`, 4, 0},
		// A field that shows NULL as 0: where the column is NULL nothing is sent.
		{`{ results(limit: 50) { instrument { model } } }`, 2, 0},
		{`{ badges { technician { name } } notes { unit { code } } documents { unit { code } } incidents { unit { code } } }`, 8, 0},
		{`{ certifications { technician { name } instrument { name } } calibrations { instrument { name } } assignments { sample { serial } } }`, 7, 0},
		{`{ backlog { unitID code waiting } attachments { id name } }`, 2, 0},
	} {
		rec.Reset()
		query(c.query)
		sent := len(rec.Statements())
		require.GreaterOrEqual(t, sent, c.statements, c.query)
		require.LessOrEqual(t, sent, c.statements+c.more, c.query)
	}
}

func TestLoadersDoNotChangeTheAnswer(t *testing.T) {
	t.Parallel()
	client, rec := open(t, 20)
	_, with := serve(t, lab.NewHandler(client))
	_, without := serve(t, lab.NewHandler(client, lab.WithoutLoaders()))
	const text = `{ units { name location { name } samples { serial label { barcode } technician { name badge { number } } results { value } } } }`
	answer := with(text)
	require.Len(t, rec.Reset(), 7)
	require.JSONEq(t, without(text), answer)
	require.Greater(t, len(rec.Statements()), 500)
}

func TestViewer(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 60)
	_, query := serve(t, lab.NewHandler(client))
	const text = `{ units { incidents { confidential } } incidents { confidential } }`
	require.NotContains(t, query(text), `"confidential":true`)
	require.NotContains(t, query(text, "X-Viewer", "eve", "X-Viewer-Admin", "yes"), `"confidential":true`)
	require.Contains(t, query(text, "X-Viewer", "ada", "X-Viewer-Admin", "true"), `"confidential":true`)
}

func TestSubscriptionOverHTTP(t *testing.T) {
	t.Parallel()
	client, _ := open(t, 5)
	url, _ := serve(t, lab.NewHandler(client))
	body := strings.NewReader(`{"query": "subscription { unitTicks(ids: [2, 4]) { code samples { id } } }"}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/query", body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var codes, ends []string
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var event struct {
				Data struct{ UnitTicks struct{ Code string } }
			}
			require.NoError(t, json.Unmarshal([]byte(data), &event))
			codes = append(codes, event.Data.UnitTicks.Code)
		} else if lines.Text() == "event: complete" {
			ends = append(ends, lines.Text())
		}
	}
	require.Equal(t, []string{"U-000002", "U-000004"}, codes)
	require.Len(t, ends, 1)
}

func TestPlayground(t *testing.T) {
	t.Parallel()
	h := lab.NewHandler(nil)
	for path, status := range map[string]int{"/": http.StatusOK, "/else": http.StatusNotFound} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, status, w.Code, path)
	}
}
