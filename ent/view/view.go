// Package view defines the SQL views of the reference schema.
package view

import (
	"context"
	"database/sql"
	"fmt"
)

// Backlog counts, for each unit that has any, the samples that are not measured yet.
const Backlog = `SELECT u.id AS unit_id, u.code AS code, count(*) AS waiting ` +
	`FROM units AS u JOIN samples AS s ON s.unit_id = u.id ` +
	`WHERE s.status IN ('open', 'running') GROUP BY u.id, u.code`

// Create creates the views in a database that has the tables already. ent's own migration leaves views out.
func Create(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "CREATE VIEW backlogs AS "+Backlog); err != nil {
		return fmt.Errorf("entloader: view: cannot create backlogs; create the tables with client.Schema.Create first: %w", err)
	}
	return nil
}
