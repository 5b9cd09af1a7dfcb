package constrain

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// texts are all strings of some characters up to a length.
func texts(characters []string, most int) []string {
	all, last := []string{""}, []string{""}
	for range most {
		var next []string
		for _, s := range last {
			for _, c := range characters {
				next = append(next, s+c)
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// drawExpression makes an expression of the letters a and b, of é and 世, of classes and of all that there is to put them together.
func drawExpression(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 13).Draw(t, "kind")
	if depth == 0 {
		kind %= 7
	}
	sub := func() string { return "(?:" + drawExpression(t, depth-1) + ")" }
	switch kind {
	case 0, 1:
		return "a"
	case 2:
		return rapid.SampledFrom([]string{"b", "é", "世", "ab"}).Draw(t, "letter")
	case 3:
		return rapid.SampledFrom([]string{".", "[^a]", "[a-é]", "(?i:A)", "(?s:.)", `\pL`, `[^\w]`, "[b世]"}).Draw(t, "class")
	case 4:
		return rapid.SampledFrom([]string{"^", "$", `\A`, `\z`, ""}).Draw(t, "anchor")
	case 5, 6:
		return "b"
	case 7, 8:
		return sub() + sub()
	case 9:
		return sub() + "|" + sub()
	default:
		return sub() + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "{0}"}).Draw(t, "times")
	}
}

// TestRegex holds languages of expressions to Go's own engine, on all short texts.
func TestRegex(t *testing.T) {
	all := append(texts([]string{"a", "b"}, 6), texts([]string{"a", "b", "é", "世", "\n", "A"}, 4)...)
	rapid.Check(t, func(t *rapid.T) {
		expr := drawExpression(t, 3)
		l, err := Regex(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		re := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for _, text := range all {
			if got, want := l.Contains(text), re.MatchString(text); got != want {
				t.Fatalf("%s contains %q: %v, by regexp %v", expr, text, got, want)
			}
		}
	})
}

// TestCharacters: the byte ranges of a range of characters spell these and no other strings.
func TestCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.SampledFrom([]rune{0, 1, 0x7E, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF, 'é', '世'})
		any := rapid.OneOf(edge, rapid.Int32Range(0, 0x10FFFF))
		lo, hi := any.Draw(t, "lo"), any.Draw(t, "hi")
		if lo > hi {
			lo, hi = hi, lo
		}
		n := newNFA()
		n.add()
		n.add()
		n.runes(0, []rune{lo, hi}, 1)
		n.nodes[1].accepts = true
		d, err := n.determinize(false)
		if err != nil {
			t.Fatal(err)
		}
		l := Language{d}
		for _, r := range append([]rune{lo, lo - 1, hi, hi + 1}, rapid.SliceOf(any).Draw(t, "others")...) {
			if r < 0 {
				continue
			}
			valid := r < 0xD800 || r > 0xDFFF
			if got, want := l.Contains(string(r)), r >= lo && r <= hi && valid; valid && r <= 0x10FFFF && got != want {
				t.Fatalf("%U to %U contains %U: %v", lo, hi, r, got)
			}
		}
		if b := rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "bytes"); l.Contains(string(b)) && (!utf8.Valid(b) || utf8.RuneCount(b) != 1) {
			t.Fatalf("%U to %U contains %q", lo, hi, b)
		}
	})
}

// TestRefusedExpressions: what is too large or not supported is said in words, at once.
func TestRefusedExpressions(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"(a{1,1000}){1000}", "repeat"},
		{"((a{100}){100}){100}", "repeat"},
		{"(a|b)*a(a|b){30}", "more states than are allowed"},
		{"(.*a.{900}b)|(.*b.{900}a)", "more states than are allowed"},
		{`(\pL{500}\pN{500})`, "more states than are allowed"},
		{`(\pL{20}\pN{20})`, ""},
		{strings.Repeat("(", 2000) + strings.Repeat(")", 2000), "nest less"},
		{"(a", "missing closing )"},
		{"a**", "invalid nested repetition operator"},
		{"[z-a]", "invalid character class range"},
		{`\bcat\b`, `\b and \B are not supported`},
		{`a\Bb`, `\b and \B are not supported`},
		{"(?m)^a$", "(?m) is not supported"},
		{`\1`, "invalid escape sequence"},
		{"\xff", "invalid UTF-8"},
	} {
		l, err := Regex(c.expr)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%.40s: %v, %v", c.expr, l, err)
		}
	}
	for _, expr := range []string{"a$b", "[^\\x00-\\x{10FFFF}]", "a^"} {
		if l, err := Regex(expr); err != nil || !l.d.empty() {
			t.Errorf("%s: %+v, %v", expr, l, err)
		}
	}
}

// runs cuts a text into words as the rule says it, by an expression.
var runs = regexp.MustCompile(`[\pL\pM\p{Nd}]+(?:['’][\pL\pM\p{Nd}]+)*`)

func TestWords(t *testing.T) {
	for _, text := range texts([]string{"a", "é", "'", "’", " ", "7", "世"}, 5) {
		if got, want := Words(text), runs.FindAllString(text, -1); !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Words("a\xff\xe4b\u0301'c"); !slices.Equal(got, []string{"a", "b\u0301'c"}) {
		t.Errorf("%q", got)
	}
}

// TestLanguagesOfWords holds lexicons, words that must be there and words that may not to the words of each text.
func TestLanguagesOfWords(t *testing.T) {
	all := texts([]string{"a", "b", "'", " ", "é", "’", "—"}, 5)
	var words [][]string
	for _, text := range all {
		words = append(words, runs.FindAllString(text, -1))
	}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "ba", "a'b", "aa", "é", "aé", "b’a", "a'a'b", "aba"}), 1, 4).Draw(t, "words")
		lexicon, err := Lexicon("-- " + strings.Join(list, "\n'") + " '")
		require, err2 := Require(list[0])
		forbid, err3 := Forbid(list...)
		if err != nil || err2 != nil || err3 != nil {
			t.Fatal(err, err2, err3)
		}
		for i, text := range all {
			known, has, none := true, false, true
			for _, w := range words[i] {
				in := slices.Contains(list, w)
				known, has, none = known && in, has || w == list[0], none && !in
			}
			if got := lexicon.Contains(text); got != known {
				t.Fatalf("lexicon %q contains %q: %v", list, text, got)
			}
			if got := require.Contains(text); got != has {
				t.Fatalf("%q with the word %q: %v", text, list[0], got)
			}
			if got := forbid.Contains(text); got != none {
				t.Fatalf("%q without the words %q: %v", text, list, got)
			}
			if lexicon.Contains(text+"\xc3") || forbid.Contains(text+"\xe4\xb8") || require.Contains(text+"\xff") {
				t.Fatalf("%q and part of a character is a text", text)
			}
		}
	})
}

// TestAnd: what is in both languages is in what they have in common, and a contradiction is found.
func TestAnd(t *testing.T) {
	all := append(texts([]string{"a", "b", " "}, 5), texts([]string{"a", "é", "世"}, 4)...)
	rapid.Check(t, func(t *rapid.T) {
		draw := func() *Language {
			l, err := Regex(drawExpression(t, 2))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				l, err = Require(rapid.SampledFrom([]string{"a", "ab", "é"}).Draw(t, "required"))
			case 1:
				l, err = Forbid(rapid.SampledFrom([]string{"a", "b", "世"}).Draw(t, "forbidden"))
			}
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		l, m := draw(), draw()
		both, err := l.And(m)
		if err != nil {
			if !strings.Contains(err.Error(), "contradict") {
				t.Fatal(err)
			}
			both = &Language{&dfa{first: []int32{0, 0}, accepts: []bool{false}}}
		}
		for _, text := range all {
			if got, want := both.Contains(text), l.Contains(text) && m.Contains(text); got != want {
				t.Fatalf("%q: %v, want %v", text, got, want)
			}
		}
	})
	require, _ := Require("cat")
	forbid, _ := Forbid("dog", "cat")
	if _, err := require.And(forbid); err == nil || !strings.Contains(err.Error(), "contradict") {
		t.Errorf("a word that must and may not be there: %v", err)
	}
	for _, word := range []string{"", "two words", "-", "'tis", "dogs'", "a-b", "\xff", "a\xff"} {
		if _, err := Require(word); err == nil {
			t.Errorf("%q is a word", word)
		}
		if _, err := Forbid("a", word); err == nil {
			t.Errorf("%q is a word", word)
		}
	}
	if _, err := Lexicon(" -- '' "); err == nil {
		t.Error("a lexicon of no words")
	}
}

// TestMinimal: automata of the same language have as many states, whatever they were made from.
func TestMinimal(t *testing.T) {
	for _, c := range [][]string{{"a|ba|bb", "a|b[ab]"}, {"(a|b)*", "[ab]*", "(a*b*)*"}, {"x{0,5}", "(x(x(x(x(x)?)?)?)?)?"}} {
		for _, expr := range c[1:] {
			a, _ := Regex(c[0])
			b, _ := Regex(expr)
			if a.d.states() != b.d.states() || len(a.d.arcs) != len(b.d.arcs) {
				t.Errorf("%s has %d states, %s %d", c[0], a.d.states(), expr, b.d.states())
			}
		}
	}
	l, _ := Forbid("cat")
	t.Logf("without a word: %d states, %d arcs", l.d.states(), len(l.d.arcs))
}
