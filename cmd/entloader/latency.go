package main

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/mattn/go-sqlite3"
)

// connector opens connections on which each statement takes longer. The connection is busy meanwhile, as one to a
// database server is during a round trip: what waits for a free connection waits for that as well.
type connector struct {
	dsn     string
	latency time.Duration
}

func (c *connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &slowConn{opened.(*sqlite3.SQLiteConn), c.latency}, nil
}

// slowConn delays statements, not the begin and the end of transactions. ent sends statements by these two methods.
type slowConn struct {
	*sqlite3.SQLiteConn
	latency time.Duration
}

func (c *slowConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := wait(ctx, c.latency); err != nil {
		return nil, err
	}
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

func (c *slowConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := wait(ctx, c.latency); err != nil {
		return nil, err
	}
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
