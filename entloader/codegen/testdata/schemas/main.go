// Command schemas loads edges between tables of two database schemas. Each of the two
// has all of the tables, with other rows, so that a table of the wrong one is seen.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/entloader/entloader/entloader/loadertest"

	"example.com/schemas/ent"
	"example.com/schemas/ent/sample"
)

func main() {
	name, dsn := os.Args[1], os.Args[2]
	server := open(name, dsn, "")
	defer server.Close()
	drop := "DROP SCHEMA %s CASCADE"
	if name == dialect.MySQL {
		drop = "DROP SCHEMA %s"
	}
	var schemas []string
	for range 2 {
		s := "entloader_" + strings.ToLower(rand.Text())
		exec(server, "CREATE SCHEMA "+s)
		defer exec(server, fmt.Sprintf(drop, s))
		schemas = append(schemas, s)
	}
	run(name, dsn, schemas[0], schemas[1])
}

// open opens a database whose tables are those of the given schema.
func open(name, dsn, schema string) *sql.DB {
	if name == dialect.MySQL {
		config := must(mysql.ParseDSN(dsn))
		config.DBName = schema
		return sql.OpenDB(must(mysql.NewConnector(config)))
	}
	config := must(pgx.ParseConfig(dsn))
	if schema != "" {
		config.RuntimeParams["search_path"] = schema
	}
	return stdlib.OpenDB(*config)
}

func run(name, dsn, one, other string) {
	ctx := context.Background()
	for i, s := range []string{one, other} {
		db := open(name, dsn, s)
		client := ent.NewClient(ent.Driver(entsql.OpenDB(name, db)))
		check(client.Schema.Create(ctx, schema.WithForeignKeys(false)))
		fill(db, i)
		check(client.Close())
	}
	rec := loadertest.NewRecorder(entsql.OpenDB(name, open(name, dsn, one)))
	client := ent.NewClient(ent.Driver(rec), ent.AlternateSchema(ent.SchemaConfig{
		Unit: one, Tag: one, Sample: other, SampleTags: other,
	}))
	defer client.Close()
	l := lab{client, rec}
	for _, o := range []struct {
		name       string
		statements int
		opts       []func(*ent.SampleQuery)
	}{
		{"samples", 1, nil},
		{"samples, the last two", 1, []func(*ent.SampleQuery){func(q *ent.SampleQuery) { q.Order(ent.Desc(sample.FieldID)).Limit(2) }}},
		{"samples, some, with tags", 2, []func(*ent.SampleQuery){func(q *ent.SampleQuery) { q.Where(sample.NameContains("2")).WithTags() }}},
	} {
		opts := o.opts
		compare(l, "Unit."+o.name, o.statements, client.Unit.Query().AllX,
			func(ctx context.Context, u *ent.Unit) (string, error) {
				all, err := u.LoadSamples(ctx, opts...)
				return texts(all), err
			},
			func(u *ent.Unit) string { return texts(apply(u.QuerySamples(), opts).AllX(ctx)) })
		compare(l, "Tag."+o.name, o.statements, client.Tag.Query().AllX,
			func(ctx context.Context, t *ent.Tag) (string, error) {
				all, err := t.LoadSamples(ctx, opts...)
				return texts(all), err
			},
			func(t *ent.Tag) string { return texts(apply(t.QuerySamples(), opts).AllX(ctx)) })
		compare(l, "Number of Unit."+o.name, 1, client.Unit.Query().AllX,
			func(ctx context.Context, u *ent.Unit) (string, error) {
				n, err := u.CountSamples(ctx, opts...)
				return fmt.Sprint(n), err
			},
			func(u *ent.Unit) string { return fmt.Sprint(apply(u.QuerySamples(), opts).CountX(ctx)) })
		compare(l, "Whether there are Tag."+o.name, 1, client.Tag.Query().AllX,
			func(ctx context.Context, t *ent.Tag) (string, error) {
				ok, err := t.ExistSamples(ctx, opts...)
				return fmt.Sprint(ok), err
			},
			func(t *ent.Tag) string { return fmt.Sprint(apply(t.QuerySamples(), opts).ExistX(ctx)) })
	}
	compare(l, "Sample.tags", 1, client.Sample.Query().AllX,
		func(ctx context.Context, s *ent.Sample) (string, error) {
			all, err := s.LoadTags(ctx)
			return texts(all), err
		},
		func(s *ent.Sample) string { return texts(s.QueryTags().AllX(ctx)) })
	compare(l, "Sample.unit", 1, client.Sample.Query().AllX, loadUnit, queryUnit)
	compare(l, "Sample.unit, by the id of the sample", 1, func(ctx context.Context) []*ent.Sample {
		all := client.Sample.Query().AllX(context.Background()) // without foreign keys
		ent.LoadersFromContext(ctx).Sample.Siblings(all...)
		return all
	}, loadUnit, queryUnit)
}

func loadUnit(ctx context.Context, s *ent.Sample) (string, error) {
	u, err := s.LoadUnit(ctx)
	if u == nil {
		return "", err
	}
	return u.String(), err
}

func queryUnit(s *ent.Sample) string {
	u, err := s.QueryUnit().Only(context.Background())
	if ent.IsNotFound(err) {
		return ""
	}
	check(err)
	return u.String()
}

// lab is a client with a statement log.
type lab struct {
	client *ent.Client
	rec    *loadertest.Recorder
}

// compare compares what is loaded for siblings, in so many statements, with what ent's
// own query answers, and prints how much there was.
func compare[T any](l lab, what string, statements int, siblings func(context.Context) []T, load func(context.Context, T) (string, error), query func(T) string) {
	ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(l.client))
	all := siblings(ctx)
	l.rec.Reset()
	var loaded []string
	for _, x := range all {
		text, err := load(ctx, x)
		check(err)
		loaded = append(loaded, text)
	}
	if sent := len(l.rec.Reset()); sent != statements {
		panic(fmt.Sprintf("%s: %d statements, want %d", what, sent, statements))
	}
	size := 0
	for i, x := range all {
		if want := query(x); want != loaded[i] {
			panic(fmt.Sprintf("%s of %v:\nwant %s\ngot  %s", what, x, want, loaded[i]))
		}
		size += len(loaded[i])
	}
	fmt.Printf("%s: %d characters for %d\n", what, size, len(all))
}

// texts is entities with the tags that were loaded with them, in any order.
func texts[T fmt.Stringer](all []T) string {
	var list []string
	for _, x := range all {
		text := x.String()
		if s, ok := any(x).(*ent.Sample); ok && s.Edges.Tags != nil {
			text += texts(s.Edges.Tags)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func apply(q *ent.SampleQuery, opts []func(*ent.SampleQuery)) *ent.SampleQuery {
	for _, opt := range opts {
		opt(q)
	}
	return q
}

// fill writes rows that differ in each of the schemas.
func fill(db *sql.DB, which int) {
	for i := 1; i <= 4; i++ {
		exec(db, fmt.Sprintf("INSERT INTO units (id, name) VALUES (%d, 'unit %d of %d')", i, i, which))
		exec(db, fmt.Sprintf("INSERT INTO tags (id, name) VALUES (%d, 'tag %d of %d')", i, i, which))
	}
	for i := 1; i <= 9; i++ {
		unit := fmt.Sprint(1 + (i+which)%3) // the last has none
		if i%4 == 0 {
			unit = "NULL"
		}
		exec(db, fmt.Sprintf("INSERT INTO samples (id, name, unit_samples) VALUES (%d, 'sample %d of %d', %s)", i, i, which, unit))
		for j := 1; j <= 3; j++ {
			if (i+j+which)%3 > 0 {
				exec(db, fmt.Sprintf("INSERT INTO sample_tags (sample_id, tag_id) VALUES (%d, %d)", i, j))
			}
		}
	}
}

func exec(db *sql.DB, text string) { must(db.Exec(text)) }

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
