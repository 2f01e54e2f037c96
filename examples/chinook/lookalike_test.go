package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/entloader/entloader/examples/chinook/column"
	"github.com/entloader/entloader/examples/chinook/ent"
	"github.com/entloader/entloader/examples/chinook/ent/enttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// databases runs a test on a database that looks like Chinook and has what
// Chinook has not (tracks without an album, customers without an employee, whole
// amounts), and on Chinook itself where CHINOOK_DB names its file.
func databases(t *testing.T, test func(t *testing.T, path string)) {
	t.Run("lookalike", func(t *testing.T) { test(t, lookalike(t)) })
	t.Run("chinook", func(t *testing.T) { test(t, chinook(t)) })
}

// chinook returns the file of the real database.
func chinook(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CHINOOK_DB")
	if path == "" {
		t.Skip("set CHINOOK_DB to the SQLite file of the Chinook sample database to run this test")
	}
	return path
}

// lookalike makes a small database with the tables of the schema.
func lookalike(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "look alike?.sqlite")
	drv, err := entsql.Open(dialect.SQLite, dataSource(path, "mode=rwc&_fk=1"))
	require.NoError(t, err)
	client := enttest.NewClient(t, enttest.WithOptions(ent.Driver(drv)))
	defer func() { require.NoError(t, client.Close()) }()
	fill(t.Context(), client)
	return path
}

func fill(ctx context.Context, client *ent.Client) {
	band := client.Artist.Create().SetName("Band").SaveX(ctx)
	client.Artist.Create().SetName("Soloist").SaveX(ctx)
	nameless := client.Artist.Create().SaveX(ctx)

	second := client.Album.Create().SetTitle("Second").SetArtist(band).SaveX(ctx)
	first := client.Album.Create().SetTitle("First").SetArtist(band).SaveX(ctx)
	noise := client.Album.Create().SetTitle("Noise").SetArtist(nameless).SaveX(ctx)

	rock := client.Genre.Create().SetName("Rock").SaveX(ctx)
	client.Genre.Create().SetName("Silence").SaveX(ctx)
	file := client.MediaType.Create().SetName("MPEG audio file").SaveX(ctx)
	client.MediaType.Create().SaveX(ctx)

	track := func(name string, length time.Duration, price column.Cents) *ent.TrackCreate {
		return client.Track.Create().SetName(name).SetMilliseconds(int(length.Milliseconds())).
			SetUnitPrice(price).SetMediaType(file)
	}
	one := track("One", 59*time.Minute+59700*time.Millisecond, 99).SetAlbum(first).SetGenre(rock).SetBytes(1 << 40).SaveX(ctx)
	two := track("Two", 2*time.Minute+5*time.Second, 100).SetAlbum(first).SetComposer("N. N.").SaveX(ctx)
	three := track("Three", time.Minute, 199).SetAlbum(second).SetGenre(rock).SaveX(ctx)
	track("Hum", 0, 0).SetAlbum(noise).SaveX(ctx)
	lost := track("Lost", time.Minute, 1).SaveX(ctx)

	client.Playlist.Create().SetName("Music").AddTracks(three, one, two).SaveX(ctx)
	client.Playlist.Create().SetName("Music").AddTracks(one).SaveX(ctx)
	client.Playlist.Create().SaveX(ctx)
	client.Playlist.Create().AddTracks(two, lost).SaveX(ctx)

	manager := client.Employee.Create().SetFirstName("A").SetLastName("Manager").
		SetHireDate(column.Date(2002, time.August, 14)).SaveX(ctx)
	clerk := client.Employee.Create().SetFirstName("B").SetLastName("Clerk").SetManager(manager).
		SetBirthDate(column.Date(1969, time.December, 31)).SaveX(ctx)
	client.Employee.Create().SetFirstName("C").SetLastName("Clerk").SetManager(manager).SaveX(ctx)

	customer := func(name string) *ent.CustomerCreate {
		return client.Customer.Create().SetFirstName(name).SetLastName(name).SetEmail(name + "@example.com")
	}
	regular := customer("regular").SetSupportRep(clerk).SetCountry("Norway").SaveX(ctx)
	customer("alone").SaveX(ctx)
	for day := range 4 {
		invoice := client.Invoice.Create().SetCustomer(regular).SetTotal(199).
			SetInvoiceDate(column.Date(2025, time.January, 1+day)).SaveX(ctx)
		client.InvoiceLine.Create().SetInvoice(invoice).SetTrack(one).SetUnitPrice(99).SetQuantity(1).SaveX(ctx)
		client.InvoiceLine.Create().SetInvoice(invoice).SetTrack(two).SetUnitPrice(100).SetQuantity(1).SaveX(ctx)
	}
}
