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
	const op = "CategoricalLogProb"
	checkLevels(op, levels)
	checkUnit(op, x)
	return logProb(tp, op, logits, x, x.Cols*levels, func(derivative, logits, x []float32) float64 {
		if levels >= largeGroup {
			return largeGroups(derivative, logits, x, levels)
		}
		return smallGroups(derivative, logits, x, levels)
	})
}

// largeGroup is how many logits pay for a call that looks at them alone.
const largeGroup = 24

func largeGroups(derivative, logits, x []float32, levels int) float64 {
	total := 0.0
	for j, v := range x {
		l, p, level := logits[j*levels:(j+1)*levels], derivative[j*levels:(j+1)*levels], levelOf(v, levels)
		logit := l[level]
		total += float64(logit - kernel.Softmax(p, l))
		kernel.Scale(p, -1)
		p[level]++
	}
	return total
}

// smallGroups is the same with one call for all exponentials of a row, and one logarithm for a product of many sums.
func smallGroups(derivative, logits, x []float32, levels int) float64 {
	total := 0.0
	for j, v := range x {
		l, d := logits[j*levels:(j+1)*levels], derivative[j*levels:(j+1)*levels]
		largest := l[0]
		for _, v := range l[1:] {
			if v > largest {
				largest = v
			}
		}
		total += float64(l[levelOf(v, levels)] - largest)
		for i, v := range l {
			d[i] = v - largest
		}
	}
	kernel.Exp(derivative, derivative)
	product := 1.0 // of the sums, each from 1 to levels
	for j, v := range x {
		p, sum := derivative[j*levels:(j+1)*levels], float32(0)
		for _, e := range p {
			sum += e
		}
		if product *= float64(sum); product > 1e200 {
			total, product = total-math.Log(product), 1
		}
		scale := -1 / sum
		for i := range p {
			p[i] *= scale
		}
		p[levelOf(v, levels)]++
	}
	return total - math.Log(product)
}

// levelOf is the nearest of the levels.
func levelOf(v float32, levels int) int { return int(v*float32(levels-1) + 0.5) }
