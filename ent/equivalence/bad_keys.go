package equivalence

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/attachment"
	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/entloader"
)

// A badKeys is a load by keys of which some can not be sent, or fail a statement.
type badKeys struct {
	name  string
	keys  []string
	load  func(ctx context.Context, key string) (any, error)
	query func(ctx context.Context, key string) (any, error) // ent's own
}

// poison are texts that servers refuse: PostgreSQL all of them, MariaDB some.
var poison = []string{"nul\x00", "broken\xff", "\x00\xff"}

// refused is how many statements a server gets for these.
func (d Database) refused() int {
	return map[string]int{dialect.Postgres: 3, dialect.MySQL: 2}[d.Dialect]
}

func firstTwo(q *ent.SampleQuery) { q.Order(ent.Asc(sample.FieldID)).Limit(2) }

// latest is what the declared edge LatestSamples says.
func latest(x *ent.Tag) *ent.SampleQuery {
	return x.QuerySamples().Order(ent.Desc(sample.FieldTakenAt, sample.FieldID)).Limit(3)
}

// testBadKeys loads keys, some of which nobody can answer, together: all others have
// their answers, in one statement.
func testBadKeys(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	plain := t.Context()
	if db.Dialect == dialect.MySQL { // which refuses text in a column for other text than that of the connection
		lab.exec(t, "ALTER TABLE samples MODIFY serial varchar(64) CHARACTER SET latin1 NOT NULL")
	}
	with := func(good ...string) []string { return append([]string{poison[0]}, append(good, poison[1:]...)...) }
	tag := lab.Tag.Query().FirstX(plain)
	standards := lab.Standard.Query().AllX(plain)
	coded := func(k string) *ent.Standard {
		x := *standards[0]
		x.ID = labid.StandardCode(k)
		return &x
	}
	site := lab.Location.Query().Where(location.ParentIDNotNil()).FirstX(plain)
	lab.Attachment.Create().SetID([]byte{0}).SetName("file").SetSender(net.IPv4zero).ExecX(plain)
	text := with(tag.ID, "nobody has", lab.Tag.Query().Offset(1).FirstIDX(plain))
	serials := with(lab.Sample.Query().FirstX(plain).Serial, "nobody has")
	words := append([]string{"two words"}, with(string(standards[0].ID), "none", string(standards[1].ID), "and two")...)

	// Entities with these ids; they are declared siblings before one is loaded.
	var tags map[string]*ent.Tag
	ofTag := func(name string, load func(context.Context, *ent.Tag) (any, error), query func(context.Context, *ent.Tag) (any, error)) badKeys {
		return badKeys{name: "Tag: " + name, keys: text,
			load:  func(ctx context.Context, k string) (any, error) { return load(ctx, tags[k]) },
			query: func(ctx context.Context, k string) (any, error) { return query(ctx, tags[k]) },
		}
	}
	var loaders *ent.Loaders
	cases := []badKeys{
		{name: "Tag.ByID", keys: text,
			load:  func(ctx context.Context, k string) (any, error) { return loaders.Tag.ByID.Load(ctx, k) },
			query: func(ctx context.Context, k string) (any, error) { return lab.Tag.Get(ctx, k) },
		},
		{name: "Sample.BySerial", keys: serials,
			load: func(ctx context.Context, k string) (any, error) { return loaders.Sample.BySerial.Load(ctx, k) },
			query: func(ctx context.Context, k string) (any, error) {
				return lab.Sample.Query().Where(sample.Serial(k)).Only(ctx)
			},
		},
		{name: "Location.ByParentIDName", keys: with(site.Name, "nobody has"),
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Location.ByParentIDName.Load(ctx, ent.LocationByParentIDNameKey{ParentID: *site.ParentID, Name: k})
			},
			query: func(ctx context.Context, k string) (any, error) {
				return lab.Location.Query().Where(location.ParentID(*site.ParentID), location.Name(k)).Only(ctx)
			},
		},
		{name: "Attachment.ByNameSender", keys: with("file", "no file"),
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Attachment.ByNameSender.Load(ctx, ent.AttachmentByNameSenderKey{Name: k, Sender: entloader.Bytes(net.IPv4zero)})
			},
			query: func(ctx context.Context, k string) (any, error) {
				return lab.Attachment.Query().Where(attachment.Name(k), attachment.Sender(net.IPv4zero)).Only(ctx)
			},
		},
		{name: "Standard.ByID", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.ByID.Load(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) { return lab.Standard.Get(ctx, labid.StandardCode(k)) },
		},
		{name: "Standard.Calibrations", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.Calibrations.Load(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) {
				return coded(k).QueryCalibrations().All(ctx)
			},
		},
		{name: "Standard.Calibrations, counted", keys: words,
			load: func(ctx context.Context, k string) (any, error) {
				return loaders.Standard.Calibrations.Count(ctx, labid.StandardCode(k))
			},
			query: func(ctx context.Context, k string) (any, error) {
				return coded(k).QueryCalibrations().Count(ctx)
			},
		},
		{name: "Tag.LatestSamples", keys: text,
			load:  func(ctx context.Context, k string) (any, error) { return loaders.Tag.LatestSamples.Load(ctx, k) },
			query: func(ctx context.Context, k string) (any, error) { return latest(tags[k]).All(ctx) },
		},
		ofTag("LoadSamples",
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.LoadSamples(ctx) },
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.QuerySamples().All(ctx) }),
		ofTag("LoadSamples with options",
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.LoadSamples(ctx, firstTwo) },
			func(ctx context.Context, x *ent.Tag) (any, error) {
				q := x.QuerySamples()
				firstTwo(q)
				return q.All(ctx)
			}),
		ofTag("CountSamples",
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.CountSamples(ctx) },
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.QuerySamples().Count(ctx) }),
		ofTag("ExistSamples",
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.ExistSamples(ctx) },
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.QuerySamples().Exist(ctx) }),
		ofTag("LoadLatestSamples",
			func(ctx context.Context, x *ent.Tag) (any, error) { return x.LoadLatestSamples(ctx) },
			func(ctx context.Context, x *ent.Tag) (any, error) { return latest(x).All(ctx) }),
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var ctx context.Context
			ctx, loaders = lab.load(t)
			tags = make(map[string]*ent.Tag)
			var siblings []*ent.Tag
			for _, k := range text {
				x := *tag
				x.ID = k
				tags[k] = &x
				siblings = append(siblings, &x)
			}
			loaders.Tag.Siblings(siblings...)
			type answer struct {
				v   any
				err error
			}
			want := make(map[string]answer)
			for _, k := range c.keys {
				v, err := c.query(plain, k)
				want[k] = answer{v, err}
			}
			lab.rec.Reset()
			for _, statements := range []int{1 + db.refused(), 0} { // errors of keys are remembered
				got := make([]answer, len(c.keys))
				require.NoError(t, entloader.Each(ctx, c.keys, func(ctx context.Context, k string) error {
					v, err := c.load(ctx, k)
					got[slices.Index(c.keys, k)] = answer{v, err}
					return nil
				}))
				lab.statements(t, statements)
				for i, k := range c.keys {
					want := want[k]
					if want.err == nil {
						require.NoError(t, got[i].err, "%q", k)
						switch want.v.(type) {
						case int, bool:
							require.Equal(t, want.v, got[i].v, "%q", k)
						default:
							require.Equal(t, rows(t, want.v, false), rows(t, got[i].v, false), "%q", k)
						}
						continue
					}
					require.Error(t, got[i].err, "%q", k)
					require.Equal(t, ent.IsNotFound(want.err), ent.IsNotFound(got[i].err), "%q: want %v, got %v", k, want.err, got[i].err)
					require.ErrorContains(t, want.err, errors.Unwrap(got[i].err).Error(), "%q", k)
				}
			}
		})
	}
}

// testBadKeysInTransaction loads them inside a transaction, which a failure ends on
// PostgreSQL: after all others have their answers.
func testBadKeysInTransaction(t *testing.T, db Database) {
	lab := db.newLab(t, 10)
	want := lab.Tag.Query().Limit(2).AllX(t.Context())
	tx, err := lab.Tx(t.Context())
	require.NoError(t, err)
	ctx, loaders := lab.load(t)
	ctx = ent.NewTxContext(ctx, tx)
	keys := append(slices.Clone(poison), want[0].ID, want[1].ID, "nobody has")
	lab.rec.Reset()
	got, err := loaders.Tag.ByID.LoadAll(ctx, keys)
	lab.statements(t, 1+db.refused())
	var failed entloader.KeyErrors[string]
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, len(poison)+1)
	require.True(t, ent.IsNotFound(failed["nobody has"]), "%v", failed)
	for i, x := range want {
		require.Equal(t, rows(t, x, true), rows(t, got[len(poison)+i], true))
	}
	for _, k := range poison {
		require.Equal(t, db.Dialect != dialect.Postgres, ent.IsNotFound(failed[k]), "%v", failed[k])
	}
	_, err = tx.Tag.Query().Count(t.Context())
	require.Equal(t, db.Dialect == dialect.Postgres, err != nil, "as after ent's own query: %v", err)
	require.NoError(t, tx.Rollback())
}
