package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const demoQuery = `{ units { name samples { serial results { value } } } }`

// execute runs the command line in this process.
func execute(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// succeed is execute for what must not fail.
func succeed(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	status, stdout, stderr := execute(t.Context(), args...)
	require.Equal(t, exitOK, status, stderr)
	return stdout, stderr
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestQueryAndStatements(t *testing.T) {
	t.Parallel()
	with, stderr := succeed(t, "demo", "-units", "30", "-query", demoQuery, "-statements")
	require.Equal(t, "statements: 3", lastLine(stderr))
	require.Equal(t, 4, strings.Count(stderr, "\n"), "three statements and their number")

	var answer struct {
		Data struct {
			Units []struct {
				Name    string
				Samples []struct {
					Serial  string
					Results []struct{ Value float64 }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(with), &answer))
	require.Len(t, answer.Data.Units, 30)
	samples := 0
	for _, u := range answer.Data.Units {
		samples += len(u.Samples)
	}
	without, stderr := succeed(t, "demo", "-units", "30", "-query", demoQuery, "-statements", "-loaders=false")
	require.Equal(t, fmt.Sprintf("statements: %d", 1+30+samples), lastLine(stderr))
	require.JSONEq(t, without, with)
}

func TestQuietWithoutStatements(t *testing.T) {
	t.Parallel()
	stdout, stderr := succeed(t, "demo", "-units", "1", "-query", `{ unit(id: 1) { code } }`)
	require.Equal(t, `{"data":{"unit":{"code":"U-000001"}}}`+"\n", stdout)
	require.Empty(t, stderr)
}

func TestSubscriptionOnTheCommandLine(t *testing.T) {
	t.Parallel()
	stdout, _ := succeed(t, "demo", "-units", "2", "-query", `subscription { unitTicks(ids: [2, 1]) { id } }`)
	require.Equal(t, `{"data":{"unitTicks":{"id":"2"}}}`+"\n"+`{"data":{"unitTicks":{"id":"1"}}}`+"\n", stdout)
}

func TestAnswerWithErrors(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := execute(t.Context(), "demo", "-units", "1", "-statements", "-query", `{ units(limit: -1) { code } }`)
	require.Equal(t, exitFailed, status)
	require.Contains(t, stdout, `"message":"limit is -1: it must not be negative"`)
	require.Equal(t, "entloader: the answer has 1 errors; see \"errors\" in it\nstatements: 0\n", stderr)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args    []string
		message string
	}{
		{nil, "say which command to run"},
		{[]string{"dmeo"}, `there is no command "dmeo"`},
		{[]string{"-units", "3"}, `there is no command "-units"`},
		{[]string{"demo", "-unit", "3"}, "flag provided but not defined: -unit"},
		{[]string{"demo", "-units", "many"}, `invalid value "many" for flag -units`},
		{[]string{"demo", "-units", "0"}, "-units is 0: it must be at least 1"},
		{[]string{"demo", "-measure", "-1s"}, "-measure is -1s: it must not be negative"},
		{[]string{"demo", "-concurrency", "0"}, "-concurrency is 0: it must be at least 1"},
		{[]string{"demo", "-latency", "-1ms"}, "-latency is -1ms: it must not be negative"},
		{[]string{"demo", "-loaders", "false"}, `unexpected argument "false"`},
		{[]string{"demo", "-loaders=false", "-measure", "1s"}, "leave -loaders out"},
		{[]string{"demo", "-statements", "-measure", "1s"}, "leave -statements out"},
	} {
		status, stdout, stderr := execute(t.Context(), c.args...)
		require.Equal(t, exitUsage, status, c.args)
		require.Empty(t, stdout)
		message, _, _ := strings.Cut(stderr, "\n")
		require.True(t, strings.HasPrefix(message, "entloader: "), message)
		require.Contains(t, message, c.message)
		require.Contains(t, stderr, "Usage: entloader ")
	}
	for _, args := range [][]string{{"-h"}, {"help"}, {"demo", "-h"}, {"demo", "--help"}} {
		stdout, stderr := succeed(t, args...)
		require.Contains(t, stdout, "Usage: entloader ")
		require.Empty(t, stderr)
	}
}

// What is wrong with a query is known before a database is made.
func TestInvalidQuery(t *testing.T) {
	t.Parallel()
	for query, message := range map[string]string{
		`{ units { `:                  "input:1:11: Expected Name, found <EOF>",
		`{ units { nam } }`:           `input:1:11: Cannot query field "nam" on type "Unit". Did you mean "name"?`,
		`{ unit(id: 1) { samples } }`: `Field "samples" of type "[Sample!]!" must have a selection of subfields.`,
		``:                            "no operation provided",
	} {
		path := filepath.Join(t.TempDir(), "lab.db")
		for _, args := range [][]string{nil, {"-measure", "1s"}} {
			status, stdout, stderr := execute(t.Context(), append([]string{"demo", "-db", path, "-query", query}, args...)...)
			require.Equal(t, exitFailed, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "entloader: the query is not valid: input:")
			require.Contains(t, stderr, message)
			require.NoFileExists(t, path)
		}
	}
}

func TestTemporaryDatabaseIsRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	succeed(t, "demo", "-units", "1", "-query", `{ __typename }`)
	execute(t.Context(), "demo", "-units", "1", "-query", `{ units(limit: -1) { id } }`)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	execute(stopped, "demo", "-units", "1", "-query", `{ __typename }`)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
