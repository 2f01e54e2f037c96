package schema_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/enttest"
	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/note"
	_ "github.com/entloader/entloader/ent/runtime"
	"github.com/entloader/entloader/ent/schema"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/ent/view"
	"github.com/entloader/entloader/ent/viewer"
)

// open returns an empty laboratory of its own for the test, with one unit in it.
func open(t *testing.T) (*ent.Client, *sql.DB, *ent.Unit) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+t.Name()+"?mode=memory&cache=shared&_fk=1")
	require.NoError(t, err)
	client := enttest.NewClient(t, enttest.WithOptions(ent.Driver(entsql.OpenDB(dialect.SQLite, db))))
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	place := client.Location.Create().SetName("Room A01").SetKind(location.KindRoom).SaveX(t.Context())
	one := client.Unit.Create().SetCode("U-1").SetName("Ward 1").SetKind(unit.KindWard).
		SetInstalledAt(time.Unix(0, 0)).SetLocation(place).SaveX(t.Context())
	return client, db, one
}

func TestNotesHaveADefaultLimit(t *testing.T) {
	t.Parallel()
	client, _, u := open(t)
	ctx := t.Context()
	for i := range 8 {
		client.Note.Create().SetBody(fmt.Sprint(i)).SetWrittenAt(time.Unix(int64(i), 0)).SetUnit(u).SaveX(ctx)
	}
	require.Len(t, u.QueryNotes().AllX(ctx), 5)
	require.Len(t, u.QueryNotes().Limit(7).AllX(ctx), 7)
	require.Equal(t, 8, u.QueryNotes().CountX(ctx), "ent's Count ignores limits")
	require.Equal(t, u.ID, client.Note.Query().Where(note.Body("7")).QueryUnit().OnlyIDX(ctx), "traversals have no limit")
}

func TestDocumentsAreDeletedSoftly(t *testing.T) {
	t.Parallel()
	client, _, u := open(t)
	ctx := t.Context()
	kept := client.Document.Create().SetTitle("kept").SetSize(1).SetUnit(u).SaveX(ctx)
	gone := client.Document.Create().SetTitle("gone").SetSize(1).SetUnit(u).SaveX(ctx)
	client.Document.DeleteOne(gone).ExecX(ctx)

	require.Equal(t, []int{kept.ID}, u.QueryDocuments().IDsX(ctx))
	skip := schema.SkipSoftDelete(ctx)
	require.ElementsMatch(t, []int{kept.ID, gone.ID}, u.QueryDocuments().IDsX(skip))
	client.Document.DeleteOne(gone).ExecX(skip)
	require.Equal(t, []int{kept.ID}, u.QueryDocuments().IDsX(skip))
}

func TestConfidentialIncidentsAreForAdmins(t *testing.T) {
	t.Parallel()
	client, _, u := open(t)
	ctx := t.Context()
	for _, confidential := range []bool{false, true} {
		client.Incident.Create().SetSummary("spill").SetSeverity(incident.SeverityMajor).SetConfidential(confidential).
			SetReportedAt(time.Unix(0, 0)).SetUnit(u).SaveX(ctx)
	}
	for _, c := range []struct {
		who  string
		ctx  context.Context
		want int
	}{
		{"nobody", ctx, 1},
		{"a viewer", viewer.NewContext(ctx, viewer.Viewer{Name: "Ada"}), 1},
		{"an admin", viewer.NewContext(ctx, viewer.Viewer{Name: "Bruno", Admin: true}), 2},
	} {
		require.Equal(t, c.want, u.QueryIncidents().CountX(c.ctx), c.who)
		require.Len(t, u.QueryIncidents().AllX(c.ctx), c.want, c.who)
	}
}

func TestBadgeHasTheIDOfItsTechnician(t *testing.T) {
	t.Parallel()
	client, _, _ := open(t)
	ctx := t.Context()
	ada := client.Technician.Create().SetName("Ada").SetEmail("ada@lab.example").SaveX(ctx)
	bruno := client.Technician.Create().SetName("Bruno").SetEmail("bruno@lab.example").SetPartner(ada).SaveX(ctx)
	badge := client.Badge.Create().SetTechnician(ada).SetNumber("B-1").SetIssuedAt(time.Unix(0, 0)).SaveX(ctx)

	require.Equal(t, ada.ID, client.Badge.Query().OnlyIDX(ctx))
	require.Equal(t, ada.ID, badge.ID)
	require.Equal(t, ada.ID, badge.QueryTechnician().OnlyIDX(ctx))
	require.Equal(t, ada.ID, ada.QueryBadge().OnlyIDX(ctx))
	require.Equal(t, "B-1", client.Technician.Query().Where(technician.ID(ada.ID)).WithBadge().OnlyX(ctx).Edges.Badge.Number)
	require.Equal(t, ada.ID, client.Badge.Query().WithTechnician().OnlyX(ctx).Edges.Technician.ID)
	require.Zero(t, bruno.QueryBadge().CountX(ctx))
	require.Equal(t, bruno.ID, ada.QueryPartner().OnlyIDX(ctx))
}

func TestStandardCodesAreStoredWithAPrefix(t *testing.T) {
	t.Parallel()
	client, db, _ := open(t)
	ctx := t.Context()
	nist := client.Standard.Create().SetID("NIST-1").SetName("water").SaveX(ctx)
	device := client.Instrument.Create().SetName("Photometer").SetModel("P20").SaveX(ctx)
	entry := client.Calibration.Create().SetPerformedAt(time.Unix(0, 0)).SetDrift(0.5).SetPassed(true).
		SetInstrument(device).AddStandards(nist).SaveX(ctx)

	var stored string
	require.NoError(t, db.QueryRowContext(ctx, "SELECT std_code FROM cal_log_std").Scan(&stored))
	require.Equal(t, "std:NIST-1", stored)
	require.Equal(t, labid.StandardCode("NIST-1"), entry.QueryStandards().OnlyIDX(ctx))
	require.Equal(t, entry.ID, nist.QueryCalibrations().OnlyIDX(ctx))
	require.Equal(t, nist.ID, client.Calibration.Query().WithStandards().OnlyX(ctx).Edges.Standards[0].ID)
	bam := client.Standard.Create().SetID("BAM-2").SetName("salt").AddCalibrations(entry).SaveX(ctx)
	require.Equal(t, entry.ID, bam.QueryCalibrations().OnlyIDX(ctx))
	entry.Update().RemoveStandards(nist).ExecX(ctx)
	require.Equal(t, bam.ID, entry.QueryStandards().OnlyIDX(ctx))
	require.Equal(t, entry.ID, device.QueryCalibrations().OnlyIDX(ctx))
}

func TestBacklogIsAView(t *testing.T) {
	t.Parallel()
	client, db, u := open(t)
	ctx := t.Context()
	require.NoError(t, view.Create(ctx, db))
	require.Empty(t, client.Backlog.Query().AllX(ctx))
	for i := range 3 {
		client.Sample.Create().SetSerial(fmt.Sprint(i)).SetTakenAt(time.Unix(0, 0)).SetVolume(1).SetUnit(u).SaveX(ctx)
	}
	row := client.Backlog.Query().OnlyX(ctx)
	require.Equal(t, u.ID, row.UnitID)
	require.Equal(t, 3, row.Waiting)
}
