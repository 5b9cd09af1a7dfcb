package softmax

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// layouts calls f with every list of ascending cut-offs below v of at most so many, and with [v].
func layouts(v, tails int, f func(cutoffs []int)) {
	f([]int{v})
	var extend func(cutoffs []int)
	extend = func(cutoffs []int) {
		from := 1
		if n := len(cutoffs); n > 0 {
			f(cutoffs)
			from = cutoffs[n-1] + 1
		}
		if len(cutoffs) == tails {
			return
		}
		for c := from; c < v; c++ {
			extend(append(slices.Clip(cutoffs), c))
		}
	}
	extend(nil)
}

// TestCutWords: of all ways to cut a few words, the one chosen costs no more than the limit and has the largest head of
// those that do not, and costs the least of those with this head. Costs are any numbers at all.
func TestCutWords(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 9))
	for v := 1; v <= 11; v++ {
		for range 30 {
			tails, slack := rnd.IntN(mostTails+1), float64(rnd.IntN(2))*rnd.Float64()
			heads, costs := map[int]float64{}, map[[3]int]float64{}
			for s := range v + mostTails + 1 {
				heads[s] = 3 * rnd.Float64()
				for to := range s {
					for i := range mostTails {
						costs[[3]int{i, to, s}] = rnd.Float64()
					}
				}
			}
			head := func(scores int) float64 { return heads[scores] }
			tail := func(i, from, to int) float64 { return costs[[3]int{i, from, to}] }
			price := func(cutoffs []int) float64 {
				if cutoffs[0] == v {
					return head(v)
				}
				sum := head(cutoffs[0] + len(cutoffs))
				for i, from := range cutoffs {
					sum += tail(i, from, append(slices.Clip(cutoffs), v)[i+1])
				}
				return sum
			}
			least := math.Inf(1)
			layouts(v, tails, func(c []int) { least = min(least, price(c)) })
			limit := func(found float64) float64 {
				if math.Abs(found-least) > 1e-12 {
					t.Fatalf("V=%d: the least cost is taken for %g, is %g", v, found, least)
				}
				return found + slack
			}
			got := cutWords(count(v + 1)[1:], tails, head, tail, limit)
			largest, cheapest := 0, math.Inf(1)
			layouts(v, tails, func(c []int) {
				if p := price(c); p <= least+slack+1e-12 && (c[0] > largest || c[0] == largest && p < cheapest) {
					largest, cheapest = c[0], p
				}
			})
			if got[0] != largest || math.Abs(price(got)-cheapest) > 1e-12 {
				t.Errorf("V=%d, %d tails, slack %.2g: %v costs %g, and one with a head of %d costs %g", v, tails, slack, got, price(got), largest, cheapest)
			}
		}
	}
}

// TestCutWordsTies: a tail that gains nothing is not made.
func TestCutWordsTies(t *testing.T) {
	free := func(int, int, int) float64 { return 0 }
	got := cutWords([]int{1, 2, 3}, 4, func(int) float64 { return 1 }, free, func(least float64) float64 { return least })
	if !slices.Equal(got, []int{3}) {
		t.Errorf("cut at %v for nothing", got)
	}
}

// TestCheapestCutoffs: what is chosen can be settled, grows with the vocabulary, and follows the costs.
func TestCheapestCutoffs(t *testing.T) {
	usual := costs{weight: 1.5e-9, product: 0.06e-9, score: 1e-9}
	sorted := func(v int) []float64 {
		p := frequencies(zipf(v, 1).Counts)
		slices.Sort(p)
		slices.Reverse(p)
		return p
	}
	heads := []int{}
	for _, v := range []int{1, 2, 5, 100, 3000, 33_000, 267_735} {
		cut := cheapestCutoffs(sorted(v), 512, divValue, false, usual)
		heads = append(heads, cut[0])
		s := Spec{Dim: 512, Counts: make([]int64, v), Options: Options{Cutoffs: cut}}
		if o, err := settleAdaptive(s, false); err != nil || !slices.Equal(o.Cutoffs, cut) {
			t.Errorf("V=%d: chosen cutoffs %v are settled as %v: %v", v, cut, o.Cutoffs, err)
		}
		if narrowest := width(512, divValue, len(cut)-1); len(cut) > 1 && narrowest < leastWidth {
			t.Errorf("V=%d: a tail %d wide", v, narrowest)
		}
		if v > 30_000 {
			whole := usual.of(usualRows, v, 512)
			s.Options.DivValue = divValue
			parts, sum := partsOf(s), 0.0
			for i, t := range parts {
				if i == 0 {
					sum += usual.of(usualRows, t.words+len(parts)-1, 512)
				} else {
					sum += usual.of(usualRows*t.share, t.words, t.width)
				}
			}
			if sum > whole/3 {
				t.Errorf("V=%d: cut at %v a step takes %.3g s, as a whole %.3g s", v, cut, sum, whole)
			}
		}
	}
	if !slices.IsSorted(heads) {
		t.Errorf("heads of %v words for more and more words", heads)
	}
	if cut := cheapestCutoffs(sorted(1000), 8, 1, false, costs{weight: 1, product: 1e-9, score: 1e-9}); !slices.Equal(cut, []int{1000}) {
		t.Errorf("cut at %v, where a tail has as many weights and more", cut)
	}
	// A tail without a product before its own costs less, and so there is more of it where that product is dear.
	dear := costs{weight: 1, product: 1e-9, score: 0.13}
	own, shared := cheapestCutoffs(sorted(200), 64, 1, false, dear), cheapestCutoffs(sorted(200), 64, 1, true, dear)
	if len(own) >= len(shared) {
		t.Errorf("cut at %v with weights of its own, at %v with a shared embedding", own, shared)
	}
}

// TestFitCosts finds out costs that are known.
func TestFitCosts(t *testing.T) {
	for _, want := range []costs{{1.5e-9, 0.06e-9, 1e-9}, {6e-9, 0.03e-9, 1e-9}, {1e-9, 0.2e-9, 10e-9}} {
		got := fitCosts(func(rows, cols, k int) float64 { return want.of(float64(rows), cols, k) })
		for i, of := range []struct{ got, want float64 }{{got.weight, want.weight}, {got.product, want.product}, {got.score, want.score}} {
			if math.Abs(of.got/of.want-1) > 1e-3 {
				t.Errorf("cost %d of %+v is found as %g", i, want, of.got)
			}
		}
	}
	disturbed := fitCosts(func(rows, cols, k int) float64 { return []float64{1, 1e-3}[btoi(k == 256)] })
	if !(disturbed.product > 0 && disturbed.weight > 0 && disturbed.score > 0) {
		t.Errorf("a clock that was disturbed makes costs of %+v", disturbed)
	}
	if c := measured(); !(c.product > 0 && c.product < 1e-6 && c.weight > 0 && c.weight < 1e-4 && c.score > 0 && c.score < 1e-4) {
		t.Errorf("this machine has costs of %+v", c)
	}
}

func TestAdaptiveRefuses(t *testing.T) {
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{Cutoffs: []int{3, 2}}, "cutoffs 3,2: each must be more than the one before"},
		{Options{Cutoffs: []int{3, 3}}, "cutoffs 3,3: each must be more than the one before"},
		{Options{Cutoffs: []int{0, 3}}, "cutoffs 0,3: each must be at least 1"},
		{Options{Cutoffs: []int{-2}}, "cutoffs -2: each must be at least 1"},
		{Options{Cutoffs: []int{3, 50}}, "less than the 50 words"},
		{Options{Cutoffs: []int{51}}, "less than the 50 words"},
		{Options{Cutoffs: count(18)[1:]}, "17 cutoffs: at most 16"},
		{Options{DivValue: 0.5}, "div-value 0.5: must be at least 1"},
		{Options{DivValue: -4}, "div-value -4: must be at least 1"},
		{Options{DivValue: math.NaN()}, "div-value NaN: must be at least 1"},
		{Options{DivValue: math.Inf(1)}, "div-value +Inf: must be at least 1"},
		{Options{Classes: 4}, "has no classes"},
	} {
		s := spec(50, 8)
		s.Options = c.options
		if _, err := New("adaptive", s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.options, err, c.want)
		}
	}
	for _, cutoffs := range [][]int{{50}, {1}, {49}, {1, 2, 3}, count(17)[1:]} {
		s := spec(50, 8)
		s.Options = Options{Cutoffs: cutoffs, DivValue: 1e300}
		if o, err := Settle("adaptive", s, false); err != nil || !reflect.DeepEqual(o, s.Options) {
			t.Errorf("cutoffs %v are settled as %+v: %v", cutoffs, o, err)
		}
		make1(t, Kind{Name: "adaptive"}, s)
	}
}

// TestWidth has PyTorch's widths.
func TestWidth(t *testing.T) {
	for _, c := range []struct {
		dim  int
		div  float64
		want []int
	}{
		{512, 4, []int{128, 32, 8, 2, 1}},
		{100, 3, []int{33, 11, 3, 1, 1}},
		{10, 1, []int{10, 10}},
		{5, 1.5, []int{3, 2, 1}},
		{1, 4, []int{1, 1}},
		{7, 1e300, []int{1, 1}},
	} {
		for i, want := range c.want {
			if got := width(c.dim, c.div, i); got != want {
				t.Errorf("tail %d of %d by %g is %d wide, want %d", i, c.dim, c.div, got, want)
			}
		}
	}
}
