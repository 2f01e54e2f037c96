package equivalence

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/entloader/entloader/ent"
	"github.com/entloader/entloader/ent/project"
)

// Where SQLite looks for each key, and in counts, no pair shows: the schema says whether
// they repeat. It says so of a join table that has an id of its own.
func TestRepeatedPairsOfSchema(t *testing.T) {
	lab := SQLite.newLab(t, 6)
	plain := t.Context()
	lab.exec(t, "DROP INDEX assignment_sample_id_project_id")
	for _, first := range []int{1_000_000, 2_000_000} {
		lab.exec(t, "INSERT INTO assignments (id, assigned_at, sample_id, project_id) "+
			"SELECT %d + 1000 * s.id + p.id, '2026-01-01 00:00:00+00:00', s.id, p.id FROM samples s, projects p WHERE s.id %% 2 = 0", first)
	}
	for _, page := range []struct{ limit, offset int }{{2, 0}, {2, 1}} {
		option := func(q *ent.ProjectQuery) { q.Order(ent.Desc(project.FieldID)).Limit(page.limit).Offset(page.offset) }
		ctx, _ := lab.load(t) // another option would be a guess
		samples := lab.Sample.Query().AllX(ctx)
		lab.rec.Reset()
		full := 0
		for i, x := range samples {
			got, err := x.LoadProjects(ctx, option)
			require.NoError(t, err)
			if i == 0 {
				sent := lab.rec.Statements()
				require.Len(t, sent, 1)
				require.NotContains(t, sent[0].Query, "DENSE_RANK")
			}
			q := x.QueryProjects()
			option(q)
			want := q.AllX(plain)
			require.Equal(t, rows(t, want, true), rows(t, got, true))
			if len(want) == page.limit {
				full++
			}
		}
		require.Positive(t, full, "nothing is cut")
		lab.statements(t, 1+len(samples))
	}
	ctx, _ := lab.load(t)
	samples := lab.Sample.Query().AllX(ctx)
	lab.rec.Reset()
	for _, x := range samples {
		n, err := x.CountProjects(ctx)
		require.NoError(t, err)
		require.Equal(t, x.QueryProjects().CountX(plain), n)
	}
	lab.statements(t, 1+len(samples))
}
