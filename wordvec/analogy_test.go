package wordvec

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAnswers compares the answers to all questions about random cosines with the formulas in float64: of the best word, and
// whether nothing is better by more than rounding.
func TestAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	differ := 0
	for range 2000 {
		const words = 12
		var cos [3][]float32
		for i := range cos {
			for range words {
				cos[i] = append(cos[i], float32(2*r.Float64()-1))
			}
		}
		q := []int{r.IntN(words), r.IntN(words), r.IntN(words)}
		add, mul := answers(cos[0], cos[1], cos[2], q[0], q[1], q[2])
		if add != mul {
			differ++
		}
		scores := func(w int) (float64, float64) {
			a, b, c := float64(cos[0][w]), float64(cos[1][w]), float64(cos[2][w])
			return b - a + c, (1 + b) / 2 * (1 + c) / 2 / ((1+a)/2 + 0.001)
		}
		for _, w := range []int{add, mul} {
			if slices.Contains(q, w) {
				t.Fatalf("word %d answers a question that it is in", w)
			}
		}
		bestAdd, _ := scores(add)
		_, bestMul := scores(mul)
		for w := range words {
			if slices.Contains(q, w) {
				continue
			}
			if x, y := scores(w); x > bestAdd+1e-6 || y > bestMul*(1+1e-6) {
				t.Fatalf("%d and %d are said to be the best, and %d is better", add, mul, w)
			}
		}
	}
	if differ == 0 {
		t.Error("the two ways to rank never differ")
	}
}

// TestAnalogy: the lists and the single answers agree, and the score of 3CosAdd is a cosine.
func TestAnalogy(t *testing.T) {
	v := testModel(t, Config{Dim: 6, MinCount: 1}, 30).Vectors()
	s := NewSpace(v)
	for a := range 10 {
		b, c := a+7, 29-a
		add, mul := s.Answers(a, b, c)
		sums, products := v.Analogy(a, b, c, 1, false), v.Analogy(a, b, c, 1, true)
		if sums[0].Word != v.Words[add] || products[0].Word != v.Words[mul] {
			t.Errorf("%d %d %d: %v and %v, want %q and %q", a, b, c, sums, products, v.Words[add], v.Words[mul])
		}
		x := make([]float32, v.Dim)
		for d := range x {
			x[d] = v.Unit(b)[d] - v.Unit(a)[d] + v.Unit(c)[d]
		}
		normalize(x)
		want := 0.0
		for d := range x {
			want += float64(x[d]) * float64(v.Unit(add)[d])
		}
		if got := sums[0].Score; got < want-1e-5 || got > want+1e-5 {
			t.Errorf("%d %d %d: a score of %g, and the cosine is %g", a, b, c, got, want)
		}
	}
}
