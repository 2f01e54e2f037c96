package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows how far seeding is: a bar on a terminal, else a line now and then.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time
	last     time.Time // when the last line was written
	open     bool      // the cursor is behind a bar
}

// quiet is how long there is no line where there is no terminal.
const quiet = 5 * time.Second

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, now: time.Now}
	p.last = p.now()
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) update(done, total int) {
	if p.terminal {
		const width = 40
		filled := width * done / total
		p.open = true
		fmt.Fprintf(p.w, "\rseeding [%s%s] %3d%% of %d units",
			strings.Repeat("#", filled), strings.Repeat(".", width-filled), 100*done/total, total)
		return
	}
	if now := p.now(); now.Sub(p.last) >= quiet {
		p.last = now
		fmt.Fprintf(p.w, "entloader: seeded %d of %d units\n", done, total)
	}
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.open {
		p.open = false
		fmt.Fprintln(p.w)
	}
}
