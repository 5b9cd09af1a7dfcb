package tables

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// headColumns are columns of every kind that has a head, of few enough values to add up: small and large grids, one of two numbers, spikes, with
// and without missing cells.
func headColumns() map[string]*Column {
	rnd := rand.New(rand.NewPCG(3, 4))
	grid := func(levels, rows int, blank int64, draw func() int) *Column {
		c := &Column{Field: Field{Name: "x", Type: Integer}, Rows: rows, Blank: blank, Grid: 1, Levels: levels}
		var codes []int32
		for range rows - int(blank) {
			codes = append(codes, int32(min(max(draw(), 0), levels-1)))
		}
		c.learnEdges(codes)
		return c
	}
	spiky := func() int {
		if rnd.IntN(3) == 0 {
			return 7
		}
		return int(40 * rnd.ExpFloat64())
	}
	return map[string]*Column{
		"two numbers":      grid(2, 30, 0, func() int { return rnd.IntN(2) }),
		"a small grid":     grid(12, 200, 20, func() int { return rnd.IntN(12) }),
		"a large grid":     grid(900, 500, 0, spiky),
		"one with missing": grid(300, 400, 100, spiky),
		"few rows":         grid(500, 3, 0, spiky),
		"categories":       {Field: Field{Type: Category}, Rows: 100, Values: []string{"a", "b", "c"}, Counts: []int64{50, 30, 10}, Rare: 4, Blank: 6},
		"one category":     {Field: Field{Type: Category}, Rows: 10, Values: []string{"a"}, Counts: []int64{10}},
	}
}

// codesOf are all codes that a model distributes.
func codesOf(c *Column) (codes []int32) {
	if !c.Numeric() {
		for i := range c.classes() {
			codes = append(codes, int32(i))
		}
		return codes
	}
	for i := range c.Levels {
		codes = append(codes, int32(i))
	}
	if c.Blank > 0 {
		codes = append(codes, blankCode)
	}
	return codes
}

func randomParams(rnd *rand.Rand, n int, wide float64) []float32 {
	p := make([]float32, n)
	for i := range p {
		p[i] = float32(wide * rnd.NormFloat64())
	}
	return p
}

// TestHeadsAddUp: probabilities of all cells add up to one, whatever the decoder says, with those of things never seen.
func TestHeadsAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for name, c := range headColumns() {
		for _, k := range []int{1, 3} {
			h := newHead(c, k)
			for _, wide := range []float64{0, 0.5, 3} {
				p, sum := randomParams(rnd, h.width(), wide), 0.0
				for _, code := range codesOf(c) {
					sum += math.Exp(c.familiar() + h.logProb(nil, p, code))
				}
				each, kinds := c.strange()
				if sum += each * float64(kinds); math.Abs(sum-1) > 2e-5 {
					t.Errorf("%s, %d components, numbers as wide as %g: %g in all", name, k, wide, sum)
				}
			}
		}
	}
}

// TestStrangeAddsUp: numbers on both sides of a grid have what is left for them.
func TestStrangeAddsUp(t *testing.T) {
	c := headColumns()["a large grid"]
	sum := 0.0
	for d := int32(1); d <= 1_000_000; d++ {
		sum += math.Exp(c.strangeLogProb(int32(c.Levels)-1+d)) + math.Exp(c.strangeLogProb(strangeCode-d))
	}
	each, kinds := c.strange()
	if math.Abs(sum/each-1) > 1e-5 || kinds != 3 {
		t.Errorf("numbers outside have %g of %g; %d kinds of things never seen", sum, each, kinds)
	}
}

// TestHeadGradients differentiates each head by differences, at codes in the middle, at the ends, and missing.
func TestHeadGradients(t *testing.T) {
	for name, c := range headColumns() {
		t.Run(name, func(t *testing.T) {
			codes := codesOf(c)
			rows := &Rows{N: 5, Codes: [][]int32{{codes[0], codes[len(codes)-1], codes[len(codes)/2], codes[len(codes)/3], strangeCode}}}
			heads := []head{newHead(c, 3)}
			gradcheck.Check(t, nil, []gradcheck.Shape{{10, heads[0].width()}}, func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{columnsLogProb(tp, []*Column{c}, heads, in[0], rows)}
			})
		})
	}
}

// TestMixtureIsItsFormula compares with differences of logistic functions in float64, where these have digits.
func TestMixtureIsItsFormula(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for name, c := range headColumns() {
		if !c.Numeric() {
			continue
		}
		h := newMixture(c, 3)
		for range 20 {
			p := randomParams(rnd, h.width(), 1)
			logits, means, scales := h.parts(p)
			total := 0.0
			for _, l := range logits {
				total += math.Exp(float64(l))
			}
			for _, code := range codesOf(c) {
				want := 0.0
				if code == blankCode {
					want = math.Exp(float64(logits[3])) / total
				} else {
					for i := range 3 {
						s := math.Exp(float64(scales[i]))
						want += math.Exp(float64(logits[i])) / total * (sigma((c.place(code+1)-float64(means[i]))/s) - sigma((c.place(code)-float64(means[i]))/s))
					}
				}
				if got := h.logProb(nil, p, code); want > 1e-12 && math.Abs(got-math.Log(want)) > 2e-3 {
					t.Fatalf("%s, code %d: %g, by the formula %g", name, code, got, math.Log(want))
				}
			}
		}
	}
}

// TestTails: far from what a narrow component expects there is still a likelihood, finite and ever lower.
func TestTails(t *testing.T) {
	c := headColumns()["a large grid"]
	h := newMixture(c, 1)
	p := []float32{0, -6, -6} // logit, mean, log scale
	before := math.Inf(1)
	for _, code := range []int32{100, 300, 500, 700, 898} {
		l := h.logProb(nil, p, code)
		if math.IsInf(l, 0) || math.IsNaN(l) || l >= before {
			t.Errorf("number %d has log p %g, the one before %g", code, l, before)
		}
		before = l
	}
}

// TestBeginsAsDistributed: before anything is learned, each column is distributed as its data are: numbers at every edge, categories at every
// value.
func TestBeginsAsDistributed(t *testing.T) {
	for name, c := range headColumns() {
		h := newHead(c, 3)
		bias := make([]float32, h.width())
		h.begin(bias)
		if !c.Numeric() {
			for i, n := range c.frequencies() {
				if got, want := math.Exp(h.logProb(nil, bias, int32(i))), float64(n)/float64(c.Rows); math.Abs(got-want) > 1e-5 {
					t.Errorf("%s: class %d has %g, and is %g of the data", name, i, got, want)
				}
			}
			continue
		}
		blank := 0.0
		if c.Blank > 0 {
			blank = math.Exp(h.logProb(nil, bias, blankCode))
			if want := float64(c.Blank) / float64(c.Rows); math.Abs(blank-want) > 1e-5 {
				t.Errorf("%s: missing has %g, and is %g of the data", name, blank, want)
			}
		}
		sum, level := 0.0, int32(0)
		for i, e := range c.Edges {
			for ; level < e; level++ {
				sum += math.Exp(h.logProb(nil, bias, level))
			}
			if want := (1 - blank) / (1 + math.Exp(-float64(c.Logits[i]))); math.Abs(sum-want) > 1e-4 {
				t.Errorf("%s: %g lies below level %d, and %g of the data", name, sum, e, want)
			}
		}
	}
}

// TestSamplesAreDistributed: draws agree with probabilities, by χ² at fixed seeds.
func TestSamplesAreDistributed(t *testing.T) {
	for name, c := range headColumns() {
		h := newHead(c, 3)
		rnd := rand.New(rand.NewPCG(21, 9))
		p := randomParams(rnd, h.width(), 0.7)
		const n = 20_000
		counts := map[int32]int{}
		for range n {
			counts[h.sample(p, rnd)]++
		}
		codes := codesOf(c)
		slices.Sort(codes)
		chi, freedom, expected, seen := 0.0, -1, 0.0, 0
		for i, code := range codes { // neighbours together until enough are expected
			expected += n * math.Exp(h.logProb(nil, p, code))
			seen += counts[code]
			if delete(counts, code); expected > 10 || i == len(codes)-1 {
				chi += (float64(seen) - expected) * (float64(seen) - expected) / max(expected, 1)
				freedom, expected, seen = freedom+1, 0, 0
			}
		}
		if len(counts) > 0 {
			t.Errorf("%s: draws that have no probability: %v", name, counts)
		}
		if limit := float64(freedom) + 4*math.Sqrt(2*float64(freedom)) + 4; chi > limit {
			t.Errorf("%s: χ² %.1f of %d degrees of freedom", name, chi, freedom)
		}
	}
}

// TestPlacesRise: from edge to edge and between them, and levelAt finds back.
func TestPlacesRise(t *testing.T) {
	for name, c := range headColumns() {
		if !c.Numeric() {
			continue
		}
		for level := range int32(c.Levels) {
			below, above := c.place(level), c.place(level+1)
			if !(below < above) {
				t.Fatalf("%s: level %d lies from %g to %g", name, level, below, above)
			}
			middle := (max(below, -50) + min(above, 50)) / 2
			if got := c.levelAt(middle); got != level {
				t.Errorf("%s: the middle of level %d is that of %d", name, level, got)
			}
		}
	}
}
