package eval

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A Pair is two words and how similar people find them.
type Pair struct {
	A, B  string
	Score float64
}

// ReadPairs reads a list of pairs, as WordSim-353 and SimLex-999 are passed around: on each line two words and a number,
// with tabs, or commas or spaces if there is no tab, between them; what comes after is passed over. Empty lines, those that
// begin with #, and a first line without a number are no pairs. The error names the line.
func ReadPairs(r io.Reader) ([]Pair, error) {
	var pairs []Pair
	err := eachLine(r, func(n int, line string) error {
		if strings.HasPrefix(line, "#") {
			return nil
		}
		var f []string
		switch {
		case strings.Contains(line, "\t"):
			f = strings.Split(line, "\t")
		case strings.Contains(line, ","):
			f = strings.Split(line, ",")
		default:
			f = strings.Fields(line)
		}
		if len(f) < 3 {
			return fmt.Errorf("line %d: %.60q is not two words and a number", n, line)
		}
		score, err := strconv.ParseFloat(strings.TrimSpace(f[2]), 64)
		if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
			if len(pairs) == 0 && n == 1 {
				return nil // the names of the columns
			}
			return fmt.Errorf("line %d: %.60q is not two words and a number", n, line)
		}
		pairs = append(pairs, Pair{strings.TrimSpace(f[0]), strings.TrimSpace(f[1]), score})
		return nil
	})
	if err == nil && len(pairs) == 0 {
		err = errors.New("no pairs of words: there must be two words and a number on each line")
	}
	return pairs, err
}

// eachLine calls f with the lines that are not empty and their numbers.
func eachLine(r io.Reader, f func(n int, line string) error) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			if err := f(n, line); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("a line has more than %d bytes: this is no list of words", bufio.MaxScanTokenSize)
	} else if err != nil {
		return err
	}
	return nil
}

// A Similarity says how far vectors order pairs of words as people do.
type Similarity struct {
	Spearman      float64 `json:"spearman"`          // over the pairs that both words of have vectors; 0 if there are too few to tell
	Pairs         int     `json:"pairs"`             // that it is over
	OutOfVocab    int     `json:"out_of_vocabulary"` // pairs that are left out, since a word has no vector
	OutOfVocabPct float64 `json:"out_of_vocabulary_percent"`
}

// JudgePairs compares the similarity of words, false if one has no vector, with what people say.
func JudgePairs(pairs []Pair, similarity func(a, b string) (float64, bool)) Similarity {
	var people, vectors []float64
	for _, p := range pairs {
		if s, ok := similarity(p.A, p.B); ok {
			people, vectors = append(people, p.Score), append(vectors, s)
		}
	}
	s := Similarity{Pairs: len(people), OutOfVocab: len(pairs) - len(people)}
	s.OutOfVocabPct = 100 * float64(s.OutOfVocab) / float64(max(1, len(pairs)))
	if s.Spearman = Spearman(people, vectors); math.IsNaN(s.Spearman) {
		s.Spearman = 0
	}
	return s
}
