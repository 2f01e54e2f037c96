package ent

import (
	"context"
	"errors"
	"fmt"
	"io"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/entloader"
	"github.com/entloader/entloader/entloader/loadertest"

	"example.com/cases/bytes/ent/blob"
	"example.com/cases/bytes/ent/hex"
	"example.com/cases/bytes/ent/marked"
	"example.com/cases/bytes/ent/outside"
	"example.com/cases/bytes/ent/plain"
	"example.com/cases/bytes/kind"
)

var (
	out    io.Writer
	rec    *loadertest.Recorder
	client *Client
)

// some are keys of rows; there are none of the others.
var some, others = []string{"", "\x00", "\xff\x80", "a"}, []string{"\x00\x00", "\xff\x81", "A"}

// Own loads by ids and unique fields that are bytes. It prints how many of the keys
// had a row, in how many statements, and panics where ent's own query answers
// otherwise.
func Own(w io.Writer) {
	out = w
	ctx := context.Background()
	drv, err := entsql.Open(dialect.SQLite, "file:ownbytes?mode=memory&cache=shared&_fk=1")
	must(err)
	rec = loadertest.NewRecorder(drv)
	client = NewClient(Driver(rec))
	defer client.Close()
	must(client.Schema.Create(ctx))
	o := client.Owner.Create().SetName("owner").SaveX(ctx)
	for i, s := range some {
		b := client.Blob.Create().SetID([]byte(s)).SetFolded([]byte(s)).SetShelf([]byte(s)).SetKeeper(o)
		if i > 1 { // in the others it is NULL
			b.SetMaybe([]byte(s)).SetNillable([]byte(s))
		}
		b.SaveX(ctx)
		client.Plain.Create().SetID(kind.Plain(s)).SetWords(kind.Words{s}).SaveX(ctx)
		client.Marked.Create().SetID(kind.Marked(s)).SaveX(ctx)
		client.Hex.Create().SetID(kind.Hex(s)).SaveX(ctx)
		client.Outside.Create().SetCode(kind.Outside(s)).SaveX(ctx)
	}
	compare("Blob by id", func(l *Loaders) loader[[]byte, *Blob] { return l.Blob.ByID },
		func(k []byte) (*Blob, error) { return client.Blob.Query().Where(blob.ID(k)).Only(ctx) })
	compare("Blob by maybe", func(l *Loaders) loader[[]byte, *Blob] { return l.Blob.ByMaybe },
		func(k []byte) (*Blob, error) { return client.Blob.Query().Where(blob.Maybe(k)).Only(ctx) })
	compare("Blob by nillable", func(l *Loaders) loader[[]byte, *Blob] { return l.Blob.ByNillable },
		func(k []byte) (*Blob, error) { return client.Blob.Query().Where(blob.Nillable(k)).Only(ctx) })
	compare("Blob by folded", func(l *Loaders) loader[[]byte, *Blob] { return l.Blob.ByFolded },
		func(k []byte) (*Blob, error) { return client.Blob.Query().Where(blob.Folded(k)).Only(ctx) })
	compare("Plain by id", func(l *Loaders) loader[kind.Plain, *Plain] { return l.Plain.ByID },
		func(k kind.Plain) (*Plain, error) { return client.Plain.Query().Where(plain.ID(k)).Only(ctx) })
	compare("Marked by id", func(l *Loaders) loader[kind.Marked, *Marked] { return l.Marked.ByID },
		func(k kind.Marked) (*Marked, error) { return client.Marked.Query().Where(marked.ID(k)).Only(ctx) })
	compare("Hex by id", func(l *Loaders) loader[kind.Hex, *Hex] { return l.Hex.ByID },
		func(k kind.Hex) (*Hex, error) { return client.Hex.Query().Where(hex.ID(k)).Only(ctx) })
	compare("Outside by code", func(l *Loaders) loader[kind.Outside, *Outside] { return l.Outside.ByCode },
		func(k kind.Outside) (*Outside, error) { return client.Outside.Query().Where(outside.Code(k)).Only(ctx) })

	loaders := NewLoaders(client)
	ctx = NewLoadersContext(ctx, loaders)
	for _, s := range some {
		b, err := loaders.Blob.ByShelfPlace.Load(ctx, BlobByShelfPlaceKey{Shelf: entloader.Bytes(s), Place: o.ID})
		must(err)
		if string(b.ID) != s {
			panic(fmt.Sprintf("blob of shelf %q: %v", s, b))
		}
	}
	// Rows that a query brought, those with NULL in the column among them.
	ctx, loaders = fresh()
	client.Blob.Query().AllX(ctx)
	rec.Reset()
	for i, s := range some {
		b, err := loaders.Blob.ByMaybe.Load(ctx, []byte(s))
		if IsNotFound(err) != (i < 2) || err == nil && string(b.ID) != s {
			panic(fmt.Sprintf("%q: %v, %v", s, b, err))
		}
	}
	fmt.Fprintf(out, "Blob by maybe, after a query of all: statements %d\n", len(rec.Reset()))
	// Entities that no query returned together.
	ctx, loaders = fresh()
	var blobs []*Blob
	for _, s := range some {
		blobs = append(blobs, client.Blob.GetX(context.Background(), []byte(s)))
	}
	loaders.Blob.Siblings(blobs...)
	rec.Reset()
	for _, b := range blobs {
		keeper, err := b.LoadKeeper(ctx)
		must(err)
		if keeper.ID != o.ID {
			panic(keeper)
		}
	}
	fmt.Fprintf(out, "Blob.keeper of siblings: statements %d\n", len(rec.Reset()))
}

func fresh() (context.Context, *Loaders) {
	l := NewLoaders(client)
	return NewLoadersContext(context.Background(), l), l
}

type loader[B ~[]byte, T any] interface {
	Load(context.Context, B) (T, error)
	LoadAll(context.Context, []B) ([]T, error)
}

func compare[B ~[]byte, T fmt.Stringer](name string, of func(*Loaders) loader[B, T], query func(B) (T, error)) {
	keys := []B{nil}
	for _, s := range append(some, others...) {
		keys = append(keys, B(s))
	}
	ctx, loaders := fresh()
	rec.Reset()
	all, err := of(loaders).LoadAll(ctx, keys)
	statements := len(rec.Reset())
	errs, _ := err.(entloader.KeyErrors[entloader.Bytes])
	found := 0
	for i, k := range keys {
		want, wantErr := query(k)
		one, oneErr := of(loaders).Load(ctx, k)
		switch {
		case wantErr != nil:
			if !IsNotFound(wantErr) || !IsNotFound(oneErr) || !IsNotFound(errs[entloader.Bytes(k)]) {
				panic(fmt.Errorf("%s %q: %w", name, k, errors.Join(wantErr, oneErr)))
			}
		case oneErr != nil, all[i].String() != want.String(), one.String() != want.String():
			panic(fmt.Sprintf("%s %q: want %v, got %v and %v, %v", name, k, want, all[i], one, oneErr))
		default:
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
