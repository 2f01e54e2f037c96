package entloader

import (
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Texts that some collation holds for equal have one form.
func TestFold(t *testing.T) {
	t.Parallel()
	for _, equal := range [][]string{
		{"fasting", "Fasting", "FASTING", "fasting ", "fasting   ", "fäsťing", "fa\u0301sting", "ｆａｓｔｉｎｇ", "fast\u200bing", "f\x01asting", "faſting"},
		{"strasse", "STRASSE", "straße", "straẞe", "strase"},
		{"smorrebrod", "smørrebrød", "Smörrebröd"},
		{"aether", "æther", "Æther", "ǽther"},
		{"lodz dhaka ihlara", "Łódź Đhaka ıħlara"},
		{"σας", "ΣΑΣ", "σάς"},
		{"パパ", "ハハ", "ﾊﾊ", "はは", "ばば"},
		{"きゃく", "キヤク"},
		{"1 fi", "①\u00a0ﬁ"},
		{"🍣", "🍺"},
		{"", " ", "\x00"},
	} {
		for _, s := range equal {
			require.Equal(t, fold(equal[0]), fold(s), "%q and %q", equal[0], s)
		}
	}
	for _, s := range []string{"a", "b", "a-1", "a1", "a 1", " a1", "a_1", "1", "01", "ä1", "и", "й1", "東", "京"} {
		for _, other := range []string{"c", "a-2", "a.1", "", "é", "東京"} {
			require.NotEqual(t, fold(s), fold(other), "%q and %q", s, other)
		}
	}
}

// Whatever the keys are, each is in one list, and no list has two of one form.
func TestApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfDistinct(rapid.OneOf(rapid.StringMatching("[aAäsß ]{0,3}"), rapid.String()), rapid.ID).Draw(t, "keys")
		name := rapid.SampledFrom([]string{dialect.SQLite, dialect.MySQL, dialect.Postgres}).Draw(t, "dialect")
		lists, suspects, _ := apart(name, StringKey[string](), keys)
		var all []string
		for _, i := range suspects {
			all = append(all, keys[i])
			require.NotEqual(t, dialect.SQLite, name)
		}
		for _, list := range lists {
			forms := make(map[string]bool)
			for _, i := range list {
				all = append(all, keys[i])
				require.False(t, forms[fold(keys[i])], keys[i])
				forms[fold(keys[i])] = true
			}
		}
		require.ElementsMatch(t, keys, all)
	})
}

func BenchmarkFold(b *testing.B) {
	for _, s := range []string{"s-00012345", "S-00012345", "Größe"} {
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				fold(s)
			}
		})
	}
}
