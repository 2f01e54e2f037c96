package codegen_test

import (
	"path/filepath"
	"testing"

	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"
)

// TestForeignKeyNamedLikeTheID loads edges whose foreign key columns have the
// name of the id column that they point to, as in Album.ArtistId and
// Artist.ArtistId. ent v0.14.6 takes the id of the entity for such a foreign
// key, unless the key is a field and the edge names no column.
func TestForeignKeyNamedLikeTheID(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; leave out -short to run it")
	}
	p := newProject(t, "example.com/idcolumn")
	p.copy(filepath.Join("testdata", "idcolumn"), ".", func(line string) (string, bool) { return line, true })
	require.NoError(t, p.generate(gen.Config{}, extension(t)))
	require.Equal(t, `Album.artist: loaded [3 1 1], queried [3 1 1], statements 1
Single.artist: loaded [3 1 1 0], queried [3 1 1 0], statements 1
Profile.artist: loaded [2], queried [2], statements 1
Artist.albums: loaded [[2 3] [] [1] []], queried [[2 3] [] [1] []], statements 1
Album.artist, loaded eagerly: loaded [3 1 1], queried [3 1 1], statements 1
`, p.run("run", "."))
}
