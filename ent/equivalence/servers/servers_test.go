// Package servers runs the tests of package equivalence on database servers:
//
//	ENTLOADER_POSTGRES='postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable' go test .
//	ENTLOADER_MYSQL='root@tcp(127.0.0.1:3306)/' go test .
//
// The DSNs are those of github.com/jackc/pgx/v5 and of github.com/go-sql-driver/mysql. Their users must be allowed to
// create schemas, on MariaDB databases: each test has one of its own, with a random name that begins with entloader_, and
// drops it when it ends. So tests of several packages, and several runs, do not meet.
//
// The package is a module of its own: the drivers are no requirement of those who use the library.
package servers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/entloader/entloader/ent/equivalence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPostgreSQL(t *testing.T) {
	config, err := pgx.ParseConfig(dsn(t, "ENTLOADER_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"))
	require.NoError(t, err)
	server := connect(t, stdlib.OpenDB(*config))
	equivalence.Run(t, equivalence.Database{Dialect: dialect.Postgres, Open: func(t testing.TB) *sql.DB {
		config := config.Copy()
		config.RuntimeParams["search_path"] = create(t, server, "CREATE SCHEMA %s", "DROP SCHEMA %s CASCADE")
		return bound(stdlib.OpenDB(*config))
	}})
}

func TestMariaDB(t *testing.T) {
	config, err := mysql.ParseDSN(dsn(t, "ENTLOADER_MYSQL", "root@tcp(127.0.0.1:3306)/"))
	require.NoError(t, err)
	config.ParseTime = true // ent's time fields need it
	open := func(name string) *sql.DB {
		config := config.Clone()
		config.DBName = name
		connector, err := mysql.NewConnector(config)
		require.NoError(t, err)
		return sql.OpenDB(connector)
	}
	server := connect(t, open(""))
	equivalence.Run(t, equivalence.Database{Dialect: dialect.MySQL, Open: func(t testing.TB) *sql.DB {
		return bound(open(create(t, server, "CREATE DATABASE %s", "DROP DATABASE %s")))
	}})
}

// dsn returns the value of a variable, and skips the test if it is empty.
func dsn(t *testing.T, variable, example string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Skipf("%s is not set: set it to the DSN of a server, such as %q, to run the tests there", variable, example)
	}
	return value
}

// connect returns db if the server answers, and closes it when the test ends.
func connect(t *testing.T, db *sql.DB) *sql.DB {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.PingContext(t.Context()), "the server does not answer")
	return db
}

// bound keeps the connections of one test well below what servers allow by default, 100 and 151.
func bound(db *sql.DB) *sql.DB {
	db.SetMaxOpenConns(16)
	return db
}

// create creates a schema and returns its name. It is dropped when the test ends.
func create(t testing.TB, server *sql.DB, create, drop string) string {
	t.Helper()
	name := "entloader_" + strings.ToLower(rand.Text())
	_, err := server.ExecContext(t.Context(), strings.Replace(create, "%s", name, 1))
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := server.ExecContext(context.Background(), strings.Replace(drop, "%s", name, 1)) // t.Context has ended
		require.NoError(t, err)
	})
	return name
}
