// Package loadertest helps to test code that uses entloader: it counts the
// statements that a test sends.
//
//	rec := loadertest.NewRecorder(drv)
//	client := ent.NewClient(ent.Driver(rec))
//	…
//	require.Len(t, rec.Statements(), 2)
package loadertest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"entgo.io/ent/dialect"
)

// A Statement is one statement that a driver was given.
type Statement struct {
	Query string
	Args  []any
}

// String returns the statement with its arguments.
func (s Statement) String() string { return fmt.Sprintf("%s %v", s.Query, s.Args) }

// A Recorder is an ent driver that notes each statement and passes it on.
// Statements of transactions count, BEGIN and COMMIT do not. It is safe for
// concurrent use.
type Recorder struct {
	dialect.Driver
	log *statementLog
}

type statementLog struct {
	mu         sync.Mutex
	statements []Statement
	before     func(context.Context, Statement) error
}

// NewRecorder returns a recorder in front of drv.
func NewRecorder(drv dialect.Driver) *Recorder {
	return &Recorder{Driver: drv, log: &statementLog{}}
}

// Before calls fn before each statement that follows, which fails with the
// error that fn returns, if any. Calls may be concurrent. fn may be nil.
func (r *Recorder) Before(fn func(context.Context, Statement) error) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.before = fn
}

// Statements returns what was sent since the last Reset.
func (r *Recorder) Statements() []Statement {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.log.statements[:len(r.log.statements):len(r.log.statements)]
}

// Reset forgets the statements and returns them.
func (r *Recorder) Reset() []Statement {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	old := r.log.statements
	r.log.statements = nil
	return old
}

func (l *statementLog) note(ctx context.Context, query string, args any) error {
	s := Statement{Query: query}
	s.Args, _ = args.([]any)
	l.mu.Lock()
	l.statements = append(l.statements, s)
	before := l.before
	l.mu.Unlock()
	if before != nil {
		return before(ctx, s)
	}
	return nil
}

// Query notes and sends a query.
func (r *Recorder) Query(ctx context.Context, query string, args, v any) error {
	if err := r.log.note(ctx, query, args); err != nil {
		return err
	}
	return r.Driver.Query(ctx, query, args, v)
}

// Exec notes and sends a statement.
func (r *Recorder) Exec(ctx context.Context, query string, args, v any) error {
	if err := r.log.note(ctx, query, args); err != nil {
		return err
	}
	return r.Driver.Exec(ctx, query, args, v)
}

// Tx starts a transaction whose statements are noted.
func (r *Recorder) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := r.Driver.Tx(ctx)
	if err != nil {
		return nil, err
	}
	return &recorderTx{Tx: tx, log: r.log}, nil
}

// BeginTx starts a transaction with options, if the driver has them.
func (r *Recorder) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	d, ok := r.Driver.(interface {
		BeginTx(context.Context, *sql.TxOptions) (dialect.Tx, error)
	})
	if !ok {
		return nil, fmt.Errorf("loadertest: driver %T has no BeginTx: use Tx", r.Driver)
	}
	tx, err := d.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &recorderTx{Tx: tx, log: r.log}, nil
}

type recorderTx struct {
	dialect.Tx
	log *statementLog
}

func (t *recorderTx) Query(ctx context.Context, query string, args, v any) error {
	if err := t.log.note(ctx, query, args); err != nil {
		return err
	}
	return t.Tx.Query(ctx, query, args, v)
}

func (t *recorderTx) Exec(ctx context.Context, query string, args, v any) error {
	if err := t.log.note(ctx, query, args); err != nil {
		return err
	}
	return t.Tx.Exec(ctx, query, args, v)
}
