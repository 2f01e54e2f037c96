package entloader

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A database may hold keys for equal that differ in Go: the collation of a
// column ignores case, accents, or white space at the end. A row then belongs to
// a key that is not what stands in it, or to several.
//
// What the collation is, the database does not say without being asked. So keys
// are compared by a form that is looser than any common collation: two keys of
// the same form are not sent in one statement. Then the key of a row is the only
// one of its form. Forms that are equal without need cost a statement more, and
// nothing else.

// apart cuts keys into lists in which no two could be equal in the database, by
// their positions: mostly one. suspects are the keys that have to be sent each by
// itself, and unfit are the errors of those that can not be sent.
func apart[K comparable](name string, codec Codec[K], keys []K) (lists [][]int32, suspects []int32, unfit map[int32]error) {
	seen := make(map[string]int, len(keys))
	for i, k := range keys {
		f, suspect, err := formOf(name, codec, k)
		switch {
		case err != nil:
			if unfit == nil {
				unfit = make(map[int32]error)
			}
			unfit[int32(i)] = err
			continue
		case suspect:
			suspects = append(suspects, int32(i))
			continue
		}
		n := seen[f]
		seen[f] = n + 1
		if n == len(lists) {
			lists = append(lists, nil)
		}
		lists[n] = append(lists[n], int32(i))
	}
	return lists, suspects, unfit
}

// folded returns the form of a key by which keys are held apart: that of the
// values that the database is given.
func folded[K comparable](codec Codec[K], key K) (string, error) {
	f, _, err := formOf("", codec, key)
	return f, err
}

// formOf is folded, and reports whether the key is a suspect in a dialect.
func formOf[K comparable](name string, codec Codec[K], key K) (form string, suspect bool, err error) {
	if codec.parts == nil {
		v, err := codec.Value(key)
		if err != nil {
			return "", false, err
		}
		b, isBytes := v.([]byte)
		switch {
		case !codec.Exact:
			form = foldValue(v)
		case isBytes:
			form = string(b)
		default:
			form = fmt.Sprint(v)
		}
		return form, codec.suspect(name, v), nil
	}
	var forms []byte
	for i := range codec.parts {
		f, s, err := formOf(name, codec.parts[i], key)
		if err != nil {
			return "", false, err
		}
		forms = append(append(forms, f...), 0)
		suspect = suspect || s
	}
	return string(forms), suspect, nil
}

func foldValue(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return fold(v)
	case []byte: // in a column for text, maybe
		return fold(string(v))
	case time.Time: // compared as an instant, of microseconds at best
		return v.UTC().Truncate(time.Microsecond).String()
	}
	return fmt.Sprint(v)
}

// fold returns a text that is equal for texts that differ only in what
// collations ignore: case, accents, width and other forms of a letter, what can
// not be seen, spaces at the end. It was held against the weights that MariaDB's
// general_ci, unicode_ci, unicode_520_ci and uca1400_ai_ci give to letters. What
// it takes for different though one of them does not are rare letters and the
// digits of other scripts; and ä and ae, which are equal in German only.
func fold(s string) string {
	if plain(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b = appendFolded(b, r)
		case r > 0xFFFF: // general_ci has one weight for all of these
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			for _, r := range norm.NFKD.String(string(r)) {
				b = appendFolded(b, r)
			}
		}
	}
	return strings.TrimRight(string(b), " ")
}

// plain reports whether there is nothing to fold in s: so it is for most keys.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || 'A' <= c && c <= 'Z' || c == 's' && i > 0 && s[i-1] == 's' {
			return false
		}
	}
	return s == "" || s[len(s)-1] != ' '
}

// letters are those that collations hold for equal to others, and that Unicode
// does not decompose into them.
var letters = map[rune]string{
	'ß': "s", // or ss: a second s is left out
	'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ł': "l",
	'ぁ': "あ", 'ぃ': "い", 'ぅ': "う", 'ぇ': "え", 'ぉ': "お", 'っ': "つ", 'ゃ': "や", 'ゅ': "ゆ", 'ょ': "よ", 'ゎ': "わ",
}

func appendFolded(b []byte, r rune) []byte {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	switch {
	case r == 's' && len(b) > 0 && b[len(b)-1] == 's':
		return b
	case ' ' <= r && r <= '~':
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cc, unicode.Cf): // accents, and what can not be seen
		return b
	default:
		r = unicode.ToLower(unicode.ToUpper(r)) // both: σ and ς, i and ı
		if 'ァ' <= r && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		if as, ok := letters[r]; ok {
			for _, r := range as {
				b = appendFolded(b, r)
			}
			return b
		}
	}
	return utf8.AppendRune(b, r)
}
