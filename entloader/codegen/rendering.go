package codegen

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/entc/gen"

	"github.com/entloader/entloader/entloader"
)

// A renderer finds out what a loader sends. It lets the runtime load for two
// siblings, through a driver that notes the statement and refuses it: what the
// runtime makes of a query is not known here. Only the query is ours, since that
// of ent is not generated yet.
type renderer struct {
	model *model
	errs  []error
}

func (r *renderer) fail(k *relationModel, err error) {
	r.errs = append(r.errs, fmt.Errorf("entloader: %s can not be described: %w", k.Name, err))
}

// A row is an entity: one that loads, but is never loaded.
type row struct {
	id     int
	handle entloader.Handle
}

// A rowQuery is what the query of a type is before its statement is made.
type rowQuery struct {
	driver dialect.Driver
	ent.QueryContext
	entloader.EdgeQuery[*row] // nil: it runs as part of a batch only
	target                    *gen.Type
	// terms add conditions and an order to a statement.
	where, order []func(*sql.Selector)
}

// spec is what ent's query of the type makes of the same.
func (q *rowQuery) spec() *sqlgraph.QuerySpec {
	var columns []string
	var id *sqlgraph.FieldSpec
	if q.target.HasOneFieldID() {
		columns = append(columns, q.target.ID.StorageKey())
		id = sqlgraph.NewFieldSpec(q.target.ID.StorageKey(), q.target.ID.Type.Type)
	}
	for _, f := range q.target.Fields {
		columns = append(columns, f.StorageKey())
	}
	spec := sqlgraph.NewQuerySpec(q.target.Table(), columns, id)
	if q.Unique != nil {
		spec.Unique = *q.Unique
	}
	if len(q.Fields) > 0 {
		spec.Node.Columns = q.Fields
	}
	if q.Limit != nil {
		spec.Limit = *q.Limit
	}
	if q.Offset != nil {
		spec.Offset = *q.Offset
	}
	all := func(terms []func(*sql.Selector)) func(*sql.Selector) {
		if len(terms) == 0 {
			return nil
		}
		return func(s *sql.Selector) {
			for _, term := range terms {
				term(s)
			}
		}
	}
	spec.Predicate, spec.Order = all(q.where), all(q.order)
	// The runtime looks for the key among the columns that ent reads; the list of
	// columns is left out of what is described.
	spec.ScanValues = func([]string) ([]any, error) { return nil, errNoted }
	return spec
}

// errNoted ends a load whose statement was noted.
var errNoted = errors.New("statement noted")

// A notebook is a driver that notes statements and sends none.
type notebook struct {
	dialect.Driver
	statements []string
}

func (*notebook) Dialect() string { return dialect.SQLite }

func (n *notebook) Query(_ context.Context, query string, _, _ any) error {
	n.statements = append(n.statements, query)
	return errNoted
}

// Scope implements entloader.ScopeFinder; siblings are not asked for by key.
func (*notebook) Scope(context.Context) *entloader.Scope { return nil }

// relation is the relation as the generated code will have it, for keys that are
// numbers.
func (r *renderer) relation(k *relationModel, match entloader.Match) *entloader.Relation[int, *row, *rowQuery] {
	t := &entloader.Target[*row, *rowQuery]{
		New:  func(*entloader.Scope) *rowQuery { return &rowQuery{target: k.Target.Type} },
		View: (*rowQuery).view,
		Run: func(ctx context.Context, q *rowQuery, _ func(*rowQuery) *entloader.View, _ string, hook entloader.SpecHook, _ func([]*row) (ent.Value, error)) (ent.Value, error) {
			return nil, q.send(ctx, hook)
		},
	}
	if k.Target.HasOneFieldID() {
		t.IDColumn = k.Target.ID.StorageKey()
		t.IDs = entloader.IDs[int]
	}
	for _, f := range k.Target.Fields {
		if f.Unique && !f.Optional {
			t.Unique = append(t.Unique, f.StorageKey())
		}
	}
	key := codecLike(k.Key.Codec)
	if match.Columns != nil {
		var parts []entloader.Codec[int]
		for _, c := range k.Columns {
			parts = append(parts, entloader.Part(codecLike(c.Codec), func(k *int) *int { return k }))
		}
		key = entloader.TupleKey(parts...)
	}
	return &entloader.Relation[int, *row, *rowQuery]{
		Name: k.Name, Key: func() entloader.Codec[int] { return key }, Match: match, One: k.One, Optional: k.Optional, Target: t,
	}
}

// codecLike is a codec of numbers that is sent as the keys of the given codec
// are: times have no form in JSON that every driver writes, and bytes are digits.
func codecLike(codec string) entloader.Codec[int] {
	key := entloader.IntKey[int]()
	if codec == "entloader.TimeKey()" {
		key.JSON = func(dst []byte, _ int) ([]byte, bool) { return dst, false }
	}
	key.Hex = strings.HasPrefix(codec, "entloader.BytesKey(")
	return key
}

func (q *rowQuery) limit(n int) { q.Limit = &n }

type noteKey struct{}

func (q *rowQuery) view() *entloader.View {
	return &entloader.View{Context: &q.QueryContext, Driver: &q.driver}
}

// send gives the statement to the notebook of the load.
func (q *rowQuery) send(ctx context.Context, hook entloader.SpecHook) error {
	spec := q.spec()
	q.driver = ctx.Value(noteKey{}).(*notebook)
	hook(ctx, spec, q.view())
	return sqlgraph.QueryNodes(ctx, q.driver, spec)
}

// run lets load run for the first of two siblings and returns the statement.
func (r *renderer) run(k *relationModel, match entloader.Match, load func(context.Context, *sibling) error) string {
	notes := &notebook{}
	var l entloader.Loaders
	l.Init(notes, nil, notes, false, nil)
	rows := []*row{{id: 1}, {id: 2}}
	entity := &entloader.Entity[*row]{
		Handle: func(n *row) *entloader.Handle { return &n.handle },
		ID:     entloader.ReadID(func(n *row) int { return n.id }),
	}
	entloader.Remember(context.Background(), entity, l.Main(), &entloader.View{State: &entloader.QueryState{}}, rows)
	s := &sibling{
		parent: entloader.Parent[*row, int]{Scope: l.Main(), Handle: rows[0].handle, ID: 1},
		edge:   &entloader.EntityEdge[int, int, *row, *rowQuery]{Name: k.Name, ByID: r.relation(k, match)},
	}
	err := load(context.WithValue(context.Background(), noteKey{}, notes), s)
	if len(notes.statements) != 1 || !errors.Is(err, errNoted) {
		r.fail(k, fmt.Errorf("%d statements: %w", len(notes.statements), err))
		return ""
	}
	return columnList.ReplaceAllString(notes.statements[0], "$1…")
}

// A sibling is the entity that loads: the one with id 1.
type sibling struct {
	parent entloader.Parent[*row, int]
	edge   *entloader.EntityEdge[int, int, *row, *rowQuery]
}

// columnList matches the columns that a statement begins with.
var columnList = regexp.MustCompile("^((?:SELECT \\* FROM \\()?SELECT (?:DISTINCT )?)`\\w+`\\.`\\w+`(?: AS `\\w+`)?(?:, `\\w+`\\.`\\w+`(?: AS `\\w+`)?)*")

// load returns the statement that loads the relation.
func (r *renderer) load(k *relationModel, match entloader.Match) string {
	return r.run(k, match, func(ctx context.Context, s *sibling) error {
		if k.One {
			_, err := entloader.LoadOne(ctx, s.edge, s.parent, nil, nil, nil)
			return err
		}
		_, err := entloader.LoadMany(ctx, s.edge, s.parent, nil, nil, nil)
		return err
	})
}

// count returns the statement of Count or Exist.
func (r *renderer) count(k *relationModel, run string) string {
	return r.run(k, r.match(k), func(ctx context.Context, s *sibling) (err error) {
		if run == "Exist" {
			_, err = entloader.ExistMany(ctx, s.edge, s.parent, nil, nil)
		} else {
			_, err = entloader.CountMany(ctx, s.edge, s.parent, nil, nil)
		}
		return err
	})
}
