package entloader_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/entloader/entloader/entloader"
)

// check looks at every load that has ended since the last step.
func (m *model) check() {
	m.mu.Lock()
	broken := m.broken
	m.mu.Unlock()
	if broken != "" {
		m.failf("%s", broken)
	}
	var waiting []*modelLoad
	for _, l := range m.loads {
		if !l.run.ended() {
			if l.cancelled {
				m.failf("the %s of step %d was cancelled and waits still", l.how, l.start)
			}
			waiting = append(waiting, l)
			continue
		}
		l.cancel()
		m.judge(l)
	}
	m.loads = waiting
}

// judge checks what a load returned.
func (m *model) judge(l *modelLoad) {
	for i, k := range l.keys {
		err := l.run.err
		if l.how == "loadAll" {
			err = nil
			if l.run.err != nil {
				var failed entloader.KeyErrors[int]
				if !errors.As(l.run.err, &failed) {
					m.failf("loadAll returned %v", l.run.err)
				}
				err = failed[k]
			}
		}
		var v answer
		if len(l.run.value) == len(l.keys) {
			v = l.run.value[i]
		} else {
			m.failf("the %s of step %d for %v returned %d values: %v", l.how, l.start, l.keys, len(l.run.value), l.run.err)
		}
		m.judgeKey(l, k, v, err)
	}
}

// since is the step that an answer for a load must not be older than: without a
// cache it is one of a fetch that was not over when the load began.
func (m *model) judgeKey(l *modelLoad, k int, v answer, err error) {
	who := fmt.Sprintf("%s of step %d for key %d as %s", l.how, l.start, k, l.viewer)
	fresh := func(f *modelFetch, what string) {
		switch {
		case f.viewer != l.viewer:
			m.failf("%s got %s for %s", who, what, f.viewer)
		case !slices.Contains(f.keys, k):
			m.failf("%s got %s of a fetch for %v", who, what, f.keys)
		case f.at < l.floor[k]:
			m.failf("%s got %s of step %d, cleared at step %d", who, what, f.at, l.floor[k])
		case m.uncached && f.end < l.start:
			m.failf("%s got %s that was over at step %d, without a cache", who, what, f.end)
		}
	}
	var (
		pe       *entloader.PanicError
		ft       *fault
		keep     = true
		hasFault = errors.As(err, &ft)
	)
	switch {
	case err == nil:
		switch {
		case v.key != k:
			m.failf("%s got the value of key %d", who, v.key)
		case v.from != nil:
			fresh(v.from, "a value")
		case v.at < l.floor[k]:
			m.failf("%s got a value primed at step %d, cleared at step %d", who, v.at, l.floor[k])
		case m.uncached && v.at < l.start:
			m.failf("%s got a value primed at step %d, without a cache", who, v.at)
		}
	case v != (answer{}):
		m.failf("%s got a value and an error", who)
	case errors.Is(err, context.Canceled):
		if !l.cancelled {
			m.failf("%s got %v, but was not cancelled", who, err)
		}
		return
	case hasFault && ft.key >= 0:
		fresh(ft.from, "an error")
		if ft.key != k {
			m.failf("%s got the error of key %d", who, ft.key)
		}
	case hasFault:
		keep = false
		fresh(ft.from, "the error of a batch")
		if ft.from.end < l.start {
			m.failf("%s got the error of a batch that was over at step %d", who, ft.from.end)
		}
		if errors.As(err, &pe) != (ft.from.how == panics) {
			m.failf("%s got %v", who, err)
		}
	case errors.As(err, &pe): // runtime.Goexit does not say which fetch it was
		keep = false
		if !m.someFetch(l, k, goexits, l.start) {
			m.failf("%s got %v", who, err)
		}
	case errors.Is(err, entloader.ErrNotFound):
		since := 0
		if m.uncached {
			since = l.start
		}
		if !m.someFetch(l, k, omit, since) {
			m.failf("%s got %v, but no fetch left it out", who, err)
		}
	default:
		m.failf("%s got %v", who, err)
	}
	if m.uncached || m.limited {
		return
	}
	// What is known stays, until it is cleared. An error gives way to a value that is
	// primed, but for thunks that had it by then.
	key := settledKey{k, l.viewer}
	got := result{value: v}
	if err != nil {
		got.err = err.Error()
	}
	if !keep || m.cleared[k] > l.start {
		return
	}
	known, ok := m.settled[key]
	primed := func(r result) bool { return r.err == "" && r.value.from == nil }
	switch {
	case !ok || known == got || known.err != "" && primed(got):
	case primed(known) && err != nil && l.start < known.value.at:
		return
	default:
		m.failf("%s got %+v, but %+v is known", who, got, known)
	}
	m.settled[key] = got
}

// someFetch reports whether a fetch that read the truth after the last clear
// and was not over before since ended like this for key.
func (m *model) someFetch(l *modelLoad, key int, how outcome, since int) bool {
	return slices.ContainsFunc(m.ended, func(f *modelFetch) bool {
		return f.how == how && f.viewer == l.viewer && f.at >= l.floor[key] && f.end >= since &&
			(how != omit && slices.Contains(f.keys, key) || f.keys[0] == key)
	})
}
