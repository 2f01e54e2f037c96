package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	stdout, stderr := succeed(t, "demo", "-units", "10", "-measure", "20ms", "-concurrency", "2", "-latency", "100us")
	require.Equal(t, "entloader: measuring for 2 × 20ms\n", stderr)
	require.Contains(t, stdout, "2 requests at a time, 16 connections, 100µs added to each statement, 20ms each")
	table := strings.Split(strings.TrimSpace(stdout), "\n")[2:]
	require.Len(t, table, 6)
	require.Regexp(t, `^\| statements per request \| \d{2,} \| 3 \| 0\.\d+ \|$`, table[2])
	require.Regexp(t, `^\| p50 \| [\d.]+ ms \| [\d.]+ ms \| [\d.]+ \|$`, table[3])
	require.Regexp(t, `^\| p95 \| [\d.]+ ms \| [\d.]+ ms \| [\d.]+ \|$`, table[4])
}

func TestMeasureQueryOfTheUser(t *testing.T) {
	t.Parallel()
	stdout, _ := succeed(t, "demo", "-units", "2", "-measure", "4ms", "-concurrency", "1", "-query", `{ tags { id } }`)
	require.Contains(t, stdout, "`{ tags { id } }`, 2 units")
	require.Contains(t, stdout, "| statements per request | 1 | 1 | 1 |")
	status, _, stderr := execute(t.Context(), "demo", "-units", "2", "-measure", "4ms", "-query", `{ units(offset: -1) { id } }`)
	require.Equal(t, exitFailed, status)
	require.Contains(t, stderr, "entloader: a request was answered with status 200: ")
	require.Contains(t, stderr, "offset is -1")
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	sorted := make([]time.Duration, 100)
	for i := range sorted {
		sorted[i] = time.Duration(i + 1)
	}
	require.EqualValues(t, 50, percentile(sorted, 0.50))
	require.EqualValues(t, 95, percentile(sorted, 0.95))
	require.EqualValues(t, 1, percentile(sorted[:1], 0.95))
	require.EqualValues(t, 1, percentile(sorted[:2], 0.50))
}

func TestLatencyEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.NoError(t, wait(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, wait(ctx, time.Minute), context.DeadlineExceeded)
		require.Equal(t, time.Minute+time.Second, time.Since(start))
	})
}
