package softmax

import (
	"fmt"
	"math"
	"sync"
	"time"

	"inkling/internal/kernel"
	"inkling/tensor"
)

// costs are what a step of training takes on this machine, in seconds, where a matrix of weights [cols, k] gives rows of
// scores and a softmax of them:
//
//	weight·cols·k + product·rows·cols·k + score·rows·cols
//
// The first term is for packing the matrix, for its gradient and for the optimizer, and does not depend on rows; the
// second is for the three products, forward and backward; the third for writing the scores, and for their exponentials.
//
// Grave et al. take max(c + λ·k0·B0, c + λ·k·B) with a measured floor k0·B0, for a GPU that is not filled by a small
// product. A core is filled by any; what makes a product of few rows dear here is that its weights are gone through all the
// same, and that grows with the matrix instead of being a constant. A call itself takes less than a microsecond.
type costs struct{ weight, product, score float64 }

// of is the time of a product.
func (c costs) of(rows float64, cols, k int) float64 {
	return c.ofLinear(rows, cols, k) + c.score*rows*float64(cols)
}

// ofLinear is that of one without a softmax.
func (c costs) ofLinear(rows float64, cols, k int) float64 {
	return float64(cols) * float64(k) * (c.weight + rows*c.product)
}

func (c costs) String() string {
	return fmt.Sprintf("%.2g ns a weight, %.2g ns a multiplication and %.2g ns a score", c.weight*1e9, c.product*1e9, c.score*1e9)
}

// measured are the costs of this machine, found out when first asked for, in about a tenth of a second.
var measured = sync.OnceValue(func() costs { return fitCosts(timeProduct) })

// fitCosts times one product for each term, in which that term is the largest, and takes off what the others make of it,
// until nothing changes.
func fitCosts(seconds func(rows, cols, k int) float64) (c costs) {
	shapes := []struct {
		rows, cols, k int
		term          *float64
		amount        float64 // of what the term is the cost of
		took          float64
	}{
		{rows: 4, cols: 8192, k: 64, term: &c.weight, amount: 8192 * 64},
		{rows: 128, cols: 1024, k: 256, term: &c.product, amount: 128 * 1024 * 256},
		{rows: 64, cols: 8192, k: 8, term: &c.score, amount: 64 * 8192},
	}
	for i := range shapes {
		s := &shapes[i]
		s.took = seconds(s.rows, s.cols, s.k)
	}
	for range 50 {
		for _, s := range shapes {
			others := c.of(float64(s.rows), s.cols, s.k) - *s.term*s.amount
			*s.term = max(s.took-others, s.took/10) / s.amount // a noisy clock must not make anything free
		}
	}
	return c
}

// timeProduct is the time of all that a step does with a product: the least of many tries, each of them a millisecond or
// two, so that some are not interrupted on a machine that has other things to do.
func timeProduct(rows, cols, k int) float64 {
	precision := tensor.Float32
	if tensor.HasBFloat16() { // as training has it unless told otherwise
		precision = tensor.BFloat16
	}
	stride := tensor.Stride(cols)
	x, dx, scores := kernel.Floats(rows*k), kernel.Floats(rows*k), kernel.Floats(rows*stride)
	w, dw, m, v := kernel.Floats(cols*k), kernel.Floats(cols*k), kernel.Floats(cols*k), kernel.Floats(cols*k)
	var forward, backward kernel.Packed
	adam := kernel.AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, C1: 1, C2: 1, Clip: 1}
	least, start := math.Inf(1), time.Now()
	for try := 0; try < 4 || try < 20 && time.Since(start) < 60*time.Millisecond; try++ {
		began := time.Now()
		forward.PackT(w, k, k, cols, precision)
		kernel.MatMul(scores, stride, x, k, rows, &forward, false)
		for i := range rows {
			row := scores[i*stride : i*stride+cols]
			kernel.Softmax(row, row)
		}
		clear(dw)
		kernel.MatMulTN(dw, k, scores, stride, x, k, cols, k, rows, precision)
		backward.Pack(w, k, cols, k, precision)
		kernel.MatMul(dx, k, scores, stride, rows, &backward, true)
		kernel.Adam(w, dw, m, v, &adam)
		least = min(least, time.Since(began).Seconds())
	}
	return least
}
