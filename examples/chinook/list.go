package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/entloader/entloader/examples/chinook/column"
	"github.com/entloader/entloader/examples/chinook/ent"
	"github.com/entloader/entloader/examples/chinook/ent/album"
	"github.com/entloader/entloader/examples/chinook/ent/artist"
	"github.com/entloader/entloader/examples/chinook/ent/playlist"
	"github.com/entloader/entloader/examples/chinook/ent/track"
)

// list prints the first n artists. Each function below sees one entity only and
// loads what belongs to it. The first call sends a statement for all siblings,
// the others find the answer ready.
func list(ctx context.Context, stdout io.Writer, client *ent.Client, n int) error {
	w := bufio.NewWriter(stdout)
	artists, err := client.Artist.Query().Order(ent.Asc(artist.FieldID)).Limit(n).All(ctx)
	if err != nil {
		return err
	}
	for _, a := range artists {
		if err := printArtist(ctx, w, a); err != nil {
			return err
		}
	}
	return w.Flush()
}

func printArtist(ctx context.Context, w io.Writer, a *ent.Artist) error {
	albums, err := a.LoadAlbums(ctx, func(q *ent.AlbumQuery) { q.Order(ent.Asc(album.FieldTitle)) })
	if err != nil {
		return err
	}
	fmt.Fprintln(w, name(a.Name))
	if len(albums) == 0 {
		fmt.Fprintln(w, "  no albums")
	}
	for _, al := range albums {
		if err := printAlbum(ctx, w, al); err != nil {
			return err
		}
	}
	return nil
}

func printAlbum(ctx context.Context, w io.Writer, a *ent.Album) error {
	tracks, err := a.LoadTracks(ctx, func(q *ent.TrackQuery) { q.Order(ent.Asc(track.FieldID)) })
	if err != nil {
		return err
	}
	var price column.Cents
	for _, t := range tracks {
		price += t.UnitPrice
	}
	unit := "tracks"
	if len(tracks) == 1 {
		unit = "track"
	}
	fmt.Fprintf(w, "  %s (%d %s, %v)\n", a.Title, len(tracks), unit, price)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range tracks {
		if err := printTrack(ctx, table, t); err != nil {
			return err
		}
	}
	return table.Flush()
}

func printTrack(ctx context.Context, w io.Writer, t *ent.Track) error {
	genre, err := t.LoadGenre(ctx)
	if err != nil {
		return err
	}
	playlists, err := t.LoadPlaylists(ctx, func(q *ent.PlaylistQuery) { q.Order(ent.Asc(playlist.FieldName)) })
	if err != nil {
		return err
	}
	genreName := "no genre"
	if genre != nil {
		genreName = name(genre.Name)
	}
	on := "no playlist"
	if len(playlists) > 0 {
		names := make([]string, len(playlists))
		for i, p := range playlists {
			names[i] = fmt.Sprintf("%s #%d", name(p.Name), p.ID) // some names are there twice
		}
		on = strings.Join(names, ", ")
	}
	length := (time.Duration(t.Milliseconds) * time.Millisecond).Round(time.Second)
	fmt.Fprintf(w, "    %d:%02d\t%s\t%s\t%s\n",
		int(length.Minutes()), int(length.Seconds())%60, t.Name, genreName, on)
	return nil
}

// name is what to print for a name that may be NULL.
func name(s *string) string {
	if s == nil {
		return "(no name)"
	}
	return *s
}
