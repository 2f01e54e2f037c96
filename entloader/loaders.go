package entloader

import (
	"context"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect"
)

// Loaders are all loaders of one request: one GraphQL operation, one
// subscription event, one page of a job. The Loaders type that is generated
// into an ent package embeds it. Answers stay until they are cleared, so
// loaders must not outlive the request that they were made for.
//
// Loaders are safe for concurrent use.
type Loaders struct {
	opt    options
	main   Scope
	finder ScopeFinder
	byKey  ByKey

	defined definedLoaders

	// clears counts the clears of edges; a set that is older than the last
	// clear of an edge no longer answers that edge from eager-loaded entities,
	// nor other loaders from its rows.
	clears atomic.Uint64

	mu     sync.Mutex
	others []*Scope // every scope but main; protected by mu
	sets   *setNode // the live sibling sets; protected by mu
}

// ScopeFinder is implemented by generated loaders.
type ScopeFinder interface {
	// Scope returns the scope of a load by key under ctx.
	Scope(ctx context.Context) *Scope
}

// Init prepares loaders that are embedded by value; generated code calls it
// once, before anything else. client is the configuration of the client that
// the loaders were made for, driver its driver and tx whether that belongs to a
// transaction. It returns what loaders by key point to.
func (l *Loaders) Init(finder ScopeFinder, client any, driver dialect.Driver, tx bool, opts []Option) *ByKey {
	l.opt = newOptions(opts)
	l.finder = finder
	l.byKey.loaders = l
	l.main = Scope{loaders: l, client: client, driver: driver, tx: tx}
	return &l.byKey
}

// Main returns the scope of the client that the loaders were made for.
func (l *Loaders) Main() *Scope { return &l.main }

// Other returns the scope with the given key, for entities of another client
// configuration than the loaders' own: a transaction, other interceptors. key
// must be comparable and hold all that tells two configurations apart.
func (l *Loaders) Other(key, client any, driver dialect.Driver, tx bool) *Scope {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, sc := range l.others {
		if same(sc.key, key) {
			return sc
		}
	}
	sc := &Scope{loaders: l, key: key, client: client, driver: driver, tx: tx}
	l.others = append(l.others, sc)
	return sc
}

// ClearAll forgets every answer of every loader. Batches that are running give
// their answer to those who wait for it, and to nobody else.
func (l *Loaders) ClearAll(ctx context.Context) {
	l.clears.Add(1) // there may be no loader yet
	l.each(func(a anyLoader) { a.ClearAll(ctx) })
}

// Flush sends all batches of lone keys at once, without waiting for more keys.
func (l *Loaders) Flush() {
	l.each(func(a anyLoader) { a.Flush() })
}

// anyLoader is a loader whatever its types.
type anyLoader interface {
	ClearAll(context.Context)
	Flush()
	Stats() Stats
}

func (l *Loaders) each(f func(anyLoader)) {
	l.mu.Lock()
	scopes := append([]*Scope{&l.main}, l.others...)
	l.mu.Unlock()
	for _, sc := range scopes {
		for _, a := range sc.list() {
			f(a)
		}
	}
	for _, a := range l.defined.list() {
		f(a)
	}
}

// A Scope is one client configuration: a driver, interceptors and a schema
// configuration. Loads of different scopes share neither a batch nor an answer,
// so a transaction never meets its outside.
type Scope struct {
	loaders *Loaders
	key     any
	client  any
	driver  dialect.Driver
	tx      bool

	// serial lets the batches of a transaction run one at a time: a
	// transaction has one connection and is not safe for concurrent use.
	serial sync.Mutex

	plain   sync.Map // label of a Target → how a query without options renders
	loading sync.Map // *Match of a relation or variantKey → anyLoader
	offers  sync.Map // reflect.Type of T → *offers
	// verdicts are of statements that options led to: [2]string → bool. Siblings
	// mostly lead to the same, and to look is cheaper than to read it again.
	verdicts sync.Map
	mu       sync.Mutex
	order    []anyLoader // loading in the order of first use; protected by mu
}

// Client returns the client configuration that generated code passed in.
func (sc *Scope) Client() any { return sc.client }

// variantKey identifies a loader of a relation that is not the plain one, which
// is found by the relation alone: its queries carry options, or it counts.
type variantKey struct {
	relation *Match
	answer   answerKind
	options  any // compared by ==
}

// answerKind is what a loader of a relation brings for a key.
type answerKind uint8

const (
	answerRows answerKind = iota
	answerCount
	answerExist
)

// add makes the loader for key, unless somebody else did in the meantime.
func (sc *Scope) add(key any, newLoader func() anyLoader) anyLoader {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if l, ok := sc.loading.Load(key); ok {
		return l.(anyLoader)
	}
	l := newLoader()
	sc.loading.Store(key, l)
	sc.order = append(sc.order, l)
	return l
}

func (sc *Scope) list() []anyLoader {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.order[:len(sc.order):len(sc.order)]
}
