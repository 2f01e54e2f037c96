package seed_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/calibration"
	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/result"
	_ "github.com/entloader/entloader/ent/runtime"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/seed"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
)

// open returns an empty database of its own for the test, with the tables of the schema.
func open(t *testing.T, suffix string) (*sql.DB, *ent.Client) {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", "_") + suffix
	db, err := sql.Open("sqlite3", "file:"+name+"?mode=memory&cache=shared&_fk=1")
	require.NoError(t, err)
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, db)))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	// A copy, as in enttest: a migration writes into its tables, and the tests run in parallel.
	tables, err := schema.CopyTables(migrate.Tables)
	require.NoError(t, err)
	require.NoError(t, migrate.Create(t.Context(), client.Schema, tables))
	return db, client
}

// checksum hashes all rows of a table in the order in which they were written.
func checksum(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf("SELECT * FROM %q ORDER BY rowid", table))
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(sql.RawBytes)
	}
	hash := sha256.New()
	for rows.Next() {
		require.NoError(t, rows.Scan(values...))
		for _, v := range values {
			fmt.Fprintf(hash, "%q,", *v.(*sql.RawBytes))
		}
	}
	require.NoError(t, rows.Err())
	return hex.EncodeToString(hash.Sum(nil))
}

// number is the answer of a query for one number.
func number(t *testing.T, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf(query, args...)).Scan(&n))
	return n
}

func TestRunIsDeterministic(t *testing.T) {
	t.Parallel()
	run := func(suffix string, opts seed.Options) map[string]string {
		db, _ := open(t, suffix)
		_, err := seed.Run(t.Context(), db, opts)
		require.NoError(t, err)
		sums := make(map[string]string)
		for _, table := range migrate.Tables {
			sums[table.Name] = checksum(t, db, table.Name)
		}
		return sums
	}
	first := run("1", seed.Options{Units: 700})
	require.Equal(t, first, run("2", seed.Options{Units: 700}))
	require.Equal(t, first, run("3", seed.Options{Units: 700, Seed: seed.DefaultSeed}))
	other := run("4", seed.Options{Units: 700, Seed: 1})
	require.NotEqual(t, first[unit.Table], other[unit.Table])
	require.NotEqual(t, first[technician.Table], other[technician.Table])
}

func TestRunCountsAndSpread(t *testing.T) {
	t.Parallel()
	const units = 2000
	db, _ := open(t, "")
	var progress []int
	counts, err := seed.Run(t.Context(), db, seed.Options{Units: units, Progress: func(done, total int) {
		require.Equal(t, units, total)
		progress = append(progress, done)
	}})
	require.NoError(t, err)

	require.IsIncreasing(t, progress)
	require.Equal(t, units, progress[len(progress)-1])
	require.Len(t, counts, len(migrate.Tables))
	for _, table := range migrate.Tables {
		require.Positive(t, counts[table.Name], table.Name)
		require.Equal(t, number(t, db, "SELECT count(*) FROM %q", table.Name), counts[table.Name], table.Name)
	}
	require.Equal(t, units, counts[unit.Table])
	require.InDelta(t, 10*units, counts[sample.Table], units)
	require.InDelta(t, 3*counts[sample.Table], counts[result.Table], 0.1*float64(counts[sample.Table]))

	perUnit := fmt.Sprintf("SELECT count(s.%s) AS n FROM %s AS u LEFT JOIN %s AS s ON s.%s = u.%s GROUP BY u.%[5]s",
		sample.FieldID, unit.Table, sample.Table, sample.FieldUnitID, unit.FieldID)
	require.InDelta(t, 0.12*units, number(t, db, "SELECT count(*) FROM (%s) WHERE n = 0", perUnit), 0.03*units)
	require.Positive(t, number(t, db, "SELECT count(*) FROM (%s) WHERE n >= 60", perUnit))

	// A nullable foreign key that is never or always NULL would leave half of a loader untested.
	for _, table := range migrate.Tables {
		for _, fk := range table.ForeignKeys {
			column := fk.Columns[0]
			if column.Nullable {
				require.Positive(t, number(t, db, "SELECT count(*) FROM %q WHERE %q IS NULL", table.Name, column.Name), column.Name)
				require.Positive(t, number(t, db, "SELECT count(*) FROM %q WHERE %q IS NOT NULL", table.Name, column.Name), column.Name)
			}
		}
	}
}

func TestRunKeepsForeignKeys(t *testing.T) {
	t.Parallel()
	for _, units := range []int{1, 37, 501} {
		t.Run(fmt.Sprint(units), func(t *testing.T) {
			t.Parallel()
			db, _ := open(t, "")
			_, err := seed.Run(t.Context(), db, seed.Options{Units: units})
			require.NoError(t, err)
			require.Zero(t, number(t, db, "SELECT count(*) FROM pragma_foreign_key_check"))
		})
	}
}

// What the builders would have written, the rows written past them must mean as well.
func TestEntReadsWhatRunWrote(t *testing.T) {
	t.Parallel()
	db, client := open(t, "")
	counts, err := seed.Run(t.Context(), db, seed.Options{Units: 300})
	require.NoError(t, err)
	ctx := t.Context()

	all, err := client.Technician.Query().WithPartner().WithColleagues().WithTrainees().WithBadge().All(ctx)
	require.NoError(t, err)
	place := make(map[string]int) // by e-mail address, which ends in the number of the technician
	for _, one := range all {
		var n int
		_, err := fmt.Sscanf(one.Email[strings.LastIndex(one.Email[:strings.Index(one.Email, "@")], ".")+1:], "%d@", &n)
		require.NoError(t, err)
		place[one.ID.String()] = n
	}
	partners := 0
	for _, one := range all {
		if p := one.Edges.Partner; p != nil {
			partners++
			require.Equal(t, one.ID, p.QueryPartner().OnlyIDX(ctx), "partners are partners of each other")
		}
		for _, c := range one.Edges.Colleagues {
			require.True(t, c.QueryColleagues().Where(technician.ID(one.ID)).ExistX(ctx), "colleagues are colleagues of each other")
		}
		for _, trainee := range one.Edges.Trainees {
			require.Greater(t, place[trainee.ID.String()], place[one.ID.String()], "trainers come before their trainees")
		}
		if b := one.Edges.Badge; b != nil {
			require.Equal(t, one.ID, b.ID)
		}
	}
	require.Positive(t, partners)

	withStandards, err := client.Calibration.Query().Where(calibration.HasStandards()).WithStandards().All(ctx)
	require.NoError(t, err)
	links := 0
	for _, c := range withStandards {
		links += len(c.Edges.Standards)
		require.NotContains(t, string(c.Edges.Standards[0].ID), ":", "the stored prefix is not part of the code")
	}
	require.Equal(t, counts[calibration.StandardsTable], links)

	// Values that ent writes and values that Run writes are the same to the database.
	one := client.Sample.Query().Where(sample.RemarkNotNil(), sample.HasSource()).FirstX(ctx)
	require.True(t, client.Sample.Query().Where(sample.TakenAtEQ(one.TakenAt), sample.ID(one.ID)).ExistX(ctx))
	require.Equal(t, one.TakenAt, one.QuerySource().OnlyX(ctx).TakenAt)
}

func TestRunStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	db, _ := open(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	_, err := seed.Run(ctx, db, seed.Options{Units: 100_000, Progress: func(int, int) {
		calls++
		cancel()
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "entloader: seed: stopped after 500 of 100000 units, nothing is kept")
	require.Equal(t, 1, calls)
	for _, table := range migrate.Tables {
		require.Zero(t, number(t, db, "SELECT count(*) FROM %q", table.Name), table.Name)
	}

	_, err = seed.Run(ctx, db, seed.Options{Units: 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = seed.Run(t.Context(), db, seed.Options{Units: 1})
	require.NoError(t, err, "the database can be seeded afterwards")
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	db, _ := open(t, "")
	_, err := seed.Run(t.Context(), db, seed.Options{})
	require.EqualError(t, err, "entloader: seed: Units is 0: set it to at least 1")
	_, err = seed.Run(t.Context(), db, seed.Options{Units: 1, Dialect: "postgresql"})
	require.EqualError(t, err, `entloader: seed: dialect "postgresql": seed writes to "sqlite3", "postgres" and "mysql"`)

	_, err = seed.Run(t.Context(), db, seed.Options{Units: 1})
	require.NoError(t, err)
	_, err = seed.Run(t.Context(), db, seed.Options{Units: 1})
	require.EqualError(t, err, `entloader: seed: the table "units" has rows already; seed an empty database`)

	bare, err := sql.Open("sqlite3", "file:"+t.Name()+"_bare?mode=memory&cache=shared")
	require.NoError(t, err)
	defer bare.Close()
	_, err = seed.Run(t.Context(), bare, seed.Options{Units: 1})
	require.ErrorContains(t, err, "create the tables with client.Schema.Create first")
}
