package infer

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// What chains say about themselves, after A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner, "Rank-normalization,
// folding, and localization: an improved R̂ for assessing convergence of MCMC" (2021). All take the draws of one quantity,
// [chains][draws], at least 4 draws a chain and the same number in each, and look at the halves of the chains as chains of
// their own, so that a chain that drifts is seen even alone. All are NaN where every draw is the same, or one is not finite: such
// draws say nothing of what they are from.

// RHat is the split R̂ with ranks: the greater of the R̂ of the ranks of the draws, made normal, and that of the ranks of their
// distances from the median, which sees chains that differ in spread only. It is near 1 where the chains look alike. Above 1.01
// run longer; above 1.1 the chains have not found the same distribution.
func RHat(chains [][]float64) float64 {
	halves := split(chains)
	if _, all := spread(halves); !isSpread(all) {
		return math.NaN()
	}
	median := middle(halves)
	folded := make([][]float64, len(halves))
	for c, chain := range halves {
		folded[c] = make([]float64, len(chain))
		for i, v := range chain {
			folded[c][i] = math.Abs(v - median)
		}
	}
	bulk, tail := plainRHat(normalRanks(halves)), plainRHat(normalRanks(folded))
	if math.IsNaN(tail) { // two values, each as far from the median
		return bulk
	}
	return max(bulk, tail)
}

// ESS is the effective sample size for the mean: how many independent draws would tell as much of it. Autocorrelations are
// combined over chains and added up to where C. Geyer's initial monotone sequence of their pairs ends (1992). Values above the number
// of draws are real, where successive draws are on opposite sides of the mean, and are cut off at n·log₁₀ n.
//
// Cost: chains · draws · the lag where the sequence ends.
func ESS(chains [][]float64) float64 {
	halves := split(chains)
	m, n := len(halves), len(halves[0])
	within, all := spread(halves)
	if !isSpread(all) {
		return math.NaN()
	}
	means := make([]float64, m)
	for c, chain := range halves {
		means[c] = average(chain)
	}
	correlation := func(lag int) float64 {
		sum := 0.0
		for c, chain := range halves {
			for i := range n - lag {
				sum += (chain[i] - means[c]) * (chain[i+lag] - means[c])
			}
		}
		return 1 - (within-sum/float64(m*(n-1)))/all
	}
	time, last := -1.0, math.Inf(1)
	for lag := 0; lag+1 < n; lag += 2 {
		first := 1.0
		if lag > 0 {
			first = correlation(lag)
		}
		pair := min(first+correlation(lag+1), last)
		if pair <= 0 {
			break
		}
		time += 2 * pair
		last = pair
	}
	draws := float64(m * n)
	return draws / max(time, 1/math.Log10(draws))
}

// Mean is the mean of the draws and its Monte Carlo standard error, sd/√ESS.
func Mean(chains [][]float64) (mean, mcse float64) {
	halves := split(chains)
	_, all := spread(halves)
	for _, chain := range halves {
		mean += average(chain) / float64(len(halves))
	}
	return mean, math.Sqrt(all / ESS(chains))
}

// split cuts every chain into halves; the middle draw of an odd number is left out.
func split(chains [][]float64) [][]float64 {
	if len(chains) == 0 || len(chains[0]) < 4 {
		panic("infer: diagnostics need a chain of at least 4 draws")
	}
	n := len(chains[0])
	halves := make([][]float64, 0, 2*len(chains))
	for _, chain := range chains {
		if len(chain) != n {
			panic(fmt.Sprintf("infer: chains of %d and of %d draws", n, len(chain)))
		}
		halves = append(halves, chain[:n/2], chain[n-n/2:])
	}
	return halves
}

// spread is the mean variance within chains, and the estimate of that of all draws that counts the spread of their means.
func spread(chains [][]float64) (within, all float64) {
	m, n := float64(len(chains)), float64(len(chains[0]))
	means := make([]float64, len(chains))
	for c, chain := range chains {
		means[c] = average(chain)
		within += variance(chain, means[c]) / m
	}
	return within, within*(n-1)/n + variance(means, average(means))
}

// isSpread reports whether a variance is one that says something.
func isSpread(variance float64) bool { return variance > 0 && variance <= math.MaxFloat64 }

func plainRHat(chains [][]float64) float64 {
	within, all := spread(chains)
	if !isSpread(all) {
		return math.NaN()
	}
	return math.Sqrt(all / within)
}

// normalRanks replaces draws by the quantiles of a normal distribution at their ranks among all; equal draws share a mean rank.
func normalRanks(chains [][]float64) [][]float64 {
	type place struct {
		v    float64
		c, i int
	}
	var order []place
	ranks := make([][]float64, len(chains))
	for c, chain := range chains {
		ranks[c] = make([]float64, len(chain))
		for i, v := range chain {
			order = append(order, place{v, c, i})
		}
	}
	sort.Slice(order, func(a, b int) bool { return order[a].v < order[b].v })
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && order[to].v == order[from].v {
			to++
		}
		rank := float64(from+to+1) / 2
		for _, p := range order[from:to] {
			ranks[p.c][p.i] = math.Sqrt2 * math.Erfinv(2*(rank-0.375)/(float64(len(order))+0.25)-1)
		}
		from = to
	}
	return ranks
}

func middle(chains [][]float64) float64 {
	all := slices.Concat(chains...)
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func variance(x []float64, mean float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(x)-1)
}
