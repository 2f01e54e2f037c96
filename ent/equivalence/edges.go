package equivalence

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader"
)

// testEdges compares every edge of every entity with ent's own query, in
// the ways that an entity comes to its loaders.
func testEdges(t *testing.T, db Database) {
	lab := db.newLab(t, 12)
	for _, e := range lab.allEdges(t) {
		t.Run(e.String(), func(t *testing.T) {
			plain := t.Context()
			entities := lab.all(t, plain, e.entity.Elem().Name())
			require.NotEmpty(t, entities)
			tr := lab.trial(t, e)
			tr.of(entities)
			want := make([]answer, len(entities))
			found := 0
			for i, x := range entities {
				v, err := e.query(plain, x)
				want[i] = answer{v: v, err: err}
				found += len(rows(t, v, false))
			}
			require.NotZero(t, found, "the data has nothing for this edge")

			t.Run("without loaders", func(t *testing.T) {
				for i, x := range entities[:min(20, len(entities))] {
					got, err := e.load(plain, x)
					if e.unique {
						requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
						continue
					}
					require.NoError(t, err)
					require.Equal(t, rows(t, want[i].v, false), rows(t, got, false))
				}
			})
			t.Run("siblings", func(t *testing.T) {
				ctx, _ := lab.load(t)
				siblings := lab.all(t, ctx, e.entity.Elem().Name())
				lab.rec.Reset()
				n := tr.siblings(entloader.DefaultWindow, true)
				for i, x := range siblings {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
					n.load(x)
				}
				require.LessOrEqual(t, n.sent, 1)
				n.require(t)
				for i, x := range siblings {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
				}
				lab.statements(t, 0, "second time")
			})
			t.Run("siblings with small windows", func(t *testing.T) {
				ctx, _ := lab.load(t, withWindow(7))
				for i, x := range lab.all(t, ctx, e.entity.Elem().Name()) {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
				}
			})
			t.Run("lone keys", func(t *testing.T) {
				// Entities that were queried without loaders belong to no set.
				ctx, _ := lab.load(t)
				answers := make([]answer, len(entities))
				each(entities, func(i int, x reflect.Value) {
					v, err := e.load(ctx, x)
					answers[i] = answer{v: v, err: err}
				})
				for i, x := range entities {
					requireEqual(t, e, x, want[i].v, want[i].err, answers[i].v, answers[i].err, false)
				}
			})
			t.Run("after queries of all", func(t *testing.T) {
				ctx, _ := lab.load(t)
				for _, q := range lab.queries() {
					q.Call(nil)[0].MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})
				}
				for i, x := range lab.all(t, ctx, e.entity.Elem().Name()) {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
				}
			})
			t.Run("declared siblings", func(t *testing.T) {
				ctx, loaders := lab.load(t)
				list := lab.all(t, plain, e.entity.Elem().Name())
				declare(loaders, list)
				lab.rec.Reset()
				n := tr.declared(list, entloader.DefaultWindow)
				for i, x := range list {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
					n.load(x)
				}
				// One by foreign key, and one by id for those that do not show it.
				require.LessOrEqual(t, n.sent, 2)
				n.require(t)
			})
			t.Run("of a transaction", func(t *testing.T) {
				tx, err := lab.Tx(plain)
				require.NoError(t, err)
				defer func() { require.NoError(t, tx.Rollback()) }()
				ctx, _ := lab.load(t)
				inside := reflect.ValueOf(tx).Elem().FieldByName(e.entity.Elem().Name())
				list := inside.MethodByName("Query").Call(nil)[0].MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})[0]
				lab.rec.Reset()
				n := tr.siblings(entloader.DefaultWindow, true)
				for i, x := range sorted(t, list) {
					got, err := e.load(ctx, x)
					requireEqual(t, e, x, want[i].v, want[i].err, got, err, false)
					n.load(x)
				}
				n.require(t)
			})
		})
	}
}
