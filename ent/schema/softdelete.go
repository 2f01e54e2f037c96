package schema

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	gen "github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/hook"
	"github.com/entloader/entloader/ent/intercept"
)

// SoftDeleteMixin keeps deleted rows: a delete sets deleted_at, and queries leave out the rows that have it.
type SoftDeleteMixin struct {
	mixin.Schema
}

// softDeleteField is the column that a delete sets.
const softDeleteField = "deleted_at"

// Fields of the SoftDeleteMixin.
func (SoftDeleteMixin) Fields() []ent.Field {
	return []ent.Field{
		field.Time(softDeleteField).Optional().Nillable(),
	}
}

type softDeleteKey struct{}

// SkipSoftDelete returns a context under which queries see deleted rows and deletes are final.
func SkipSoftDelete(parent context.Context) context.Context {
	return context.WithValue(parent, softDeleteKey{}, true)
}

func skipsSoftDelete(ctx context.Context) bool {
	skip, _ := ctx.Value(softDeleteKey{}).(bool)
	return skip
}

// Interceptors of the SoftDeleteMixin.
func (d SoftDeleteMixin) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{
		intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
			if !skipsSoftDelete(ctx) {
				d.P(q)
			}
			return nil
		}),
	}
}

// Hooks of the SoftDeleteMixin.
func (d SoftDeleteMixin) Hooks() []ent.Hook {
	return []ent.Hook{
		hook.On(d.deleteSoftly, ent.OpDeleteOne|ent.OpDelete),
	}
}

// deleteSoftly turns a delete into an update of deleted_at.
func (d SoftDeleteMixin) deleteSoftly(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if skipsSoftDelete(ctx) {
			return next.Mutate(ctx, m)
		}
		mx, ok := m.(interface {
			SetOp(ent.Op)
			Client() *gen.Client
			SetDeletedAt(time.Time)
			WhereP(...func(*sql.Selector))
		})
		if !ok {
			return nil, fmt.Errorf("unexpected mutation type %T", m)
		}
		d.P(mx)
		mx.SetOp(ent.OpUpdate)
		mx.SetDeletedAt(time.Now())
		return mx.Client().Mutate(ctx, m)
	})
}

// P adds the predicate that leaves out deleted rows.
func (SoftDeleteMixin) P(w interface{ WhereP(...func(*sql.Selector)) }) {
	w.WhereP(sql.FieldIsNull(softDeleteField))
}
