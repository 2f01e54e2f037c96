package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/examples/chinook/column"
	"github.com/entloader/entloader/examples/chinook/ent"
	"github.com/entloader/entloader/examples/chinook/ent/invoice"
	"github.com/entloader/entloader/examples/chinook/ent/playlist"
	"github.com/entloader/entloader/examples/chinook/ent/track"
)

// TestOptions compares edges with a filter, an order and a limit per entity. The
// order ends in the id, so that there is one answer.
func TestOptions(t *testing.T) {
	databases(t, func(t *testing.T, path string) {
		s := newShop(t, path)
		t.Run("latest invoices", func(t *testing.T) {
			opts := func(q *ent.InvoiceQuery) {
				// On the day, too: the column must be compared as it is written.
				q.Where(invoice.InvoiceDateGTE(column.Date(2022, time.January, 1))).
					Order(ent.Desc(invoice.FieldInvoiceDate, invoice.FieldID)).Limit(2)
			}
			compareOptions(t, s, customers,
				func(ctx context.Context, c *ent.Customer) ([]*ent.Invoice, error) { return c.LoadInvoices(ctx, opts) },
				func(ctx context.Context, c *ent.Customer) ([]*ent.Invoice, error) {
					q := c.QueryInvoices()
					opts(q)
					return q.All(ctx)
				})
		})
		t.Run("longest tracks of a playlist", func(t *testing.T) {
			opts := func(q *ent.TrackQuery) {
				q.Where(track.UnitPriceGTE(99)).
					Order(ent.Desc(track.FieldMilliseconds), ent.Asc(track.FieldID)).Offset(1).Limit(3)
			}
			compareOptions(t, s, playlists,
				func(ctx context.Context, p *ent.Playlist) ([]*ent.Track, error) { return p.LoadTracks(ctx, opts) },
				func(ctx context.Context, p *ent.Playlist) ([]*ent.Track, error) {
					q := p.QueryTracks()
					opts(q)
					return q.All(ctx)
				})
		})
		t.Run("playlists of a track", func(t *testing.T) {
			opts := func(q *ent.PlaylistQuery) {
				q.Where(playlist.NameNotNil()).Order(ent.Asc(playlist.FieldName, playlist.FieldID)).Limit(1)
			}
			compareOptions(t, s, tracks,
				func(ctx context.Context, tr *ent.Track) ([]*ent.Playlist, error) { return tr.LoadPlaylists(ctx, opts) },
				func(ctx context.Context, tr *ent.Track) ([]*ent.Playlist, error) {
					q := tr.QueryPlaylists()
					opts(q)
					return q.All(ctx)
				})
		})
	})
}

// compareOptions loads for all entities of a table, and requires of each the
// answer of its query, in order, with one statement for all.
func compareOptions[E any, T fmt.Stringer](t *testing.T, s *shop, tb table[E],
	load, query func(context.Context, E) ([]T, error)) {
	ctx, _ := s.load(t)
	entities, err := tb.all(ctx, s.Client)
	require.NoError(t, err)
	s.rec.Reset()
	got := make([][]string, len(entities))
	found := 0
	for i, e := range entities {
		rows, err := load(ctx, e)
		require.NoError(t, err)
		got[i] = inOrder(rows)
		found += len(rows)
	}
	s.statements(t, 1, "with options")
	require.NotZero(t, found)
	for i, e := range entities {
		rows, err := query(t.Context(), e)
		require.NoError(t, err)
		require.Equal(t, inOrder(rows), got[i])
	}
}

// TestColumnTypes requires that predicates on prices and dates find what the
// values of the file say: the comparison is of stored values with stored values.
func TestColumnTypes(t *testing.T) {
	databases(t, func(t *testing.T, path string) {
		s := newShop(t, path)
		all, err := tracks.all(t.Context(), s.Client)
		require.NoError(t, err)
		prices := make(map[column.Cents]int)
		for _, tr := range all {
			prices[tr.UnitPrice]++
		}
		require.GreaterOrEqual(t, len(prices), 2)
		for price, n := range prices {
			require.Equal(t, n, s.Track.Query().Where(track.UnitPrice(price)).CountX(t.Context()), price)
		}
		bills, err := invoices.all(t.Context(), s.Client)
		require.NoError(t, err)
		days := make(map[column.DateTime]int)
		for _, i := range bills {
			days[i.InvoiceDate]++
		}
		require.GreaterOrEqual(t, len(days), 4)
		for day, n := range days {
			require.Equal(t, n, s.Invoice.Query().Where(invoice.InvoiceDate(day)).CountX(t.Context()), day)
		}
		// The sum of a bill is that of its lines, to the cent.
		ctx, _ := s.load(t)
		bills, err = invoices.all(ctx, s.Client)
		require.NoError(t, err)
		s.rec.Reset()
		for _, i := range bills {
			lines, err := i.LoadLines(ctx)
			require.NoError(t, err)
			var sum column.Cents
			for _, l := range lines {
				sum += l.UnitPrice * column.Cents(l.Quantity)
			}
			require.Equal(t, i.Total, sum)
		}
		s.statements(t, 1, "lines")
	})
}
