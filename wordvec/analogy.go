package wordvec

import (
	"math"
	"slices"
)

// The scores of a word w as the answer to "a is to b as c is to what?", of its cosines with the three. The three words are
// no answers.

// cosAdd is 3CosAdd (T. Mikolov, W. Yih, G. Zweig 2013, Linguistic Regularities in Continuous Space Word Representations): of
// unit vectors w·(b − a + c).
func cosAdd(a, b, c float32) float32 { return b - a + c }

// cosMul is 3CosMul (O. Levy, Y. Goldberg 2014, Linguistic Regularities in Sparse and Explicit Word Representations):
// b'·c'/(a' + 0.001) with cosines moved to 0 to 1, as b' = (1 + b)/2.
func cosMul(a, b, c float32) float32 { return (1 + b) * (1 + c) / 2 / (1 + a + 2*0.001) }

// Analogy are the k words that are to c as b is to a: man is to king as woman is to what? The score of a word is 3CosMul if
// multiplied, and else the cosine with b − a + c, which is 3CosAdd divided by the length of that.
func (v *Vectors) Analogy(a, b, c, k int, multiplied bool) []Neighbour {
	score, scale := cosMul, 1.0
	if !multiplied {
		score = cosAdd
		if square := 3 + 2*(v.Cosine(b, c)-v.Cosine(a, b)-v.Cosine(a, c)); square > 1e-9 {
			scale = 1 / math.Sqrt(square)
		}
	}
	return v.best(k, []int{a, b, c}, func(w int) float64 {
		return scale * float64(score(float32(v.Cosine(w, a)), float32(v.Cosine(w, b)), float32(v.Cosine(w, c))))
	})
}

// Answers are the best words by 3CosAdd and by 3CosMul, the first of equal ones; −1 if there are but the three.
func (s *Space) Answers(a, b, c int) (add, mul int) {
	return answers(s.Cosines(a), s.Cosines(b), s.Cosines(c), a, b, c)
}

// answers are those of the cosines of all words with each of the three.
func answers(toA, toB, toC []float32, three ...int) (add, mul int) {
	add, mul = -1, -1
	var bestAdd, bestMul float32
	toB, toC = toB[:len(toA)], toC[:len(toA)]
	for w, a := range toA {
		b, c := toB[w], toC[w]
		// Scores first: most words are better by neither, and are not looked for among the three.
		sum, product := cosAdd(a, b, c), cosMul(a, b, c)
		if add >= 0 && sum <= bestAdd && product <= bestMul || slices.Contains(three, w) {
			continue
		}
		if add < 0 || sum > bestAdd {
			add, bestAdd = w, sum
		}
		if mul < 0 || product > bestMul {
			mul, bestMul = w, product
		}
	}
	return add, mul
}
