// Command workload runs queries and mutations over the whole reference schema,
// without loaders, and prints each statement that they send.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/entloader/loadertest"

	"example.com/workload/ent"
	_ "example.com/workload/ent/runtime"
	"example.com/workload/ent/sample"
	"example.com/workload/ent/seed"
	"example.com/workload/ent/unit"
)

func main() {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:workload?mode=memory&cache=shared&_fk=1")
	check(err)
	rec := loadertest.NewRecorder(entsql.OpenDB(dialect.SQLite, db))
	client := ent.NewClient(ent.Driver(rec))
	defer client.Close()
	check(client.Schema.Create(ctx))
	_, err = seed.Run(ctx, db, seed.Options{Units: 5})
	check(err)

	for _, name := range types(client) {
		query := func() reflect.Value {
			return reflect.ValueOf(client).Elem().FieldByName(name).MethodByName("Query").Call(nil)[0]
		}
		run(ctx, query(), "All", "Count", "Exist", "First", "IDs")
		for _, m := range methods(query(), "With") {
			q := query()
			q.MethodByName(m).Call(nil)
			run(ctx, q, "All")
		}
		for _, m := range methods(query(), "Query") {
			run(ctx, query().MethodByName(m).Call(nil)[0], "All", "Count")
		}
		entities := query().MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})[0]
		for i := range min(entities.Len(), 2) {
			for _, m := range methods(entities.Index(i), "Query") {
				run(ctx, entities.Index(i).MethodByName(m).Call(nil)[0], "All", "Only", "Count")
			}
		}
	}

	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	u := client.Unit.Create().SetCode("W-1").SetName("w").SetKind(unit.KindWard).SetInstalledAt(at).SaveX(ctx)
	samples := client.Sample.CreateBulk(
		client.Sample.Create().SetSerial("w1").SetStatus(sample.StatusOpen).SetTakenAt(at).SetVolume(1).SetUnit(u),
		client.Sample.Create().SetSerial("w2").SetStatus(sample.StatusOpen).SetTakenAt(at).SetVolume(2).SetUnit(u),
	).SaveX(ctx)
	samples[0].Update().SetSource(samples[1]).AddTagIDs("routine").SaveX(ctx)
	client.Sample.Update().Where(sample.SerialEQ("w2")).SetRemark("r").SaveX(ctx)
	client.Sample.Query().Select(sample.FieldSerial).StringsX(ctx)
	client.Sample.Query().GroupBy(sample.FieldStatus).Aggregate(ent.Count()).Scan(ctx, &[]struct {
		Status string
		Count  int
	}{})
	client.Sample.Query().Where(sample.HasUnitWith(unit.Code("W-1"))).Order(ent.Desc(sample.FieldSerial)).Limit(1).Offset(1).AllX(ctx)
	client.Sample.DeleteOne(samples[0]).ExecX(ctx)
	tx, err := client.Tx(ctx)
	check(err)
	tx.Unit.Query().WithSamples().AllX(ctx)
	check(tx.Rollback())

	for _, s := range rec.Statements() {
		fmt.Fprintln(os.Stdout, s)
	}
}

// run runs terminal methods of a query, whatever they answer.
func run(ctx context.Context, q reflect.Value, terminals ...string) {
	for _, m := range terminals {
		if f := q.MethodByName("Clone").Call(nil)[0].MethodByName(m); f.IsValid() {
			f.Call([]reflect.Value{reflect.ValueOf(ctx)})
		}
	}
}

// types lists the types of the schema.
func types(client *ent.Client) (names []string) {
	c := reflect.ValueOf(client).Elem()
	for i := range c.NumField() {
		f := c.Type().Field(i)
		if f.IsExported() && c.Field(i).MethodByName("Query").IsValid() && f.Name != "Backlog" { // a view, which no migration makes
			names = append(names, f.Name)
		}
	}
	sort.Strings(names)
	return names
}

// methods lists the methods of v with the prefix that take no arguments, or
// options only.
func methods(v reflect.Value, prefix string) (names []string) {
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if strings.HasPrefix(m.Name, prefix) && (m.Type.NumIn() == 1 || m.Type.NumIn() == 2 && m.Type.IsVariadic()) {
			names = append(names, m.Name)
		}
	}
	return names
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
