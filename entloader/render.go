package entloader

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"time"

	"entgo.io/ent/dialect"
)

// A Renderer is a driver that notes statements instead of sending them. Options
// are equal when the statement that they lead to is, so they are compared by
// what ent itself would send, arguments included: there is no second opinion on
// what an option means.
type Renderer struct {
	dialect string
	key     []byte
	bad     bool // the statement can not be compared, or not be batched
	// bounds is how the statement has to end: with the limit of the query.
	bounds string
	// verdicts are those of batchable, by what it was asked; nil if they are not
	// kept.
	verdicts *sync.Map
}

// errRendered stops a query after its statement was noted.
var errRendered = errors.New("entloader: statement rendered")

var _ dialect.Driver = (*Renderer)(nil)

// renderOptions returns a key that is equal for equal options, empty for those
// without an effect, and reports false for options that can not be batched.
func renderOptions[K comparable, T, Q any](ctx context.Context, r *Relation[K, T, Q], sc *Scope, opts []func(Q)) (string, bool) {
	key, ok := renderQuery(ctx, r.Target, sc, opts)
	if !ok {
		return "", false
	}
	plain, known := sc.plain.Load(r.Target.Label)
	if !known {
		p, _ := renderQuery(ctx, r.Target, sc, nil)
		plain, _ = sc.plain.LoadOrStore(r.Target.Label, p)
	}
	if key == plain.(string) {
		key = ""
	}
	return key, true
}

func renderQuery[T, Q any](ctx context.Context, t *Target[T, Q], sc *Scope, opts []func(Q)) (string, bool) {
	q := t.New(sc)
	for _, opt := range opts {
		opt(q)
	}
	rd := &Renderer{dialect: sc.driver.Dialect(), verdicts: &sc.verdicts}
	if !t.View(q).render(ctx, rd) || rd.bad {
		return "", false
	}
	return string(rd.key), true
}

// rendered reports whether a query ended because its statement was noted.
func (r *Renderer) rendered(err error) bool { return errors.Is(err, errRendered) }

// edge notes that the statements that follow are those of an eager load; name
// is empty but for named edges.
func (r *Renderer) edge(index int, name string) {
	r.key = binary.AppendVarint(append(r.key, 'e'), int64(index))
	r.text(name)
}

// end notes that an eager load has no more statements.
func (r *Renderer) end() { r.key = append(r.key, 'x') }

// unique notes whether duplicates are to be filtered; a plain query does not
// show the difference between a choice and the default.
func (r *Renderer) unique(v *bool) {
	switch {
	case v == nil:
		r.key = append(r.key, 'd')
	case *v:
		r.key = append(r.key, 'u')
	default:
		r.key = append(r.key, 'n')
	}
}

func (r *Renderer) text(s string) {
	r.key = binary.AppendUvarint(r.key, uint64(len(s)))
	r.key = append(r.key, s...)
}

// Query notes the statement and fails.
func (r *Renderer) Query(_ context.Context, query string, args, _ any) error {
	r.key = append(r.key, 's')
	r.text(query)
	if !r.batchable(query) {
		r.bad = true
		return errRendered
	}
	list, ok := args.([]any)
	if !ok {
		r.bad = true
		return errRendered
	}
	r.key = binary.AppendUvarint(r.key, uint64(len(list)))
	for _, a := range list {
		r.arg(a)
	}
	return errRendered
}

// arg appends an argument as the driver would get it. Every value is written
// with its type and its length, so that different lists have different keys.
func (r *Renderer) arg(a any) {
	v, err := driver.DefaultParameterConverter.ConvertValue(a)
	if err != nil {
		r.bad = true
		return
	}
	switch v := v.(type) {
	case nil:
		r.key = append(r.key, '0')
	case int64:
		r.key = binary.BigEndian.AppendUint64(append(r.key, 'i'), uint64(v))
	case float64:
		r.key = binary.BigEndian.AppendUint64(append(r.key, 'f'), math.Float64bits(v))
	case bool:
		if v {
			r.key = append(r.key, 't')
		} else {
			r.key = append(r.key, 'F')
		}
	case string:
		r.key = append(r.key, 'T')
		r.text(v)
	case []byte:
		r.key = append(r.key, 'b')
		r.text(string(v))
	case time.Time:
		r.key = append(r.key, 'c')
		r.text(v.Round(0).Format(time.RFC3339Nano) + " " + v.Location().String())
	default:
		r.bad = true
	}
}

// Dialect is that of the client that the options are for.
func (r *Renderer) Dialect() string { return r.dialect }

// Exec refuses.
func (r *Renderer) Exec(context.Context, string, any, any) error { return errRendered }

// Tx refuses.
func (r *Renderer) Tx(context.Context) (dialect.Tx, error) { return nil, errRendered }

// Close does nothing.
func (r *Renderer) Close() error { return nil }
