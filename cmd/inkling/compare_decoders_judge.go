package main

import (
	"math"
	"slices"
)

// decoderResult is how one decoder did. Means are over the beginnings; null where there is nothing to take one of.
type decoderResult struct {
	Decoder    string   `json:"decoder"`
	Option     string   `json:"option,omitempty"` // its width, or its heuristic
	LogProb    *float64 `json:"logprob"`          // nats: the mean of the texts that are complete
	Complete   int      `json:"complete"`         // texts that are, of as many as there are beginnings
	Certified  int      `json:"certified"`        // that it has proved to be the likeliest
	Errors     *float64 `json:"search_errors"`    // share of the certified beginnings for which its text is not the likeliest, or not complete
	Gap        *float64 `json:"gap"`              // nats that it lacks there: the mean of the texts that are complete
	States     float64  `json:"states"`           // sequences whose next tokens were scored: the mean
	Calls      float64  `json:"calls"`            // of the model for that: the mean
	Time       float64  `json:"ms"`               // the mean
	MedianTime float64  `json:"ms_median"`
	style

	width int
}

// style is what texts are like, whatever their probability.
type style struct {
	Repeated *float64 `json:"repeated"` // share of sequences of four tokens that were there before, in the beginning or the text
	Distinct *float64 `json:"distinct"` // different sequences of four tokens in all texts, as a share of all (Li et al. 2016, arXiv:1510.03055)
}

// decodersCompared is the whole result.
type decodersCompared struct {
	Dir        string `json:"model"`
	File       string `json:"file"`
	Asked      int    `json:"asked"`      // beginnings
	Beginnings int    `json:"beginnings"` // that all decoders were done with
	Certified  int    `json:"certified"`  // of them: some decoder has proved what the likeliest text is
	Read       int    `json:"read"`
	MaxTokens  int    `json:"max_tokens"`
	Picture    string `json:"picture,omitempty"`

	Text struct { // how the text itself goes on
		LogProb *float64 `json:"logprob"`
		style
	} `json:"text"`
	Results []decoderResult `json:"results"`
}

// sameScore is what two sums of the same log-probabilities may differ by, in nats.
const sameScore = 1e-6

// optimum is the log-probability of the likeliest text, and whether that was proved: the best that any decoder has found, if a certificate,
// of whichever of them, says that there is nothing above it.
func (t trial) optimum() (best float64, certified bool) {
	best, bound := math.Inf(-1), math.Inf(1)
	for _, x := range t.rungs {
		if x.complete {
			best = max(best, x.logp)
		}
		if x.proved != nil {
			bound = min(bound, x.proved.Bound)
		}
	}
	return best, bound <= best+sameScore
}

// judgeDecoders makes the figures.
func judgeDecoders(ladder []rung, trials []trial) *decodersCompared {
	c := &decodersCompared{Beginnings: len(trials)}
	optima, certified := make([]float64, len(trials)), make([]bool, len(trials))
	var texts []attempt
	for i, t := range trials {
		optima[i], certified[i] = t.optimum()
		if certified[i] {
			c.Certified++
		}
		texts = append(texts, t.text)
	}
	c.Text.LogProb, c.Text.style = meanLogProb(texts), styleOf(texts)
	for k, r := range ladder {
		d := decoderResult{Decoder: r.name, Option: r.option, width: r.width}
		var attempts []attempt
		var gaps, times []float64
		wrong := 0
		for i, t := range trials {
			x := t.rungs[k]
			attempts, times = append(attempts, x), append(times, 1e3*x.seconds)
			states, calls := len(x.tokens), len(x.tokens) // of one that chooses from left to right
			if x.proved != nil {
				states, calls = x.proved.Expanded, x.proved.Calls
			}
			d.States += float64(states) / float64(len(trials))
			d.Calls += float64(calls) / float64(len(trials))
			if x.complete {
				d.Complete++
			}
			if x.proved != nil && x.proved.Exact {
				d.Certified++
			}
			if !certified[i] {
				continue
			}
			gap := max(0, optima[i]-x.logp)
			if x.complete {
				gaps = append(gaps, gap)
			}
			if !x.complete || gap > sameScore {
				wrong++
			}
		}
		d.LogProb, d.style, d.Gap, d.Errors = meanLogProb(attempts), styleOf(attempts), meanOf(gaps), shareOf(wrong, c.Certified)
		d.Time = *meanOf(times)
		slices.Sort(times)
		d.MedianTime = median(times)
		c.Results = append(c.Results, d)
	}
	return c
}

func meanLogProb(attempts []attempt) *float64 {
	var list []float64
	for _, x := range attempts {
		if x.complete {
			list = append(list, x.logp)
		}
	}
	return meanOf(list)
}

func meanOf(list []float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	sum /= float64(len(list))
	return &sum
}

func shareOf(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	share := float64(part) / float64(whole)
	return &share
}

// gram is a sequence of tokens, short enough to come again and long enough to be noticed.
type gram [4]int

// grams are those of a text that end at or behind a place.
func grams(tokens []int, from int) (list []gram) {
	for end := max(len(gram{}), from+1); end <= len(tokens); end++ {
		list = append(list, gram(tokens[end-len(gram{}):end]))
	}
	return list
}

func styleOf(attempts []attempt) style {
	again, written, all, different := 0, 0, 0, map[gram]bool{}
	for _, x := range attempts {
		before := map[gram]bool{}
		for _, g := range grams(x.prefix, 0) {
			before[g] = true
		}
		for _, g := range grams(slices.Concat(x.prefix, x.tokens), len(x.prefix)) {
			if written++; before[g] {
				again++
			}
			before[g] = true
		}
		for _, g := range grams(x.tokens, 0) {
			all++
			different[g] = true
		}
	}
	return style{shareOf(again, written), shareOf(len(different), all)}
}
