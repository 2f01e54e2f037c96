package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/entloader/entloader/gql/lab"
)

// grace is how long requests may go on after the first Ctrl-C.
const grace = 30 * time.Second

// listen takes the port, before the long part begins.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("entloader: cannot serve on %s; choose another address with -addr: %w", addr, err)
	}
	return ln, nil
}

// serve answers requests until ctx ends, and finishes those that are running then.
func (d *demo) serve(ctx context.Context, ln net.Listener, db *database, stderr io.Writer) error {
	m := d.newMeter(stderr)
	h := newStreams(lab.NewHandler(db.client(m), d.options()...))
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	srv.RegisterOnShutdown(h.end)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	fmt.Fprintf(stderr, "entloader: %d units, playground at http://%s/, API at http://%[2]s/query, Ctrl-C stops\n", db.units, ln.Addr())
	select {
	case err := <-served:
		return fmt.Errorf("entloader: cannot serve: %w", err)
	case <-ctx.Done():
	}
	fmt.Fprintln(stderr, "entloader: finishing running requests, Ctrl-C again does not wait for them")
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(limit)
	h.running.Wait()
	d.printCount(m, stderr)
	if err != nil {
		return errors.Join(fmt.Errorf("entloader: requests were still running after %v: %w", grace, err), srv.Close())
	}
	return nil
}

// streams ends the requests that would go on for ever, subscriptions, when the server shuts down. The server waits for
// all other requests by itself, but not for WebSockets.
type streams struct {
	http.Handler
	ending  context.Context
	end     context.CancelFunc
	running sync.WaitGroup
}

func newStreams(h http.Handler) *streams {
	s := &streams{Handler: h}
	s.ending, s.end = context.WithCancel(context.Background())
	return s
}

func (s *streams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		s.running.Add(1)
		defer s.running.Done()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.ending, cancel)()
		r = r.WithContext(ctx)
	}
	s.Handler.ServeHTTP(w, r)
}
