package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"entgo.io/ent/dialect"

	"github.com/entloader/entloader/entloader"
)

// statementLog is a driver that notes what is queried, and what for.
type statementLog struct {
	dialect.Driver

	mu    sync.Mutex
	lines []string // protected by mu
}

// Query implements dialect.Driver.
func (l *statementLog) Query(ctx context.Context, query string, args, v any) error {
	line := query + " " + shorten(fmt.Sprint(args))
	if b, ok := entloader.BatchFromContext(ctx); ok {
		line = fmt.Sprintf("%s (keys: %d) %s", b.Loader, b.Keys, line)
	}
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	return l.Driver.Query(ctx, query, args, v)
}

// print writes the statements, and how many they are.
func (l *statementLog) print(w io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for i, line := range l.lines {
		fmt.Fprintf(&b, "%d. %s\n", i+1, line)
	}
	fmt.Fprintf(&b, "statements: %d\n", len(l.lines))
	_, err := io.WriteString(w, b.String())
	return err
}

// shorten cuts arguments: a key list can be long.
func shorten(args string) string {
	const most = 60
	if len(args) <= most {
		return args
	}
	return strings.ToValidUTF8(args[:most], "") + "…"
}
