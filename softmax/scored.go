package softmax

import (
	"math"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// What losses share that are made of scores of some words.

// fused is a loss whose gradients by its scores were written over them while it was added up: by those of rows of h, if there are any, and by
// those of the targets.
func fused(tp *tensor.Tape, totals []float64, t Targets, ofRows *tensor.Tensor, ofTargets ...*tensor.Tensor) *tensor.Tensor {
	wanted := ofRows != nil && ofRows.Wanted()
	for _, s := range ofTargets {
		wanted = wanted || s.Wanted()
	}
	loss := column(tp, totals, wanted)
	if !wanted {
		return loss
	}
	scale := func(s *tensor.Tensor, row func(i int) int) {
		s.Consume()
		for i := range s.Rows {
			if g := loss.GradRow(t.part(row(i)))[0]; g != 1 {
				kernel.Scale(s.Row(i), g)
			}
		}
	}
	tp.Record(func() {
		if !loss.HasGrad() {
			return
		}
		if ofRows != nil {
			scale(ofRows, func(i int) int { return i })
		}
		for _, s := range ofTargets {
			scale(s, func(j int) int { return t.Row[j] })
		}
	})
	return loss
}

// ofRows adds up the weights of the targets of each row.
func (t Targets) ofRows(tp *tensor.Tape, rows int) []float32 {
	sum := tp.Scratch(rows)
	clear(sum)
	for j, r := range t.Row {
		sum[r] += t.weight(j)
	}
	return sum
}

// softplus is Σ times·log(1+e^x), where times are whole numbers, nil for all 1; its derivative σ(x), without times, is
// written over x. That is −log σ(−x), or x − log σ(x) where x is positive, and the logarithm is that of products of many of
// them, as one of each would take longer than the product of matrices that made x.
func softplus(x, times []float32) (sum float64) {
	const part, least = 256, 1e-300 // a factor is at least ½
	var of [part]float32
	product := 1.0
	for at := 0; at < len(x); at += part {
		some := x[at:min(at+part, len(x))]
		copy(of[:], some)
		kernel.Sigmoid(some, some)
		for i, s := range some {
			n := 1
			if times != nil {
				n = int(times[at+i])
			}
			factor := float64(s)
			if v := of[i]; v > 0 {
				sum += float64(n) * float64(v)
			} else {
				factor = 1 - factor
			}
			for ; n > 0; n-- {
				if product *= factor; product < least {
					sum -= math.Log(product)
					product = 1
				}
			}
		}
	}
	return sum - math.Log(product)
}
