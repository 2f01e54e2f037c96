package entloader

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatchable(t *testing.T) {
	two, zero := 2, 0
	for _, c := range []struct {
		query         string
		limit, offset *int
		want          bool
	}{
		{query: "SELECT `t`.`a`, `t`.`b` FROM `t` WHERE `t`.`a` > ? ORDER BY `t`.`b`", want: true},
		{query: "SELECT DISTINCT `t`.`a` FROM `t`", want: true},
		{query: "SELECT `t`.`a` FROM `t` LIMIT 2", limit: &two, want: true},
		{query: "SELECT `t`.`a` FROM `t` LIMIT 2 OFFSET 2", limit: &two, offset: &two, want: true},
		{query: "SELECT `t`.`a` FROM `t` LIMIT 2147483647 OFFSET 2", offset: &two, want: true},
		{query: "SELECT `t`.`a` FROM `t`", limit: &zero, want: true},
		{query: "SELECT `t`.`a` FROM `t` LIMIT 3", limit: &two},
		{query: "SELECT `t`.`a` FROM `t` LIMIT 2"},
		{query: "SELECT `t`.`a` FROM `t` GROUP BY `t`.`a`"},
		{query: "SELECT `t`.`a` FROM `t` group by `t`.`a`"},
		{query: "SELECT COUNT(*) FROM `t`"},
		{query: "SELECT `t`.`a`, SUM(`t`.`b`) AS `s` FROM `t`"},
		{query: "SELECT `t`.`a`, `t`.`b` + 1 AS `c` FROM `t`", want: true},
		{query: "SELECT `t`.`a`, (SELECT COUNT(*) FROM `u` GROUP BY `x` LIMIT 1) AS `n` FROM `t`", want: true},
		{query: "SELECT `t`.`a` FROM `t` WHERE `t`.`id` IN (SELECT `id` FROM `u` GROUP BY `id` LIMIT 3)", want: true},
		{query: "SELECT `t`.`a` FROM `t` WHERE `t`.`s` = ' GROUP BY ' AND `t`.`r` = 'it''s FOR UPDATE'", want: true},
		{query: "SELECT `t`.`a` FROM `t` UNION SELECT 1"},
		{query: "SELECT \"t\".\"a\" FROM \"t\" FOR UPDATE NOWAIT"},
		{query: "SELECT `t`.`a` FROM `t` LOCK IN SHARE MODE"},
		{query: "WITH x AS (SELECT 1) SELECT `t`.`a` FROM `t`"},
	} {
		r := &Renderer{}
		r.bound(c.limit, c.offset)
		require.Equal(t, c.want, batchable(c.query, r.bounds), c.query)
	}
}
