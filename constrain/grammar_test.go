package constrain

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A phrase is a part of a grammar, as it is written and as a text is read by it: from places in the text to all places where it may end.
type phrase struct {
	text string
	read func(g map[string]phrase, text string, from []int) []int
}

func sorted(places []int) []int {
	slices.Sort(places)
	return slices.Compact(places)
}

// each reads characters that are of a set.
func each(text string, in func(r rune) bool) phrase {
	return phrase{text, func(_ map[string]phrase, text string, from []int) (to []int) {
		for _, at := range from {
			if r, n := utf8.DecodeRuneInString(text[at:]); n > 0 && r != utf8.RuneError && in(r) {
				to = append(to, at+n)
			}
		}
		return to
	}}
}

// repeat reads a phrase so many times; most −1: any number.
func repeat(text string, p phrase, least, most int) phrase {
	return phrase{p.text + text, func(g map[string]phrase, text string, from []int) []int {
		var all []int
		for n, at := 0, from; len(at) > 0 && (most < 0 || n <= most) && n <= least+len(text)+1; n++ {
			if n >= least {
				all = sorted(append(all, at...))
			}
			at = p.read(g, text, at)
		}
		return all
	}}
}

func drawPhrase(t *rapid.T, depth int) phrase {
	kind := rapid.IntRange(0, 12).Draw(t, "kind")
	if depth == 0 {
		kind %= 5
	}
	group := func() phrase {
		p := drawPhrase(t, depth-1)
		return phrase{"(" + p.text + ")", p.read}
	}
	switch kind {
	case 0, 1:
		literal := rapid.SampledFrom([]string{"a", "b", "ab", "é", "", "\"", "a\n"}).Draw(t, "literal")
		written := strings.NewReplacer("\n", `\n`, `"`, `\"`, "é", `\u00e9`).Replace(literal)
		return phrase{`"` + written + `"`, func(_ map[string]phrase, text string, from []int) (to []int) {
			for _, at := range from {
				if strings.HasPrefix(text[at:], literal) {
					to = append(to, at+len(literal))
				}
			}
			return to
		}}
	case 2:
		return each("[a-bx]", func(r rune) bool { return r == 'a' || r == 'b' || r == 'x' })
	case 3:
		if rapid.Bool().Draw(t, "any") {
			return each(".", func(rune) bool { return true })
		}
		return each(`[^a\n\]-]`, func(r rune) bool { return r != 'a' && r != '\n' && r != ']' && r != '-' })
	case 4, 5:
		name := rapid.SampledFrom([]string{"root", "x", "y-2"}).Draw(t, "name")
		return phrase{name, func(g map[string]phrase, text string, from []int) []int {
			if len(from) == 0 {
				return nil
			}
			return g[name].read(g, text, from)
		}}
	case 6, 7, 8:
		p, q := group(), group()
		return phrase{p.text + " " + q.text, func(g map[string]phrase, text string, from []int) []int {
			return q.read(g, text, p.read(g, text, from))
		}}
	case 9:
		p, q := group(), group()
		between := rapid.SampledFrom([]string{"|", " | ", " |\n  ", "\n| # or\n\n  "}).Draw(t, "or")
		return phrase{p.text + between + q.text, func(g map[string]phrase, text string, from []int) []int {
			return sorted(append(slices.Clone(p.read(g, text, from)), q.read(g, text, from)...))
		}}
	default:
		p := group()
		c := rapid.SampledFrom([]struct {
			text        string
			least, most int
		}{{"*", 0, -1}, {"+", 1, -1}, {"?", 0, 1}, {"{2}", 2, 2}, {"{1,}", 1, -1}, {"{0, 2}", 0, 2}, {"{2,3}", 2, 3}}).Draw(t, "times")
		return repeat(c.text, p, c.least, c.most)
	}
}

// TestGrammar holds grammars over tokens to reading each text by the rules from left to right, in all ways.
func TestGrammar(t *testing.T) {
	made, refused, impossible := 0, map[string]int{}, 0
	all := texts([]string{"a", "b", "é", "\n"}, 4)
	rapid.Check(t, func(t *rapid.T) {
		rules := map[string]phrase{}
		text := "# a grammar\n"
		for _, name := range []string{"x", "root", "y-2"} {
			rules[name] = drawPhrase(t, 3)
			text += name + " ::= " + rules[name].text + "  \n\n"
		}
		g, err := ParseGrammar(text)
		if err != nil {
			for _, why := range []string{"left recursion", "repeats what may be empty", "can never end"} {
				if strings.Contains(err.Error(), why) {
					refused[why]++
					return
				}
			}
			t.Fatalf("%v in\n%s", err, text)
		}
		contains := func(text string) bool { return slices.Contains(rules["root"].read(rules, text, []int{0}), len(text)) }
		v := drawVocabulary(t)
		c, err := g.Over(v)
		if err != nil {
			impossible++
			for _, s := range sequencesOf(v, 4) {
				if text, ended, ok := v.spell(s); ok && !ended && contains(text) {
					t.Fatalf("%v, and there is %q", err, text)
				}
			}
			return
		}
		made++
		lifted(t, c, v, contains, 0, 4)
		for _, text := range all {
			s := c.p.start
			for i := 0; i < len(text) && s != nowhere; i++ {
				s = c.p.step(s, text[i])
			}
			spelled := true
			for _, r := range text {
				spelled = spelled && c.spelling().whole[r] > 0
			}
			if got := s != nowhere && s.accepts; got != contains(text) && (got || spelled) {
				t.Fatalf("%q: %v in\n%s", text, got, rules["root"].text)
			}
		}
	})
	t.Logf("%d made, %d impossible, refused: %v", made, impossible, refused)
	if made < 10 || impossible == 0 || len(refused) < 2 {
		t.Error("too few of a kind to mean anything")
	}
}

// jsonGrammar is of JSON without white space at the ends.
const jsonGrammar = `
root   ::= object | array
value  ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws ( member ("," ws member)* )? "}"
member ::= string ":" ws value ws
array  ::= "[" ws ( value ws ("," ws value ws)* )? "]"
string ::= "\"" ( [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}) )* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [0-9]{1,2})?
ws     ::= [ \t\n]{0,3}
`

// bytePieces is a vocabulary of all bytes and of some longer pieces, as byte-level BPE has.
func bytePieces(more ...string) *Vocabulary {
	v := &Vocabulary{Pieces: make([][]string, 1)}
	for b := range 256 {
		v.Pieces[0] = append(v.Pieces[0], string([]byte{byte(b)}))
	}
	v.Pieces[0] = append(v.Pieces[0], more...)
	v.After = make([]int, len(v.Pieces[0]))
	return v
}

// TestJSON: whatever is written at random, with however few tokens left, is JSON.
func TestJSON(t *testing.T) {
	g, err := ParseGrammar(jsonGrammar)
	if err != nil {
		t.Fatal(err)
	}
	v := bytePieces(`{"`, `":`, `"}`, `}]`, "]}", `"]}`, "[[", "世", "\xb8\x96", "\xe4", "true", "fal", "se", `\u00`, "12", "e+", ", ", `","`, "\n ")
	c, err := g.Over(v)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	lengths := map[bool]int{}
	for range 120 {
		length := 2 + r.IntN(40)
		at, text := c.Start(), ""
		for left := length; left > 0; left-- {
			if c.Accepts(at) && !c.More(at, left) {
				break
			}
			allowed := make([]bool, len(v.After))
			for w := range allowed {
				allowed[w] = true
			}
			c.Allow(allowed, at, left-1)
			var may []int
			for w, ok := range allowed {
				for n := 0; ok && n < 1+20*min(1, w/256); n++ {
					may = append(may, w)
				}
			}
			if len(may) == 0 {
				t.Fatalf("after %q nothing may follow within %d", text, left)
			}
			w := may[r.IntN(len(may))]
			text += v.Pieces[0][w]
			at, _ = c.Next(at, w)
		}
		if !c.Accepts(at) || !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			t.Fatalf("%q with %d tokens: accepted %v", text, length, c.Accepts(at))
		}
		lengths[len(text) > 10]++
	}
	if lengths[true] < 30 || lengths[false] < 5 {
		t.Errorf("%v", lengths)
	}
}

// TestBadGrammars: each is refused in a line that says where and what to do.
func TestBadGrammars(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "no rule root"},
		{"# nothing\n\n", "no rule root"},
		{"x ::= \"a\"", "no rule root"},
		{"root ::= x\n", "rule root (line 1) uses x, which is not defined"},
		{"root ::= \"a\" y\nx ::= z z\ny ::= \"b\"", "rule x (line 2) uses z"},
		{"root ::= \"a\"\n\nroot ::= \"b\"", "line 3: rule root is already defined in line 1"},
		{"root ::= expr\n\nexpr ::= expr \"+\" \"x\" | \"x\"", "rule expr (line 3) begins with itself"},
		{"root ::= a\na ::= b? c\nb ::= \"x\"\nc ::= a", "(line 4) begins with itself"},
		{"root ::= (\"a\"*)*", "rule root (line 1) repeats what may be empty"},
		{"root ::= \"a\"\nloop ::= \"a\" loop", "rule loop (line 2) can never end"},
		{"root ::= \"a\" | x\nx ::= \"b\" y\ny ::= \"c\" x", "can never end"},
		{"root ::= \"a", "line 1: the literal has no end"},
		{"root ::=\n  [a", "line 2: the class has no end"},
		{"root ::= [z-a]", "the wrong way round"},
		{"root ::= (\"a\"", "the grammar ends where a ) "},
		{"root ::= \"a\")", "a ) without its ("},
		{"root ::= *", "nothing to repeat"},
		{"root = \"a\"", "::= after the name"},
		{"root ::= \"a\"\n\"b\"", "line 2: '\"' where the name of a rule"},
		{"root ::= 'a'", "'\\'' where a literal"},
		{`root ::= "\q"`, `the escape \q is none of`},
		{`root ::= "\x4"`, `the escape \x needs 2`},
		{`root ::= "\uD800"`, `the escape \u needs 4`},
		{"root ::= \"a\\", "has nothing after it"},
		{"root ::= \"a\"{2,1}", "the braces hold \"2,1\": must be {m}"},
		{"root ::= \"a\"{1001}", "numbers up to 1000"},
		{"root ::= \"a\"{-1}", "must be"},
		{"root ::= \"a\"{", "a { without its }"},
		{"root ::= (\"a\"{1000}){1000}", ""},
		{"root ::= " + strings.Repeat("\"a\"{1000} ", 100), "more than 65536 symbols"},
		{"root ::= " + strings.Repeat("(", 200) + "\"a\"" + strings.Repeat(")", 200), "nested more than 100 deep"},
		{"root ::= \"\xff\"", "is not UTF-8"},
		{strings.Repeat("#", 1<<20+1), "at most 1048576"},
		{"root ::= [^\\x00-\\U0010FFFF]", "can never end"},
	} {
		g, err := ParseGrammar(c.text)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%.60q: %v, %v", c.text, g != nil, err)
		}
	}
}

// TestAmbiguous: a grammar that has ever more readings, or more depth, is followed within bounds, and all that is written can be ended.
func TestAmbiguous(t *testing.T) {
	for _, c := range []struct{ name, text, write, end string }{
		{"readings", "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\" root root \"d\" | \"\"", "a", "b"},
		{"depth", "root ::= \"(\" root \")\" | \"\"", "(", ")"},
		{"mutual", "root ::= x | y | \".\"\nx ::= \"a\" root \"b\" | \"a\" root \"c\"\ny ::= \"a\" root \"b\" root | \"a\" x \"c\"", "a", "b"},
	} {
		g, err := ParseGrammar(c.text)
		if err != nil {
			t.Fatal(err)
		}
		n, err := g.Over(bytePieces())
		if err != nil {
			t.Fatal(err)
		}
		at, deep := n.Start(), 0
		for range 400 {
			next, ok := n.Next(at, int(c.write[0]))
			if !ok {
				break
			}
			at, deep = next, deep+1
		}
		s := n.p.known(at.(nest).key)
		if len(s.stacks) > mostReadings || deep < 100 || c.name == "depth" && deep != mostDepth {
			t.Errorf("%s: %d stacks after %d", c.name, len(s.stacks), deep)
		}
		for range 3 * deep {
			if n.Accepts(at) {
				break
			}
			least := int(n.p.known(at.(nest).key).up) // all tokens are a character
			if !n.More(at, least) || n.More(at, least-1) {
				t.Fatalf("%s: cannot be ended with %d", c.name, least)
			}
			allowed := make([]bool, 256)
			for w := range allowed {
				allowed[w] = true
			}
			n.Allow(allowed, at, least-1)
			w := slices.Index(allowed, true)
			if w < 0 {
				t.Fatalf("%s: nothing leads to the end that is %d away", c.name, least)
			}
			at, _ = n.Next(at, w)
		}
		if !n.Accepts(at) {
			t.Errorf("%s: not at an end", c.name)
		}
	}
	chain := "root ::= r0\n"
	for i := range 60 {
		chain += fmt.Sprintf("r%d ::= r%d \"a\" | r%d \"b\"\n", i, i+1, i+1)
	}
	g, err := ParseGrammar(chain + "r60 ::= \"x\"")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := g.Over(bytePieces()); err != nil || !n.More(n.Start(), 61) || n.More(n.Start(), 60) {
		t.Errorf("a chain of alternatives: %v", err)
	}
}
