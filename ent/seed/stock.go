package seed

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/entloader/entloader/ent/labid"
	"github.com/entloader/entloader/ent/location"
)

const (
	instruments = 30
	standards   = 12
	attachments = 12
)

// writeStock writes what units and samples refer to.
func (l *lab) writeStock() {
	l.stream(0)
	l.writeLocations()
	l.writeTechnicians()
	l.writeInstruments()
	l.writeCalibrations()
	for _, title := range tagTitles {
		slug := strings.ReplaceAll(strings.ToLower(title), " ", "-")
		l.t.tags.add(slug, title)
		l.tags = append(l.tags, slug)
	}
	l.projects = max(3, l.opts.Units/50)
	for i := range l.projects {
		subject := projectSubjects[i%len(projectSubjects)]
		l.t.projects.add(l.t.projects.nextID(), fmt.Sprintf("%s %d", subject, i+1), l.after(epoch, sampling))
	}
	for i := range attachments {
		name := fmt.Sprintf("run-%02d.csv", i+1)
		hash := sha256.Sum256([]byte(name))
		l.t.attachments.add(hash[:], name, null(i%3 > 0, hash[:8]), []byte{10, 0, 0, byte(i)})
	}
}

// writeLocations writes sites with buildings with rooms.
func (l *lab) writeLocations() {
	t := l.t.locations
	add := func(name string, kind location.Kind, parent any) int64 {
		id := t.nextID()
		t.add(id, name, string(kind), parent)
		return id
	}
	for s := range 2 + l.opts.Units/2000 {
		site := add(fmt.Sprintf("%s %d", siteNames[s%len(siteNames)], s+1), location.KindSite, nil)
		for b := range l.between(2, 6) {
			building := add(fmt.Sprintf("Building %c", 'A'+b), location.KindBuilding, site)
			l.buildings = append(l.buildings, building)
			for r := range l.between(1, 12) {
				l.rooms = append(l.rooms, add(fmt.Sprintf("Room %c%02d", 'A'+b, r+1), location.KindRoom, building))
			}
		}
	}
}

// writeTechnicians writes about one technician per 20 units, with all that is between technicians.
func (l *lab) writeTechnicians() {
	n := max(6, l.opts.Units/20)
	for range n {
		l.technicians = append(l.technicians, l.uuid())
	}
	partner := make([]any, n)
	for i := 0; i+1 < n; i += 2 {
		if l.percent(40) {
			// Like ent, which sets the key on both rows of a pair.
			partner[i], partner[i+1] = l.technicians[i+1], l.technicians[i]
		}
	}
	for i, id := range l.technicians {
		first, last := pick(l, firstNames[:]), pick(l, lastNames[:])
		email := fmt.Sprintf("%s.%s.%d@lab.example", strings.ToLower(first), strings.ToLower(last), i+1)
		l.t.technicians.add(id, first+" "+last, email, partner[i])
		if l.percent(80) {
			l.t.badges.add(id, fmt.Sprintf("B-%06d", l.rand.IntN(1_000_000)), l.after(epoch, sampling))
		}
		for j := i + 1; j <= i+3 && j < n; j++ {
			if l.percent(60) {
				// Like ent, which writes a bidirectional pair in both directions.
				l.t.colleagues.add(id, l.technicians[j])
				l.t.colleagues.add(l.technicians[j], id)
			}
		}
		for _, trainer := range l.distinct(l.rand.IntN(3), i) {
			// The first column is the owner of the edge trainees, the trainer; ent names the second one,
			// which holds the trainee, after the inverse edge.
			l.t.trainees.add(l.technicians[trainer], id)
		}
		for _, instrument := range l.distinct(l.rand.IntN(6), instruments) {
			l.t.certifications.add(id, int64(instrument+1), l.after(epoch, sampling))
		}
	}
}

func (l *lab) writeInstruments() {
	for i := range instruments {
		model := models[i%len(models)]
		home := null(l.percent(80), pick(l, l.rooms))
		tag := null(i%4 != 3, fmt.Sprintf("LAB-%04d", 1000+7*i)) // what is rented has none
		l.t.instruments.add(l.t.instruments.nextID(), fmt.Sprintf("%s no. %d", model, i/len(models)+1), model, tag, home)
	}
}

// writeCalibrations writes the standards and the calibration log.
func (l *lab) writeCalibrations() {
	var codes []string
	for i := range standards {
		maker := standardMakers[i%len(standardMakers)]
		code := labid.StandardCode(fmt.Sprintf("%s-%04d", maker, 1000+137*i))
		stored, err := code.Value()
		if err != nil {
			panic(fmt.Sprintf("entloader: seed: standard %q: %v", code, err)) // it never has one
		}
		codes = append(codes, stored.(string))
		l.t.standards.add(stored, fmt.Sprintf("%s reference material %d", maker, i+1))
	}
	for i := range instruments {
		n := l.between(1, 24)
		if i%10 == 9 {
			n = 0 // bought, never used
		}
		taken := make(map[time.Time]bool, n) // one calibration at a time
		for range n {
			id := l.t.calibrations.nextID()
			drift := float64(l.between(-250, 250)) / 100
			at := l.after(epoch, sampling)
			for taken[at] {
				at = at.Add(time.Minute)
			}
			taken[at] = true
			l.t.calibrations.add(id, at, drift, drift > -2 && drift < 2, int64(i+1))
			for _, s := range l.distinct(l.rand.IntN(4), len(codes)) {
				l.t.calibrationStandards.add(id, codes[s])
			}
		}
	}
}
