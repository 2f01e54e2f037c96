package entloader

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"entgo.io/ent"
	entsql "entgo.io/ent/dialect/sql"
)

// A recording notes which context keys are looked up and what is found.
type recording struct {
	values  context.Context // answers the look-ups
	outer   *recording      // that the query of this one belongs to; nil for a batch
	ignored func(any) bool  // of WithUnrecorded

	mu     sync.Mutex
	record *record // nil until something is noted: most fetches look nothing up
	frozen bool
	muted  bool // the statement is with the driver, see quiet.go
}

func (r *recording) lookup(key any, kind keyKind) any {
	v := r.values.Value(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.frozen && (!r.muted || kind == keyStatement) && (r.ignored == nil || !r.ignored(key)) {
		if r.record == nil {
			r.record = &record{from: r.values}
		}
		r.record.note(key, v)
	}
	return v
}

// freeze ends the recording and returns what it noted, nil if that is nothing. A
// goroutine that the fetch left behind may go on looking up.
func (r *recording) freeze() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = true
	return r.record
}

// soFar returns what was noted so far, nil if the recording has ended.
func (r *recording) soFar() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.frozen:
		return nil
	case r.record == nil:
		return new(record)
	}
	rec := *r.record // the lists grow behind what it sees
	return &rec
}

// hasRead reports whether anything was noted so far.
func (r *recording) hasRead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record != nil && len(r.record.keys) > 0
}

// mute stops the recording, and those outside of it, or goes on with it. Variables
// that ent itself sets before a statement (sql.WithVar) are recorded all the same.
func (r *recording) mute(v bool) {
	for ; r != nil; r = r.outer {
		r.mu.Lock()
		r.muted = v
		r.mu.Unlock()
	}
}

// recordingKey is looked up for the innermost recording of a query.
type recordingKey struct{}

// recordingOf returns what records the look-ups of a query with ctx, nil if nothing
// does. What the fetch of a generic loader looks up is recorded by its batch, but
// that may run several queries at the same time: none of them can mute it.
func recordingOf(ctx context.Context) *recording {
	r, _ := ctx.Value(recordingKey{}).(*recording)
	return r
}

// A batch serves several callers, so it can not run on the context of one: that
// context's deadline would fail the others and its viewer would decide for
// them. It runs on a batchContext instead, which
//
//   - answers Value from the context of the load that opened the batch,
//   - ends when the last waiter has left, never with a caller's deadline,
//   - records every look-up together with what it found.
//
// The record then decides who may share the answer, see record.matches.
type batchContext struct {
	recording
	life  life          // ends with the last waiter
	scope *Scope        // of the batch; nil for loaders outside ent
	outer *batchContext // that the load which opened the batch belongs to
	under any           // the value of WithScope
	// Written before the fetch, read-only afterwards:
	about Batch
	lock  *Lock // that the fetch holds
	spot  spot  // of the fetch: the parker is who waits for the batch within an Each
	// waits are the batches that the fetch waits for, wants the lock that it waits for;
	// protected by waitGraph.
	waits []*batchContext
	wants *Lock
}

// open makes c the context of a batch that a load with ctx, at the spot, opens.
func (c *batchContext) open(ctx context.Context, at spot, scope *Scope, opt *options) {
	c.values, c.ignored, c.scope, c.outer = ctx, opt.ignored, scope, at.batch
	c.spot.batch = c
	if opt.scope != nil {
		c.under = opt.scope(ctx)
		c.record = &record{from: ctx, scope: c.under, own: !same(c.under, c.under)}
	}
}

func (c *batchContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *batchContext) Done() <-chan struct{}       { return c.life.context().Done() }
func (c *batchContext) Err() error                  { return c.life.err() }

func (c *batchContext) Value(key any) any {
	switch key {
	case any(spotKey{}):
		return &c.spot
	case any(recordingKey{}):
		if c.scope == nil {
			return nil
		}
		return &c.recording
	}
	switch kind := classify(key); kind {
	case keyLife:
		return c.life.context().Value(key)
	case keyMasked:
		return nil
	case keyOwn:
		return c.values.Value(key)
	default:
		return c.lookup(key, kind)
	}
}

// eagerContext records what the eager loads of a query read from its context,
// so that their answers are shared under the same rule as those of a batch.
type eagerContext struct {
	context.Context
	recording
}

func (c *eagerContext) Value(key any) any {
	if key == any(recordingKey{}) {
		return &c.recording
	}
	switch kind := classify(key); kind {
	case keyLife, keyMasked, keyOwn:
		return c.Context.Value(key)
	default:
		return c.lookup(key, kind)
	}
}

// batchOf returns the innermost batch that ctx belongs to, nil if there is none.
func batchOf(ctx context.Context) *batchContext { return spotOf(ctx).batch }

// within reports whether the load that opened the batch belongs to a fetch of
// the scope.
func (c *batchContext) within(sc *Scope) bool {
	for c := c.outer; c != nil; c = c.outer {
		if c.scope == sc {
			return true
		}
	}
	return false
}

// A record is what an answer read from its context. It grows while the batch
// runs and is read-only afterwards. The zero value matches every context.
type record struct {
	keys   []any
	values []any
	// own is set when a value can not be compared: such an answer is one for loads
	// with the very context that it is from.
	own  bool
	from context.Context
	// scope is the value of WithScope.
	scope any
}

func (r *record) note(key, value any) {
	for _, k := range r.keys {
		if k == key {
			return
		}
	}
	r.keys = append(r.keys, key)
	r.values = append(r.values, value)
	if !same(value, value) {
		r.own = true
	}
}

// matches reports whether a load with this context would have read the same.
func (r *record) matches(ctx context.Context, scope func(context.Context) any) bool {
	if r == nil {
		return true
	}
	if r.own {
		return same(ctx, r.from)
	}
	for i, k := range r.keys {
		if !same(ctx.Value(k), r.values[i]) {
			return false
		}
	}
	return scope == nil || same(scope(ctx), r.scope)
}

// equal reports whether two records match the same contexts, as far as can be told.
func (r *record) equal(other *record) bool {
	return !r.own && !other.own && slices.Equal(r.keys, other.keys) && slices.EqualFunc(r.values, other.values, same) && same(r.scope, other.scope)
}

// same compares two values as == does; values that can not be compared are
// never the same. Session variables of ent are the exception: they live in a
// slice, and are compared by content.
func same(a, b any) (eq bool) {
	defer func() {
		if recover() != nil {
			eq = reflect.TypeOf(a) == sessionVarsType && reflect.DeepEqual(a, b)
		}
	}()
	return a == b
}

// keyKind says what a context look-up inside a batch means.
type keyKind uint8

const (
	keyRecorded  keyKind = iota // decides the answer
	keyStatement                // decides the answer, looked up by ent's driver
	keyOwn                      // ours, or of infrastructure: passed on, not recorded
	keyMasked                   // belongs to one caller: hidden from the batch
	keyLife                     // the standard library looks for the parent to cancel
)

const (
	gqlgenPkg  = "github.com/99designs/gqlgen/graphql"
	runtimePkg = "github.com/entloader/entloader/entloader"
	entSQLPkg  = "entgo.io/ent/dialect/sql"
)

// infrastructure are the packages, with those below them, whose context keys say who
// watches a fetch and not what it answers. net/http looks for its own in each request,
// tracers and profilers for theirs, which are of one caller each.
var infrastructure = []string{
	"internal/nettrace", "net/http/httptrace", "runtime/pprof", "runtime/trace", "golang.org/x/net/trace",
	"go.opentelemetry.io", "go.opencensus.io", "github.com/opentracing/opentracing-go", "github.com/openzipkin/zipkin-go",
	"github.com/DataDog/dd-trace-go", "gopkg.in/DataDog/dd-trace-go.v1", "github.com/getsentry/sentry-go",
	"github.com/newrelic/go-agent", "go.elastic.co/apm", "github.com/aws/aws-xray-sdk-go", "github.com/honeycombio/beeline-go",
}

// isInfrastructure reports whether a package, by its import path, is one of those.
func isInfrastructure(pkg string) bool {
	return slices.ContainsFunc(infrastructure, func(p string) bool {
		rest, below := strings.CutPrefix(pkg, p)
		return below && (rest == "" || rest[0] == '/')
	})
}

func classify(key any) keyKind {
	if key == cancelKey {
		return keyLife
	}
	if key == entQueryKey {
		return keyMasked
	}
	t := reflect.TypeOf(key)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return keyRecorded
	}
	switch pkg := t.PkgPath(); {
	case pkg == "":
		return keyRecorded
	case pkg == gqlgenPkg:
		// The field context belongs to one field: ent's pagination would read
		// the selection of the caller that happened to open the batch.
		if s := reflect.ValueOf(key); s.Kind() == reflect.String && (s.String() == "resolver_context" || s.String() == "path_context") {
			return keyMasked
		}
		return keyOwn
	case pkg == entSQLPkg:
		return keyStatement
	case pkg == runtimePkg, isInfrastructure(pkg):
		return keyOwn
	}
	return keyRecorded
}

// keyProbe learns the unexported key that a function looks up.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	if p.key == nil {
		p.key = key
	}
	return nil
}

// Done is not nil, so that the standard library looks for the parent to cancel.
func (p *keyProbe) Done() <-chan struct{} { return probeDone }

var (
	probeDone = make(chan struct{})
	cancelKey = func() any {
		p := &keyProbe{Context: context.Background()}
		_, cancel := context.WithCancel(p)
		cancel()
		return p.key
	}()
	entQueryKey = func() any {
		p := &keyProbe{Context: context.Background()}
		ent.QueryFromContext(p)
		return p.key
	}()
	sessionVarsKey = func() any {
		p := &keyProbe{Context: context.Background()}
		entsql.VarFromContext(p, "")
		return p.key
	}()
	sessionVarsType = reflect.TypeOf(entsql.WithVar(context.Background(), "", "").Value(sessionVarsKey))
)
