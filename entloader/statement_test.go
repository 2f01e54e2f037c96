package entloader

import (
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
)

func TestTieBreak(t *testing.T) {
	t.Parallel()
	st := &statement{idColumn: "id", unique: []string{"serial"}}
	for _, c := range []struct {
		name  string
		order func(*sql.Selector)
		want  string
	}{
		{"none", func(*sql.Selector) {}, ""},
		{"ascending", sql.OrderByField("taken_at").ToFunc(), ", `samples`.`id`"},
		{"descending", sql.OrderByField("taken_at", sql.OrderDesc()).ToFunc(), ", `samples`.`id` DESC"},
		{"nulls last", sql.OrderByField("taken_at", sql.OrderDesc(), sql.OrderNullsLast()).ToFunc(), ", `samples`.`id` DESC"},
		{"unquoted", func(s *sql.Selector) { s.OrderBy(sql.Desc("taken_at")) }, ", `samples`.`id` DESC"},
		{"id", sql.OrderByField("id", sql.OrderDesc()).ToFunc(), ""},
		{"short id", func(s *sql.Selector) { s.OrderBy("id") }, ""},
		{"unique", func(s *sql.Selector) { s.OrderBy(sql.Asc(s.C("serial"))) }, ""},
		{"unique first", func(s *sql.Selector) { s.OrderBy("serial", sql.Desc("taken_at")) }, ", `samples`.`id` DESC"},
		{"expression", func(s *sql.Selector) { s.OrderExpr(sql.Expr("coalesce(remark, ?, 'x')", 1)) }, ", `samples`.`id`"},
		{"expression descending", func(s *sql.Selector) { s.OrderExpr(sql.Expr("coalesce(remark, 'x') desc")) }, ", `samples`.`id` DESC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sql.Dialect(dialect.SQLite).Select("*").From(sql.Table("samples")).Where(sql.EQ("status", "open"))
			c.order(s)
			terms, _, _ := orderTerms(s, 0)
			if terms == "" {
				require.Empty(t, c.want)
				return
			}
			require.Equal(t, c.want, st.tieBreak(s, terms))
		})
	}
}

// PostgreSQL numbers its arguments. The order stands in the list of columns when
// rows are ranked, before the arguments of joins and conditions.
func TestRankNumbersArguments(t *testing.T) {
	t.Parallel()
	b := sql.Dialect(dialect.Postgres)
	arg := func(before string, a any, behind string) sql.Querier {
		return sql.ExprFunc(func(b *sql.Builder) { b.WriteString(before).Arg(a).WriteString(behind) })
	}
	marks := b.Select("id").From(b.Table("marks")).Where(sql.EQ("kind", "red")).As("m")
	s := b.Select("id", "unit_id").From(b.Table("samples"))
	s.Join(marks).On(s.C("id"), marks.C("id")).Where(sql.EQ(s.C("status"), "open"))
	s.OrderExpr(arg("coalesce(remark, ", "none", ") DESC"), arg("length(serial) > ", 3, ""))
	(&statement{idColumn: "id", limit: 5, offset: 2}).rank(s, s.C("unit_id"), false, true)
	text, args := s.Query()
	require.Equal(t, `SELECT * FROM (SELECT "id", "unit_id", (ROW_NUMBER() OVER (PARTITION BY "samples"."unit_id" `+
		`ORDER BY coalesce(remark, $1) DESC, length(serial) > $2)) AS "entloader_rank" FROM "samples" `+
		`JOIN (SELECT "id" FROM "marks" WHERE "kind" = $3) AS "m" ON "samples"."id" = "m"."id" WHERE "samples"."status" = $4) AS "entloader" `+
		`WHERE "entloader_rank" > $5 AND "entloader_rank" <= $6 ORDER BY "entloader_rank"`, text)
	require.Equal(t, []any{"none", 3, "red", "open", 2, 7}, args)
}

func TestKeyLists(t *testing.T) {
	t.Parallel()
	ints := func(name string, keys ...int) (texts []string, args [][]any) {
		return renderLists(t, name, IntKey[int](), keys)
	}
	strs := func(keys ...string) ([]string, [][]any) {
		return renderLists(t, dialect.SQLite, StringKey[string](), keys)
	}
	texts, args := ints(dialect.SQLite, 1, -2, 3)
	require.Equal(t, []string{"SELECT * FROM `t` WHERE `k` IN (SELECT `value` FROM json_each(?))"}, texts)
	require.Equal(t, [][]any{{"[1,-2,3]"}}, args)
	_, args = ints(dialect.SQLite, make([]int, 100_000)...)
	require.Len(t, args, 1, "one argument has no limit")

	_, args = strs(`a"b`, "1", "é\n")
	require.Equal(t, [][]any{{`["a\"b","1","é\n"]`}}, args)

	// What JSON can not carry goes one parameter each, as on other databases.
	for _, bad := range []string{"\xff", "a\x00b"} {
		texts, args = strs("a", bad)
		require.Equal(t, []string{"SELECT * FROM `t` WHERE `k` IN (?, ?)"}, texts)
		require.Equal(t, [][]any{{"a", bad}}, args)
	}
	texts, args = ints(dialect.MySQL, make([]int, 45_000)...)
	require.Len(t, texts, 3)
	require.Len(t, args[2], 5_000)

	require.Equal(t, errUnfit, keyLists(dialect.SQLite, IntKey[uint64](), []uint64{1 << 63}, func(int, int, keyList) error {
		t.Error("there is nothing to send")
		return nil
	}))
}

func renderLists[K comparable](t *testing.T, name string, codec Codec[K], keys []K) (texts []string, args [][]any) {
	t.Helper()
	require.NoError(t, keyLists(name, codec, keys, func(start, end int, list keyList) error {
		text, a := sql.Dialect(name).Select("*").From(sql.Table("t")).Where(list.in("k")).Query()
		texts, args = append(texts, text), append(args, a)
		return nil
	}))
	return texts, args
}

type pair struct {
	Name string
	Site int
}

func pairKey() Codec[pair] {
	return TupleKey(
		Part(StringKey[string](), func(k *pair) *string { return &k.Name }),
		Part(IntKey[int](), func(k *pair) *int { return &k.Site }),
	)
}

// Keys of several columns are one JSON argument for SQLite as well, and row
// values elsewhere.
func TestTuples(t *testing.T) {
	t.Parallel()
	pairs := []pair{{`a"`, 1}, {"b", -2}}
	for _, c := range []struct {
		dialect string
		pairs   []pair
		text    string
		args    []any
	}{
		{dialect.SQLite, pairs, "SELECT * FROM `t` WHERE (`t`.`name`, `t`.`site`) IN (SELECT json_extract(`value`, '$[0]'), json_extract(`value`, '$[1]') FROM json_each(?))", []any{`[["a\"",1],["b",-2]]`}},
		{dialect.SQLite, []pair{{"\xff", 1}, {"b", -2}}, "SELECT * FROM `t` WHERE (`t`.`name`, `t`.`site`) IN (VALUES (?, ?), (?, ?))", []any{"\xff", int64(1), "b", int64(-2)}},
		{dialect.MySQL, pairs, "SELECT * FROM `t` WHERE (`t`.`name`, `t`.`site`) IN ((?, ?), (?, ?))", []any{`a"`, int64(1), "b", int64(-2)}},
		{dialect.Postgres, pairs, `SELECT * FROM "t" WHERE ("t"."name", "t"."site") IN (($1, $2), ($3, $4))`, []any{`a"`, int64(1), "b", int64(-2)}},
	} {
		require.NoError(t, keyLists(c.dialect, pairKey(), c.pairs, func(_, _ int, list keyList) error {
			st := &statement{match: Match{Columns: []string{"name", "site"}}, list: list}
			s := sql.Dialect(c.dialect).Select("*").From(sql.Table("t"))
			key, _ := st.keyOf(s)
			text, args := s.Where(list.in(key)).Query()
			require.Equal(t, c.text, text)
			require.Equal(t, c.args, args)
			return nil
		}))
	}
	lists := 0
	require.NoError(t, keyLists(dialect.MySQL, pairKey(), make([]pair, 25_000), func(int, int, keyList) error {
		lists++
		return nil
	}))
	require.Equal(t, 3, lists, "a key takes a parameter for each column")

	apartLists, _, _ := apart(dialect.MySQL, pairKey(), []pair{{"a", 1}, {"A", 1}, {"A", 2}})
	require.Equal(t, [][]int32{{0, 2}, {1}}, apartLists)
}

// A limit of an interceptor on a query by several columns is one per key.
func TestRankOfTuples(t *testing.T) {
	t.Parallel()
	require.NoError(t, keyLists(dialect.SQLite, pairKey(), []pair{{"a", 1}, {"b", 2}}, func(_, _ int, list keyList) error {
		st := &statement{match: Match{Columns: []string{"name", "site"}}, list: list, idColumn: "id", limit: 1}
		s := sql.Dialect(dialect.SQLite).Select("id").From(sql.Table("t"))
		st.limitRows(s, "", "", nil, false)
		text, _ := s.Query()
		require.Equal(t, "SELECT * FROM (SELECT `id`, `t`.`name` AS `entloader_key_0`, `t`.`site` AS `entloader_key_1`, "+
			"(ROW_NUMBER() OVER (PARTITION BY `t`.`name`, `t`.`site`)) AS `entloader_rank` FROM `t` "+
			"WHERE (`t`.`name`, `t`.`site`) IN (SELECT json_extract(`value`, '$[0]'), json_extract(`value`, '$[1]') FROM json_each(?))) AS `entloader` "+
			"WHERE `entloader_rank` <= ?", text)
		require.Equal(t, 2, st.keyColumns)
		return nil
	}))
}

// Times are keys by what the database is given.
func TestTimeKeys(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	east := noon.In(time.FixedZone("east", 7200))
	codec := TimeKey()
	require.Equal(t, codec.id(east), codec.id(noon.In(time.FixedZone("other", 7200))))
	require.NotEqual(t, codec.id(east), codec.id(noon))
	lists, _, _ := apart(dialect.MySQL, codec, []time.Time{noon, east, noon.Add(time.Hour)})
	require.Equal(t, [][]int32{{0, 2}, {1}}, lists, "other databases compare instants")
}

func TestGroupsAreClipped(t *testing.T) {
	t.Parallel()
	type T = *int
	a, b, c := new(int), new(int), new(int)
	s := &rowScanner[int]{owners: []int32{1, 0, 1}, made: 3}
	scanned := []T{a, b, c}
	out := make([]rows, 3)
	require.True(t, groups(s, scanned, scanned, out))
	require.Equal(t, [][]T{{b}, {a, c}, {}}, listsOf[T](out))
	_ = append(listOf[T](out[0]), c)
	require.Same(t, a, listOf[T](out[1])[0])

	// Interceptors may drop and reorder, but not bring entities of their own.
	require.True(t, groups(s, []T{c, a}, scanned, out))
	require.Equal(t, [][]T{{}, {c, a}, {}}, listsOf[T](out))
	require.True(t, groups(s, []T{}, scanned, out))
	require.Equal(t, [][]T{{}, {}, {}}, listsOf[T](out))
	require.False(t, groups(s, []T{new(int)}, scanned, out))
	s.lost = true
	require.False(t, groups(s, scanned, scanned, out))
}
