package entloader

import (
	"context"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// What decides an answer is looked up above the driver: by interceptors, policies
// and predicates. What drivers and tracers look up is of each caller's own, and must
// not keep two callers apart. So the recordings of a query are muted while its
// statement is with the driver, and no moment longer: a predicate looks up what it
// needs when ent renders it, right before, and an interceptor looks at the viewer
// right after, whether rows came or not.
//
// A quietDriver stands in for the driver of a query until it is given the statement.
type quietDriver struct {
	dialect.Driver
	place *dialect.Driver // where the query has its driver
}

// quiet mutes what the statement that ent is about to send for the query looks up
// below ent.
func (v *View) quiet(ctx context.Context) {
	if recordingOf(ctx) == nil {
		return
	}
	own := *v.Driver
	if d, ok := own.(*quietDriver); ok {
		if d.place == v.Driver {
			return // as of a batch, which loaders that watch its query made quiet before
		}
		own = d.Driver // of a query that failed before it was sent, and that this one is a clone of
	}
	*v.Driver = &quietDriver{own, v.Driver}
}

func (d *quietDriver) Query(ctx context.Context, query string, args, v any) error {
	*d.place = d.Driver // entities are given that of their query
	r := recordingOf(ctx)
	r.mute(true)
	err := d.Driver.Query(ctx, query, args, v)
	rows, ok := v.(*entsql.Rows)
	if err != nil || !ok || rows.ColumnScanner == nil {
		r.mute(false)
		return err
	}
	rows.ColumnScanner = &quietRows{rows.ColumnScanner, r}
	return nil
}

// quietRows are the rows of a statement, which is over when they are closed.
type quietRows struct {
	entsql.ColumnScanner
	recording *recording
}

func (r *quietRows) Close() error {
	err := r.ColumnScanner.Close()
	r.recording.mute(false)
	return err
}
