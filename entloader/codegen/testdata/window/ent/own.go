package ent

import (
	"context"
	"fmt"
	"io"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"
)

// Own prints how many statements ten units take, and forty samples with a unit each.
func Own(w io.Writer) {
	ctx := context.Background()
	drv, err := entsql.Open(dialect.SQLite, "file:own?mode=memory&cache=shared&_fk=1")
	must(err)
	rec := loadertest.NewRecorder(drv)
	client := NewClient(Driver(rec))
	defer client.Close()
	must(client.Schema.Create(ctx))
	for range 10 {
		client.Unit.Create().SaveX(ctx)
	}
	for range 40 {
		client.Sample.Create().SetUnit(client.Unit.Create().SaveX(ctx)).SaveX(ctx)
	}
	for _, window := range []int{2, 100} {
		ctx := NewLoadersContext(ctx, NewLoaders(client, entloader.WithWindow(window)))
		units := client.Unit.Query().Limit(10).AllX(ctx)
		count := func(what string, load func(*Unit) error) {
			rec.Reset()
			for _, u := range units {
				must(load(u))
			}
			fmt.Fprintf(w, "window %d: %s %d\n", window, what, len(rec.Reset()))
		}
		count("notes", func(u *Unit) error { _, err := u.LoadNotes(ctx); return err })
		count("samples", func(u *Unit) error { _, err := u.LoadSamples(ctx); return err })
		count("counts of samples", func(u *Unit) error { _, err := u.CountSamples(ctx); return err })
		count("limited samples", func(u *Unit) error {
			_, err := u.LoadSamples(ctx, func(q *SampleQuery) { q.Limit(1) })
			return err
		})
		samples := client.Sample.Query().AllX(ctx)
		rec.Reset()
		for _, s := range samples {
			u, err := s.LoadUnit(ctx)
			must(err)
			if u == nil {
				panic("no unit")
			}
		}
		fmt.Fprintf(w, "window %d: units of samples %d\n", window, len(rec.Reset()))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
