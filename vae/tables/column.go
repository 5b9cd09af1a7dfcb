package tables

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Column is what was learned of one that is modelled before there is a network: which cells there are, and how they are distributed. Its cells
// are codes:
//
//	number, integer       0 … Levels−1 on the grid; below −2 or from Levels on outside of it, by how far
//	category, vocabulary  0 … of Values, then Rare if there is such a class, then blank if there is
//	all                   blankCode and strangeCode, where they are no class
//
// What training never saw, of which there are two or three kinds, has together with all its like a probability of 1/(Rows + 2) each, once
// and for all, and the rest is what the model distributes: so probabilities add up to 1 over all cells that there can be, and a row with a
// category nobody has heard of has a likelihood, a low one.
type Column struct {
	Field
	Rows  int   `json:"rows"`  // that it was learned from
	Blank int64 `json:"blank"` // of them with a missing cell; 0: missing is a thing never seen

	// Of numbers: the grid, and where it stands in the distribution.
	Low      float64   `json:"low,omitempty"`
	Grid     float64   `json:"grid,omitempty"`
	Levels   int       `json:"levels,omitempty"`
	Decimals int       `json:"decimals,omitempty"` // that are written; −1: as many as it takes
	Edges    []int32   `json:"edges,omitempty"`    // between level e−1 and level e, some e from 1 to Levels−1
	Logits   []float32 `json:"logits,omitempty"`   // log F/(1−F) at these edges, F the share of what is below

	// Of categories: the values, the most frequent first.
	Values []string `json:"values,omitempty"`
	Counts []int64  `json:"counts,omitempty"` // of each
	Rare   int64    `json:"rare,omitempty"`   // rows with a value that was there once: a class, which unseen values are of; 0: an unseen one is a thing never seen

	index map[string]int32 // of Values; nil: not made yet
}

// Codes that are no class.
const (
	blankCode   int32 = -1 // missing
	strangeCode int32 = -2 // a value never seen, or a number that is none
)

// Numeric says whether the column is of numbers.
func (c *Column) Numeric() bool { return c.Type == Number || c.Type == Integer }

// classes is how many there are of a category: values, the rare, the missing.
func (c *Column) classes() int {
	n := len(c.Values)
	if c.Rare > 0 {
		n++
	}
	if c.Blank > 0 {
		n++
	}
	return n
}

// Classes is how many classes a category has.
func (c *Column) Classes() int { return c.classes() }

// frequencies is how often each class was there.
func (c *Column) frequencies() []int64 {
	n := slices.Clone(c.Counts)
	if c.Rare > 0 {
		n = append(n, c.Rare)
	}
	if c.Blank > 0 {
		n = append(n, c.Blank)
	}
	return n
}

// strange is the probability of each kind of thing never seen, and how many kinds there are.
func (c *Column) strange() (each float64, kinds int) {
	each = 1 / (float64(c.Rows) + 2)
	if c.Blank == 0 {
		kinds++
	}
	switch {
	case c.Numeric():
		kinds += 2 // no number, and one outside
	case c.Rare == 0:
		kinds++
	}
	return each, kinds
}

// familiar is the log-probability that a cell is none of these.
func (c *Column) familiar() float64 {
	each, kinds := c.strange()
	return math.Log1p(-each * float64(kinds))
}

// known says whether a code is one that the model distributes.
func (c *Column) known(code int32) bool {
	if c.Numeric() {
		return code >= 0 && int(code) < c.Levels || code == blankCode && c.Blank > 0
	}
	return code >= 0
}

// strangeLogProb is the log-probability of a code that is not known. Of numbers outside the grid, d steps away, it falls as 1/d², so that all
// of them on one side have half of what is left for them: Σ 1/(d·(d+1)) is 1.
func (c *Column) strangeLogProb(code int32) float64 {
	each, _ := c.strange()
	if !c.Numeric() || code == blankCode || code == strangeCode {
		return math.Log(each)
	}
	d := float64(code) - float64(c.Levels) + 1
	if code < 0 {
		d = float64(strangeCode) - float64(code)
	}
	return math.Log(each/2) - math.Log(d) - math.Log(d+1)
}

// Code is that of a cell.
func (c *Column) Code(cell string) int32 {
	cell = strings.TrimSpace(cell)
	if isBlank(cell, c.Missing) {
		if c.Blank > 0 && !c.Numeric() {
			return int32(c.classes() - 1)
		}
		return blankCode
	}
	if c.Numeric() {
		v, ok := parseNumber(cell)
		if !ok || math.IsInf(v, 0) {
			return strangeCode
		}
		return c.level(v)
	}
	if code, ok := c.index[cell]; ok {
		return code
	}
	if c.Rare > 0 {
		return int32(len(c.Values))
	}
	return strangeCode
}

// level is the code of a number.
func (c *Column) level(v float64) int32 {
	i := math.Round((v - c.Low) / c.Grid)
	switch {
	case i < 0:
		return int32(max(i-2, math.MinInt32))
	case i > math.MaxInt32:
		return math.MaxInt32
	}
	return int32(i)
}

// Unseen says whether a cell of this code is a thing that training never saw, or saw once.
func (c *Column) Unseen(code int32) bool {
	return !c.known(code) || !c.Numeric() && c.Rare > 0 && int(code) == len(c.Values)
}

// RareCell is what stands for a value that the model only knows to be rare.
const RareCell = "(other)"

// Append writes the cell of a code that is known.
func (c *Column) Append(dst []byte, code int32) []byte {
	switch {
	case c.Numeric() && code == blankCode:
		return dst
	case c.Numeric():
		v := c.Low + float64(code)*c.Grid
		if c.Decimals < 0 {
			return strconv.AppendFloat(dst, v, 'g', 12, 64)
		}
		if v == 0 {
			v = 0 // and not −0
		}
		return strconv.AppendFloat(dst, v, 'f', c.Decimals, 64)
	case int(code) < len(c.Values):
		return append(dst, c.Values[code]...)
	case c.Rare > 0 && int(code) == len(c.Values):
		return append(dst, RareCell...)
	}
	return dst
}

// settle makes what is not saved.
func (c *Column) settle() {
	if c.Numeric() {
		return
	}
	c.index = make(map[string]int32, len(c.Values))
	for i, v := range c.Values {
		c.index[v] = int32(i)
	}
}

// mostLevels bounds grids: a float64 tells so many apart, and so does a code.
const mostLevels = 1 << 30

// newColumn is one of a field before its cells have been counted.
func newColumn(f Field, p *profile) (*Column, error) {
	c := &Column{Field: f}
	if !c.Numeric() {
		for v := range p.values {
			c.Values = append(c.Values, v)
		}
		slices.SortFunc(c.Values, func(a, b string) int {
			return cmp.Or(cmp.Compare(p.values[b], p.values[a]), strings.Compare(a, b))
		})
		if p.blank > 0 {
			c.Blank = int64(p.blank)
		}
		c.settle()
		return c, nil
	}
	span := p.high - p.low
	if !(span <= math.MaxFloat64/4) {
		return nil, fmt.Errorf("column %q: numbers from %g to %g are further apart than can be told: leave it out, with type skip", short(f.Name), p.low, p.high)
	}
	return c, c.makeGrid(p.low, p.high, p.decimals)
}

// makeGrid chooses the grid: of powers of ten, as numbers are written, unless the schema has another.
func (c *Column) makeGrid(low, high float64, decimals int) error {
	exponent := 0
	if c.Type == Number {
		exponent = -decimals
		if decimals > mostDecimals {
			exponent = int(math.Floor(math.Log10((high - low) / (1 << 24))))
		}
	}
	for math.Pow10(exponent)*(mostLevels/4) <= high-low {
		exponent++
	}
	c.Grid, c.Decimals = math.Pow10(exponent), max(0, -exponent)
	if c.Field.Step > 0 {
		c.Grid, c.Decimals = c.Field.Step, digits(c.Field.Step)
	}
	if most := max(math.Abs(low), math.Abs(high)); most >= 1e15 || c.Decimals > 15 {
		c.Decimals = -1
	}
	c.Low = math.Round(low/c.Grid) * c.Grid
	n := math.Round((high-c.Low)/c.Grid) + 1
	if !(n >= 2 && n <= mostLevels) {
		return fmt.Errorf("column %q: a step of %g from %g to %g makes %.0f different numbers, and 2 to %d can be told apart: give it another", short(c.Name), c.Grid, low, high, n, mostLevels)
	}
	c.Levels = int(n)
	return nil
}

// digits is how many a step has after the point; −1 of one that is written with an exponent.
func digits(step float64) int {
	_, after, _ := strings.Cut(strconv.FormatFloat(step, 'f', -1, 64), ".")
	if len(after) > 15 {
		return -1
	}
	return len(after)
}

// Describe says in words what cells there are.
func (c *Column) Describe() string {
	if c.Numeric() {
		return fmt.Sprintf("from %s to %s, in steps of %g", c.Append(nil, 0), c.Append(nil, int32(c.Levels-1)), c.Grid)
	}
	s := fmt.Sprintf("%d values", len(c.Values))
	if c.Rare > 0 {
		s += fmt.Sprintf(", and %d that are there once", c.Rare)
	}
	return s
}
