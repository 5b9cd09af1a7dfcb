package softmax

import (
	"math"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// What losses share that are made of scores of some words.

// fused is a loss whose gradients by its scores were written over them while it was added up.
func fused(tp *tensor.Tape, total float64, scores ...*tensor.Tensor) *tensor.Tensor {
	wanted := false
	for _, s := range scores {
		wanted = wanted || s.Wanted()
	}
	loss := tp.New(1, 1, wanted)
	loss.Data[0] = float32(total)
	if !wanted {
		return loss
	}
	tp.Record(func() {
		if !loss.HasGrad() {
			return
		}
		g := loss.Grad()[0]
		for _, s := range scores {
			s.Consume()
			for i := 0; i < s.Rows && g != 1; i++ {
				kernel.Scale(s.Row(i), g)
			}
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
