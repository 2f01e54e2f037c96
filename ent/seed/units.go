package seed

import (
	"fmt"
	"time"

	"github.com/entloader/entloader/ent/incident"
	"github.com/entloader/entloader/ent/sample"
	"github.com/entloader/entloader/ent/unit"
)

var (
	unitKinds  = [...]unit.Kind{unit.KindWard, unit.KindClinic, unit.KindPlant, unit.KindFieldStation}
	severities = [...]incident.Severity{incident.SeverityMinor, incident.SeverityMinor, incident.SeverityMajor, incident.SeverityCritical}
)

// writeUnit writes the unit of that number with all that belongs to it.
func (l *lab) writeUnit(number int) {
	l.stream(number + 1)
	id := l.t.units.nextID()
	kind := pick(l, unitKinds[:])
	installed := epoch.AddDate(-l.rand.IntN(9), 0, -l.rand.IntN(365))
	var place any
	switch p := l.rand.IntN(100); {
	case p < 80:
		place = pick(l, l.rooms)
	case p < 95:
		place = pick(l, l.buildings)
	}
	retired := null(l.percent(12), l.after(epoch.Add(sampling), 90*day))
	l.t.units.add(id, fmt.Sprintf("U-%06d", id), fmt.Sprintf("%s %d", kind, id), string(kind), installed, retired, place)

	l.writeSamples(id, number)
	for range l.noteCount() {
		l.t.notes.add(l.t.notes.nextID(), pick(l, noteBodies[:]), l.after(epoch, sampling), id)
	}
	if l.percent(50) {
		for range l.between(1, 3) {
			deleted := null(l.percent(20), l.after(epoch, sampling))
			owner := null(l.percent(97), id) // what is left belongs to the laboratory
			l.t.documents.add(l.t.documents.nextID(), deleted, pick(l, documentTitles[:]), int64(l.between(2_000, 4_000_000)), owner)
		}
	}
	if l.percent(30) {
		for range l.between(1, 3) {
			severity := pick(l, severities[:])
			l.t.incidents.add(l.t.incidents.nextID(), pick(l, incidentSubjects[:]), string(severity), l.percent(30), l.after(epoch, sampling), id)
		}
	}
}

// sampleCount is 10 in the mean, but few units are like the mean.
func (l *lab) sampleCount() int {
	switch p := l.rand.IntN(100); {
	case p < 12:
		return 0
	case p < 72:
		return l.between(1, 12)
	case p < 94:
		return l.between(8, 24)
	case p < 99:
		return l.between(25, 45)
	default:
		return l.between(60, 120)
	}
}

// resultCount is 3 in the mean.
func (l *lab) resultCount() int {
	switch p := l.rand.IntN(100); {
	case p < 15:
		return 0
	case p < 40:
		return l.between(1, 2)
	case p < 85:
		return l.between(3, 4)
	case p < 98:
		return l.between(5, 8)
	default:
		return l.between(9, 16)
	}
}

// noteCount is up to 8, above the default limit of a query for a good part of the units.
func (l *lab) noteCount() int {
	switch p := l.rand.IntN(100); {
	case p < 40:
		return 0
	case p < 75:
		return l.between(1, 3)
	default:
		return l.between(4, 8)
	}
}

// tagCount is up to 4.
func (l *lab) tagCount() int {
	switch p := l.rand.IntN(100); {
	case p < 35:
		return 0
	case p < 65:
		return 1
	case p < 85:
		return 2
	case p < 95:
		return 3
	default:
		return 4
	}
}

// projectCount is up to 2, mostly 0.
func (l *lab) projectCount() int {
	switch p := l.rand.IntN(100); {
	case p < 76:
		return 0
	case p < 96:
		return 1
	default:
		return 2
	}
}

// writeSamples writes the samples of a unit. One in eight is an aliquot of an earlier one of the same unit and was taken at
// the same minute, so that ties in time occur.
func (l *lab) writeSamples(unitID int64, number int) {
	type original struct {
		id    int64
		taken time.Time
	}
	var originals []original
	for range l.sampleCount() {
		id := l.t.samples.nextID()
		taken := l.after(epoch, sampling)
		var source any
		if len(originals) > 0 && l.percent(14) {
			from := pick(l, originals)
			source, taken = from.id, from.taken
		} else {
			originals = append(originals, original{id, taken})
		}
		results := l.resultCount()
		status := sample.StatusOpen
		switch p := l.rand.IntN(100); {
		case p < 8:
			status = sample.StatusRejected
		case results > 0 && p < 25:
			status = sample.StatusRunning
		case results > 0:
			status = sample.StatusDone
		}
		remark := null(l.percent(10), pick(l, sampleRemarks[:]))
		// Technicians work for units near each other.
		technician := l.technicians[(number/20+l.rand.IntN(5))%len(l.technicians)]
		l.t.samples.add(id, fmt.Sprintf("S-%08d", id), string(status), taken, float64(l.between(5, 100))/10, remark, source,
			null(l.percent(85), technician), unitID)

		if l.percent(92) {
			l.t.labels.add(l.t.labels.nextID(), fmt.Sprintf("%013d", l.rand.Int64N(10_000_000_000_000)), id)
		}
		l.writeResults(id, taken, results)
		l.writeTags(id)
		for _, project := range l.distinct(l.projectCount(), l.projects) {
			l.t.assignments.add(l.t.assignments.nextID(), l.after(taken, 10*day), id, int64(project+1))
		}
	}
}

func (l *lab) writeResults(sampleID int64, taken time.Time, n int) {
	first := l.rand.IntN(len(analytes))
	for i := range n {
		k := (first + i) % len(analytes)
		a := &analytes[k]
		value := float64(a.low+l.rand.IntN(a.spread+1)+l.rand.IntN(a.spread+1)) / 100
		// An analyte is measured on one of two instruments. Those that were never calibrated measure nothing.
		instrument := (2*k+l.rand.IntN(2))%instruments + 1
		l.t.results.add(l.t.results.nextID(), a.name, value, a.uom, l.after(taken, 3*day),
			null(instrument%10 != 0 && l.percent(90), int64(instrument)), sampleID)
	}
}

// writeTags gives a sample different tags, the first ones in the list more often than the last.
func (l *lab) writeTags(sampleID int64) {
	var seen uint64 // a bit for each tag
	for range l.tagCount() {
		k := l.rand.IntN(l.rand.IntN(len(l.tags)) + 1)
		if bit := uint64(1) << k; seen&bit == 0 {
			seen |= bit
			l.t.sampleTags.add(sampleID, l.tags[k])
		}
	}
}
