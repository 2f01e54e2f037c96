package seed

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/entloader/entloader/ent/assignment"
	"github.com/entloader/entloader/ent/attachment"
	"github.com/entloader/entloader/ent/badge"
	"github.com/entloader/entloader/ent/calibration"
	"github.com/entloader/entloader/ent/certification"
	"github.com/entloader/entloader/ent/document"
	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/instrument"
	"github.com/entloader/entloader/ent/label"
	"github.com/entloader/entloader/ent/location"
	"github.com/entloader/entloader/ent/note"
	"github.com/entloader/entloader/ent/project"
	"github.com/entloader/entloader/ent/result"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/standard"
	"github.com/entloader/entloader/ent/tag"
	"github.com/entloader/entloader/ent/technician"
	"github.com/entloader/entloader/ent/unit"
)

// tables are all tables of the schema. The order of its construction is parents first, and so is that of flush:
// immediate foreign keys hold after every statement.
type tables struct {
	dialect string
	all     []*table

	locations, technicians, colleagues, trainees, badges     *table
	instruments, certifications, standards, calibrations     *table
	calibrationStandards, tags, projects                     *table
	units, samples, results, labels, sampleTags, assignments *table
	notes, documents, incidents, attachments                 *table
}

func newTables(tx *sql.Tx, dialect string) *tables {
	t := &tables{dialect: dialect}
	add := func(name string, columns ...string) *table {
		tb := &table{tx: tx, dialect: dialect, name: name, columns: columns}
		t.all = append(t.all, tb)
		return tb
	}
	t.locations = add(location.Table, location.FieldID, location.FieldName, location.FieldKind, location.FieldParentID)
	t.technicians = add(technician.Table, technician.FieldID, technician.FieldName, technician.FieldEmail, technician.PartnerColumn)
	t.colleagues = add(technician.ColleaguesTable, technician.ColleaguesPrimaryKey...)
	t.trainees = add(technician.TraineesTable, technician.TraineesPrimaryKey...)
	t.badges = add(badge.Table, badge.FieldID, badge.FieldNumber, badge.FieldIssuedAt)
	t.instruments = add(instrument.Table, instrument.FieldID, instrument.FieldName, instrument.FieldModel, instrument.FieldAssetTag, instrument.HomeColumn)
	t.certifications = add(certification.Table, certification.FieldTechnicianID, certification.FieldInstrumentID, certification.FieldGrantedAt)
	t.standards = add(standard.Table, standard.FieldID, standard.FieldName)
	t.calibrations = add(calibration.Table, calibration.FieldID, calibration.FieldPerformedAt, calibration.FieldDrift, calibration.FieldPassed, calibration.InstrumentColumn)
	t.calibrationStandards = add(calibration.StandardsTable, calibration.StandardsPrimaryKey...)
	t.tags = add(tag.Table, tag.FieldID, tag.FieldTitle)
	t.projects = add(project.Table, project.FieldID, project.FieldName, project.FieldStartedAt)
	t.units = add(unit.Table, unit.FieldID, unit.FieldCode, unit.FieldName, unit.FieldKind, unit.FieldInstalledAt, unit.FieldRetiredAt, unit.LocationColumn)
	t.samples = add(sample.Table, sample.FieldID, sample.FieldSerial, sample.FieldStatus, sample.FieldTakenAt, sample.FieldVolume, sample.FieldRemark, sample.SourceColumn, sample.FieldTechnicianID, sample.FieldUnitID)
	t.results = add(result.Table, result.FieldID, result.FieldAnalyte, result.FieldValue, result.FieldUom, result.FieldMeasuredAt, result.FieldInstrumentID, result.SampleColumn)
	t.labels = add(label.Table, label.FieldID, label.FieldBarcode, label.SampleColumn)
	t.sampleTags = add(sample.TagsTable, sample.TagsPrimaryKey...)
	t.assignments = add(assignment.Table, assignment.FieldID, assignment.FieldAssignedAt, assignment.FieldSampleID, assignment.FieldProjectID)
	t.notes = add(note.Table, note.FieldID, note.FieldBody, note.FieldWrittenAt, note.FieldUnitID)
	t.documents = add(document.Table, document.FieldID, document.FieldDeletedAt, document.FieldTitle, document.FieldSize, document.UnitColumn)
	t.incidents = add(incident.Table, incident.FieldID, incident.FieldSummary, incident.FieldSeverity, incident.FieldConfidential, incident.FieldReportedAt, incident.FieldUnitID)
	t.attachments = add(attachment.Table, attachment.FieldID, attachment.FieldName, attachment.FieldSignature, attachment.FieldSender)
	return t
}

// flush writes all rows that were added since the last flush.
func (t *tables) flush(ctx context.Context) error {
	for _, tb := range t.all {
		if err := tb.flush(ctx); err != nil {
			return fmt.Errorf("table %q: %w", tb.name, err)
		}
	}
	return nil
}

// close frees the statements.
func (t *tables) close() {
	for _, tb := range t.all {
		for _, stmt := range tb.stmts {
			if stmt != nil {
				stmt.Close()
			}
		}
	}
}

// counts is to be called after a flush.
func (t *tables) counts() Counts {
	counts := make(Counts, len(t.all))
	for _, tb := range t.all {
		counts[tb.name] = tb.rows
	}
	return counts
}

// chunks are the numbers of rows that one statement inserts. A few sizes write any number of rows with few statements, each
// prepared once. But for the last row, if their number is odd, no chunk parts the rows 2k and 2k+1: partners stand there,
// who refer to each other, and a foreign key holds after every statement.
var chunks = [...]int{100, 10, 2, 1}

// table collects rows and writes them with multi-row inserts.
type table struct {
	tx      *sql.Tx
	dialect string
	name    string
	columns []string
	stmts   [len(chunks)]*sql.Stmt // prepared at first use
	rows    int                    // added so far, written or not
	args    []any                  // the values of the rows that are not written yet
}

// add appends a row. Values must be what database/sql takes as they are: int64, float64, bool, string, []byte, time.Time
// or nil.
func (tb *table) add(values ...any) {
	tb.rows++
	tb.args = append(tb.args, values...)
}

// nextID is the ID of the row that is added next, in tables whose IDs are numbers.
func (tb *table) nextID() int64 { return int64(tb.rows) + 1 }

func (tb *table) flush(ctx context.Context) error {
	args := tb.args
	for i, n := range chunks {
		size := n * len(tb.columns)
		for len(args) >= size {
			if err := tb.insert(ctx, i, args[:size]); err != nil {
				return err
			}
			args = args[size:]
		}
	}
	clear(tb.args)
	tb.args = tb.args[:0]
	return nil
}

func (tb *table) insert(ctx context.Context, chunk int, args []any) error {
	if tb.stmts[chunk] == nil {
		stmt, err := tb.tx.PrepareContext(ctx, tb.insertText(chunks[chunk]))
		if err != nil {
			return err
		}
		tb.stmts[chunk] = stmt
	}
	_, err := tb.stmts[chunk].ExecContext(ctx, args...)
	return err
}

// insertText is INSERT INTO table (columns) VALUES (?, …), … with n rows.
func (tb *table) insertText(n int) string {
	insert := entsql.Dialect(tb.dialect).Insert(tb.name).Columns(tb.columns...)
	row := slices.Repeat([]any{0}, len(tb.columns)) // ent writes NULL for nil, and a parameter for anything else
	for range n {
		insert.Values(row...)
	}
	text, _ := insert.Query()
	return text
}
