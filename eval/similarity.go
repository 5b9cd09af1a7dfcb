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

// ReadPairs reads a list of pairs: on each line two words and how similar they are, with tabs, or commas or spaces if there is
// no tab, between them. The number is in the first column after the words that holds numbers: the third of WordSim-353, and the
// fourth of SimLex-999, whose third is the part of speech. What comes after is passed over. Empty lines, those that begin with
// #, and the names of columns on the first line are no pairs. The error names the line.
func ReadPairs(r io.Reader) ([]Pair, error) {
	var rows [][]string
	var lines []int
	err := eachLine(r, func(n int, line string) error {
		if !strings.HasPrefix(line, "#") {
			rows, lines = append(rows, columns(line)), append(lines, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	at := scoreColumn(rows)
	var pairs []Pair
	for i, f := range rows {
		if len(f) > at {
			if score, ok := number(f[at]); ok {
				pairs = append(pairs, Pair{f[0], f[1], score})
				continue
			}
			if i == 0 {
				continue // the names of the columns
			}
		}
		return nil, fmt.Errorf("line %d: %.60q is not two words and a number", lines[i], strings.Join(f, " "))
	}
	if len(pairs) == 0 {
		return nil, errors.New("no pairs of words: there must be two words and a number on each line")
	}
	return pairs, nil
}

// columns are those of a line.
func columns(line string) []string {
	var f []string
	switch {
	case strings.Contains(line, "\t"):
		f = strings.Split(line, "\t")
	case strings.Contains(line, ","):
		f = strings.Split(line, ",")
	default:
		return strings.Fields(line)
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	return f
}

// scoreColumn is the first column after two words that is a number. The second line tells, since the first may hold names of
// columns, of which WordSim-353 calls some 1, 2 and so on.
func scoreColumn(rows [][]string) int {
	for _, i := range []int{1, 0} {
		for at := 2; i < len(rows) && at < len(rows[i]); at++ {
			if _, ok := number(rows[i][at]); ok {
				return at
			}
		}
	}
	return 2
}

// number reads a finite number.
func number(s string) (float64, bool) {
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
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
	Spearman      *float64 `json:"spearman"`          // over the pairs both of whose words have vectors; nil if there are too few to tell
	Pairs         int      `json:"pairs"`             // that it is over
	OutOfVocab    int      `json:"out_of_vocabulary"` // pairs that are left out, since a word has no vector
	OutOfVocabPct float64  `json:"out_of_vocabulary_percent"`
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
	if r := Spearman(people, vectors); !math.IsNaN(r) {
		s.Spearman = &r
	}
	return s
}
