package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	var w strings.Builder
	p := &progress{w: &w, terminal: true}
	p.update(250, 1000)
	p.update(1000, 1000)
	p.end()
	p.end()
	require.Equal(t, "\rseeding [##########..............................]  25% of 1000 units"+
		"\rseeding [########################################] 100% of 1000 units\n", w.String())
}

func TestProgressInALog(t *testing.T) {
	t.Parallel()
	var w strings.Builder
	now := time.Unix(0, 0)
	p := newProgress(&w)
	p.now, p.last = func() time.Time { return now }, now
	for done := 500; done <= 5000; done += 500 {
		now = now.Add(time.Second)
		p.update(done, 5000)
	}
	p.end()
	require.Equal(t, "entloader: seeded 2500 of 5000 units\nentloader: seeded 5000 of 5000 units\n", w.String())
}
