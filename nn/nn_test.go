package nn

import (
	"math/rand/v2"
	"testing"

	"inkling/tensor"
)

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func values(rnd *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rnd.Float32()*2 - 1
	}
	return x
}

// flat is the rows of a tensor one after the other.
func flat(t *tensor.Tensor) (x []float32) {
	for i := range t.Rows {
		x = append(x, t.Row(i)...)
	}
	return x
}

func TestParams(t *testing.T) {
	a, b := tensor.NewParam("a", 2, 3), tensor.NewParam("b", 4)
	ps := Params{a, b}
	if ps.Count() != 10 || ps.ByName("a") != a || ps.ByName("b") != b || ps.ByName("c") != nil {
		t.Errorf("%d weights, %v, %v, %v", ps.Count(), ps.ByName("a"), ps.ByName("b"), ps.ByName("c"))
	}
	before := a.Version()
	if Uniform(a, 0.5, random()) != a || a.Version() == before {
		t.Error("Uniform does not say that it changed the parameter, or gives another")
	}
}

func closeTo(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if d := got[i] - w; !(max(d, -d) <= 1e-5*max(1, w, -w)) {
			t.Fatalf("%s, element %d: %g, want %g", what, i, got[i], w)
		}
	}
}
