package infer

import "math"

// A dualAverage finds the step size at which transitions are accepted with the wanted probability, while they are made (M. Hoffman
// and A. Gelman, "The No-U-Turn Sampler", 2014, section 3.2, with its constants): log ε moves against the summed error of the
// acceptance, first boldly and then less and less, and what is used afterwards is the average of log ε, late ones weighing more.
//
// The other rule in use, ×1.02 after a transition that is accepted too well and ×0.98 else, moves at most 2 % a
// transition, so that a first step that is off by a factor of 100 takes 230 of them; see TestStepSizeRules.
type dualAverage struct {
	centre, sum, logStep, average float64
	n                             int
}

func newDualAverage(step float64) dualAverage {
	return dualAverage{centre: math.Log(10 * step), logStep: math.Log(step), average: math.Log(step)}
}

// step is the size for the next transition.
func (d *dualAverage) step() float64 { return clampStep(math.Exp(d.logStep)) }

// settled is the size to keep.
func (d *dualAverage) settled() float64 { return clampStep(math.Exp(d.average)) }

// learn moves on, given the probability with which the last transition was accepted.
func (d *dualAverage) learn(accepted, target float64) {
	const gamma, delay, decay = 0.05, 10, 0.75
	d.n++
	n := float64(d.n)
	share := 1 / (n + delay)
	d.sum += share * (target - accepted - d.sum)
	d.logStep = d.centre - math.Sqrt(n)/gamma*d.sum
	d.logStep = min(max(d.logStep, math.Log(minStep)), math.Log(maxStep))
	weight := math.Pow(n, -decay)
	d.average += weight * (d.logStep - d.average)
}

// Steps stay within what float32 can add up.
const minStep, maxStep = 1e-6, 1e3

func clampStep(step float64) float64 { return min(max(step, minStep), maxStep) }

// groupMeans sets dst to the mean of each group of successive values.
func groupMeans(dst, values []float64, group int) {
	for g := range dst {
		sum := 0.0
		for _, v := range values[g*group : (g+1)*group] {
			sum += v
		}
		dst[g] = sum / float64(group)
	}
}
