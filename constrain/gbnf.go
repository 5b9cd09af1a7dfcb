package constrain

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The most that a grammar may come to.
const (
	mostGrammarText = 1 << 20 // bytes
	mostSymbols     = 1 << 16 // written out
	mostNesting     = 100     // of parentheses
	mostRepeat      = 1000    // in {m,n}
)

// A reader reads GBNF, the notation of grammars that llama.cpp has: rules of the form name ::= alternatives, with literals, classes of
// characters, . for any character, names of rules, groups, | and what repeats, * + ? {m} {m,} {m,n}. # begins a comment. A rule ends with its line, but
// within parentheses and after or before a |. root is where texts begin.
type reader struct {
	text    string
	at      int
	g       *Grammar
	defined map[string]int32 // rules by name
	classes map[string]int32 // by their ranges
	depth   int
	symbols int
	rule    int32 // that is being read
}

// ParseGrammar reads a grammar. The error says in which line what is wrong, or which rule cannot be followed.
func ParseGrammar(text string) (*Grammar, error) {
	if len(text) > mostGrammarText {
		return nil, fmt.Errorf("a grammar of %d bytes: at most %d are read", len(text), mostGrammarText)
	}
	r := &reader{text: text, g: &Grammar{}, defined: map[string]int32{}, classes: map[string]int32{}}
	for r.space(true); r.at < len(r.text); r.space(true) {
		if err := r.define(); err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(r.text[:min(r.at, len(r.text))], "\n"), err)
		}
	}
	return r.g, r.g.check(r.defined)
}

// define reads a rule.
func (r *reader) define() error {
	line := 1 + strings.Count(r.text[:r.at], "\n")
	name := r.name()
	if name == "" {
		return r.unexpected("the name of a rule")
	}
	r.space(false)
	if !strings.HasPrefix(r.text[r.at:], "::=") {
		return r.unexpected("::= after the name of a rule")
	}
	r.at += len("::=")
	r.rule = r.number(name)
	rule := &r.g.rules[r.rule]
	if rule.line > 0 {
		return fmt.Errorf("rule %s is already defined in line %d", name, rule.line)
	}
	rule.line = line
	r.space(true)
	alternatives, err := r.alternatives()
	if err != nil {
		return err
	}
	r.g.rules[r.rule].alternatives = alternatives
	if r.at < len(r.text) && r.text[r.at] == ')' {
		return errors.New("a ) without its (")
	}
	return nil
}

// number is that of a rule, defined or not.
func (r *reader) number(name string) int32 {
	n, ok := r.defined[name]
	if !ok {
		n = int32(len(r.g.rules))
		r.defined[name] = n
		r.g.rules = append(r.g.rules, rule{name: name, user: r.rule})
	}
	return n
}

// within adds a rule that stands for a part of the one that is being read.
func (r *reader) within(alternatives ...[]symbol) symbol {
	n := int32(len(r.g.rules))
	of := r.g.rules[r.rule]
	r.g.rules = append(r.g.rules, rule{name: of.name, line: of.line, part: true, alternatives: alternatives})
	return symbol{rule: n, class: -1}
}

// alternatives reads sequences with | between them.
func (r *reader) alternatives() (list [][]symbol, err error) {
	for {
		sequence, err := r.sequence()
		if err != nil {
			return nil, err
		}
		list = append(list, sequence)
		at := r.at
		if r.space(true); r.at == len(r.text) || r.text[r.at] != '|' {
			if r.depth == 0 {
				r.at = at
			}
			return list, nil
		}
		r.at++
		r.space(true)
	}
}

// sequence reads items, each with what repeats it, to the end of the line, or within parentheses to what cannot be one.
func (r *reader) sequence() (symbols []symbol, err error) {
	for {
		r.space(r.depth > 0)
		if r.at == len(r.text) {
			return symbols, nil
		}
		var item []symbol
		switch c := r.text[r.at]; {
		case c == '"':
			item, err = r.literal()
		case c == '[':
			item, err = r.class()
		case c == '.':
			r.at++
			item = []symbol{r.of([]rune{0, unicode.MaxRune})}
		case c == '(':
			item, err = r.group()
		case isName(c):
			item = []symbol{{rule: r.number(r.name()), class: -1}}
		case strings.IndexByte("|)\n\r", c) >= 0:
			return symbols, nil
		case strings.IndexByte("*+?{", c) >= 0:
			return nil, fmt.Errorf("%c has nothing to repeat before it", c)
		default:
			return nil, r.unexpected("a literal, a class, a name or a group")
		}
		if err == nil {
			item, err = r.repeated(item)
		}
		if err != nil {
			return nil, err
		}
		symbols = append(symbols, item...)
		if r.symbols += len(item) + 1; r.symbols > mostSymbols {
			return nil, fmt.Errorf("the grammar comes to more than %d symbols: repeat less", mostSymbols)
		}
	}
}

func (r *reader) group() ([]symbol, error) {
	if r.depth++; r.depth > mostNesting {
		return nil, fmt.Errorf("groups are nested more than %d deep: give the inner ones rules of their own", mostNesting)
	}
	r.at++
	alternatives, err := r.alternatives()
	if err != nil {
		return nil, err
	}
	if r.at == len(r.text) || r.text[r.at] != ')' {
		return nil, r.unexpected("a ) at the end of the group")
	}
	r.at++
	r.depth--
	return []symbol{r.within(alternatives...)}, nil
}

// repeated reads what repeats an item, and repeats it: x* is a rule of its own, x x* or nothing, and so are x? and the others made.
func (r *reader) repeated(item []symbol) ([]symbol, error) {
	for {
		r.space(r.depth > 0)
		if r.at == len(r.text) || strings.IndexByte("*+?{", r.text[r.at]) < 0 {
			return item, nil
		}
		least, most := 0, -1 // −1: any number
		switch r.at++; r.text[r.at-1] {
		case '+':
			least = 1
		case '?':
			most = 1
		case '{':
			var err error
			if least, most, err = r.times(); err != nil {
				return nil, err
			}
		}
		if len(item) != 1 {
			item = []symbol{r.within(item)}
		}
		one := item[0]
		var all []symbol
		for range least {
			all = append(all, one)
		}
		if most < 0 {
			star := r.within()
			r.g.rules[star.rule].alternatives = [][]symbol{{one, star}, {}}
			all = append(all, star)
		}
		var rest []symbol
		for range most - least {
			rest = []symbol{r.within(append([]symbol{one}, rest...), nil)}
		}
		if r.symbols += len(all) + 4*max(0, most-least); r.symbols > mostSymbols {
			return nil, fmt.Errorf("the grammar comes to more than %d symbols: repeat less", mostSymbols)
		}
		item = append(all, rest...)
	}
}

// times reads what is in braces.
func (r *reader) times() (least, most int, err error) {
	end := strings.IndexByte(r.text[r.at:], '}')
	if end < 0 {
		return 0, 0, errors.New("a { without its }")
	}
	from, to, isRange := strings.Cut(r.text[r.at:r.at+end], ",")
	least, err = strconv.Atoi(strings.TrimSpace(from))
	most = least
	if to = strings.TrimSpace(to); isRange && to == "" {
		most = -1
	} else if isRange && err == nil {
		most, err = strconv.Atoi(to)
	}
	if err != nil || least < 0 || most >= 0 && most < least || max(least, most) > mostRepeat {
		return 0, 0, fmt.Errorf("the braces hold %.20q: must be {m}, {m,} or {m,n} with numbers up to %d, the larger last", strings.ToValidUTF8(r.text[r.at:r.at+end], "�"), mostRepeat)
	}
	r.at += end + 1
	return least, most, nil
}
