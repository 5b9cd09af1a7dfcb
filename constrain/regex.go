package constrain

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"unicode"
)

// Regex is the language of an expression in the syntax of Go's package regexp (RE2's). The whole text must match, with ^ and $ or without; . is
// any character but a line end, (?s) makes it any. What looks at more than a text's beginning and end, as \b and (?m)^ do, is refused.
//
// The expression's program (Thompson 1968), made by regexp/syntax, becomes an automaton over bytes.
func Regex(expr string) (*Language, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		var e *syntax.Error
		if errors.As(err, &e) && (e.Code == syntax.ErrLarge || e.Code == syntax.ErrInvalidRepeatSize || e.Code == syntax.ErrNestingDepth) {
			return nil, fmt.Errorf("%s: repeat less, at most 1000 times in all, and nest less", e.Code)
		} else if errors.As(err, &e) {
			return nil, fmt.Errorf("%s: %q", e.Code, e.Expr)
		}
		return nil, err
	}
	if size(re) > mostInstructions {
		return nil, errTooLarge
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, err
	}
	n := newNFA()
	for range prog.Inst {
		n.add()
	}
	start := n.nodes[0] // the program's own 0 is the instruction that fails
	n.nodes[0] = nfaNode{empty: []int32{int32(prog.Start)}}
	if prog.Start == 0 {
		n.nodes[0] = start
	}
	for pc := range prog.Inst {
		if pc == 0 && prog.Start != 0 {
			continue
		}
		if err := n.instruction(int32(pc), &prog.Inst[pc]); err != nil {
			return nil, err
		}
		if len(n.nodes) > mostNodes {
			return nil, errTooLarge
		}
	}
	d, err := n.determinize(false)
	if err != nil {
		return nil, err
	}
	return &Language{d}, nil
}

// mostInstructions is how large a program may be, written out.
const mostInstructions = 100_000

// size is about how many instructions an expression takes, those that are repeated counted as often as they are.
func size(re *syntax.Regexp) float64 {
	n := 1 + float64(len(re.Rune))/2
	for _, sub := range re.Sub {
		n += size(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= float64(max(re.Min, re.Max, 1))
	}
	return n
}

// instruction adds what an instruction does to its node.
func (n *nfa) instruction(pc int32, inst *syntax.Inst) error {
	node, out := &n.nodes[pc], int32(inst.Out)
	switch inst.Op {
	case syntax.InstMatch:
		node.accepts = true
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		node.empty = append(node.empty, out, int32(inst.Arg))
	case syntax.InstCapture, syntax.InstNop:
		node.empty = append(node.empty, out)
	case syntax.InstEmptyWidth:
		switch syntax.EmptyOp(inst.Arg) {
		case syntax.EmptyBeginText:
			node.atStart = append(node.atStart, out)
		case syntax.EmptyEndText:
			node.atStop = append(node.atStop, out)
		case syntax.EmptyWordBoundary, syntax.EmptyNoWordBoundary:
			return errors.New(`\b and \B are not supported: say what stands around a word, as in "( |^)cat( |$)"`)
		default:
			return errors.New(`(?m) is not supported: write \n where a line ends`)
		}
	default:
		n.runes(pc, characters(inst), out)
	}
	return nil
}

// characters are those that an instruction reads, as pairs of a first and a last.
func characters(inst *syntax.Inst) []rune {
	switch {
	case inst.Op == syntax.InstRuneAny:
		return []rune{0, unicode.MaxRune}
	case inst.Op == syntax.InstRuneAnyNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	case len(inst.Rune) != 1:
		return inst.Rune
	}
	r := inst.Rune[0]
	list := []rune{r, r}
	if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			list = append(list, f, f)
		}
	}
	return list
}
