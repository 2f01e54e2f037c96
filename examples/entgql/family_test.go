package entgql_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/codegen"
)

// The schemas that entgql is tested with, as they are in its module, are generated
// by both extensions, in either order, and compiled.
func TestSchemasOfEntgql(t *testing.T) {
	if testing.Short() {
		t.Skip("generates and compiles six ent packages; leave out -short to run it")
	}
	const origin, module = "entgo.io/contrib/entgql/internal", "example.com/family"
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	from := filepath.Join(strings.TrimSpace(run(t, ".", "list", "-m", "-f", "{{.Dir}}", "entgo.io/contrib")), "entgql", "internal")
	dir := t.TempDir()
	copied(t, "go.sum", filepath.Join(dir, "go.sum"), func(s string) string { return s })
	copied(t, "go.mod", filepath.Join(dir, "go.mod"), func(s string) string {
		s = strings.Replace(s, "module github.com/entloader/entloader/examples/entgql", "module "+module, 1)
		return strings.Replace(s, "=> ../..", "=> "+root, 1)
	})
	// Generated code is copied as well: some schemas import it.
	require.NoError(t, filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(file, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(from, file)
		copied(t, file, filepath.Join(dir, rel), func(s string) string { return strings.ReplaceAll(s, origin, module) })
		return err
	}))
	schemas, err := filepath.Glob(filepath.Join(dir, "*", "ent", "entc.go"))
	require.NoError(t, err)
	require.Len(t, schemas, 6)
	args := []string{"vet"}
	for i, entc := range schemas {
		of := filepath.Dir(filepath.Dir(entc))
		both := "entc.Extensions(ex, loaders)"
		if i%2 == 1 {
			both = "entc.Extensions(loaders, ex)"
		}
		copied(t, entc, entc, func(s string) string {
			s = strings.Replace(s, "import (\n", "import (\n\t\"github.com/entloader/entloader/entloader/codegen\"\n", 1)
			s = strings.Replace(s, "\terr = entc.Generate(", "\tloaders, err := codegen.NewExtension()\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\terr = entc.Generate(", 1)
			require.Contains(t, s, "entc.Extensions(ex)")
			return strings.Replace(s, "entc.Extensions(ex)", both, 1)
		})
		run(t, of, "run", "./ent/entc.go")
		require.FileExists(t, filepath.Join(of, "ent", "entloader_edge.go"))
		args = append(args, "./"+filepath.Base(of)+"/ent")
	}
	run(t, dir, args...)
}

// entgql has methods of the names that WithGraphQLMethods asks for.
func TestMethodsForGraphQL(t *testing.T) {
	graphql, err := entgql.NewExtension()
	require.NoError(t, err)
	loaders, err := codegen.NewExtension(codegen.WithGraphQLMethods())
	require.NoError(t, err)
	for _, both := range [][]entc.Extension{{graphql, loaders}, {loaders, graphql}} {
		dir := t.TempDir()
		err := entc.Generate("./ent/schema", &gen.Config{Target: dir, Package: "example.com/ent"}, entc.Extensions(both...))
		require.ErrorContains(t, err, "leave out the option")
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, files)
	}
}

// copied copies a file, and changes its text.
func copied(t *testing.T, from, to string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.WriteFile(to, []byte(change(string(text))), 0o644))
}

// run runs the go command.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
