package eval

import (
	"math"
	"slices"
	"testing"
)

func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		text []int
		n    int
		want []bool
	}{
		{[]int{1, 2, 1, 2, 1, 3}, 2, []bool{false, false, false, true, true, false}},
		{[]int{7, 7, 7}, 1, []bool{false, true, true}},
		{[]int{1, 256, 1, 256}, 2, []bool{false, false, false, true}},
		{[]int{1, 2}, 4, []bool{false, false}},
	} {
		if got := Repeats(c.text, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d-grams of %v: %v, want %v", c.n, c.text, got, c.want)
		}
	}
}

func TestDistinct(t *testing.T) {
	texts := [][]int{{1, 2, 1, 2}, {1, 2}, {3}}
	for n, want := range map[int]float64{1: 3. / 7, 2: 2. / 4, 3: 2. / 2} {
		if got := Distinct(texts, n); got != want {
			t.Errorf("distinct-%d %g, want %g", n, got, want)
		}
	}
	if got := Distinct(texts, 5); !math.IsNaN(got) {
		t.Errorf("of no 5-grams %g", got)
	}
}

func TestBlocks(t *testing.T) {
	if got := Blocks(300); !slices.Equal(got, []Block{{0, 16}, {16, 64}, {64, 256}, {256, 300}}) {
		t.Error(got)
	}
	if got := Blocks(10); !slices.Equal(got, []Block{{0, 10}}) || got[0].String() != "1–10" {
		t.Error(got)
	}
	mean, e := Block{1, 3}.Mean([][]float32{{9, 1, 3, 9}, {9, 5}, {9}, {0, 2, 2}})
	if want := 3.0; mean != want || math.Abs(e-1) > 1e-12 { // of 2, 5, 2: variance 3, of 3 texts
		t.Errorf("%g ± %g", mean, e)
	}
	if _, e := (Block{0, 1}).Mean([][]float32{{1}}); !math.IsNaN(e) {
		t.Errorf("a standard error of one text: %g", e)
	}
}
