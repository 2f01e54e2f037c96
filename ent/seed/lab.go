package seed

import (
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// epoch is the day on which sampling began. All times are derived from it, none from the clock.
var epoch = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// sampling is how long samples have been taken, from epoch on.
const sampling = 700 * day

// lab generates rows. What it draws depends on the seed and on the number of the unit alone, and floats come from
// whole numbers by one division, so that every machine draws the same.
type lab struct {
	t    *tables
	opts Options
	pcg  *rand.PCG
	rand *rand.Rand

	// Written by writeStock, only read afterwards.
	buildings, rooms []int64
	technicians      []string
	tags             []string
	projects         int
}

func newLab(t *tables, opts Options) *lab {
	pcg := rand.NewPCG(opts.Seed, 0)
	return &lab{t: t, opts: opts, pcg: pcg, rand: rand.New(pcg)}
}

// stream starts the random numbers over; number 0 is that of the stock, n+1 that of the unit n.
func (l *lab) stream(n int) {
	// The odd factor spreads neighbouring numbers over all bits.
	l.pcg.Seed(l.opts.Seed, uint64(n)*0x9e3779b97f4a7c15)
}

// percent is true p times in a hundred.
func (l *lab) percent(p int) bool { return l.rand.IntN(100) < p }

// between is a number from lo to hi, both included.
func (l *lab) between(lo, hi int) int { return lo + l.rand.IntN(hi-lo+1) }

// after is a time within span after from, in whole minutes.
func (l *lab) after(from time.Time, span time.Duration) time.Time {
	return from.Add(time.Duration(l.rand.Int64N(int64(span/time.Minute))) * time.Minute)
}

// uuid is a random (version 4) UUID, in the form in which the database stores it.
func (l *lab) uuid() string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(l.rand.UintN(256))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// distinct is k different numbers below n, fewer if n is smaller.
func (l *lab) distinct(k, n int) []int {
	k = min(k, n)
	picked := make([]int, 0, k)
next:
	for len(picked) < k {
		c := l.rand.IntN(n)
		for _, p := range picked {
			if p == c {
				continue next
			}
		}
		picked = append(picked, c)
	}
	return picked
}

func pick[T any](l *lab, from []T) T { return from[l.rand.IntN(len(from))] }

// null is v, or NULL if not ok.
func null(ok bool, v any) any {
	if !ok {
		return nil
	}
	return v
}
