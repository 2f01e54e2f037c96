package dynamic_test

import (
	"database/sql"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	_ "github.com/entloader/entloader/ent/runtime"
	"github.com/entloader/entloader/ent/seed"
	"github.com/entloader/entloader/entloader/loadertest"
	"github.com/entloader/entloader/examples/dynamic"
)

func TestPage(t *testing.T) {
	db, err := sql.Open("sqlite3", "file:page?mode=memory&cache=shared&_fk=1")
	require.NoError(t, err)
	rec := loadertest.NewRecorder(entsql.OpenDB(dialect.SQLite, db))
	client := ent.NewClient(ent.Driver(rec))
	defer func() { require.NoError(t, client.Close()) }()
	require.NoError(t, client.Schema.Create(t.Context()))
	_, err = seed.Run(t.Context(), db, seed.Options{Units: 60})
	require.NoError(t, err)

	rec.Reset()
	plain, err := dynamic.Page(t.Context(), client, 50)
	require.NoError(t, err)
	require.Len(t, plain, 50)
	require.Greater(t, len(rec.Reset()), 1+4*50-1, "a statement per unit and load without loaders")

	ctx := ent.NewLoadersContext(t.Context(), ent.NewLoaders(client))
	page, err := dynamic.Page(ctx, client, 50)
	require.NoError(t, err)
	require.Len(t, rec.Reset(), 5)
	require.Len(t, page, 50)
	open := 0
	for i, r := range page {
		require.LessOrEqual(t, len(r.Open), 3)
		require.Equal(t, min(r.OpenCount, 3), len(r.Open))
		require.Equal(t, plain[i].OpenCount, r.OpenCount)
		require.Equal(t, plain[i].Last, r.Last)
		require.InDelta(t, plain[i].Done, r.Done, 1e-9)
		open += r.OpenCount
	}
	require.NotZero(t, open)
}
