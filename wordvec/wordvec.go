// Package wordvec learns word vectors: for each word a few hundred numbers, such that words which stand in the same
// company have similar ones.
//
// Skip-gram lets each word around a position foretell the word there, CBOW the mean of the words around it (T. Mikolov
// et al. 2013, Efficient Estimation of Word Representations in Vector Space). What "foretell" costs is the loss:
// negative sampling (Mikolov et al. 2013, Distributed Representations of Words and Phrases and their Compositionality),
// a Huffman tree of binary decisions (the same; F. Morin, Y. Bengio 2005), or the full softmax.
//
// A [Model] is made for a vocabulary, a [Trainer] takes it through a [Text] step by step, and [Vectors] are what comes
// out: they are looked up, compared, and read and written in the formats of word2vec and NumPy.
package wordvec

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/internal/kernel"
)

// A Config says how vectors are learnt; [Config.Complete] fills in what is zero.
type Config struct {
	Model    string    `json:"model"`              // "skipgram" (default) or "cbow"
	Loss     string    `json:"loss"`               // "negative" (default), "tree" or "full"
	Dim      int       `json:"dim"`                // numbers of a vector; default 100
	Window   int       `json:"window"`             // most words to each side; each position draws from 1 to this; default 5
	Negative int       `json:"negative,omitempty"` // samples of the loss of that name, 1 to 64; default 5
	Sample   float64   `json:"sample"`             // frequent words are passed over: t of sqrt(t/f)+t/f; default 1e-4; negative: none are
	MinCount int       `json:"min_count"`          // rarer words have no vector; default 5
	Epochs   int       `json:"epochs"`             // passes over the text; default 5
	Rate     float64   `json:"rate"`               // learning rate at the beginning, which falls to nearly 0; default 0.025, of cbow 0.05
	Phrases  []float64 `json:"phrases,omitempty"`  // threshold of each pass that joins words to phrases; default no pass
	Discount float64   `json:"discount,omitempty"` // of the counts of phrases; default MinCount; negative: none
	Pairs    int       `json:"pairs,omitempty"`    // different pairs of words that are counted at once for phrases; default 2²⁴
	Seed     uint64    `json:"seed"`
	Shards   int       `json:"shards"`            // parts of the text that are read at once; default 1
	Hogwild  bool      `json:"hogwild,omitempty"` // shards share their vectors without a lock
	Block    int       `json:"block"`             // tokens of the text in a step; default 65536, of hogwild 1048576
}

// The largest that a config may ask for.
const (
	MaxDim      = 1 << 14
	MaxWindow   = 1 << 7
	MaxNegative = 64
	MaxEpochs   = 1 << 20
	MaxShards   = 1 << 10
	MaxBlock    = 1 << 28
	MaxPasses   = 8
	MinPairs    = 1 << 16
	MaxPairs    = 1 << 24
)

const (
	usualBlock   = 1 << 16
	hogwildBlock = 1 << 20
)

// Complete fills in the defaults and says what is wrong with the rest.
func (c *Config) Complete() error {
	fill(&c.Model, "skipgram")
	fill(&c.Loss, "negative")
	fill(&c.Dim, 100)
	fill(&c.Window, 5)
	fill(&c.Sample, 1e-4)
	fill(&c.MinCount, 5)
	fill(&c.Epochs, 5)
	fill(&c.Shards, 1)
	if c.Loss == "negative" {
		fill(&c.Negative, 5)
	}
	rate := 0.025
	if c.Model == "cbow" {
		rate = 0.05
	}
	fill(&c.Rate, rate)
	if len(c.Phrases) > 0 {
		fill(&c.Discount, float64(c.MinCount))
		fill(&c.Pairs, MaxPairs)
	}
	block := usualBlock
	if c.Hogwild {
		block = hogwildBlock
	}
	fill(&c.Block, block)
	switch {
	case !slices.Contains([]string{"skipgram", "cbow"}, c.Model):
		return fmt.Errorf("no model %.64q: choose skipgram or cbow", c.Model)
	case !slices.Contains([]string{"negative", "tree", "full"}, c.Loss):
		return fmt.Errorf("no loss %.64q: choose negative, tree or full", c.Loss)
	case c.Negative != 0 && c.Loss != "negative":
		return fmt.Errorf("%d negative samples with the loss %s, which has none", c.Negative, c.Loss)
	case len(c.Phrases) > MaxPasses:
		return fmt.Errorf("%d passes for phrases: at most %d", len(c.Phrases), MaxPasses)
	case math.IsNaN(c.Sample) || c.Sample >= 1:
		return fmt.Errorf("sample is %g: must be below 1", c.Sample)
	case !(c.Rate > 0 && c.Rate <= 10):
		return fmt.Errorf("a learning rate of %g: must be above 0 and at most 10", c.Rate)
	case !(c.Discount <= math.MaxInt32):
		return fmt.Errorf("a discount of %g: must be at most %d", c.Discount, math.MaxInt32)
	}
	if c.Pairs != 0 && (c.Pairs < MinPairs || c.Pairs > MaxPairs) {
		return fmt.Errorf("pairs is %d: must be at least %d and at most %d", c.Pairs, MinPairs, MaxPairs)
	}
	for _, threshold := range c.Phrases {
		if !(threshold > 0 && threshold <= math.MaxFloat32) {
			return fmt.Errorf("a threshold of %g for phrases: must be above 0", threshold)
		}
	}
	for _, f := range []struct {
		what            string
		n, least, limit int
	}{
		{"dim", c.Dim, 1, MaxDim},
		{"window", c.Window, 1, MaxWindow},
		{"min_count", c.MinCount, 1, math.MaxInt32},
		{"epochs", c.Epochs, 1, MaxEpochs},
		{"shards", c.Shards, 1, MaxShards},
		{"block", c.Block, 1 << 8, MaxBlock},
	} {
		if f.n < f.least || f.n > f.limit {
			return fmt.Errorf("%s is %d: must be at least %d and at most %d", f.what, f.n, f.least, f.limit)
		}
	}
	if c.Loss == "negative" && (c.Negative < 1 || c.Negative > MaxNegative) {
		return fmt.Errorf("%d negative samples: must be at least 1 and at most %d", c.Negative, MaxNegative)
	}
	return nil
}

func fill[T comparable](v *T, usual T) {
	var zero T
	if *v == zero {
		*v = usual
	}
}

// A Model is the two vectors of each word: one for when it is near a position, which is what people call its vector, and one
// for when it stands there (or, of the loss tree, one for each node of the tree).
type Model struct {
	Config Config
	Words  []string // from the most frequent to the rarest
	Counts []int64  // of each in the text

	in, out []float32 // rows of ld floats, one more than words, of which the last is always zero
	ld      int
}

// ErrFewWords is the error of a vocabulary that there is nothing to learn from.
var ErrFewWords = errors.New("fewer than 2 words")

// New makes a model of words that occur so often, each at least once, the most frequent first. The first vectors are
// those of word2vec: uniform within ±1/(2·Dim) where a word is near, and zero where it stands.
func New(c Config, words []string, counts []int64) (*Model, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	switch {
	case len(words) != len(counts):
		panic(fmt.Sprintf("wordvec: %d words with %d counts", len(words), len(counts)))
	case len(words) < 2:
		return nil, fmt.Errorf("%w occur %d times: bring a longer text, or make the minimum count smaller", ErrFewWords, c.MinCount)
	case c.Loss == "negative" && c.Negative >= len(words):
		return nil, fmt.Errorf("%d negative samples of %d words: they must be fewer than the words", c.Negative, len(words))
	case len(words) > math.MaxInt32-1:
		return nil, fmt.Errorf("%d words: at most %d", len(words), math.MaxInt32-1)
	}
	m := &Model{Config: c, Words: words, Counts: counts, ld: stride(c.Dim)}
	m.in, m.out = kernel.Floats((len(words)+1)*m.ld), kernel.Floats((len(words)+1)*m.ld)
	r := newRandom(c.Seed, 0, 0)
	for w := range words {
		row := m.row(m.in, w)
		for d := range row {
			row[d] = float32((r.float() - 0.5) / float64(c.Dim))
		}
	}
	return m, nil
}

// stride is the length of a row in memory.
func stride(dim int) int { return (dim + kernel.RowAlign - 1) / kernel.RowAlign * kernel.RowAlign }

// row is the vector of a word in one of the matrices.
func (m *Model) row(matrix []float32, word int) []float32 {
	return matrix[word*m.ld : word*m.ld+m.Config.Dim]
}

// Vectors copies the vectors of the words.
func (m *Model) Vectors() *Vectors {
	return NewVectors(m.Words, m.Config.Dim, m.dense(m.in))
}

// dense is a matrix without what fills its rows up.
func (m *Model) dense(matrix []float32) []float32 {
	dense := make([]float32, 0, len(m.Words)*m.Config.Dim)
	for w := range m.Words {
		dense = append(dense, m.row(matrix, w)...)
	}
	return dense
}

// undense undoes dense.
func (m *Model) undense(matrix, dense []float32) {
	for w := range m.Words {
		copy(m.row(matrix, w), dense[w*m.Config.Dim:])
	}
}

// Memory is what training takes beside the text and the words, in bytes.
type Memory struct {
	Weights int64 // both matrices
	Shards  int64 // what each works on, at most
	Saved   int64 // the copy that is written out
}

// Plan is the memory that training so many words takes.
func (c Config) Plan(words int) Memory {
	row, n := 4*int64(stride(c.Dim)), int64(words)
	m := Memory{Weights: 2 * row * (n + 1), Saved: 8 * int64(c.Dim) * n}
	m.Shards = int64(c.Shards) * 24 * int64(c.Block/c.Shards+1) // the text of a part, thrice
	m.Shards += 24 * n                                          // samplers
	if !c.Hogwild {
		each := int64(4) // rows of a matrix for a token
		if c.Loss == "negative" {
			each = max(each, int64(drawnNegatives(c.Negative)/groupPositions+2))
		}
		touched := min(n, each*int64(c.Block/c.Shards+1))
		m.Shards += int64(c.Shards) * (2*touched*row*5/4 + 8*n)
	}
	if c.Loss == "full" {
		m.Shards += int64(c.Shards) * n * (row + 4*int64(2*c.Window+groupPositions+3))
	}
	return m
}
