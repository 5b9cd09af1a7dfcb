package softmax

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/tensor"
)

// shuffled are counts in no order, some of them zero.
func shuffled(v int) []int64 {
	r := rand.New(rand.NewPCG(2, 9))
	counts := make([]int64, v)
	for i, w := range r.Perm(v) {
		counts[w] = int64(1000/(i+1)) - 20
		counts[w] = max(0, counts[w])
	}
	return counts
}

// TestNoise: words come as often as q says, which is what the options name.
func TestNoise(t *testing.T) {
	for _, v := range []int{1, 2, 3, 7, 100} {
		for _, counts := range [][]int64{shuffled(v), make([]int64, v)} {
			for _, o := range []Options{{Noise: "unigram", Power: 1}, {Noise: "unigram", Power: 0.75}, {Noise: "loguniform"}} {
				want, total := make([]float64, v), 0.0
				for w, c := range counts {
					want[w] = math.Pow(float64(c+1), o.Power)
					if o.Noise == "loguniform" {
						rank := 0
						for u, d := range counts {
							if d > c || d == c && u < w {
								rank++
							}
						}
						want[w] = math.Log(float64(rank+2)/float64(rank+1)) / math.Log(float64(v+1))
					}
					total += want[w]
				}
				if o.Noise == "loguniform" && math.Abs(total-1) > 1e-12 {
					t.Fatalf("V=%d: adds up to %g", v, total)
				}
				n, r := newNoise(Spec{Counts: counts, Options: o}), rand.New(rand.NewPCG(1, 1))
				const draws = 200_000
				drawn, table := make([]float64, v), n.table.Shares()
				for range draws {
					drawn[n.draw(r)]++
				}
				chi := 0.0
				for w := range want {
					q := want[w] / total
					if e := math.Abs(float64(n.logq[w]) - math.Log(q)); e > 1e-6 {
						t.Errorf("V=%d %+v: log q of word %d is off by %g", v, o, w, e)
					}
					chi += (drawn[w] - draws*q) * (drawn[w] - draws*q) / (draws * q)
				}
				for w := range want {
					if e := math.Abs(table[w] - want[w]/total); e > 1e-9 {
						t.Errorf("V=%d %+v: the share of word %d is off by %g", v, o, w, e)
					}
				}
				if df := float64(v - 1); chi > df+5*math.Sqrt(2*df) {
					t.Errorf("V=%d %+v: chi-square %g of %g degrees of freedom", v, o, chi, df)
				}
			}
		}
	}
}

// TestSample: a step's words are distinct and ascending, add up to what was asked for, and depend on its stream alone.
func TestSample(t *testing.T) {
	n := newNoise(Spec{Counts: shuffled(50), Options: Options{Noise: "unigram", Power: 1}})
	tp := tensor.NewTape()
	draw := func(step uint64) ([]int, []float32) {
		tp.Reset(1, step, 0)
		words, times := n.sample(tp, 200)
		return slices.Clone(words), slices.Clone(times)
	}
	words, times := draw(1)
	sum := float32(0)
	for i, x := range times {
		if sum += x; x < 1 || i > 0 && words[i] <= words[i-1] {
			t.Errorf("words %v, so often %v", words, times)
		}
	}
	if sum != 200 {
		t.Errorf("%g words, not 200", sum)
	}
	if again, _ := draw(1); !slices.Equal(words, again) {
		t.Error("the same step draws other words")
	}
	if others, _ := draw(2); slices.Equal(words, others) {
		t.Error("another step draws the same words")
	}
}
