package constrain

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/decode"
)

// drawVocabulary makes a few pieces: characters, parts of characters, several of them; some tokens are no text, some end it; of several contexts one
// has spaces.
func drawVocabulary(t *rapid.T) *Vocabulary {
	n := rapid.IntRange(1, 6).Draw(t, "tokens")
	piece := rapid.SampledFrom([]string{"a", "b", "ab", "a", "b", " ", "é", "\xc3", "\xa9", "\xe4\xb8", "\x96", "世", "aa", "b\xc3", "\xa9a", "bab", "", "'", "a'", " a", " b"})
	v := &Vocabulary{Pieces: [][]string{rapid.SliceOfN(piece, n, n).Draw(t, "pieces")}, After: make([]int, n)}
	if rapid.Bool().Draw(t, "contexts") {
		spaced := make([]string, n)
		for w, p := range v.Pieces[0] {
			if spaced[w] = p; p != "" {
				spaced[w] = " " + p
			}
			v.After[w] = rapid.IntRange(0, 1).Draw(t, "after")
		}
		v.Pieces, v.First = append(v.Pieces, spaced), rapid.IntRange(0, 1).Draw(t, "first")
	}
	if rapid.Bool().Draw(t, "ends") {
		v.Ends = []int{rapid.IntRange(0, n-1).Draw(t, "end")}
	}
	return v
}

// spell is the text of tokens; ok is false if they are none.
func (v *Vocabulary) spell(tokens []int) (text string, ended, ok bool) {
	context := v.First
	for i, w := range tokens {
		if slices.Contains(v.Ends, w) {
			return text, true, i == len(tokens)-1
		}
		if v.Pieces[context][w] == "" {
			return "", false, false
		}
		text += v.Pieces[context][w]
		context = v.After[w]
	}
	return text, false, true
}

// sequencesOf are all token sequences up to a length.
func sequencesOf(v *Vocabulary, most int) [][]int {
	all, last := [][]int{nil}, [][]int{nil}
	for range most {
		var next [][]int
		for _, s := range last {
			for w := range v.After {
				next = append(next, append(slices.Clone(s), w))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// lifted holds what was made of a set of texts and a vocabulary to all sequences of a few tokens: which satisfy it, what may follow each, and with how
// many tokens it is complete.
func lifted(t interface{ Fatalf(string, ...any) }, c decode.Constraint, v *Vocabulary, contains func(text string) bool, length, most int) {
	satisfies := map[string]bool{}
	key := func(tokens []int) string {
		var b strings.Builder
		for _, w := range tokens {
			b.WriteByte(byte(w))
		}
		return b.String()
	}
	all := sequencesOf(v, most)
	for _, s := range all {
		text, ended, ok := v.spell(s)
		n := len(s)
		if ended {
			n--
		}
		satisfies[key(s)] = ok && contains(text) && (length == 0 || n == length)
	}
	least := map[string]int{} // at least one token; 0: more than are looked at
	for _, s := range slices.Backward(all) {
		for n := range s {
			if k, rest := key(s[:n]), len(s)-n; satisfies[key(s)] && (least[k] == 0 || least[k] > rest) {
				least[k] = rest
			}
		}
	}
	for _, s := range all {
		at, ok := c.Start(), true
		for i, w := range s {
			next, may := c.Next(at, w)
			if text, _, spelled := v.spell(s[:i+1]); may && !spelled {
				t.Fatalf("%q after %v is no text, and may follow", text, s[:i])
			}
			if at, ok = next, ok && may; !ok {
				break
			}
		}
		k, horizon := key(s), most-len(s)
		if !ok {
			if satisfies[k] || least[k] > 0 {
				t.Fatalf("%v may not be written, and satisfies %v, or with %d more", s, satisfies[k], least[k])
			}
			continue
		}
		if c.Accepts(at) != satisfies[k] {
			text, _, _ := v.spell(s)
			t.Fatalf("%v, %q: satisfies %v, want %v", s, text, c.Accepts(at), satisfies[k])
		}
		for left := range horizon + 1 {
			if more := least[k] > 0 && least[k] <= left; c.More(at, left) != more {
				t.Fatalf("%v can be complete with %d more: %v, want with %d (0: never)", s, left, !more, least[k])
			}
		}
		for left := range horizon {
			allowed := make([]bool, len(v.After))
			for w := range allowed {
				allowed[w] = w%3 != 2
			}
			c.Allow(allowed, at, left)
			for w, may := range allowed {
				k := key(append(slices.Clone(s), w))
				if want := w%3 != 2 && (satisfies[k] || least[k] > 0 && least[k] <= left); may != want {
					t.Fatalf("after %v with %d left, token %d: %v, want %v", s, left, w, may, want)
				}
			}
		}
	}
}

// TestTokens holds languages over tokens to brute force.
func TestTokens(t *testing.T) {
	made, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		v := drawVocabulary(t)
		l, err := Regex(drawExpression(t, 3))
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			l, err = Require(rapid.SampledFrom([]string{"a", "ab", "é", "a'b"}).Draw(t, "required"))
		case 1:
			l, err = Forbid(rapid.SampledFrom([]string{"a", "b", "世"}).Draw(t, "forbidden"))
		case 2:
			l, err = Lexicon("ab a é b'a")
		case 3:
			l = Anything()
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		length, most := max(0, rapid.IntRange(-3, 4).Draw(t, "exactly")), 4
		c, err := l.Over(v, length)
		if err != nil {
			refused++
			for _, s := range sequencesOf(v, most) {
				if text, ended, ok := v.spell(s); ok && !ended && l.Contains(text) && (length == 0 || len(s) == length) {
					t.Fatalf("%v, and there is %q", err, text)
				}
			}
			return
		}
		made++
		lifted(t, c, v, l.Contains, length, most)
	})
	if made < 20 || refused < 5 {
		t.Errorf("%d made, %d refused: too few to mean anything", made, refused)
	}
}
