package entloader

import (
	"context"
	"math"
	"time"
)

// Defaults of the options.
const (
	// DefaultWindow is how many siblings one batch takes at most. SQLite,
	// PostgreSQL and MySQL all take key lists of this length, and a longer one
	// saves nothing: the cost of a statement is spread over 10,000 keys already.
	DefaultWindow = 10_000
	// DefaultQuiet is how long a batch of lone keys waits for another key while
	// the process is busy, and a millisecond while goroutines are ready to run and have no
	// processor. When nothing else in it runs, the batch is sent after some 10 µs: those
	// who could add to it wait, too.
	DefaultQuiet = 300 * time.Microsecond
	// DefaultMaxWait bounds the wait of a batch of lone keys that keep coming. A
	// hundred callers that compute 200 µs each take 10 ms on two cores; 2 ms cut
	// them into nine batches (measured), and a single key never waits for it.
	DefaultMaxWait = 20 * time.Millisecond
	// DefaultParallel is how many fetches of a loader run at the same time.
	DefaultParallel = 4
)

// defaultName is that of a loader without a name.
const defaultName = "loader"

// options are read-only once the loaders that they belong to exist.
type options struct {
	window  int
	quiet   time.Duration
	settles bool // lone keys are sent when nothing else runs, see settle.go
	maxWait time.Duration
	scope   func(context.Context) any
	ignored func(key any) bool
	uncache bool

	name      string
	maxBatch  int
	parallel  int
	lock      *Lock
	observers []Observer
	limit     int
	cache     Cache
}

// An Option configures loaders when they are made.
type Option func(*options)

func newOptions(opts []Option) options {
	o := options{
		window: DefaultWindow, quiet: DefaultQuiet, settles: true, maxWait: DefaultMaxWait,
		name: defaultName, maxBatch: math.MaxInt, parallel: DefaultParallel,
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// WithWindow sets how many siblings one batch takes at most, hence how many
// statements a set costs: its size divided by n, rounded up. The default is
// [DefaultWindow]. Values below 1 are ignored.
func WithWindow(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.window = n
		}
	}
}

// WithName sets what errors and statistics call a loader. The default is
// "loader"; generated loaders have the name of their edge.
func WithName(name string) Option {
	return func(o *options) { o.name = name }
}

// WithMaxBatch sets how many keys one batch takes at most; a full batch of lone
// keys is sent at once. There is no bound by default, but for siblings
// [WithWindow]. Values below 1 are ignored.
func WithMaxBatch(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.maxBatch = n
		}
	}
}

// WithParallel sets how many fetches of one loader run at the same time; the
// others wait for their turn. The default is [DefaultParallel]. Fetches for
// loads from inside a fetch do not wait. Values below 1 are ignored.
func WithParallel(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.parallel = n
		}
	}
}

// WithCacheLimit bounds how many answers a loader remembers; the oldest go
// first. Answers that are on their way do not count. There is no bound by
// default. Values below 1 are ignored.
func WithCacheLimit(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.limit = n
		}
	}
}

// WithQuiet sets how long a batch of lone keys waits for another key before it
// is sent. Without it a batch is sent when nothing else in the process runs, or
// after [DefaultQuiet]; with it the time alone decides. Where more than a few keys come
// at a time, when the last of them came is an estimate: the time is then at most twice d.
// When it is over, goroutines that are ready to run have a turn before the batch is sent:
// they may be about to load. Keys of a sibling set never wait.
func WithQuiet(d time.Duration) Option {
	return func(o *options) { o.quiet, o.settles = max(d, 0), false }
}

// WithMaxWait bounds how long a batch of lone keys waits in all, however many
// keys keep coming; then goroutines that are ready to run have a turn, as with [WithQuiet].
// The default is [DefaultMaxWait].
func WithMaxWait(d time.Duration) Option {
	return func(o *options) { o.maxWait = max(d, 0) }
}

// WithScope adds a value to what two loads must have in common to share an
// answer, for differences that context look-ups can not show. fn is called with
// the context of each load, possibly from several goroutines at once, and must
// return a comparable value, and must not load.
func WithScope(fn func(context.Context) any) Option {
	return func(o *options) { o.scope = fn }
}

// WithUnrecorded says which context keys do not decide an answer, although an
// interceptor, a policy or a fetch looks them up: those of a logger, a clock, a
// tracer. Two loads that differ in nothing else share a statement then. Keys that
// drivers look up while they have a statement need not be named, nor those of gqlgen,
// net/http/httptrace, runtime/pprof, OpenTelemetry and other common tracers. ignored is called with each key, possibly from several
// goroutines at once, and must be fast.
func WithUnrecorded(ignored func(key any) bool) Option {
	return func(o *options) { o.ignored = ignored }
}

// WithoutCache makes loaders forget an answer as soon as its waiters have it.
// Equal keys within one batch are still sent once.
func WithoutCache() Option {
	return func(o *options) { o.uncache = true }
}
