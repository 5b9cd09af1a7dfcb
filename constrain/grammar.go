package constrain

import (
	"errors"
	"fmt"
)

// A Grammar is a language free of context: rules that are alternatives of sequences of characters and rules.
type Grammar struct {
	rules   []rule
	classes []class
	root    int32
}

// A rule has the name that the file gives it, and its parts have it too: groups, and what is repeated.
type rule struct {
	name         string
	line         int   // 0: it is not defined
	part         bool  // of the rule of that name
	user         int32 // the rule in which the name stood first
	alternatives [][]symbol
}

// A symbol is a rule or a character of a class, the other is −1.
type symbol struct{ rule, class int32 }

// A class is some characters, in pairs of a first and a last.
type class struct{ ranges []rune }

func (c class) has(r rune) bool {
	for i := 0; i < len(c.ranges); i += 2 {
		if r >= c.ranges[i] && r <= c.ranges[i+1] {
			return true
		}
	}
	return false
}

// check finds what no text could be read by.
func (g *Grammar) check(defined map[string]int32) error {
	root, ok := defined["root"]
	if !ok || g.rules[root].line == 0 {
		return errors.New("there is no rule root, with which texts begin: write root ::= …")
	}
	g.root = root
	for _, r := range g.rules {
		if r.line == 0 {
			user := g.rules[r.user]
			return fmt.Errorf("rule %s (line %d) uses %s, which is not defined", user.name, user.line, r.name)
		}
	}
	if err := g.leftRecursion(); err != nil {
		return err
	}
	ends := g.fixpoint(func(c int32) int32 {
		if len(g.classes[c].ranges) == 0 {
			return never
		}
		return 1
	})
	for n, r := range g.rules {
		if ends[n] >= never {
			return fmt.Errorf("rule %s (line %d) can never end: give it an alternative that does not need it again", r.name, r.line)
		}
	}
	return nil
}

// never is more than anything can cost. What costs more costs as much.
const never = 1 << 29

// fixpoint is the least that each rule costs when characters of a class cost so much: of its alternatives the cheapest, each the sum of its
// symbols. It goes over the rules, back and forth, until nothing becomes cheaper.
func (g *Grammar) fixpoint(class func(class int32) int32) []int32 {
	cost := make([]int32, len(g.rules))
	for n := range cost {
		cost[n] = never
	}
	classes := make([]int32, len(g.classes))
	for c := range classes {
		classes[c] = class(int32(c))
	}
	for changed, forth := true, false; changed; forth = !forth {
		changed = false
		for i := range g.rules {
			n := i
			if !forth {
				n = len(g.rules) - 1 - i
			}
			for _, alternative := range g.rules[n].alternatives {
				sum := int32(0)
				for _, s := range alternative {
					if s.rule >= 0 {
						sum = min(never, sum+cost[s.rule])
					} else {
						sum = min(never, sum+classes[s.class])
					}
				}
				if sum < cost[n] {
					cost[n], changed = sum, true
				}
			}
		}
	}
	return cost
}

// leftRecursion finds a rule that can come back to itself before a character was read: there would be no end to what it may stand for.
func (g *Grammar) leftRecursion() error {
	nothing := g.fixpoint(func(int32) int32 { return 1 }) // 0 of those that may be empty
	const unseen, open, closed = 0, 1, 2
	state := make([]byte, len(g.rules))
	type visit struct {
		rule int32
		next []int32 // rules that it can begin with
	}
	begins := func(n int32) (list []int32) {
		for _, alternative := range g.rules[n].alternatives {
			for _, s := range alternative {
				if s.rule < 0 {
					break
				}
				if list = append(list, s.rule); nothing[s.rule] > 0 {
					break
				}
			}
		}
		return list
	}
	for n := range g.rules {
		if state[n] != unseen {
			continue
		}
		state[n] = open
		path := []visit{{int32(n), begins(int32(n))}}
		for len(path) > 0 {
			v := &path[len(path)-1]
			if len(v.next) == 0 {
				state[v.rule] = closed
				path = path[:len(path)-1]
				continue
			}
			to := v.next[0]
			v.next = v.next[1:]
			switch state[to] {
			case unseen:
				state[to] = open
				path = append(path, visit{to, begins(to)})
			case open:
				return g.recursive(to, v.rule)
			}
		}
	}
	return nil
}

// recursive is the error of a rule that can begin with another that can begin with it.
func (g *Grammar) recursive(to, from int32) error {
	if to == from && g.rules[to].part {
		return fmt.Errorf("rule %s (line %d) repeats what may be empty: let each repetition need a character", g.rules[to].name, g.rules[to].line)
	}
	r := g.rules[from]
	return fmt.Errorf("rule %s (line %d) begins with itself (left recursion): put what is repeated after what it begins with, as in a (\",\" a)*", r.name, r.line)
}
