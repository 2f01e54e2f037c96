package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect"
)

// meter counts statements and prints them. Begin and commit of transactions are no statements.
type meter struct {
	count atomic.Int64

	mu    sync.Mutex
	print io.Writer // nil prints nothing; written to under mu
}

// maxPrinted is how much of the arguments of a statement is printed: a key list can be long.
const maxPrinted = 200

// note is called before each statement.
func (m *meter) note(query string, args any) {
	m.count.Add(1)
	if m.print != nil {
		text := fmt.Sprint(args)
		if len(text) > maxPrinted {
			text = text[:maxPrinted] + "…]"
		}
		m.mu.Lock()
		fmt.Fprintln(m.print, query, text)
		m.mu.Unlock()
	}
}

// observe returns drv with the meter in front of it.
func (m *meter) observe(drv dialect.Driver) dialect.Driver {
	return &metered{drv, m}
}

type metered struct {
	dialect.Driver
	meter *meter
}

func (d *metered) Query(ctx context.Context, query string, args, v any) error {
	d.meter.note(query, args)
	return d.Driver.Query(ctx, query, args, v)
}

func (d *metered) Exec(ctx context.Context, query string, args, v any) error {
	d.meter.note(query, args)
	return d.Driver.Exec(ctx, query, args, v)
}

func (d *metered) Tx(ctx context.Context) (dialect.Tx, error) {
	return d.BeginTx(ctx, nil)
}

// BeginTx implements the optional interface that ent's client needs for transactions with options.
func (d *metered) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	tx, err := d.Driver.(interface {
		BeginTx(context.Context, *sql.TxOptions) (dialect.Tx, error)
	}).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &meteredTx{tx, d.meter}, nil
}

type meteredTx struct {
	dialect.Tx
	meter *meter
}

func (t *meteredTx) Query(ctx context.Context, query string, args, v any) error {
	t.meter.note(query, args)
	return t.Tx.Query(ctx, query, args, v)
}

func (t *meteredTx) Exec(ctx context.Context, query string, args, v any) error {
	t.meter.note(query, args)
	return t.Tx.Exec(ctx, query, args, v)
}
