package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/entloader/entloader/gql/lab"
)

// measureQuery is what is measured unless the user has a query: a page of a list, three levels deep.
const measureQuery = `{ units(limit: 100) { name samples { serial results { value } } } }`

// turns is in how many parts the time of a variant is cut: variants take turns, so that both have the same share of
// whatever else the machine does.
const turns = 4

// compare measures the laboratory's server without and with loaders, and prints a table of both.
func (d *demo) compare(ctx context.Context, db *database, stdout, stderr io.Writer) error {
	query := measureQuery
	if d.querySet {
		query = d.query
	}
	without, err := d.startSubject(ctx, db, query, lab.WithoutLoaders())
	if err != nil {
		return err
	}
	defer without.stop()
	with, err := d.startSubject(ctx, db, query)
	if err != nil {
		return err
	}
	defer with.stop()
	fmt.Fprintf(stderr, "entloader: measuring for 2 × %v\n", d.measure)
	for range turns {
		for _, s := range []*subject{without, with} {
			if err := s.load(ctx, d.concurrency, d.measure/turns); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(stdout, "`%s`, %d units, %d requests at a time, %d connections, %v added to each statement, %v each\n\n",
		query, db.units, d.concurrency, conns, d.latency, d.measure)
	printTable(stdout, without.figures(), with.figures())
	return nil
}

// subject is a server under measurement.
type subject struct {
	meter  *meter
	server *http.Server
	client *http.Client
	url    string
	body   []byte

	mu         sync.Mutex
	latencies  []time.Duration // one per request; protected by mu
	busy       time.Duration   // the time that load took
	statements int64
}

// startSubject starts a server on the loopback interface, and warms it up with one request.
func (d *demo) startSubject(ctx context.Context, db *database, query string, opts ...lab.Option) (*subject, error) {
	ln, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, fmt.Errorf("entloader: cannot send the query: %w", err)
	}
	m := &meter{}
	s := &subject{
		meter:  m,
		server: &http.Server{Handler: lab.NewHandler(db.client(m), opts...), ReadHeaderTimeout: 10 * time.Second},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: d.concurrency}},
		url:    "http://" + ln.Addr().(*net.TCPAddr).String() + "/query",
		body:   body,
	}
	go s.server.Serve(ln) // ends in stop
	if err := s.request(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *subject) stop() {
	s.client.CloseIdleConnections()
	s.server.Close()
}

// load keeps n requests under way for that long. Requests that are under way then are finished, and count: to leave them out
// would leave out the slow ones.
func (s *subject) load(ctx context.Context, n int, duration time.Duration) error {
	start, before := time.Now(), s.meter.count.Load()
	errs := make([]error, n)
	var workers sync.WaitGroup
	for i := range n {
		workers.Go(func() {
			for errs[i] == nil && time.Since(start) < duration {
				errs[i] = s.timedRequest(ctx)
			}
		})
	}
	workers.Wait()
	s.busy += time.Since(start)
	s.statements += s.meter.count.Load() - before
	if ctx.Err() != nil {
		return fmt.Errorf("entloader: stopped: %w", ctx.Err())
	}
	for _, err := range errs {
		if err != nil {
			return err // the others most likely say the same
		}
	}
	return nil
}

func (s *subject) timedRequest(ctx context.Context) error {
	start := time.Now()
	err := s.request(ctx)
	took := time.Since(start)
	s.mu.Lock()
	s.latencies = append(s.latencies, took)
	s.mu.Unlock()
	return err
}

// request sends the query once. An answer with errors is one.
func (s *subject) request(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(s.body))
	if err != nil {
		return fmt.Errorf("entloader: cannot send the query: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("entloader: a request failed: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("entloader: a request failed: %w", err)
	case resp.StatusCode != http.StatusOK, bytes.HasPrefix(body, []byte(`{"errors"`)):
		return fmt.Errorf("entloader: a request was answered with status %d: %.300s", resp.StatusCode, body)
	}
	return nil
}

// figures are what the measurement of a subject comes to.
type figures struct {
	statements float64 // per request
	p50, p95   time.Duration
	throughput float64 // requests per second
}

func (s *subject) figures() figures {
	n := float64(len(s.latencies))
	slices.Sort(s.latencies)
	return figures{
		statements: float64(s.statements) / n,
		p50:        percentile(s.latencies, 0.50),
		p95:        percentile(s.latencies, 0.95),
		throughput: n / s.busy.Seconds(),
	}
}

// percentile is the least of the sorted values that at least that part of all values does not exceed.
func percentile(sorted []time.Duration, part float64) time.Duration {
	return sorted[max(0, int(math.Ceil(part*float64(len(sorted))))-1)]
}
