package wordvec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// collector takes vectors that are read.
type collector struct {
	dim    int
	words  []string
	data   []float32
	number map[string]int
}

// WordBytes is about what a word takes beside the numbers of its vector, in bytes: its letters, and its place in a list and in
// a table.
const WordBytes = 128

// newCollector is for so many vectors, of which there is room for some in what is read.
func newCollector(rows, dim, limit int, room int64) *collector {
	if limit > 0 {
		rows = min(rows, limit)
	}
	n := int(min(int64(rows), room))
	return &collector{dim: dim, words: make([]string, 0, n), data: make([]float32, 0, n*dim), number: make(map[string]int, n)}
}

// left is how many bytes are left to read of a file; 0 of what cannot tell.
func left(r io.Reader) int64 {
	s, ok := r.(io.Seeker)
	if !ok {
		return 0
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	if _, err := s.Seek(at, io.SeekStart); err != nil {
		return 0
	}
	return max(0, end-at)
}

// addLine adds a line of text.
func (c *collector) addLine(line []byte) error {
	word, rest, _ := bytes.Cut(line, []byte(" "))
	if err := c.begin(string(word)); err != nil {
		return err
	}
	n := 0
	for len(rest) > 0 {
		var number []byte
		number, rest, _ = bytes.Cut(rest, []byte(" "))
		if len(number) == 0 {
			continue
		}
		x, err := strconv.ParseFloat(string(number), 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("%.40q after the word %.60q is not a number; has the word a space in it?", number, word)
		}
		if n++; n <= c.dim {
			c.data = append(c.data, float32(x))
		}
	}
	if n != c.dim {
		return fmt.Errorf("the word %.60q has %d numbers, where the first line says %d", word, n, c.dim)
	}
	return c.finite()
}

// add adds a vector as bytes.
func (c *collector) add(word string, raw []byte, decode func(dst []float32, raw []byte)) error {
	if err := c.begin(word); err != nil {
		return err
	}
	at := len(c.data)
	c.data = slices.Grow(c.data, c.dim)[:at+c.dim]
	decode(c.data[at:], raw)
	return c.finite()
}

func float32s(dst []float32, raw []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
}

// begin adds a word.
func (c *collector) begin(word string) error {
	if err := checkWord(word); err != nil {
		return err
	}
	if before, ok := c.number[word]; ok {
		return fmt.Errorf("the word %.60q is there a second time: it was vector %d", word, before+1)
	}
	c.number[word] = len(c.words)
	c.words = append(c.words, word)
	return nil
}

// finite checks the vector that was added last.
func (c *collector) finite() error {
	for _, x := range c.data[len(c.data)-c.dim:] {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("the vector of %.60q has a number that is not finite", c.words[len(c.words)-1])
		}
	}
	return nil
}

func (c *collector) vectors() (*Vectors, error) {
	return &Vectors{Words: c.words, Dim: c.dim, Data: c.data, number: c.number}, nil
}
