package tensor

import (
	"math"

	"inkling/internal/kernel"
)

// CategoricalLogProb is the log-probability in nats of x [n,d], whose values are of levels equally spaced ones from 0 to 1, under
// a softmax of its own for each: logits [m,d·levels], those of one element side by side; row i·k+j of logits belongs to row i
// of x, m being n·k:
//
//	y[i·k+j] = Σ l[level] − log Σ e^l, level = round(x·(levels−1))
//
// Unlike DiscretizedLogisticLogProb it can have any shape, and has to learn that levels have an order. logits is consumed: its
// gradient, 1 − p at the level and −p elsewhere, is written over it. x gets no gradient.
func CategoricalLogProb(tp *Tape, logits, x *Tensor, levels int) *Tensor {
	checkLevels("CategoricalLogProb", levels)
	wanted := logits.Wanted()
	return logProb(tp, "CategoricalLogProb", logits, x, x.Cols*levels, func(derivative, logits, x []float32) float64 {
		total := 0.0
		for j, v := range x {
			level := levelOf("CategoricalLogProb", v, levels)
			l := logits[j*levels : (j+1)*levels]
			logit := l[level]
			if !wanted {
				total += float64(logit - kernel.LogSumExp(l))
				continue
			}
			p := derivative[j*levels : (j+1)*levels]
			total += float64(logit - kernel.Softmax(p, l))
			kernel.Scale(p, -1)
			p[level]++
		}
		return total
	})
}

// levelOf is the nearest of the levels.
func levelOf(op string, v float32, levels int) int {
	if !(v >= 0 && v <= 1) {
		outside(op, v)
	}
	return int(math.Round(float64(v) * float64(levels-1)))
}
