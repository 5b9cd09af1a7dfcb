package softmax

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/tensor"
)

// TestOVEIsABound: whatever the scores, the bound of single words is under that of blocks, which is under that of blocks
// made of whole ones of these, and all are under the log-likelihood, which a block of all words gives.
func TestOVEIsABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.IntRange(1, 40).Draw(t, "v")
		scores := rapid.SliceOfN(rapid.Float32Range(-30, 30), v, v).Draw(t, "scores")
		y := rapid.IntRange(0, v-1).Draw(t, "y")
		block := rapid.IntRange(1, v).Draw(t, "block")
		times := rapid.IntRange(1, 4).Draw(t, "times")
		exact, loss := 0.0, func(block int) float64 {
			l, _ := comparison{block, nil, make([]float32, ceil(v, block))}.with(slices.Clone(scores), scores[y], y, 1)
			return l
		}
		for _, s := range scores {
			exact += math.Exp(float64(s) - float64(scores[y]))
		}
		exact = math.Log(exact)
		slack := 1e-5 * (1 + loss(1))
		if single, some, larger, all := loss(1), loss(block), loss(block*times), loss(v); single < some-slack || some < larger-slack || larger < all-slack || math.Abs(all-exact) > slack {
			t.Errorf("single %g, of %d %g, of %d %g, of all %g, exact %g", single, block, some, block*times, larger, all, exact)
		}
	})
}

// TestOVESamples: what is drawn is on average what all words give, loss and gradients, with any number of targets a row.
func TestOVESamples(t *testing.T) {
	const v, dim, rows, steps = 11, 3, 2, 30_000
	targets := Targets{Row: []int{0, 1, 1}, Word: []int{10, 0, 4}, Weight: []float32{1, 2, 0.5}}
	h := vector(rows*dim, 4)
	for _, o := range []Options{{Block: 1, Samples: 1}, {Block: 1, Samples: 4}, {Block: 4, Samples: 4}, {Block: 3, Samples: 5}} {
		run := func(o Options, steps uint64) (mean []float64) {
			s := spec(v, dim)
			s.Options = o
			out := make1(t, Kind{Name: "ove"}, s)
			tp := tensor.NewTape()
			for step := range steps {
				tp.Reset(1, step, 0)
				x := tp.Leaf(rows, dim, h)
				l := out.Loss(tp, x, targets)
				tp.Backward(l, 1)
				all := append([]float32{l.Item()}, x.Grad()...)
				for w := range v {
					all = append(all, tp.RowGrad(out.Params().ByName("out.weight"), w)...)
				}
				all = append(all, tp.ParamGrad(out.Params().ByName("out.bias"))...)
				if mean == nil {
					mean = make([]float64, len(all))
				}
				for i, g := range all {
					mean[i] += float64(g) / float64(steps)
				}
			}
			return mean
		}
		want := run(Options{Block: o.Block}, 1)
		for i, got := range run(o, steps) {
			if math.Abs(got-want[i]) > 0.05*(1+math.Abs(want[i])) {
				t.Errorf("%+v: number %d is %g on average, of all words %g", o, i, got, want[i])
			}
		}
	}
}

// TestOVEGradients of blocks and samples, which the contract does not know of.
func TestOVEGradients(t *testing.T) {
	kind, err := kindNamed("ove")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Block: 2}, {Block: 3}, {Block: 100}, {Samples: 1}, {Samples: 3}, {Samples: 3, Block: 2}, {Samples: 9}, {Samples: 1000, Block: 1000}} {
		gradientsWith(t, kind, o)
	}
}
