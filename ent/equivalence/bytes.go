package equivalence

import (
	"bytes"
	"context"
	"net"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/attachment"
	"github.com/entloader/entloader/entloader"
)

// someBytes are keys of attachments: those at even positions are of rows. A nil key
// is NULL, and an empty one is not.
func someBytes(name string) [][]byte {
	all := [][]byte{
		{}, nil, {0}, {0, 0}, {0x80}, {0x81}, {0xff}, {0xff, 0}, []byte("a"), []byte("A"), []byte("b"), []byte("b "),
		[]byte("é"), []byte("\xe9"), []byte(`'"\`), []byte("6161"), bytes.Repeat([]byte{0xab, 'x'}, 512), bytes.Repeat([]byte{0xab, 'y'}, 512),
	}
	if name == dialect.SQLite {
		all = append(all, bytes.Repeat([]byte{1}, 1<<20), bytes.Repeat([]byte{2}, 1<<20)) // servers take no such index
	}
	return all
}

// testKeysOfBytes loads by ids and unique fields that are []byte, and by an index
// with such a field.
func testKeysOfBytes(t *testing.T, db Database) {
	lab := db.newLab(t, 0)
	plain := t.Context()
	all := someBytes(db.Dialect)
	var whole []*ent.Attachment
	for i, k := range all {
		if i%2 == 1 {
			continue
		}
		c := lab.Attachment.Create().SetID(k).SetName("file").SetSender(net.IPv4(10, 0, 0, byte(i)))
		if i%4 == 0 {
			c.SetSignature(k[:min(len(k), 255)])
		}
		whole = append(whole, c.SaveX(plain))
	}
	byID := bytesKey{
		loader: func(l *ent.Loaders) oneByBytes { return l.Attachment.ByID },
		query: func(ctx context.Context, k []byte) (*ent.Attachment, error) {
			return lab.Attachment.Query().Where(attachment.ID(k)).Only(ctx)
		},
	}
	bySignature := bytesKey{
		loader: func(l *ent.Loaders) oneByBytes { return l.Attachment.BySignature },
		query: func(ctx context.Context, k []byte) (*ent.Attachment, error) {
			return lab.Attachment.Query().Where(attachment.Signature(k)).Only(ctx)
		},
	}
	for name, by := range map[string]bytesKey{"ByID": byID, "BySignature": bySignature} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				keys := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(all), rapid.SliceOf(rapid.Byte()))).Draw(rt, "keys")
				by.check(rt, lab, keys)
			})
		})
	}
	t.Run("ByNameSender", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		var keys []ent.AttachmentByNameSenderKey
		for i := range all {
			keys = append(keys, ent.AttachmentByNameSenderKey{Name: "file", Sender: entloader.Bytes(net.IPv4(10, 0, 0, byte(i)))})
		}
		keys = append(keys, ent.AttachmentByNameSenderKey{Name: "file"}, ent.AttachmentByNameSenderKey{Name: "no file", Sender: keys[0].Sender})
		lab.rec.Reset()
		got, err := loaders.Attachment.ByNameSender.LoadAll(ctx, keys)
		lab.statements(t, 1)
		errs, _ := err.(entloader.KeyErrors[ent.AttachmentByNameSenderKey])
		for i, k := range keys {
			want, err := lab.Attachment.Query().Where(attachment.Name(k.Name), attachment.Sender(net.IP(k.Sender))).Only(plain)
			require.Equal(t, ent.IsNotFound(err), ent.IsNotFound(errs[k]), "%v", k)
			if err == nil {
				require.Equal(t, want.String(), got[i].String())
			}
		}
		require.Len(t, errs, len(all)/2+2)
		lab.rec.Reset()
	})
	t.Run("keys change", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		key := []byte("a")
		want, err := loaders.Attachment.ByID.Load(ctx, key)
		require.NoError(t, err)
		want.ID[0], key[0] = 'z', 'z'
		_, err = loaders.Attachment.ByID.Load(ctx, key)
		require.True(t, ent.IsNotFound(err))
		lab.rec.Reset()
		got, err := loaders.Attachment.ByID.Load(ctx, []byte("a"))
		require.NoError(t, err)
		require.Same(t, want, got)
		lab.statements(t, 0)
	})
	t.Run("primed by hand", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		by := loaders.Attachment.ByID
		for _, k := range [][]byte{nil, {}, []byte("none")} {
			by.Prime(ctx, k, whole[1])
		}
		lab.rec.Reset()
		_, err := by.Load(ctx, nil)
		require.True(t, ent.IsNotFound(err), "nil is no key")
		for _, k := range []string{"", "none"} {
			got, err := by.Load(ctx, []byte(k))
			require.NoError(t, err)
			require.Same(t, whole[1], got)
		}
		lab.statements(t, 0)
		by.Clear(ctx, []byte("none"))
		_, err = by.Load(ctx, []byte("none"))
		require.True(t, ent.IsNotFound(err))
		by.ClearAll(ctx)
		got, err := by.Load(ctx, []byte{})
		require.NoError(t, err)
		require.Equal(t, whole[0].String(), got.String())
		lab.statements(t, 2)
	})
}

// oneByBytes is what loaders of keys of bytes have.
type oneByBytes interface {
	Load(context.Context, []byte) (*ent.Attachment, error)
	LoadAll(context.Context, [][]byte) ([]*ent.Attachment, error)
}

// bytesKey is a key of attachments.
type bytesKey struct {
	loader func(*ent.Loaders) oneByBytes
	query  func(ctx context.Context, key []byte) (*ent.Attachment, error)
}

// check compares what is loaded by keys with what ent's own query answers: all in
// one statement, and one by one.
func (b bytesKey) check(t *rapid.T, lab *lab, keys [][]byte) {
	plain := context.Background()
	loaders := ent.NewLoaders(lab.Client, entloader.WithQuiet(0))
	ctx := ent.NewLoadersContext(plain, loaders)
	l := b.loader(loaders)
	lab.rec.Reset()
	got, err := l.LoadAll(ctx, keys)
	errs, _ := err.(entloader.KeyErrors[entloader.Bytes])
	sent := lab.rec.Reset()
	some := slices.ContainsFunc(keys, func(k []byte) bool { return k != nil })
	if some {
		require.Len(t, sent, 1)
	} else {
		require.Empty(t, sent)
	}
	none := slices.ContainsFunc(keys, func(k []byte) bool { return k == nil })
	failed := 0
	for i, k := range keys {
		want, err := b.query(plain, k)
		one, oneErr := l.Load(ctx, k)
		if err != nil {
			failed++
			require.True(t, ent.IsNotFound(err), "%v", err)
			require.Nil(t, got[i])
			require.True(t, ent.IsNotFound(errs[entloader.Bytes(k)]), "%q: %v", k, errs)
			require.True(t, ent.IsNotFound(oneErr), "%q: %v", k, oneErr)
			continue
		}
		if len(k) > 0 || !none { // nil and empty share an error
			require.NoError(t, errs[entloader.Bytes(k)])
		}
		require.NoError(t, oneErr)
		require.Equal(t, want.String(), got[i].String())
		require.Equal(t, want.String(), one.String())
	}
	require.Equal(t, failed > 0, err != nil)
	lab.rec.Reset()
}
