package bench

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/entloader/entloader/ent"
	_ "github.com/entloader/entloader/ent/runtime"
	"github.com/entloader/entloader/ent/unit"
)

// The rows: every unit has 10 samples, every sample 3 results.
const (
	units           = 100
	samplesPerUnit  = 10
	resultsOfSample = 3
)

// connections is the size of the pool. Every way of loading uses the same pool;
// only a query per entity, whose statements run concurrently, uses more than one
// connection at a time, and it is fastest with this number of them. Idle
// connections are kept, or it would open new ones all the time.
const connections = 2

// open returns an in-memory database that all connections of the pool share,
// with the rows in it. The VFS memdb lets them read at the same time, which
// cache=shared does not.
func open(ctx context.Context, name string) (*entsql.Driver, error) {
	db, err := sql.Open("sqlite3", "file:/"+name+"?vfs=memdb&_fk=1")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	drv := entsql.OpenDB(dialect.SQLite, db)
	if err := fill(ctx, ent.NewClient(ent.Driver(drv))); err != nil {
		return nil, fmt.Errorf("fill the database: %w", err)
	}
	return drv, nil
}

func fill(ctx context.Context, client *ent.Client) error {
	if err := client.Schema.Create(ctx); err != nil {
		return err
	}
	start := time.Date(2024, time.January, 1, 8, 0, 0, 0, time.UTC)

	us, err := client.Unit.MapCreateBulk(make([]struct{}, units), func(c *ent.UnitCreate, i int) {
		c.SetCode(fmt.Sprintf("U-%03d", i)).SetName(fmt.Sprintf("Ward %d", i)).
			SetKind(unit.KindWard).SetInstalledAt(start)
	}).Save(ctx)
	if err != nil {
		return err
	}
	// Samples go in turns from one unit to the next, and results likewise: the
	// rows of one parent do not lie side by side.
	for turn := range samplesPerUnit {
		ss, err := client.Sample.MapCreateBulk(us, func(c *ent.SampleCreate, i int) {
			at := start.Add(time.Duration(turn*units+i) * time.Minute)
			c.SetSerial(fmt.Sprintf("S-%02d-%03d", turn, i)).SetTakenAt(at).SetVolume(2.5).SetUnit(us[i])
		}).Save(ctx)
		if err != nil {
			return err
		}
		for n := range resultsOfSample {
			err := client.Result.MapCreateBulk(ss, func(c *ent.ResultCreate, i int) {
				c.SetAnalyte("sodium").SetUom("mmol/l").SetMeasuredAt(ss[i].TakenAt.Add(time.Hour)).
					SetValue(float64(turn*units+i) + float64(n)/4).SetSample(ss[i])
			}).Exec(ctx)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
