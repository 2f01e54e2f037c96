package main

import (
	"fmt"
	"io"
	"time"
)

// printTable writes both measurements and their ratios as a table in Markdown.
func printTable(w io.Writer, without, with figures) {
	fmt.Fprintln(w, "| | without loaders | with loaders | ratio |")
	fmt.Fprintln(w, "|---|---:|---:|---:|")
	row := func(name, format string, without, with float64) {
		fmt.Fprintf(w, "| %s | "+format+" | "+format+" | %.3g |\n", name, without, with, with/without)
	}
	row("statements per request", "%.6g", without.statements, with.statements)
	row("p50", "%.1f ms", milliseconds(without.p50), milliseconds(with.p50))
	row("p95", "%.1f ms", milliseconds(without.p95), milliseconds(with.p95))
	row("requests per second", "%.1f", without.throughput, with.throughput)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
