package softmax

import (
	"math"
	"slices"

	"inkling/tensor"
)

// A subset is words drawn from noise without replacement, so that each is in it or not independently of all others,
// with a known chance: words are drawn at the times of a Poisson process, up to a certain time t, and those that came more
// than once are dropped. So word w is in it with chance 1 − e^(−t·q(w)), exactly. To draw until there are so many distinct
// words, as TensorFlow does, has no chances that one could write down, and a fixed number of draws none that are independent.
// How many there are varies from step to step, by less than the root of their mean.
//
// Noise that is very uneven takes more draws than there are words, without end if its power is high. Then each word is asked
// in turn whether it has come by t, with the same chance: a step costs V random numbers at most, in either way.
type subset struct {
	noise     *noise
	until     float64   // t; +Inf: all words, always
	logChance []float32 // of each word to be in it
	chance    []float64 // the same, if each word is asked; nil: words are drawn
	most      int       // words to make room for
}

// newSubset is of so many words on average; half of the vocabulary or more is all of it, which is cheaper to draw.
func newSubset(n *noise, mean int) *subset {
	v := len(n.logq)
	s := &subset{noise: n, until: math.Inf(1), logChance: make([]float32, v), most: mostOf(mean, v)}
	if s.most == v {
		return s
	}
	// Newton's method. The mean is concave in t, so steps from below never go too far; t words drawn are at most t distinct.
	for s.until = float64(mean); ; {
		size, slope := 0.0, 0.0
		for _, l := range n.logq {
			q := math.Exp(float64(l))
			out := math.Exp(-s.until * q)
			size, slope = size+1-out, slope+q*out
		}
		if float64(mean)-size < 1e-6*float64(mean) {
			break
		}
		s.until += (float64(mean) - size) / slope
	}
	for w, l := range n.logq {
		s.logChance[w] = float32(math.Log(-math.Expm1(-s.until * math.Exp(float64(l)))))
	}
	if s.until > mostDrawn(v) {
		s.chance = make([]float64, v)
		for w, l := range s.logChance {
			s.chance[w] = math.Exp(float64(l))
		}
	}
	return s
}

// mostDrawn is the t up to which words are drawn: a draw, which is to be sorted, takes as long as several words that are asked.
func mostDrawn(vocab int) float64 { return float64(vocab) / 4 }

// drawnRoom is how many draws there are up to t, but for one step in a million.
func drawnRoom(t float64) int { return int(t + 5*math.Sqrt(t)) }

// subsetRoom is the most words that a step makes room for, whichever way it takes.
func subsetRoom(mean, vocab int) int {
	return max(mostOf(mean, vocab), drawnRoom(mostDrawn(vocab)))
}

// mostOf is how many words there are in a subset of so many on average, but for one step in 10,000 or less.
func mostOf(mean, vocab int) int {
	if 2*mean >= vocab {
		return vocab
	}
	return min(vocab-1, mean+4*int(math.Ceil(math.Sqrt(float64(mean)))))
}

// sample draws the words of a step's shard, ascending.
func (s *subset) sample(tp *tensor.Tape) []int {
	if math.IsInf(s.until, 1) {
		words := tp.ScratchInts(len(s.logChance))
		for w := range s.logChance {
			words = append(words, w)
		}
		return words
	}
	r := tp.Rand()
	if s.chance != nil {
		words := tp.ScratchInts(s.most)
		for w, chance := range s.chance {
			if r.Float64() < chance {
				words = append(words, w)
			}
		}
		return words
	}
	words := tp.ScratchInts(drawnRoom(s.until))
	for at := r.ExpFloat64(); at < s.until; at += r.ExpFloat64() {
		words = append(words, s.noise.draw(r))
	}
	slices.Sort(words)
	return slices.Compact(words)
}
