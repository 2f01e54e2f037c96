package codegen_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme builds the project of the README as it stands there, and runs it.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	require.NoError(t, err)
	p := newProject(t, "example.com/lab")
	blocks := regexp.MustCompile("(?s)```go\n// (\\S+\\.go)\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, blocks, 4, "files in the README")
	for _, b := range blocks {
		p.write(b[1], strings.TrimPrefix(b[2], "\n"))
	}
	p.run("generate", "./ent")
	want := regexp.MustCompile("(?s)It prints\n\n```text\n(.*?)```").FindStringSubmatch(string(readme))
	require.Len(t, want, 2)
	require.Equal(t, want[1], p.run("run", "."))
}
