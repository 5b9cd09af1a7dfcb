package softmax

import (
	"math"
	"testing"

	"inkling/tensor"
)

// inParts: a loss in parts is, of each, that of the targets of its rows alone; and its gradients are those of a loss whose targets are weighed
// by the part that they belong to.
func inParts(t *testing.T, kind Kind) {
	const v, dim, rows = 30, 5, 6
	s := spec(v, dim)
	s.Options.Samples = 0
	out := make1(t, kind, s)
	x := vector(rows*dim, 5)
	targets := Targets{
		Row: []int{0, 0, 1, 2, 2, 2, 4, 5}, Word: []int{3, 29, 0, 7, 7, 12, 1, 20}, Weight: []float32{1, 2, 0.5, 1, 0, 3, 1, 0.25},
		Part: []int{2, 0, 2, 1, 1, 0}, Parts: 4,
	}
	by := []float32{0.5, -2, 1, 7} // of each part
	run := func(tp *tensor.Tape, targets Targets, sum func(loss *tensor.Tensor) *tensor.Tensor) (loss, dx []float32, dp [][]float32) {
		tp.Reset(3, 7, 0)
		h := tp.Leaf(rows, dim, x)
		l := out.Loss(tp, h, targets)
		for i := range l.Rows {
			loss = append(loss, l.Row(i)[0])
		}
		if !tp.Recording() {
			return loss, nil, nil
		}
		tp.Backward(sum(l), 1)
		for _, p := range out.Params() {
			if p.Sparse {
				var all []float32
				for r := range p.Rows {
					all = append(all, tp.RowGrad(p, r)...)
				}
				dp = append(dp, all)
				continue
			}
			dp = append(dp, append([]float32(nil), tp.ParamGrad(p)...))
		}
		return loss, append([]float32(nil), h.Grad()...), dp
	}
	tp := tensor.NewTape()
	parts, dx, dp := run(tp, targets, func(l *tensor.Tensor) *tensor.Tensor { return tensor.WeightedSum(tp, l, by) })
	if len(parts) != 4 || parts[3] != 0 {
		t.Fatalf("%s: a loss in 4 parts of which one has no rows: %v", kind.Name, parts)
	}
	weighed := targets
	weighed.Part, weighed.Parts, weighed.Weight = nil, 0, nil
	for j, r := range targets.Row {
		weighed.Weight = append(weighed.Weight, targets.Weight[j]*by[targets.Part[r]])
	}
	whole, wantX, wantP := run(tp, weighed, func(l *tensor.Tensor) *tensor.Tensor { return l })
	sum := 0.0
	for i, p := range parts {
		sum += float64(p) * float64(by[i])
	}
	close := func(what string, got, want []float32) {
		t.Helper()
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 2e-5*(1+math.Abs(float64(want[i]))) {
				t.Fatalf("%s: %s %d is %g, and %g by weights", kind.Name, what, i, got[i], want[i])
			}
		}
	}
	close("the sum", []float32{float32(sum)}, whole)
	close("the gradient of h", dx, wantX)
	for i, want := range wantP {
		close("the gradient of "+out.Params()[i].Name, dp[i], want)
	}
	exact, _, _ := run(tensor.NewInference(), targets, nil)
	all := make([]float32, v)
	want := make([]float64, 4)
	for j, r := range targets.Row {
		out.LogProbs(all, x[r*dim:(r+1)*dim])
		want[targets.Part[r]] -= float64(targets.Weight[j]) * float64(all[targets.Word[j]])
	}
	for i := range want {
		close("the exact loss of part", exact[i:i+1], []float32{float32(want[i])})
	}
}
