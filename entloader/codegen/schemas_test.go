package codegen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"
)

// TestSchemas loads edges between tables of two database schemas, which SQLite does not
// have. The drivers are those of the module in ent/equivalence/servers.
func TestSchemas(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	servers := map[string]string{dialect.Postgres: os.Getenv("ENTLOADER_POSTGRES"), dialect.MySQL: os.Getenv("ENTLOADER_MYSQL")}
	if servers[dialect.Postgres]+servers[dialect.MySQL] == "" {
		t.Skip("neither ENTLOADER_POSTGRES nor ENTLOADER_MYSQL is set: see CONTRIBUTING.md")
	}
	p := newProject(t, "example.com/schemas")
	drivers := filepath.Join(root(t), "ent", "equivalence", "servers")
	mod, err := os.ReadFile(filepath.Join(drivers, "go.mod"))
	require.NoError(t, err)
	_, requirements, _ := strings.Cut(string(mod), "\n")
	p.write("go.mod", "module "+p.path+"\n"+strings.Replace(requirements, "=> ../../..", "=> "+root(t), 1))
	var sums []string
	for _, dir := range []string{root(t), drivers} {
		sum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
		require.NoError(t, err)
		sums = append(sums, string(sum))
	}
	p.write("go.sum", strings.Join(sums, ""))
	p.copy(testdata(t, "schemas"), ".", every)
	require.NoError(t, p.generate(gen.Config{Features: []gen.Feature{gen.FeatureSchemaConfig, gen.FeatureModifier}}, extension(t)))
	for name, dsn := range servers {
		if dsn == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p.t = t
			lines := strings.Split(strings.TrimSpace(p.run("run", ".", name, dsn)), "\n")
			require.Len(t, lines, 15)
			for _, line := range lines {
				require.Regexp(t, `: [1-9]\d* characters for [1-9]\d*$`, line)
			}
		})
	}
}
