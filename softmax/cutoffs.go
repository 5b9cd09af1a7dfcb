package softmax

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The layout of an adaptive softmax: how many words, from the most frequent on, the head has, and where each tail ends.
// Grave et al. show that words in the order of their frequencies belong into tails one after the other, and so the cut-offs
// are a path through the sorted words, whose cheapest is found by dynamic programming from the last word on:
//
//	rest[i][b] = min over e>b of cost of tail i from b to e + rest[i+1][e];  rest[tails][V] = 0
//	cost = min over b of cost of a head of b words and a score a tail + rest[0][b]
//
// once for each number of tails. The cheapest is not the best: a word in a tail has a narrow vector, which costs a little
// accuracy, and on a processor that is not hungry for large products the cheapest heads have a hundred words. So the head
// gets as many words as can be had for a tenth of a step of an LSTM with such a layer. (With a shared embedding no vector is narrower, but
// a tail's words still wait for the tail to be likely.)
const (
	mostTails   = 4    // that are chosen; more gained nothing in the paper
	mostCutoffs = 16   // that can be given: each tail is narrower, and the last ones would hold one number a word
	usualRows   = 512  // of a shard, which the costs are reckoned for
	leastWidth  = 16   // of a chosen tail behind the first: narrower ones tell few words apart
	forHead     = 0.1  // of the time of a step that may go into a larger head
	gridStep    = 1.05 // from one candidate for a cut-off to the next, where there are many words
	divValue    = 4
)

// width of the hidden vectors of tail i, counted from 0, as PyTorch has it: d // div^(i+1), and at least 1.
func width(dim int, div float64, i int) int {
	by := math.Pow(div, float64(i+1))
	return max(1, int((float64(dim)-math.Mod(float64(dim), by))/by))
}

// settleAdaptive checks the cut-offs, or chooses them. Without tails they are [V]: all words are in the head.
// A shared embedding has vectors of the hidden layer's size, and its words have biases.
func settleAdaptive(s Spec, tied bool) (Options, error) {
	o, v := s.Options, len(s.Counts)
	switch {
	case tied && o.HeadBias:
		return Options{}, errors.New("output layer adaptive with a shared embedding has a bias for each word: leave head-bias out")
	case tied && o.DivValue != 0 && o.DivValue != 1:
		return Options{}, fmt.Errorf("output layer adaptive with div-value %g: the vectors of a shared embedding are as wide as the hidden layer, so leave div-value out, or tying", o.DivValue)
	case tied:
		o.DivValue = 1
	case o.DivValue == 0:
		o.DivValue = divValue
	}
	if !(o.DivValue >= 1) || math.IsInf(o.DivValue, 1) {
		return Options{}, fmt.Errorf("output layer adaptive with div-value %g: must be at least 1", o.DivValue)
	}
	if len(o.Cutoffs) == 0 {
		p := frequencies(s.Counts)
		slices.Sort(p)
		slices.Reverse(p)
		o.Cutoffs = cheapestCutoffs(p, s.Dim, o.DivValue, tied, measured())
		return o, nil
	}
	if len(o.Cutoffs) == 1 && o.Cutoffs[0] == v {
		return o, nil
	}
	if n := len(o.Cutoffs); n > mostCutoffs {
		return Options{}, fmt.Errorf("output layer adaptive with %d cutoffs: at most %d", n, mostCutoffs)
	}
	for i, c := range o.Cutoffs {
		switch {
		case c < 1 || c >= v:
			return Options{}, fmt.Errorf("output layer adaptive with cutoffs %s: each must be at least 1 and less than the %d words there are; %d alone leaves all in the head", commas(o.Cutoffs), v, v)
		case i > 0 && c <= o.Cutoffs[i-1]:
			return Options{}, fmt.Errorf("output layer adaptive with cutoffs %s: each must be more than the one before", commas(o.Cutoffs))
		}
	}
	return o, nil
}

func commas(n []int) string {
	words := make([]string, len(n))
	for i, n := range n {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// cheapestCutoffs are those of the least expected time for words of frequencies p, the highest first. Words that share the
// embedding see the hidden vector itself, and not one made of it.
func cheapestCutoffs(p []float64, dim int, div float64, tied bool, c costs) []int {
	v := len(p)
	upTo := make([]float64, v+1) // share of the text that the first words make
	for i, p := range p {
		upTo[i+1] = upTo[i] + p
	}
	tails := 1
	for tails < mostTails && width(dim, div, tails) >= leastWidth {
		tails++
	}
	head := func(scores int) float64 { return c.of(usualRows, scores, dim) }
	tail := func(i, from, to int) float64 {
		rows, narrow := usualRows*(upTo[to]-upTo[from]), width(dim, div, i)
		cost := c.of(rows, to-from, narrow)
		if !tied {
			cost += c.ofLinear(rows, narrow, dim)
		}
		return cost
	}
	lstm := c.ofLinear(usualRows, 4*dim, 2*dim)
	return cutWords(candidates(v), tails, head, tail, func(least float64) float64 { return least + forHead*(least+lstm) })
}

// candidates are the sizes, ending with v, that parts may end at: all of them where they are few, and then ever larger
// steps, whose cost is flat around the best.
func candidates(v int) (ends []int) {
	for e := 1; e < v; e = max(e+1, int(float64(e)*gridStep)) {
		ends = append(ends, e)
	}
	return append(ends, v)
}

// cutWords gives the cut-offs of a layout with at most so many tails, all of whose parts end at one of ends, whose last is the
// number of words. head is the cost of so many scores, tail that of tail i with the words in [from, to). Of those that cost
// no more than what limit makes of the least cost, it is one with the largest head, and the cheapest of these; of equally
// cheap ones that with the fewest tails.
func cutWords(ends []int, tails int, head func(scores int) float64, tail func(i, from, to int) float64, limit func(least float64) float64) []int {
	n, v := len(ends), ends[len(ends)-1]
	type layout struct {
		cost  float64
		head  int // number of its end
		tails int
	}
	layouts := []layout{{cost: head(v), head: n - 1}}
	next := make([][][]int, tails+1) // of the number of tails and a tail's number: the end of the cheapest that begins there
	for count := 1; count <= tails; count++ {
		rest := make([]float64, n)
		for b := range n - 1 {
			rest[b] = math.Inf(1)
		}
		next[count] = make([][]int, count)
		for i := count - 1; i >= 0; i-- {
			cost, to := make([]float64, n), make([]int, n)
			for b := range cost {
				cost[b] = math.Inf(1)
				for e := b + 1; e < n; e++ {
					if math.IsInf(rest[e], 1) {
						continue
					}
					if c := tail(i, ends[b], ends[e]) + rest[e]; c < cost[b] {
						cost[b], to[b] = c, e
					}
				}
			}
			rest, next[count][i] = cost, to
		}
		for b, c := range rest {
			if !math.IsInf(c, 1) {
				layouts = append(layouts, layout{cost: head(ends[b]+count) + c, head: b, tails: count})
			}
		}
	}
	least := math.Inf(1)
	for _, l := range layouts {
		least = min(least, l.cost)
	}
	most := limit(least)
	var chosen *layout
	for i := range layouts {
		l := &layouts[i]
		if l.cost <= most && (chosen == nil || l.head > chosen.head || l.head == chosen.head && l.cost < chosen.cost) {
			chosen = l
		}
	}
	cutoffs, at := []int{ends[chosen.head]}, chosen.head
	for i := range max(0, chosen.tails-1) {
		at = next[chosen.tails][i][at]
		cutoffs = append(cutoffs, ends[at])
	}
	return cutoffs
}
