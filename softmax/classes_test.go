package softmax

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

// TestBinning: for any counts, every word has one class, no class is empty, and no word is more frequent than one of an
// earlier class.
func TestBinning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 60).Draw(t, "counts")
		n := rapid.IntRange(1, len(counts)).Draw(t, "classes")
		b := newBinning(counts, n, rapid.SampledFrom([]string{"sqrt", "count"}).Draw(t, "binning"))
		if b.classes() != n || b.starts[0] != 0 || b.starts[n] != len(counts) {
			t.Fatalf("%d classes from %v", b.classes(), b.starts)
		}
		for c := range n {
			if b.size(c) < 1 {
				t.Errorf("class %d is empty", c)
			}
			for at := b.starts[c]; at < b.starts[c+1]; at++ {
				if w := b.order[at]; b.of[w] != c || b.place[w] != at {
					t.Errorf("word %d is in class %d at %d, and says %d at %d", w, c, at, b.of[w], b.place[w])
				}
				if at > 0 && counts[b.order[at]] > counts[b.order[at-1]] {
					t.Errorf("a word of %d after one of %d", counts[b.order[at]], counts[b.order[at-1]])
				}
			}
		}
	})
}

// TestBinningShares: where words are rare, each class has its share of their counts, or of the roots, within a word's.
func TestBinningShares(t *testing.T) {
	counts := make([]int64, 2000)
	for w := range counts {
		counts[w] = int64(1 + 20_000/(20+w))
	}
	for _, by := range []string{"sqrt", "count"} {
		b := newBinning(counts, 20, by)
		share, total := make([]float64, 20), 0.0
		for w, p := range frequencies(counts) {
			if by == "sqrt" {
				p = math.Sqrt(p)
			}
			share[b.of[w]] += p
			total += p
		}
		for c, s := range share {
			if s *= 20 / total; s < 0.8 || s > 1.2 {
				t.Errorf("%s: class %d has %g of its share", by, c, s)
			}
		}
	}
}

// TestClassesGradients goes through classes of few and of many rows, own weights, dense and sparse, and shared ones, with
// words in any order.
func TestClassesGradients(t *testing.T) {
	const v, dim, rows = 7, 3, 3*fewRows + 4
	for _, shared := range []bool{false, true} {
		for _, sparse := range []bool{false, true} {
			s := Spec{Dim: dim, Counts: []int64{3, 90, 1, 0, 40, 7, 5}, Options: Options{Classes: 3}, Rand: rand.New(rand.NewPCG(1, 1))}
			if shared {
				s.Tied = tensor.NewParam("embed.weight", v, dim)
				copy(s.Tied.Value, vector(v*dim, 6))
			}
			out := make1(t, Kind{Name: "classes"}, s).(*classes)
			out.weight.Sparse = sparse
			params := out.Params()
			if shared {
				params = append(params, s.Tied)
			}
			targets := Targets{Weight: vector(rows, 2)}
			rnd := rand.New(rand.NewPCG(2, 2))
			for j := range rows {
				targets.Row, targets.Word = append(targets.Row, rnd.IntN(5)), append(targets.Word, rnd.IntN(v)*btoi(j > 2*fewRows))
			}
			targets.Weight[1] = 0
			g := out.group(tensor.NewTape(), targets)
			few, many := false, false
			for c := range out.classes() {
				n := g.starts[c+1] - g.starts[c]
				few, many = few || n > 0 && n < fewRows, many || n >= fewRows
			}
			if !few || !many {
				t.Fatalf("classes of few rows %v, of many %v", few, many)
			}
			gradcheck.Check(t, params, []gradcheck.Shape{{5, dim}}, func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{out.Loss(tp, in[0], targets)}
			})
		}
	}
}

// TestClassesFactorize holds probabilities, and the loss of training, against the formula in float64, of own weights and
// of shared ones.
func TestClassesFactorize(t *testing.T) {
	const v, dim = 30, 5
	for _, shared := range []bool{false, true} {
		s := spec(v, dim)
		slices.Reverse(s.Counts)
		if shared {
			s.Tied = tensor.NewParam("embed.weight", v, dim)
			copy(s.Tied.Value, vector(v*dim, 6))
		}
		out := make1(t, Kind{Name: "classes"}, s).(*classes)
		h, got := vector(dim, 2), make([]float32, v)
		score := func(p *tensor.Param, row int, bias float32) float64 {
			sum := float64(bias)
			for i, w := range p.Row(row) {
				sum += float64(w) * float64(h[i])
			}
			return math.Exp(sum)
		}
		class, word, classes, within := make([]float64, out.classes()), make([]float64, v), 0.0, make([]float64, out.classes())
		for c := range class {
			class[c] = score(out.head.weight, c, out.head.bias.Value[c])
			classes += class[c]
		}
		for w := range word {
			row := out.place[w]
			if shared {
				row = w
			}
			word[w] = score(out.weight, row, out.bias.Value[out.place[w]])
			within[out.of[w]] += word[w]
		}
		out.LogProbs(got, h)
		for w := range word {
			c := out.of[w]
			want := math.Log(class[c] / classes * word[w] / within[c])
			if math.Abs(float64(got[w])-want) > 1e-5 {
				t.Errorf("shared %v: word %d has %g, by the formula %g", shared, w, got[w], want)
			}
			tp := tensor.NewTape()
			for _, times := range []int{1, fewRows + 1} {
				loss := out.Loss(tp, tp.Const(1, dim, h), Targets{Row: make([]int, times), Word: slices.Repeat([]int{w}, times)}).Item()
				if math.Abs(float64(loss)+float64(times)*want) > 1e-4*float64(times) {
					t.Errorf("shared %v: word %d, %d times: loss %g, by the formula %g", shared, w, times, loss, -float64(times)*want)
				}
			}
		}
	}
}

// TestClassesLookNoFurther: the best words are found without those of unlikely classes.
func TestClassesLookNoFurther(t *testing.T) {
	const v, dim = 400, 4
	out := make1(t, Kind{Name: "classes"}, spec(v, dim)).(*classes)
	out.head.bias.Value[3] += 20
	for place := out.starts[4]; place < v; place++ { // whoever looks there gets nothing but NaN
		out.bias.Value[place] = float32(math.NaN())
	}
	best, certified := out.TopK(make([]float32, dim), out.size(3))
	if !certified || len(best) != out.size(3) {
		t.Fatalf("%d words, certified %v", len(best), certified)
	}
	for _, b := range best {
		if out.of[b.Word] != 3 {
			t.Errorf("word %d of class %d is among the best", b.Word, out.of[b.Word])
		}
	}
}

func TestClassesRefuses(t *testing.T) {
	for want, o := range map[string]Options{
		"20 classes of a vocabulary of 10: at least 1, and at most one a word": {Classes: 20},
		"-1 classes of a vocabulary of 10":                                     {Classes: -1},
		`no binning "log": choose count or sqrt`:                               {Binning: "log"},
	} {
		s := spec(10, 3)
		s.Options = o
		if _, err := New("classes", s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
	for v, want := range map[int]int{1: 1, 2: 1, 3: 2, 10_000: 100} {
		if o, err := Settle("classes", spec(v, 3), false); err != nil || o.Classes != want || o.Binning != "sqrt" {
			t.Errorf("a vocabulary of %d: %+v, %v", v, o, err)
		}
	}
}

// TestBinningRounds: words all as frequent as each other, one a class, where sums are a rounding short of a class's share.
func TestBinningRounds(t *testing.T) {
	for v := 1; v <= 300; v++ {
		b := newBinning(make([]int64, v), v, "count")
		for c := range v {
			if b.size(c) != 1 {
				t.Fatalf("%d classes of %d words: class %d has %d", v, v, c, b.size(c))
			}
		}
	}
}
