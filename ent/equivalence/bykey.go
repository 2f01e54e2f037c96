package equivalence

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/assignment"
	"github.com/entloader/entloader/ent/calibration"
	"github.com/entloader/entloader/ent/certification"
	"github.com/entloader/entloader/ent/instrument"
	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/standard"
	"github.com/entloader/entloader/ent/tag"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
	"github.com/entloader/entloader/entloader"
)

// oneBy is what loaders of unique keys have.
type oneBy[K comparable, T any] interface {
	Load(context.Context, K) (T, error)
	LoadAll(context.Context, []K) ([]T, error)
	Prime(context.Context, K, T)
	Clear(context.Context, ...K)
	ClearAll(context.Context)
}

// uniqueKey is a unique key of the reference schema.
type uniqueKey[K comparable, T any] struct {
	loader func(*ent.Loaders) oneBy[K, T]
	// keys returns keys of rows, and others.
	keys  func(ctx context.Context, c *ent.Client) []K
	query func(ctx context.Context, c *ent.Client, key K) (T, error)
	// alike is how many keys some collation holds for equal at most: these are in
	// different statements. 0 stands for 1.
	alike int
	// unread is how many keys of rows differ from what a query reads.
	unread int
}

// check compares what is loaded by key with what ent's own query answers.
func (u uniqueKey[K, T]) check(t *testing.T, lab *lab) {
	plain := t.Context()
	keys := u.keys(plain, lab.Client)
	require.Greater(t, len(keys), 5)
	want := make([]T, len(keys))
	errs := make([]error, len(keys))
	found, missing := 0, 0
	for i, k := range keys {
		want[i], errs[i] = u.query(plain, lab.Client, k)
		if errs[i] == nil {
			found++
		} else {
			require.True(t, ent.IsNotFound(errs[i]), "%v: %v", k, errs[i])
			missing++
		}
	}
	require.Greater(t, found, 3)
	require.Positive(t, missing)
	same := func(t *testing.T, i int, got T, err error) {
		t.Helper()
		if errs[i] != nil {
			require.Truef(t, ent.IsNotFound(err), "%v: %v", keys[i], err)
			return
		}
		require.NoErrorf(t, err, "%v", keys[i])
		require.Equalf(t, rows(t, want[i], true), rows(t, got, true), "%v", keys[i])
	}
	together := func(t *testing.T, ctx context.Context, l oneBy[K, T]) {
		t.Helper()
		got, err := l.LoadAll(ctx, append(slices.Clone(keys), keys...))
		var failed entloader.KeyErrors[K]
		require.ErrorAs(t, err, &failed)
		for i := range got {
			same(t, i%len(keys), got[i], failed[keys[i%len(keys)]])
		}
	}
	one := max(1, u.alike)
	t.Run("together", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		l := u.loader(loaders)
		lab.rec.Reset()
		together(t, ctx, l)
		lab.statements(t, one)
		together(t, ctx, l)
		lab.statements(t, 0)
		l.Clear(ctx, keys[0])
		_, _ = l.LoadAll(ctx, keys) // of which others are not found still
		lab.statements(t, 1)
		l.ClearAll(ctx)
		together(t, ctx, l)
		lab.statements(t, one)
	})
	t.Run("in small batches", func(t *testing.T) {
		ctx, loaders := lab.load(t, entloader.WithMaxBatch(3))
		lab.rec.Reset()
		together(t, ctx, u.loader(loaders))
		distinct := make(map[K]bool)
		for _, k := range keys {
			distinct[k] = true
		}
		require.GreaterOrEqual(t, len(lab.rec.Reset()), len(distinct)/3)
	})
	t.Run("one by one", func(t *testing.T) {
		ctx, loaders := lab.load(t, entloader.WithQuiet(0))
		for i, k := range keys[:min(10, len(keys))] {
			got, err := u.loader(loaders).Load(ctx, k)
			same(t, i, got, err)
		}
	})
	t.Run("by goroutines", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		got, errs := make([]T, len(keys)), make([]error, len(keys))
		each(keys, func(i int, k K) { got[i], errs[i] = u.loader(loaders).Load(ctx, k) })
		for i := range keys {
			same(t, i, got[i], errs[i])
		}
	})
	t.Run("in a transaction", func(t *testing.T) {
		tx, err := lab.Tx(plain)
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		ctx, loaders := lab.load(t)
		ctx = ent.NewTxContext(ctx, tx)
		lab.rec.Reset()
		together(t, ctx, u.loader(loaders))
		lab.statements(t, one)
	})
	t.Run("after a query of all", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		lab.all(t, ctx, reflect.TypeFor[T]().Elem().Name())
		lab.rec.Reset()
		for i, k := range keys {
			if errs[i] != nil {
				continue
			}
			got, err := u.loader(loaders).Load(ctx, k)
			same(t, i, got, err)
		}
		require.LessOrEqual(t, len(lab.rec.Reset()), u.unread)
		together(t, ctx, u.loader(loaders))
	})
	t.Run("primed", func(t *testing.T) {
		ctx, loaders := lab.load(t)
		l := u.loader(loaders)
		last := len(keys) - 1
		l.Prime(ctx, keys[last], want[0])
		lab.rec.Reset()
		got, err := l.Load(ctx, keys[last])
		require.NoError(t, err)
		require.Equal(t, rows(t, want[0], true), rows(t, got, true))
		lab.statements(t, 0)
	})
	lab.rec.Reset()
}

// testByUniqueKey loads by every unique field and every unique index. The last key
// of each case is one that no row has.
func testByUniqueKey(t *testing.T, db Database) {
	lab := db.newLab(t, 60)
	t.Run("Unit.ByCode", func(t *testing.T) {
		unread := 0
		if db.Dialect == dialect.MySQL {
			unread = 1 // with a space at the end
		}
		uniqueKey[string, *ent.Unit]{
			loader: func(l *ent.Loaders) oneBy[string, *ent.Unit] { return l.Unit.ByCode },
			keys: func(ctx context.Context, c *ent.Client) []string {
				// The column tells case, and white space, unless the database does not.
				codes := append(c.Unit.Query().Select(unit.FieldCode).StringsX(ctx), "u-000001", "U-000001 ", "é", `"`)
				if db.Dialect == dialect.SQLite { // servers refuse them
					codes = append(codes, "\xff", "a\x00b")
				}
				return append(codes, "nobody")
			},
			query: func(ctx context.Context, c *ent.Client, code string) (*ent.Unit, error) {
				return c.Unit.Query().Where(unit.Code(code)).Only(ctx)
			},
			alike:  3,
			unread: unread,
		}.check(t, lab)
	})
	t.Run("Sample.BySerial", func(t *testing.T) {
		uniqueKey[string, *ent.Sample]{
			loader: func(l *ent.Loaders) oneBy[string, *ent.Sample] { return l.Sample.BySerial },
			keys: func(ctx context.Context, c *ent.Client) []string {
				return append(c.Sample.Query().Limit(50).Select(sample.FieldSerial).StringsX(ctx), "none")
			},
			query: func(ctx context.Context, c *ent.Client, serial string) (*ent.Sample, error) {
				return c.Sample.Query().Where(sample.Serial(serial)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Instrument.ByAssetTag", func(t *testing.T) { // may be NULL
		uniqueKey[string, *ent.Instrument]{
			loader: func(l *ent.Loaders) oneBy[string, *ent.Instrument] { return l.Instrument.ByAssetTag },
			keys: func(ctx context.Context, c *ent.Client) (tags []string) {
				for _, i := range c.Instrument.Query().AllX(ctx) {
					if i.AssetTag != nil {
						tags = append(tags, *i.AssetTag)
					}
				}
				return append(tags, "")
			},
			query: func(ctx context.Context, c *ent.Client, tag string) (*ent.Instrument, error) {
				return c.Instrument.Query().Where(instrument.AssetTag(tag)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Technician.ByEmail", func(t *testing.T) { // without regard to case
		uniqueKey[string, *ent.Technician]{
			loader: func(l *ent.Loaders) oneBy[string, *ent.Technician] { return l.Technician.ByEmail },
			keys: func(ctx context.Context, c *ent.Client) (emails []string) {
				for i, email := range c.Technician.Query().Select(technician.FieldEmail).StringsX(ctx) {
					switch i % 3 {
					case 0:
						emails = append(emails, email)
					case 1:
						emails = append(emails, strings.ToUpper(email))
					case 2: // twice in one batch
						emails = append(emails, strings.ToUpper(email[:1])+email[1:], strings.ToUpper(email), email)
					}
				}
				return append(emails, "NOBODY@lab.example")
			},
			query: func(ctx context.Context, c *ent.Client, email string) (*ent.Technician, error) {
				return c.Technician.Query().Where(technician.Email(email)).Only(ctx)
			},
			alike:  3,
			unread: math.MaxInt, // those in another case
		}.check(t, lab)
	})
	t.Run("Location.ByParentIDName", func(t *testing.T) {
		uniqueKey[ent.LocationByParentIDNameKey, *ent.Location]{
			loader: func(l *ent.Loaders) oneBy[ent.LocationByParentIDNameKey, *ent.Location] {
				return l.Location.ByParentIDName
			},
			keys: func(ctx context.Context, c *ent.Client) (keys []ent.LocationByParentIDNameKey) {
				for _, l := range c.Location.Query().Where(location.ParentIDNotNil()).AllX(ctx) {
					keys = append(keys, ent.LocationByParentIDNameKey{ParentID: *l.ParentID, Name: l.Name})
				}
				for _, l := range c.Location.Query().Where(location.ParentIDIsNil()).AllX(ctx) {
					keys = append(keys, ent.LocationByParentIDNameKey{Name: l.Name}) // 0 is not NULL
				}
				return append(keys, ent.LocationByParentIDNameKey{ParentID: keys[0].ParentID, Name: "none"},
					ent.LocationByParentIDNameKey{ParentID: -1, Name: keys[0].Name})
			},
			query: func(ctx context.Context, c *ent.Client, k ent.LocationByParentIDNameKey) (*ent.Location, error) {
				return c.Location.Query().Where(location.ParentID(k.ParentID), location.Name(k.Name)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Calibration.ByPerformedAtInstrumentID", func(t *testing.T) { // a time, and a hidden foreign key
		uniqueKey[ent.CalibrationByPerformedAtInstrumentIDKey, *ent.Calibration]{
			loader: func(l *ent.Loaders) oneBy[ent.CalibrationByPerformedAtInstrumentIDKey, *ent.Calibration] {
				return l.Calibration.ByPerformedAtInstrumentID
			},
			keys: func(ctx context.Context, c *ent.Client) (keys []ent.CalibrationByPerformedAtInstrumentIDKey) {
				for _, x := range c.Calibration.Query().WithInstrument().AllX(ctx) {
					keys = append(keys, ent.CalibrationByPerformedAtInstrumentIDKey{PerformedAt: x.PerformedAt, InstrumentID: x.Edges.Instrument.ID})
				}
				return append(keys, ent.CalibrationByPerformedAtInstrumentIDKey{PerformedAt: keys[0].PerformedAt, InstrumentID: -1})
			},
			query: func(ctx context.Context, c *ent.Client, k ent.CalibrationByPerformedAtInstrumentIDKey) (*ent.Calibration, error) {
				return c.Calibration.Query().
					Where(calibration.PerformedAt(k.PerformedAt), calibration.HasInstrumentWith(instrument.ID(k.InstrumentID))).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Assignment.BySampleIDProjectID", func(t *testing.T) { // ent's own index of an edge schema
		uniqueKey[ent.AssignmentBySampleIDProjectIDKey, *ent.Assignment]{
			loader: func(l *ent.Loaders) oneBy[ent.AssignmentBySampleIDProjectIDKey, *ent.Assignment] {
				return l.Assignment.BySampleIDProjectID
			},
			keys: func(ctx context.Context, c *ent.Client) (keys []ent.AssignmentBySampleIDProjectIDKey) {
				for _, a := range c.Assignment.Query().AllX(ctx) {
					keys = append(keys, ent.AssignmentBySampleIDProjectIDKey{SampleID: a.SampleID, ProjectID: a.ProjectID},
						ent.AssignmentBySampleIDProjectIDKey{SampleID: a.SampleID, ProjectID: a.ProjectID % 2})
				}
				return append(keys, ent.AssignmentBySampleIDProjectIDKey{})
			},
			query: func(ctx context.Context, c *ent.Client, k ent.AssignmentBySampleIDProjectIDKey) (*ent.Assignment, error) {
				return c.Assignment.Query().Where(assignment.SampleID(k.SampleID), assignment.ProjectID(k.ProjectID)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Certification by its id", func(t *testing.T) {
		uniqueKey[ent.CertificationByTechnicianIDInstrumentIDKey, *ent.Certification]{
			loader: func(l *ent.Loaders) oneBy[ent.CertificationByTechnicianIDInstrumentIDKey, *ent.Certification] {
				return l.Certification.ByTechnicianIDInstrumentID
			},
			keys: func(ctx context.Context, c *ent.Client) (keys []ent.CertificationByTechnicianIDInstrumentIDKey) {
				for _, x := range c.Certification.Query().AllX(ctx) {
					keys = append(keys, ent.CertificationByTechnicianIDInstrumentIDKey{TechnicianID: x.TechnicianID, InstrumentID: x.InstrumentID})
				}
				return append(keys, ent.CertificationByTechnicianIDInstrumentIDKey{})
			},
			query: func(ctx context.Context, c *ent.Client, k ent.CertificationByTechnicianIDInstrumentIDKey) (*ent.Certification, error) {
				return c.Certification.Query().
					Where(certification.TechnicianID(k.TechnicianID), certification.InstrumentID(k.InstrumentID)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Technician.ByID", func(t *testing.T) {
		uniqueKey[uuid.UUID, *ent.Technician]{
			loader: func(l *ent.Loaders) oneBy[uuid.UUID, *ent.Technician] { return l.Technician.ByID },
			keys: func(ctx context.Context, c *ent.Client) []uuid.UUID {
				return append(c.Technician.Query().IDsX(ctx), uuid.UUID{})
			},
			query: func(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Technician, error) {
				return c.Technician.Query().Where(technician.ID(id)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Standard.ByID", func(t *testing.T) { // stored otherwise than in Go
		uniqueKey[labid.StandardCode, *ent.Standard]{
			loader: func(l *ent.Loaders) oneBy[labid.StandardCode, *ent.Standard] { return l.Standard.ByID },
			keys: func(ctx context.Context, c *ent.Client) []labid.StandardCode {
				return append(c.Standard.Query().IDsX(ctx), "none")
			},
			query: func(ctx context.Context, c *ent.Client, id labid.StandardCode) (*ent.Standard, error) {
				return c.Standard.Query().Where(standard.ID(id)).Only(ctx)
			},
		}.check(t, lab)
	})
	t.Run("Tag.ByID", func(t *testing.T) {
		uniqueKey[string, *ent.Tag]{
			loader: func(l *ent.Loaders) oneBy[string, *ent.Tag] { return l.Tag.ByID },
			keys: func(ctx context.Context, c *ent.Client) []string {
				return append(c.Tag.Query().IDsX(ctx), "Urgent", "none") // most columns tell case
			},
			query: func(ctx context.Context, c *ent.Client, id string) (*ent.Tag, error) {
				return c.Tag.Query().Where(tag.ID(id)).Only(ctx)
			},
			alike: 2,
		}.check(t, lab)
	})
}
