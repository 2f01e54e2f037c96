// Command idcolumn loads edges whose foreign keys are named like the ids that
// they point to. It prints what the entities load, what ent's own queries for
// them answer, and how many statements the loads took.
package main

import (
	"context"
	"fmt"
	"log"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/entloader/loadertest"

	"example.com/idcolumn/ent"
)

func main() {
	ctx := context.Background()
	drv, err := entsql.Open(dialect.SQLite, "file:idcolumn?mode=memory&cache=shared&_fk=1")
	check(err)
	rec := loadertest.NewRecorder(drv)
	client := ent.NewClient(ent.Driver(rec))
	defer client.Close()
	check(client.Schema.Create(ctx))
	// In SQL: ent's builder of albums panics over the id. No album and no single has
	// the id of its artist.
	for _, rows := range []string{
		"Artists (ArtistId) VALUES (1), (2), (3), (4)",
		"Albums (AlbumId, ArtistId) VALUES (1, 3), (2, 1), (3, 1)",
		"Singles (SingleId, ArtistId) VALUES (1, 3), (2, 1), (3, 1), (4, NULL)",
		"Profiles (ArtistId) VALUES (2)",
	} {
		check(drv.Exec(ctx, "INSERT INTO "+rows, []any{}, nil))
	}

	lab := &lab{client, rec}
	albumArtist := func(ctx context.Context, a *ent.Album) any { return id(a.LoadArtist(ctx)) }
	albumArtistQuery := func(ctx context.Context, a *ent.Album) any { return id(a.QueryArtist().Only(ctx)) }
	compare(lab, "Album.artist", client.Album.Query().All, albumArtist, albumArtistQuery)
	compare(lab, "Single.artist", client.Single.Query().All,
		func(ctx context.Context, s *ent.Single) any { return id(s.LoadArtist(ctx)) },
		func(ctx context.Context, s *ent.Single) any { return id(s.QueryArtist().Only(ctx)) })
	compare(lab, "Profile.artist", client.Profile.Query().All,
		func(ctx context.Context, p *ent.Profile) any { return id(p.LoadArtist(ctx)) },
		func(ctx context.Context, p *ent.Profile) any { return id(p.QueryArtist().Only(ctx)) })
	compare(lab, "Artist.albums", client.Artist.Query().All,
		func(ctx context.Context, a *ent.Artist) any {
			ids := []int{}
			albums, err := a.LoadAlbums(ctx)
			check(err)
			for _, album := range albums {
				ids = append(ids, album.ID)
			}
			return ids
		},
		func(ctx context.Context, a *ent.Artist) any { return a.QueryAlbums().IDsX(ctx) })
	// ent's eager loading takes the id of an album for its foreign key, too.
	compare(lab, "Album.artist, loaded eagerly", client.Album.Query().WithArtist().All, albumArtist, albumArtistQuery)
}

type lab struct {
	client *ent.Client
	rec    *loadertest.Recorder
}

// compare loads an edge of all entities under loaders of its own, then queries
// it.
func compare[E any](l *lab, edge string, all func(context.Context) ([]E, error), load, query func(context.Context, E) any) {
	ctx := ent.NewLoadersContext(context.Background(), ent.NewLoaders(l.client))
	entities, err := all(ctx)
	check(err)
	l.rec.Reset()
	var loaded, queried []any
	for _, e := range entities {
		loaded = append(loaded, load(ctx, e))
	}
	statements := len(l.rec.Reset())
	for _, e := range entities {
		queried = append(queried, query(ctx, e))
	}
	fmt.Printf("%s: loaded %v, queried %v, statements %d\n", edge, loaded, queried, statements)
}

// id returns the id of an artist, 0 if there is none.
func id(a *ent.Artist, err error) int {
	check(ent.MaskNotFound(err))
	if a == nil {
		return 0
	}
	return a.ID
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
