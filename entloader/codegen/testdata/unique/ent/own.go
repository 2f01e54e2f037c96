package ent

import (
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"

	"example.com/cases/unique/ent/item"
	"example.com/cases/unique/ent/owner"
	"example.com/cases/unique/ent/predicate"
	"example.com/cases/unique/kind"
)

var (
	out    io.Writer
	rec    *loadertest.Recorder
	client *Client
)

// Own loads by every unique field and index of the schema. It prints how many of
// the keys had a row, in how many statements, and panics where ent's own query
// answers otherwise. Some keys can not be sent.
func Own(w io.Writer) {
	out = w
	ctx := context.Background()
	drv, err := entsql.Open(dialect.SQLite, "file:own?mode=memory&cache=shared&_fk=1")
	must(err)
	rec = loadertest.NewRecorder(drv)
	client = NewClient(Driver(rec))
	defer client.Close()
	must(client.Schema.Create(ctx))
	o := client.Owner.Create().SaveX(ctx)
	at := time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)
	token := uuid.MustParse("7e0a4f30-0000-4000-8000-000000000000")
	slots := []item.Slot{item.SlotA, item.SlotB}
	for i := range 2 {
		c := client.Item.Create().SetFirst(i == 0).SetAt(at.Add(time.Duration(i) * time.Millisecond)).SetSlot(slots[i]).
			SetToken(uuid.UUID{15: byte(i)}).SetWeight(math.Pi / float64(i+1)).SetSerial(uint64(i)).SetLevel(kind.Level(i)).
			SetPrice(kind.NewAmount(int64(i))).SetDigest(kind.Digest{byte(i)}).SetCode(kind.Code(fmt.Sprint(i))).
			SetNumber(fmt.Sprint(i)).SetBlob([]byte{byte(i)}).SetRoute(kind.Route{Stops: []string{fmt.Sprint(i)}}).
			SetRef(&kind.Ref{To: fmt.Sprint(i)}).SetSecret(fmt.Sprint(i)).
			SetShelf(fmt.Sprint("s", i)).SetPlace(i).SetLabel("same").SetGone(i == 1)
		if i == 0 {
			c.SetNick("nick").SetRank(1).SetOwner(o).SetToken(token)
		}
		c.SaveX(ctx)
	}

	by := func(l *Loaders) *ItemLoaders { return l.Item }
	compare("First", func(l *Loaders) loader[bool] { return by(l).ByFirst }, item.First, true, false)
	compare("At", func(l *Loaders) loader[time.Time] { return by(l).ByAt }, item.At, at, at.Add(time.Millisecond), at.Add(time.Second), at.In(time.FixedZone("", 60)))
	compare("Slot", func(l *Loaders) loader[item.Slot] { return by(l).BySlot }, item.SlotEQ, "a", "b", "c")
	compare("Token", func(l *Loaders) loader[uuid.UUID] { return by(l).ByToken }, item.Token, token, uuid.UUID{15: 1}, uuid.UUID{})
	compare("Weight", func(l *Loaders) loader[float64] { return by(l).ByWeight }, item.Weight, math.Pi, math.Pi/2, 1, math.Inf(1))
	compare("Serial", func(l *Loaders) loader[uint64] { return by(l).BySerial }, item.Serial, 0, 1<<63, 1, 2, math.MaxUint64)
	compare("Level", func(l *Loaders) loader[kind.Level] { return by(l).ByLevel }, item.Level, 0, 1, -1)
	compare("Nick", func(l *Loaders) loader[string] { return by(l).ByNick }, item.Nick, "nick", "Nick", "")
	compare("Rank", func(l *Loaders) loader[int] { return by(l).ByRank }, item.Rank, 1, 0)
	compare("Price", func(l *Loaders) loader[kind.Amount] { return by(l).ByPrice }, item.Price, kind.NewAmount(-1), kind.NewAmount(0), kind.NewAmount(1), kind.NewAmount(2))
	compare("Digest", func(l *Loaders) loader[kind.Digest] { return by(l).ByDigest }, item.Digest, kind.Digest{}, kind.Digest{1}, kind.Digest{2})
	compare("Code", func(l *Loaders) loader[kind.Code] { return by(l).ByCode }, item.Code, "0", "no code", "1", "2")
	compare("Code", func(l *Loaders) loader[kind.Code] { return by(l).ByCode }, item.Code, "no code", "none either")
	compare("ItemNumber", func(l *Loaders) loader[string] { return by(l).ByItemNumber }, item.Number, "0", "1", "2")
	compare("Shelf", func(l *Loaders) loader[string] { return by(l).ByShelf }, item.Shelf, "s0", "s1", "s2")
	compare("Spot", func(l *Loaders) loader[ItemBySpotKey] { return by(l).BySpot }, func(k ItemBySpotKey) predicate.Item {
		return item.And(item.Shelf(k.Shelf), item.Place(k.Place))
	}, ItemBySpotKey{Shelf: "s0", Place: 0}, ItemBySpotKey{Shelf: "s1", Place: 1}, ItemBySpotKey{Shelf: "s0", Place: 1})
	compare("ShelfOwnerID", func(l *Loaders) loader[ItemByShelfOwnerIDKey] { return by(l).ByShelfOwnerID }, func(k ItemByShelfOwnerIDKey) predicate.Item {
		return item.And(item.Shelf(k.Shelf), item.HasOwnerWith(owner.ID(k.OwnerID)))
	}, ItemByShelfOwnerIDKey{Shelf: "s0", OwnerID: o.ID}, ItemByShelfOwnerIDKey{Shelf: "s1", OwnerID: o.ID}, ItemByShelfOwnerIDKey{Shelf: "s1"})
	compare("AtLevelPrice", func(l *Loaders) loader[ItemByAtLevelPriceKey] { return by(l).ByAtLevelPrice }, func(k ItemByAtLevelPriceKey) predicate.Item {
		return item.And(item.At(k.At), item.Level(k.Level), item.Price(k.Price))
	}, ItemByAtLevelPriceKey{At: at, Level: 0, Price: kind.NewAmount(0)}, ItemByAtLevelPriceKey{At: at, Level: 0, Price: kind.NewAmount(-1)}, ItemByAtLevelPriceKey{At: at, Level: 1, Price: kind.NewAmount(0)})
	compare("BlobShelf", func(l *Loaders) loader[ItemByBlobShelfKey] { return by(l).ByBlobShelf }, func(k ItemByBlobShelfKey) predicate.Item {
		return item.And(item.Blob([]byte(k.Blob)), item.Shelf(k.Shelf))
	}, ItemByBlobShelfKey{Blob: "\x00", Shelf: "s0"}, ItemByBlobShelfKey{Blob: "\x01", Shelf: "s1"}, ItemByBlobShelfKey{Blob: "\x01", Shelf: "s0"})
	compare("Label", func(l *Loaders) loader[string] { return by(l).ByLabel }, item.LabelEQ, "same", "other")

	var all []string
	for t, i := reflect.TypeFor[ItemLoaders](), 0; i < t.NumField(); i++ {
		if n, ok := strings.CutPrefix(t.Field(i).Name, "By"); ok {
			all = append(all, n)
		}
	}
	fmt.Fprintln(out, strings.Join(all, " "))
}

type loader[K comparable] interface {
	LoadAll(context.Context, []K) ([]*Item, error)
}

func compare[K comparable](name string, of func(*Loaders) loader[K], where func(K) predicate.Item, keys ...K) {
	loaders := NewLoaders(client)
	ctx := NewLoadersContext(context.Background(), loaders)
	rec.Reset()
	items, err := of(loaders).LoadAll(ctx, keys)
	statements := len(rec.Reset())
	errs, _ := err.(entloader.KeyErrors[K])
	found := 0
	for i, k := range keys {
		want, wantErr := client.Item.Query().Where(where(k)).Only(context.Background())
		switch {
		case wantErr != nil && errs[k] == nil, IsNotSingular(wantErr) != IsNotSingular(errs[k]), IsNotFound(wantErr) != IsNotFound(errs[k]):
			panic(fmt.Sprintf("%s %v: want %v, got %v", name, k, wantErr, errs[k]))
		case wantErr == nil && items[i].String() != want.String():
			panic(fmt.Sprintf("%s %v: want %v, got %v", name, k, want, items[i]))
		case wantErr == nil:
			found++
		}
	}
	fmt.Fprintf(out, "%s: %d of %d, statements %d\n", name, found, len(keys), statements)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
