package gql_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The extension serves every ent schema, so it knows none, nor ent.
func TestImportsNoEnt(t *testing.T) {
	t.Parallel()
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	require.Contains(t, string(deps), "github.com/99designs/gqlgen/graphql\n")
	require.NotContains(t, string(deps), "entgo.io/")
	require.NotRegexp(t, `entloader/entloader/ent(/|\n)`, string(deps))
}
