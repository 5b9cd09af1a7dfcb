package constrain

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRegex: an expression is refused in a line, or its language is what Go's own engine matches.
func FuzzRegex(f *testing.F) {
	for _, expr := range []string{"", "a|b", "[A-Z][a-z]+ [a-z]+\\.", "(?i)é{2,3}?", "^$", "(a*)*b", "\\pL+", "(a{1,1000}){1000}", "(a|b)*a(a|b){30}", "[^\\x00-\\x{10FFFF}]", "\\bx"} {
		f.Add(expr, "aab Ab.")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 200 {
			return
		}
		l, err := Regex(expr)
		if err != nil {
			if strings.Contains(err.Error(), "\n") && !strings.Contains(expr, "\n") {
				t.Errorf("%q: an error of several lines: %v", expr, err)
			}
			return
		}
		re, err := regexp.Compile(`\A(?:` + expr + `)\z`)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		if got, want := l.Contains(text), re.MatchString(text); got != want {
			t.Errorf("%q contains %q: %v, by regexp %v", expr, text, got, want)
		}
	})
}

// FuzzGrammar: a grammar is refused in a line, or a text by it can be written to its end.
func FuzzGrammar(f *testing.F) {
	for _, text := range []string{jsonGrammar, "root ::= \"a\" root | \"\"", "root ::= x{2,3} # c\nx ::= [^a-z\\]] |\n .", "root ::= root", "root ::= (\"\\u00e9\"*)+", "root ::= ((((", "root::=\"\\"} {
		f.Add(text)
	}
	v := bytePieces("ab", "{\"", "é")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 500 {
			return
		}
		g, err := ParseGrammar(text)
		if err == nil {
			_, err = g.Over(v)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %v", err)
			}
			return
		}
		n, _ := g.Over(v)
		at := n.Start()
		for left := 2 * never; left > 0; left-- {
			up := int(n.p.known(at.(nest).key).up)
			if n.Accepts(at) || up > 50 {
				break
			}
			left = min(left, up)
			allowed := make([]bool, len(v.After))
			for w := range allowed {
				allowed[w] = true
			}
			n.Allow(allowed, at, left-1)
			next, ok := at, false
			for w, may := range allowed {
				if may && !ok {
					next, ok = n.Next(at, w)
				}
			}
			if !ok {
				t.Fatalf("nothing leads to an end that is at most %d tokens away", left)
			}
			at = next
		}
	})
}
