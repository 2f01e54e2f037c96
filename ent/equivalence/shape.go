package equivalence

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A shape says of an edge what its methods do not show. It is written down here, and not read from what is generated: the
// tests would agree with a mistake there.
type shape struct {
	// fk is the column of the entity's own table that holds the foreign key, if it is there.
	fk string
	// theirs is such a column where the other entity has it, for an edge between two of one type.
	theirs string
	// required says that an entity without the edge is an error.
	required bool
	// limited says that an interceptor limits the edge: any rows will do, but not any number.
	limited bool
	// intercepted says that an interceptor sees the queries of the edge.
	intercepted bool
}

// shapes has a line for each edge of the reference schema.
var shapes = map[string]shape{
	"Assignment.Project":        {fk: "project_id", required: true},
	"Assignment.Sample":         {fk: "sample_id", required: true},
	"Badge.Technician":          {fk: "id", required: true},
	"Calibration.Instrument":    {fk: "device_no", required: true},
	"Calibration.Standards":     {},
	"Certification.Instrument":  {fk: "instrument_id", required: true},
	"Certification.Technician":  {fk: "technician_id", required: true},
	"Document.Unit":             {fk: "unit_documents"},
	"Incident.Unit":             {fk: "unit_id", required: true},
	"Instrument.Calibrations":   {},
	"Instrument.Certifications": {},
	"Instrument.Home":           {fk: "instrument_home"},
	"Instrument.Results":        {},
	"Instrument.Technicians":    {},
	"Label.Sample":              {fk: "sample_label", required: true},
	"Location.Children":         {},
	"Location.Parent":           {fk: "parent_id"},
	"Location.Units":            {},
	"Note.Unit":                 {fk: "unit_id", required: true},
	"Project.Assignments":       {},
	"Project.Samples":           {},
	"Result.Instrument":         {fk: "instrument_id"},
	"Result.Sample":             {fk: "sample_results", required: true},
	"Sample.Aliquots":           {},
	"Sample.Assignments":        {},
	"Sample.Label":              {},
	"Sample.Projects":           {},
	"Sample.Results":            {},
	"Sample.Source":             {fk: "sample_aliquots"},
	"Sample.Tags":               {},
	"Sample.Technician":         {fk: "technician_id"},
	"Sample.Unit":               {fk: "unit_id", required: true},
	"Standard.Calibrations":     {},
	"Tag.Samples":               {},
	"Technician.Badge":          {},
	"Technician.Certifications": {},
	"Technician.Colleagues":     {},
	"Technician.Instruments":    {},
	"Technician.Partner":        {theirs: "technician_partner"},
	"Technician.Samples":        {},
	"Technician.Trainees":       {},
	"Technician.Trainers":       {},
	"Unit.Documents":            {intercepted: true},
	"Unit.Incidents":            {},
	"Unit.Location":             {fk: "location_units"},
	"Unit.Notes":                {limited: true, intercepted: true},
	"Unit.Samples":              {},
}

func (e edge) shape() shape { return shapes[e.String()] }

// allEdges returns the edges of the schema, each of which has a shape.
func (l *lab) allEdges(t testing.TB) []edge {
	t.Helper()
	all := l.edges()
	for _, e := range all {
		require.Contains(t, shapes, e.String(), "a new edge needs a line")
	}
	require.Len(t, all, len(shapes), "an edge that is gone has a line still")
	return all
}
