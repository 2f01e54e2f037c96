package codegen_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"
)

// injected are the lines that the extension adds to files of ent.
var injected = regexp.MustCompile(`^\s*(entloader\s+entloader\w+|ctx = entloaderSpec\(ctx, _spec, .*\)|entloaderNodes\(ctx, nodes, .*\))$`)

// imports are the imports of the reference schema.
var imports = regexp.MustCompile(`"github\.com/entloader/entloader/ent([/"])`)

// TestStatementsWithoutLoaders runs the same program over the reference schema
// with and without the extension: where the context has no loaders, every
// statement is byte for byte ent's own.
func TestStatementsWithoutLoaders(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the reference schema twice; leave out -short to run it")
	}
	main, err := os.ReadFile("testdata/workload/main.go")
	require.NoError(t, err)
	lab := filepath.Join(root(t), "ent")
	statements := func(t *testing.T, with bool) string {
		p := newProject(t, "example.com/workload")
		p.write("main.go", string(main))
		p.copy(lab, "ent", func(line string) (string, bool) {
			line = imports.ReplaceAllString(line, `"example.com/workload/ent$1`)
			return line, with || !injected.MatchString(line)
		})
		require.NoError(t, os.Remove(filepath.Join(p.dir, "ent", "entc.go")))
		if !with {
			// ent must find code that compiles: the schema imports it.
			files, err := filepath.Glob(filepath.Join(p.dir, "ent", "entloader*.go"))
			require.NoError(t, err)
			require.Len(t, files, 4)
			for _, f := range files {
				require.NoError(t, os.Remove(f))
			}
			require.NoError(t, p.generate(gen.Config{Features: []gen.Feature{gen.FeatureIntercept, gen.FeaturePrivacy, gen.FeatureModifier, gen.FeatureLock}}))
			require.Empty(t, p.files("ent", "entloader"))
		}
		return p.run("run", ".")
	}
	var plain, extended string
	t.Run("plain", func(t *testing.T) { plain = statements(t, false) })
	t.Run("extended", func(t *testing.T) { extended = statements(t, true) })
	require.Greater(t, strings.Count(plain, "\n"), 400, "statements of the workload")
	require.Equal(t, plain, extended)
}

// files lists the Go files of a directory that contain text.
func (p *project) files(dir, text string) (found []string) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, dir, "*.go"))
	require.NoError(p.t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(p.t, err)
		if regexp.MustCompile(`\b` + text + `[A-Z]`).Match(b) {
			found = append(found, f)
		}
	}
	return found
}
