package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/entloader/loadertest"
	"github.com/entloader/entloader/examples/chinook/ent"
)

// edges are all edges of the schema, each from both sides, as the entity and the
// loaders by key call them.
var edges = map[string]func(t *testing.T, s *shop, name string){
	"Album.Artist":        one(albums, (*ent.Album).LoadArtist, (*ent.Album).QueryArtist),
	"Album.Tracks":        many(albums, (*ent.Album).LoadTracks, (*ent.Album).QueryTracks),
	"Artist.Albums":       many(artists, (*ent.Artist).LoadAlbums, (*ent.Artist).QueryAlbums),
	"Customer.Invoices":   many(customers, (*ent.Customer).LoadInvoices, (*ent.Customer).QueryInvoices),
	"Customer.SupportRep": one(customers, (*ent.Customer).LoadSupportRep, (*ent.Customer).QuerySupportRep),
	"Employee.Customers":  many(employees, (*ent.Employee).LoadCustomers, (*ent.Employee).QueryCustomers),
	"Employee.Manager":    one(employees, (*ent.Employee).LoadManager, (*ent.Employee).QueryManager),
	"Employee.Reports":    many(employees, (*ent.Employee).LoadReports, (*ent.Employee).QueryReports),
	"Genre.Tracks":        many(genres, (*ent.Genre).LoadTracks, (*ent.Genre).QueryTracks),
	"Invoice.Customer":    one(invoices, (*ent.Invoice).LoadCustomer, (*ent.Invoice).QueryCustomer),
	"Invoice.Lines":       many(invoices, (*ent.Invoice).LoadLines, (*ent.Invoice).QueryLines),
	"InvoiceLine.Invoice": one(invoiceLines, (*ent.InvoiceLine).LoadInvoice, (*ent.InvoiceLine).QueryInvoice),
	"InvoiceLine.Track":   one(invoiceLines, (*ent.InvoiceLine).LoadTrack, (*ent.InvoiceLine).QueryTrack),
	"MediaType.Tracks":    many(mediaTypes, (*ent.MediaType).LoadTracks, (*ent.MediaType).QueryTracks),
	"Playlist.Tracks":     many(playlists, (*ent.Playlist).LoadTracks, (*ent.Playlist).QueryTracks),
	"Track.Album":         one(tracks, (*ent.Track).LoadAlbum, (*ent.Track).QueryAlbum),
	"Track.Genre":         one(tracks, (*ent.Track).LoadGenre, (*ent.Track).QueryGenre),
	"Track.InvoiceLines":  many(tracks, (*ent.Track).LoadInvoiceLines, (*ent.Track).QueryInvoiceLines),
	"Track.MediaType":     one(tracks, (*ent.Track).LoadMediaType, (*ent.Track).QueryMediaType),
	"Track.Playlists":     many(tracks, (*ent.Track).LoadPlaylists, (*ent.Track).QueryPlaylists),
}

// A table is how to get the entities of a type, and the id of one.
type table[E any] struct {
	all func(context.Context, *ent.Client) ([]E, error)
	id  func(E) int
}

var (
	albums = table[*ent.Album]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Album, error) { return c.Album.Query().All(ctx) },
		func(a *ent.Album) int { return a.ID }}
	artists = table[*ent.Artist]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Artist, error) { return c.Artist.Query().All(ctx) },
		func(a *ent.Artist) int { return a.ID }}
	customers = table[*ent.Customer]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Customer, error) { return c.Customer.Query().All(ctx) },
		func(c *ent.Customer) int { return c.ID }}
	employees = table[*ent.Employee]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Employee, error) { return c.Employee.Query().All(ctx) },
		func(e *ent.Employee) int { return e.ID }}
	genres = table[*ent.Genre]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Genre, error) { return c.Genre.Query().All(ctx) },
		func(g *ent.Genre) int { return g.ID }}
	invoices = table[*ent.Invoice]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Invoice, error) { return c.Invoice.Query().All(ctx) },
		func(i *ent.Invoice) int { return i.ID }}
	invoiceLines = table[*ent.InvoiceLine]{
		func(ctx context.Context, c *ent.Client) ([]*ent.InvoiceLine, error) {
			return c.InvoiceLine.Query().All(ctx)
		},
		func(l *ent.InvoiceLine) int { return l.ID }}
	mediaTypes = table[*ent.MediaType]{
		func(ctx context.Context, c *ent.Client) ([]*ent.MediaType, error) {
			return c.MediaType.Query().All(ctx)
		},
		func(m *ent.MediaType) int { return m.ID }}
	playlists = table[*ent.Playlist]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Playlist, error) { return c.Playlist.Query().All(ctx) },
		func(p *ent.Playlist) int { return p.ID }}
	tracks = table[*ent.Track]{
		func(ctx context.Context, c *ent.Client) ([]*ent.Track, error) { return c.Track.Query().All(ctx) },
		func(t *ent.Track) int { return t.ID }}
)

// TestEdges compares every edge of every row with ent's own query for it.
func TestEdges(t *testing.T) {
	require.ElementsMatch(t, generatedEdges(), slices.Collect(maps.Keys(edges)), "edges of the schema and of this test")
	databases(t, func(t *testing.T, path string) {
		s := newShop(t, path)
		for _, name := range slices.Sorted(maps.Keys(edges)) {
			t.Run(name, func(t *testing.T) { edges[name](t, s, name) })
		}
	})
}

// generatedEdges lists what has a loader by key, but for the ids.
func generatedEdges() (names []string) {
	for _, typ := range reflect.VisibleFields(reflect.TypeFor[ent.Loaders]()) {
		if typ.Anonymous || !typ.IsExported() || len(typ.Index) > 1 {
			continue
		}
		for _, f := range reflect.VisibleFields(typ.Type.Elem()) {
			if f.IsExported() && f.Name != "ByID" {
				names = append(names, typ.Name+"."+f.Name)
			}
		}
	}
	return names
}

// A shop is an open database with a log of its statements.
type shop struct {
	*ent.Client
	rec *loadertest.Recorder
}

func newShop(t *testing.T, path string) *shop {
	t.Helper()
	db, err := openDatabase(t.Context(), path)
	require.NoError(t, err)
	rec := loadertest.NewRecorder(entsql.OpenDB(dialect.SQLite, db))
	s := &shop{ent.NewClient(ent.Driver(rec)), rec}
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// load returns a context with new loaders, and starts a new count of statements.
func (s *shop) load(t *testing.T) (context.Context, *ent.Loaders) {
	t.Helper()
	s.rec.Reset()
	loaders := ent.NewLoaders(s.Client)
	return ent.NewLoadersContext(t.Context(), loaders), loaders
}

// statements requires that n statements were sent since the last call.
func (s *shop) statements(t *testing.T, n int, msg string) {
	t.Helper()
	sent := s.rec.Reset()
	if len(sent) != n { // a difference of thousands is nothing to read
		require.Len(t, sent[:min(len(sent), 5)], n, "%s: %d statements instead of %d", msg, len(sent), n)
	}
}

// many compares an edge to many.
func many[E any, T fmt.Stringer, Q interface {
	All(context.Context) ([]T, error)
}](tb table[E], load func(E, context.Context, ...func(Q)) ([]T, error), query func(E) Q) func(*testing.T, *shop, string) {
	return func(t *testing.T, s *shop, name string) {
		compare(t, s, name, tb,
			func(ctx context.Context, e E) ([]string, error) {
				rows, err := load(e, ctx)
				return texts(rows), err
			},
			func(ctx context.Context, e E) ([]string, error) {
				rows, err := query(e).All(ctx)
				return texts(rows), err
			},
			func(rows []T) []string { return texts(rows) })
	}
}

// one compares an edge to one.
func one[E any, T interface {
	comparable
	fmt.Stringer
}, Q interface {
	Only(context.Context) (T, error)
}](tb table[E], load func(E, context.Context, ...func(Q)) (T, error), query func(E) Q) func(*testing.T, *shop, string) {
	return func(t *testing.T, s *shop, name string) {
		compare(t, s, name, tb,
			func(ctx context.Context, e E) ([]string, error) {
				row, err := load(e, ctx)
				return text(row), err
			},
			func(ctx context.Context, e E) ([]string, error) {
				row, err := query(e).Only(ctx)
				return text(row), ent.MaskNotFound(err)
			},
			text[T])
	}
}

// texts returns entities with all their fields, sorted: without an order nothing
// is promised about it.
func texts[T fmt.Stringer](rows []T) []string {
	list := inOrder(rows)
	slices.Sort(list)
	return list
}

func inOrder[T fmt.Stringer](rows []T) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = row.String()
	}
	return list
}

func text[T interface {
	comparable
	fmt.Stringer
}](row T) []string {
	var none T
	if row == none {
		return []string{}
	}
	return []string{row.String()}
}

// compare loads an edge of all entities of a table in a loop, by goroutines and
// by key, and requires of each the answer of its query. A is what the loader by
// key answers for a key.
func compare[E, A any](t *testing.T, s *shop, name string, tb table[E],
	load, query func(context.Context, E) ([]string, error), texts func(A) []string) {
	entities, err := tb.all(t.Context(), s.Client)
	require.NoError(t, err)
	s.rec.Reset()
	want := make(map[int][]string) // by id
	found := 0
	for _, e := range entities {
		rows, err := query(t.Context(), e)
		require.NoError(t, err)
		want[tb.id(e)] = rows
		found += len(rows)
	}
	require.Len(t, want, len(entities))
	require.NotZero(t, found, "the database has nothing for this edge")
	s.statements(t, len(entities), "ent's own queries")
	statements := 1
	if name == "Employee.Manager" {
		statements = 0 // managers are employees, and all of these are there
	}
	requireAnswer := func(t *testing.T, id int, got []string, err error) {
		require.NoError(t, err, "%s of %d", name, id)
		require.Equal(t, want[id], got, "%s of %d", name, id)
	}

	// Entities that are queried under the loaders are siblings.
	siblings := func(t *testing.T) (context.Context, []E) {
		ctx, _ := s.load(t)
		siblings, err := tb.all(ctx, s.Client)
		require.NoError(t, err)
		require.Len(t, siblings, len(entities))
		s.rec.Reset()
		return ctx, siblings
	}
	t.Run("loop", func(t *testing.T) {
		ctx, siblings := siblings(t)
		for _, statements := range []int{statements, 0} { // the second time they are there
			for _, e := range siblings {
				got, err := load(ctx, e)
				requireAnswer(t, tb.id(e), got, err)
			}
			s.statements(t, statements, "loop")
		}
	})
	t.Run("goroutines", func(t *testing.T) {
		ctx, siblings := siblings(t)
		got, errs := make([][]string, len(siblings)), make([]error, len(siblings))
		var wg sync.WaitGroup
		for i, e := range siblings {
			wg.Go(func() { got[i], errs[i] = load(ctx, e) })
		}
		wg.Wait()
		for i, e := range siblings {
			requireAnswer(t, tb.id(e), got[i], errs[i])
		}
		s.statements(t, statements, "goroutines")
	})
	t.Run("by key", func(t *testing.T) {
		ctx, loaders := s.load(t)
		typ, edge, _ := strings.Cut(name, ".")
		loader := reflect.ValueOf(loaders).Elem().FieldByName(typ).Elem().FieldByName(edge).Interface().(interface {
			LoadAll(context.Context, []int) ([]A, error)
		})
		ids := slices.Sorted(maps.Keys(want))
		got, err := loader.LoadAll(ctx, ids)
		require.NoError(t, err)
		require.Len(t, got, len(ids))
		for i, id := range ids {
			requireAnswer(t, id, texts(got[i]), nil)
		}
		s.statements(t, 1, "by key")
	})
}
