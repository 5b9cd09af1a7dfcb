package softmax

import (
	"fmt"
	"math"
	"strings"

	"inkling/tensor"
)

// part is a piece that an adaptive softmax of settled options is cut into.
type part struct {
	words int
	width int     // of the hidden vector it sees
	share float64 // of the text
}

// partsOf are the head and the tails. Words count as if each had occurred once more.
func partsOf(s Spec) (parts []part) {
	p, from := frequencies(s.Counts), 0
	order := byFrequency(s.Counts)
	for i, to := range ends(s) {
		one := part{words: to - from, width: s.Dim}
		if i > 0 {
			one.width = width(s.Dim, s.Options.DivValue, i-1)
		}
		for _, w := range order[from:to] {
			one.share += p[w]
		}
		parts, from = append(parts, one), to
	}
	return parts
}

func planAdaptive(s Spec, tied bool) Plan {
	parts, d := partsOf(s), int64(s.Dim)
	tails := int64(len(parts) - 1)
	if tied && tails == 0 {
		return planFull(s, true)
	}
	wide := parts[0].words + len(parts) - 1
	p := Plan{Weights: int64(wide) * d, Packed: [][2]int{{wide, s.Dim}}}
	p.Training = float64(p.Weights)
	if s.Options.HeadBias {
		p.Weights += int64(wide)
	}
	scratch := int64(0) // of a step
	if tied {
		p.Weights = int64(len(s.Counts)) + tails*(d+1)
		p.Copies = int64(len(s.Counts))*(d+1) + tails*(d+1)
		scratch = int64(wide) * (d + 1)
	}
	for _, t := range parts[1:] {
		p.Packed = append(p.Packed, [2]int{t.words, t.width})
		if tied {
			p.Training += t.share * float64(t.words) * float64(d)
			scratch = max(scratch, int64(t.words)*(d+1))
			continue
		}
		p.Packed = append(p.Packed, [2]int{t.width, s.Dim})
		weights := int64(t.width) * (d + int64(t.words))
		p.Weights += weights
		p.Training += t.share * float64(weights)
	}
	scratch = tensor.ArenaFloats(scratch)
	p.Dense, p.Exact = p.Weights, p.Training
	p.Forward = func(rows int) int64 {
		floats := scratch + int64(rows)*pad(wide) // the scores, over which their gradient is written
		for _, t := range parts[1:] {
			// Vectors and what they are made into, with gradients; the scores.
			floats += int64(t.most(rows)) * (2*pad(s.Dim) + 2*pad(t.width) + pad(t.words) + 2)
		}
		return floats
	}
	p.Bags = func(rows, targets int) int64 {
		floats := scratch + int64(rows)*pad(wide)
		for _, t := range parts[1:] {
			some := int64(min(rows, t.most(targets)))
			floats += some*(2*pad(s.Dim)+2*pad(t.width)+pad(t.words)+2) + int64(t.most(targets))
		}
		return floats
	}
	p.Scoring = func(rows int) int64 {
		floats := int64(min(rows, scoreRows(wide))) * pad(wide)
		for _, t := range parts[1:] {
			floats += int64(min(t.most(rows), scoreRows(t.words))) * (d + int64(t.width) + pad(t.words))
		}
		return floats
	}
	return p
}

// most is the number of rows, of so many, that are hardly ever exceeded by those of a tail: what is expected and four
// deviations.
func (t part) most(rows int) int {
	expected := float64(rows) * t.share
	return min(rows, int(math.Ceil(expected+4*math.Sqrt(expected))))
}

// whyAdaptive says what cut-offs are chosen by.
func whyAdaptive(open Options) string {
	if len(open.Cutoffs) > 0 {
		return ""
	}
	return fmt.Sprintf("a step of training takes about %v on this machine", measured())
}

// describeAdaptive says how words are cut.
func describeAdaptive(s Spec, tied bool) string {
	parts := partsOf(s)
	if len(parts) == 1 {
		return fmt.Sprintf("all %d words in the head: tails would save nothing", parts[0].words)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "head of %d words (%.0f %% of the text), ", parts[0].words, 100*parts[0].share)
	for i, t := range parts[1:] {
		switch {
		case i == 0 && len(parts) == 2:
			b.WriteString("tail of ")
		case i == 0:
			b.WriteString("tails of ")
		case i == len(parts)-2:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d (%d wide, %.1f %%)", t.words, t.width, 100*t.share)
	}
	full := float64(len(s.Counts)) * float64(s.Dim)
	fmt.Fprintf(&b, "; %.2g %% of the multiplications of a full softmax", 100*planAdaptive(s, tied).Training/full)
	return b.String()
}
