package wordvec

import (
	"strings"

	"inkling/internal/kernel"
)

// A Space looks words up for lists of questions: a word that is not there is looked for in lower case, since such lists
// have capitals and many texts do not, and the cosines of a word with all others are kept for its next question.
type Space struct {
	*Vectors
	cosines map[int][]float32
}

// mostCosines is the memory of cosines that are kept, in floats.
const mostCosines = 1 << 26

// NewSpace makes one.
func NewSpace(v *Vectors) *Space { return &Space{v, map[int][]float32{}} }

// Find gives the number of a word, false if it has no vector, in lower case neither.
func (s *Space) Find(word string) (int, bool) {
	if i, ok := s.Vectors.Find(word); ok {
		return i, true
	}
	return s.Vectors.Find(strings.ToLower(word))
}

// Similarity is the cosine of two words, false if one has no vector.
func (s *Space) Similarity(a, b string) (float64, bool) {
	i, ok := s.Find(a)
	j, also := s.Find(b)
	if !ok || !also {
		return 0, false
	}
	return s.Cosine(i, j), true
}

// Cosines are those of a word and all words. They must not be changed.
func (s *Space) Cosines(word int) []float32 {
	c, ok := s.cosines[word]
	if !ok {
		if (len(s.cosines)+1)*len(s.Words) > mostCosines {
			clear(s.cosines)
		}
		c = make([]float32, len(s.Words))
		x := s.Unit(word)
		for w := range c {
			c[w] = kernel.Dot(x, s.Unit(w))
		}
		s.cosines[word] = c
	}
	return c
}
