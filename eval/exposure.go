package eval

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Repeats says of each token of a text whether it ends n tokens in a row that were there before: true as well for those of a loop from its
// second round on. The first n−1 tokens end none.
func Repeats(text []int, n int) []bool {
	repeats, seen := make([]bool, len(text)), map[string]bool{}
	for end := n; end <= len(text); end++ {
		gram := ngram(text[end-n : end])
		repeats[end-1] = seen[gram]
		seen[gram] = true
	}
	return repeats
}

// Distinct is distinct-n of a set of texts: how many different n-grams there are for each that is written (Li et al. 2016,
// arXiv:1510.03055). It falls with the length of the texts, so only sets of the same size can be compared. NaN of texts without any.
func Distinct(texts [][]int, n int) float64 {
	seen, all := map[string]bool{}, 0
	for _, text := range texts {
		for end := n; end <= len(text); end++ {
			seen[ngram(text[end-n:end])] = true
			all++
		}
	}
	return float64(len(seen)) / float64(all)
}

func ngram(tokens []int) string {
	b := make([]byte, 0, 4*len(tokens))
	for _, w := range tokens {
		b = binary.LittleEndian.AppendUint32(b, uint32(w))
	}
	return string(b)
}

// A Block is positions in a text: From up to but not To, numbered from 0.
type Block struct{ From, To int }

// Blocks cuts texts of a length into 16 positions, and then four times as many in all with each block: 1–16, 17–64, 65–256, …; the last one
// ends with the text.
func Blocks(length int) (blocks []Block) {
	for from, to := 0, 16; from < length; from, to = to, 4*to {
		blocks = append(blocks, Block{from, min(to, length)})
	}
	return blocks
}

// String names the positions from 1, as people count.
func (b Block) String() string { return fmt.Sprintf("%d–%d", b.From+1, b.To) }

// Mean is the mean over texts of the mean over a block's positions, with its standard error had other texts been drawn: positions of one
// text are hard or easy together, so each text counts as one observation. A text that ends within the block counts as far as it goes, and
// one that ends before it does not. NaN where there are too few.
func (b Block) Mean(values [][]float32) (mean, standardError float64) {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, text := range values {
		if len(text) <= b.From {
			continue
		}
		x := 0.0
		part := text[b.From:min(b.To, len(text))]
		for _, v := range part {
			x += float64(v)
		}
		x /= float64(len(part))
		n, sum, squares = n+1, sum+x, squares+x*x
	}
	mean = sum / n
	if n < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(max(0, squares-n*mean*mean) / (n - 1) / n)
}
