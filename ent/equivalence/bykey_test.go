package equivalence

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/calibration"
	"github.com/entloader/entloader/entloader"
)

// SQLite compares texts: the same instant at another offset is another time, for
// ent as for loaders. Each is one key, however it was made.
func TestByTime(t *testing.T) {
	lab := SQLite.newLab(t, 5)
	ctx, loaders := lab.load(t)
	first := lab.Calibration.Query().WithInstrument().FirstX(t.Context())
	lab.rec.Reset()
	at := func(where *time.Location) ent.CalibrationByPerformedAtInstrumentIDKey {
		return ent.CalibrationByPerformedAtInstrumentIDKey{PerformedAt: first.PerformedAt.In(where), InstrumentID: first.Edges.Instrument.ID}
	}
	got, err := loaders.Calibration.ByPerformedAtInstrumentID.LoadAll(ctx, []ent.CalibrationByPerformedAtInstrumentIDKey{
		at(time.UTC), at(time.FixedZone("zero", 0)), at(time.FixedZone("east", 7200)), at(time.FixedZone("other", 7200)),
	})
	lab.statements(t, 2) // other databases would hold the keys for equal
	require.Equal(t, first.ID, got[0].ID)
	require.Same(t, got[0], got[1])
	require.Nil(t, got[2])
	require.Nil(t, got[3])
	require.True(t, ent.IsNotFound(err))
	require.Zero(t, lab.Calibration.Query().Where(calibration.PerformedAt(at(time.FixedZone("east", 7200)).PerformedAt)).CountX(ctx))
}

// The keys of a batch are searched in the index, in whatever form they travel.
func TestKeysUseTheIndex(t *testing.T) {
	lab := SQLite.newLab(t, 20)
	ctx, loaders := lab.load(t)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		search string
		load   func() error
	}{
		{"SEARCH locations USING INDEX location_parent_id_name (parent_id=? AND name=?)", func() error {
			_, err := loaders.Location.ByParentIDName.LoadAll(ctx, []ent.LocationByParentIDNameKey{{ParentID: 1, Name: "a"}, {ParentID: 2, Name: "b"}})
			return err
		}},
		{"SEARCH cal_log USING INDEX calibration_done_on_device_no (done_on=? AND device_no=?)", func() error {
			_, err := loaders.Calibration.ByPerformedAtInstrumentID.LoadAll(ctx, []ent.CalibrationByPerformedAtInstrumentIDKey{
				{PerformedAt: at, InstrumentID: 1}, {PerformedAt: at, InstrumentID: 2},
			})
			return err
		}},
		{"(email=?)", func() error {
			_, err := loaders.Technician.ByEmail.LoadAll(ctx, []string{"a", "b"})
			return err
		}},
		{"(code=?)", func() error {
			_, err := loaders.Unit.ByCode.LoadAll(ctx, []string{"a", "b"})
			return err
		}},
	} {
		lab.rec.Reset()
		require.True(t, ent.IsNotFound(c.load()), c.search)
		sent := lab.rec.Reset()
		require.Len(t, sent, 1)
		require.Contains(t, lab.plan(t, sent[0].Query, sent[0].Args...), c.search)
	}
}

// Two rows with one key are an error of ent's query, and prime no load.
func TestTwoRowsOfOneKey(t *testing.T) {
	lab := SQLite.newLab(t, 20)
	label := lab.Label.Query().WithSample().FirstX(t.Context())
	s := label.Edges.Sample
	lab.exec(t, "DROP INDEX labels_sample_label_key")
	lab.Label.Create().SetBarcode("another").SetSample(s).SaveX(t.Context())
	_, err := s.QueryLabel().Only(t.Context())
	require.True(t, ent.IsNotSingular(err))
	ctx, loaders := lab.load(t)
	require.Greater(t, len(lab.Label.Query().AllX(ctx)), 2)
	_, err = loaders.Sample.Label.Load(ctx, s.ID)
	require.True(t, ent.IsNotSingular(err), "%v", err)
}

// An index finds the rows of keys of bytes.
func TestKeysOfBytesReadTheIndex(t *testing.T) {
	lab := SQLite.newLab(t, 1)
	ctx, loaders := lab.load(t)
	all := lab.Attachment.Query().AllX(t.Context())
	for index, load := range map[string]func() error{
		"sqlite_autoindex_attachments_1 (id=?)": func() error {
			_, err := loaders.Attachment.ByID.LoadAll(ctx, [][]byte{all[0].ID, all[1].ID})
			return err
		},
		"attachments_signature_key (signature=?)": func() error {
			_, err := loaders.Attachment.BySignature.LoadAll(ctx, [][]byte{all[1].Signature, all[2].Signature})
			return err
		},
		"attachment_name_sender (name=? AND sender=?)": func() error {
			_, err := loaders.Attachment.ByNameSender.LoadAll(ctx, []ent.AttachmentByNameSenderKey{
				{Name: all[0].Name, Sender: entloader.Bytes(all[0].Sender)}, {Name: all[1].Name, Sender: entloader.Bytes(all[1].Sender)},
			})
			return err
		},
	} {
		lab.rec.Reset()
		require.NoError(t, load())
		sent := lab.rec.Reset()
		require.Len(t, sent, 1)
		require.Contains(t, lab.plan(t, sent[0].Query, sent[0].Args...), "SEARCH attachments USING INDEX "+index)
	}
}

// Loaders by key of all types share their place: each type is a list of pointers to the
// same, and none is longer than the place.
func TestLoadersByKeyShareTheirPlace(t *testing.T) {
	loaders := reflect.TypeFor[ent.Loaders]()
	place, ok := loaders.FieldByName("byKey")
	require.True(t, ok)
	most := 0
	for f := range loaders.Fields() {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		by := f.Type.Elem()
		most = max(most, by.NumField())
		require.LessOrEqual(t, by.Size(), place.Type.Size(), f.Name)
		for l := range by.Fields() {
			require.True(t, l.Type.ConvertibleTo(place.Type.Elem()), "%s.%s", f.Name, l.Name)
		}
	}
	require.Equal(t, most, place.Type.Len())
}
