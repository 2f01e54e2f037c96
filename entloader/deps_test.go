package entloader_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The runtime comes with every application that uses loaders: it imports
// neither gqlgen nor code generation nor a driver.
func TestDependenciesOfRuntime(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, "entgo.io/ent/dialect/sql/sqlgraph")
	for _, d := range deps {
		for _, no := range []string{
			"github.com/99designs/gqlgen", "entgo.io/ent/entc", "golang.org/x/tools",
			"github.com/mattn/go-sqlite3", "github.com/stretchr/testify",
		} {
			require.False(t, strings.HasPrefix(d, no), "the runtime imports %s", d)
		}
	}
}

// A replace directive works here and breaks for users.
func TestNoReplace(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	for line := range strings.Lines(string(mod)) {
		require.False(t, strings.HasPrefix(strings.TrimSpace(line), "replace"), line)
	}
}
