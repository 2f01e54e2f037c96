package codegen_test

import (
	"os"
	"path/filepath"
	"testing"

	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/codegen"
)

// TestFeatures generates the reference schema with every feature of ent and
// every option of the extension, and compiles it.
func TestFeatures(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	p := newProject(t, "example.com/workload")
	p.copy(filepath.Join(root(t), "ent"), "ent", func(line string) (string, bool) {
		return imports.ReplaceAllString(line, `"example.com/workload/ent$1`), true
	})
	require.NoError(t, os.Remove(filepath.Join(p.dir, "ent", "entc.go")))
	features := []gen.Feature{
		gen.FeaturePrivacy, gen.FeatureIntercept, gen.FeatureEntQL, gen.FeatureNamedEdges, gen.FeatureBidiEdgeRefs,
		gen.FeatureSnapshot, gen.FeatureSchemaConfig, gen.FeatureLock, gen.FeatureModifier, gen.FeatureExecQuery,
		gen.FeatureUpsert, gen.FeatureVersionedMigration, gen.FeatureGlobalID,
	}
	require.NoError(t, p.generate(gen.Config{Features: features},
		extension(t, codegen.WithStrict(), codegen.WithGraphQLMethods(), codegen.WithMethodPrefix("Fetch"))))
	require.NotEmpty(t, p.files("ent", "entloader"))
	p.run("vet", "./ent")
}
