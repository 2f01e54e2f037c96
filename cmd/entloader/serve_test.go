package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// server is a demo that serves. Its stderr is read line by line.
type server struct {
	t      *testing.T
	url    string
	stop   context.CancelFunc // Ctrl-C
	status chan int
	stderr *bufio.Scanner
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &server{t: t, stop: stop, status: make(chan int, 1), stderr: bufio.NewScanner(r)}
	go func() {
		s.status <- run(ctx, append([]string{"demo", "-addr", "127.0.0.1:0"}, args...), io.Discard, w)
		w.Close()
	}()
	s.url = regexp.MustCompile(`http://[0-9.:]+/query`).FindString(s.wait("entloader: "))
	require.NotEmpty(t, s.url)
	return s
}

// wait reads stderr up to a line that begins like that.
func (s *server) wait(prefix string) string {
	s.t.Helper()
	for s.stderr.Scan() {
		if strings.HasPrefix(s.stderr.Text(), prefix) {
			return s.stderr.Text()
		}
	}
	require.Fail(s.t, "no such line on stderr", prefix)
	return ""
}

// end waits for the end of the demo and returns the last line of stderr.
func (s *server) end() (last string) {
	s.t.Helper()
	for s.stderr.Scan() {
		last = s.stderr.Text()
	}
	require.Equal(s.t, exitOK, <-s.status)
	return last
}

func (s *server) post(query, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, strings.NewReader(`{"query": "`+query+`"}`))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	// A client of its own: tests must not wait for each other's connections.
	return (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
}

// The request is under way when Ctrl-C comes: it is answered, and the server ends after that.
func TestShutdownFinishesRequests(t *testing.T) {
	t.Parallel()
	s := startServer(t, "-units", "20", "-statements", "-latency", "50ms")
	type answer struct {
		body string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		resp, err := s.post(demoQuery, "application/json")
		if err != nil {
			answers <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		answers <- answer{string(body), err}
	}()
	s.wait("SELECT `units`")
	s.stop()
	last := s.end()
	got := <-answers
	require.NoError(t, got.err)
	require.True(t, strings.HasPrefix(got.body, `{"data":{"units":[{"name":`), got.body)
	require.NotContains(t, got.body, `"errors"`)
	require.Equal(t, "statements: 3", last)
}

// Subscriptions need not ever end, so they are ended.
func TestShutdownEndsSubscriptions(t *testing.T) {
	t.Parallel()
	s := startServer(t, "-units", "2")
	resp, err := s.post(`subscription { unitTicks(ids: [1], rounds: 1000000000) { code } }`, "text/event-stream")
	require.NoError(t, err)
	defer resp.Body.Close()
	events := bufio.NewScanner(resp.Body)
	for events.Scan() && !strings.HasPrefix(events.Text(), "data: ") {
	}
	require.Contains(t, events.Text(), "U-000001")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for events.Scan() { // until the server closes the stream
		}
	}()
	s.stop()
	s.end()
	<-closed
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	path := filepath.Join(t.TempDir(), "lab.db")
	status, stdout, stderr := execute(t.Context(), "demo", "-addr", ln.Addr().String(), "-db", path)
	require.Equal(t, exitFailed, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "entloader: cannot serve on "+ln.Addr().String()+"; choose another address with -addr: ")
	require.NoFileExists(t, path, "it is known before a database is made")
}
