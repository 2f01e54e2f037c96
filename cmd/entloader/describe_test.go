package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/viewer"
	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/codegen"
	"github.com/entloader/entloader/entloader/loadertest"
)

// params are those that the description of a dynamic edge assumes: all of them,
// save for what has a default.
var params = map[string]any{
	"Unit.recent_samples": ent.UnitRecentSamplesParams{Status: sample.StatusOpen, Since: entloader.Some(time.Unix(0, 0))},
	"Unit.odd_samples": ent.UnitOddSamplesParams{
		SerialIn: entloader.Some(entloader.ListOf("a")), SerialContainsFold: entloader.Some("a"),
		RemarkIsNil: true, RemarkHasPrefix: entloader.Some("a"),
	},
	"Unit.stale_samples":   ent.UnitStaleSamplesParams{StatusIn: entloader.ListOf(sample.StatusOpen)},
	"Unit.first_by_status": ent.UnitFirstByStatusParams{Status: sample.StatusOpen},
}

// limited are the methods whose statements an interceptor limits, which a
// description can not know.
var limited = map[string]bool{"Unit.LoadNotes": true, "Unit.Notes": true, "Loaders.Unit.Notes": true}

// columns is what is left out of a described statement.
var columns = regexp.MustCompile("^((?:SELECT \\* FROM \\()?SELECT (?:DISTINCT )?)`\\w+`\\.`\\w+`(?: AS `\\w+`)?(?:, `\\w+`\\.`\\w+`(?: AS `\\w+`)?)*")

// Each generated method of the reference schema sends the statement that is
// described.
func TestDescribedStatementsAreSent(t *testing.T) {
	description := describeReference(t)
	path := filepath.Join(t.TempDir(), "lab.db")
	require.NoError(t, create(t.Context(), path, 12, func(int, int) {}))
	db, err := connect(path, serving, conns, 0)
	require.NoError(t, err)
	rec := loadertest.NewRecorder(entsql.OpenDB(dialect.SQLite, db))
	client := ent.NewClient(ent.Driver(rec))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, ent.ConfigureLoaders(ent.LoadersConfig{UnitStaleSamples: func(*ent.SampleQuery, ent.UnitStaleSamplesParams) {}}))

	described := map[string]bool{}
	for _, l := range description.Loaders {
		for _, m := range l.Methods {
			t.Run(m.Name, func(t *testing.T) {
				described[m.Name] = true
				require.NotContains(t, m.SQL, "\n")
				loaders := ent.NewLoaders(client)
				ctx := viewer.NewContext(schema.SkipSoftDelete(t.Context()), viewer.Viewer{Admin: true})
				ctx = ent.NewLoadersContext(ctx, loaders)
				entities := reflect.ValueOf(client).Elem().FieldByName(l.Schema).MethodByName("Query").Call(nil)[0].
					MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})[0]
				require.Greater(t, entities.Len(), 1)
				loaders.ClearAll(ctx) // their rows may be the answer
				args := []reflect.Value{reflect.ValueOf(ctx)}
				more := []reflect.Value{}
				if len(l.Params) > 0 {
					require.Contains(t, params, l.Name)
					more = append(more, reflect.ValueOf(params[l.Name]))
				}
				rec.Reset()
				if byKey, ok := strings.CutPrefix(m.Name, "Loaders."); ok {
					typ, field, _ := strings.Cut(byKey, ".")
					all := reflect.ValueOf(loaders).Elem().FieldByName(typ).Elem().FieldByName(field).MethodByName("LoadAll")
					keys := reflect.MakeSlice(all.Type().In(1), 2, 2)
					for i := range 2 {
						if strings.HasPrefix(field, "By") {
							keyValue(keys.Index(i), i)
						} else {
							keys.Index(i).Set(entities.Index(i).Elem().FieldByName("ID"))
						}
					}
					all.Call(append(append(args, keys), more...))
				} else {
					// The first of them may have no foreign key, for which nothing is sent.
					for i := 0; i < entities.Len() && len(rec.Statements()) == 0; i++ {
						load := entities.Index(i).MethodByName(strings.TrimPrefix(m.Name, l.Schema+"."))
						load.Call(append(args, more...))
					}
				}
				sent := rec.Reset()
				require.Len(t, sent, 1)
				got := columns.ReplaceAllString(sent[0].Query, "$1…")
				if limited[m.Name] {
					require.True(t, l.Hooked)
					require.NotEqual(t, m.SQL, got)
					return
				}
				require.Equal(t, m.SQL, got)
			})
		}
	}
	for name := range methods(client) {
		require.True(t, described[name], "%s is not described", name)
	}
	for name := range limited {
		require.True(t, described[name], "%s is no method", name)
	}
}

// describeReference runs the command on the reference schema. ent writes beside the
// working directory, so tests that load a schema do not run in parallel.
func describeReference(t *testing.T) *codegen.Description {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	t.Chdir(root)
	stdout, stderr := succeed(t, "describe", "-json", "-graphql", "ent/schema")
	require.Empty(t, stderr)
	d := &codegen.Description{}
	require.NoError(t, json.Unmarshal([]byte(stdout), d))
	require.Equal(t, []codegen.LeftOut{
		{Schema: "Backlog", Reason: "it has neither an id nor edges"},
		{Schema: "Certification", Reason: "its id has several columns, or it has none: there is no loader by id, and no edge is loaded by it"},
	}, d.LeftOut)
	return d
}

// methods are all methods and fields that load, found by reflection.
func methods(client *ent.Client) map[string]bool {
	all := map[string]bool{}
	load := regexp.MustCompile("^(Load|Count|Exist)[A-Z]")
	c := reflect.ValueOf(client).Elem()
	for i := range c.NumField() {
		q := c.Field(i)
		if !c.Type().Field(i).IsExported() || !q.MethodByName("Query").IsValid() {
			continue
		}
		all1, _ := q.MethodByName("Query").Type().Out(0).MethodByName("All")
		entity := all1.Type.Out(0).Elem()
		for j := range entity.NumMethod() {
			if name := entity.Method(j).Name; load.MatchString(name) {
				all[entity.Elem().Name()+"."+name] = true
			}
		}
	}
	loaders := reflect.TypeFor[ent.Loaders]()
	for i := range loaders.NumField() {
		if f := loaders.Field(i); f.IsExported() && !f.Anonymous {
			for j := range f.Type.Elem().NumField() {
				if field := f.Type.Elem().Field(j); field.IsExported() {
					all["Loaders."+f.Name+"."+field.Name] = true
				}
			}
		}
	}
	return all
}

func TestDescribeTable(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	t.Chdir(root)
	stdout, _ := succeed(t, "describe", "-prefix", "Fetch", "./ent/schema")
	lines := strings.Split(stdout, "\n")
	fields := func(start string) []string {
		for _, line := range lines {
			if strings.HasPrefix(line, start+" ") {
				return regexp.MustCompile(" {2,}").Split(line, -1)
			}
		}
		return nil
	}
	require.Equal(t, []string{"LOADER", "KIND", "KEY", "COLUMN", "METHODS", "SQL"}, fields("LOADER"))
	require.Equal(t, []string{
		"Unit.documents", "O2M*", "Unit.id int", "documents.unit_documents",
		"FetchDocuments, CountDocuments, ExistDocuments, Loaders.Unit.Documents",
		"SELECT … FROM `documents` WHERE `documents`.`unit_documents` IN (SELECT `value` FROM json_each(?))",
	}, fields("Unit.documents"))
	require.Equal(t, []string{"Backlog", "it has neither an id nor edges"}, fields("Backlog"))
	_, err = os.Stat(".entc")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestDescribeErrors(t *testing.T) {
	testdata, err := filepath.Abs(filepath.Join("testdata", "describe"))
	require.NoError(t, err)
	t.Chdir(testdata)
	for name, c := range map[string]struct {
		args   []string
		status int
		want   []string // parts of what is printed on stderr
	}{
		"no schema":          {nil, exitUsage, []string{"entloader: name one schema directory", "Usage: entloader describe"}},
		"two":                {[]string{"a", "b"}, exitUsage, []string{"entloader: name one schema directory"}},
		"not there":          {[]string{"./nowhere"}, exitFailed, []string{"entloader: cannot read the schema", "nowhere"}},
		"a file":             {[]string{"./broken/unit.go"}, exitFailed, []string{"entloader: schema ./broken/unit.go is no directory"}},
		"bad prefix":         {[]string{"-prefix", "fetch", "./mistakes"}, exitFailed, []string{`entloader: WithMethodPrefix("fetch")`}},
		"does not compile":   {[]string{"./broken"}, exitFailed, []string{"entloader: schema ./broken: ", "unit.go:12:", "undefined: edge"}},
		"annotation mistake": {[]string{"./mistakes"}, exitFailed, []string{`entloader: schema Unit, edge samples, Dynamic("recent"): schema Sample has no field "taken": it has id, serial`, `entloader: schema Unit, edge lost: Name("1 + 1")`}},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := execute(context.Background(), append([]string{"describe"}, c.args...)...)
			require.Equal(t, c.status, status, stderr)
			require.Empty(t, stdout)
			for _, part := range c.want {
				require.Contains(t, stderr, part)
			}
		})
	}
}

// What has no key is left out, with the reason.
func TestDescribeLeftOut(t *testing.T) {
	testdata, err := filepath.Abs(filepath.Join("testdata", "describe"))
	require.NoError(t, err)
	t.Chdir(testdata)
	stdout, _ := succeed(t, "describe", "./leftout")
	require.Contains(t, stdout, "\nLEFT OUT      REASON\n"+
		"Route         ids of type leftout.Stops can not be compared in Go\n"+
		"Secret        entloader.Skip() on the schema\n"+
		"Unit.secrets  Secret has no loaders: entloader.Skip() on the schema\n"+
		"Unit.shared   Secret has no loaders: entloader.Skip() on the schema\n"+
		"Unit.secret   Secret has no loaders: entloader.Skip() on the schema\n"+
		"Unit.skipped  entloader.Skip() on the edge\n")
	require.NotContains(t, stdout, "Loaders.Secret")
	require.NotContains(t, stdout, "LoadSkipped")
	require.Regexp(t, `\nUnit\.skipper +M2O +Unit\.id int`, stdout)
}

// keyValue makes v the i-th value of its type. Whether a row has it does not matter.
func keyValue(v reflect.Value, i int) {
	switch v.Kind() {
	case reflect.Array:
		keyValue(v.Index(0), i)
	case reflect.Slice:
		v.SetBytes([]byte{byte(i)})
	case reflect.String:
		v.SetString(fmt.Sprint("key", i))
	case reflect.Struct:
		if t, ok := v.Addr().Interface().(*time.Time); ok {
			*t = time.Unix(int64(i), 0)
			return
		}
		for j := range v.NumField() {
			keyValue(v.Field(j), i)
		}
	default:
		v.Set(reflect.ValueOf(i).Convert(v.Type()))
	}
}
