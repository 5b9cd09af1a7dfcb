package fidelity

import (
	"math"

	"inkling/vae/tables"
)

// Pairs is how much columns hang together, two and two: from −1 to 1 for two columns of numbers (Pearson's correlation), from 0 to 1 for two
// categories (Cramér's V) and for a category and numbers (the correlation ratio: the root of the share of the variance that lies between
// categories). Numbers are taken by their place in the column's distribution, so that a few large ones do not make all of it. Columns of many
// values are left out.
type Pairs struct {
	Columns   []string    `json:"columns"`
	Real      [][]float64 `json:"real"`
	Synthetic [][]float64 `json:"synthetic"`
	Mean      float64     `json:"mean_difference"` // of all pairs, absolute
	Most      float64     `json:"largest_difference"`
	MostOf    [2]string   `json:"largest_of"`
	HeldOut   float64     `json:"held_out_mean_difference"` // of real rows held out
}

func pairs(learn, held, drawn part) (p Pairs) {
	var of []int
	for j, c := range learn.table.Columns {
		if c.Type != tables.Vocabulary {
			of = append(of, j)
			p.Columns = append(p.Columns, c.Name)
		}
	}
	p.Real, p.Synthetic = matrix(of, learn), matrix(of, drawn)
	other, n := matrix(of, held), 0.0
	for i := range of {
		for k := range i {
			d := math.Abs(p.Real[i][k] - p.Synthetic[i][k])
			if d > p.Most {
				p.Most, p.MostOf = d, [2]string{p.Columns[k], p.Columns[i]}
			}
			p.Mean += d
			p.HeldOut += math.Abs(p.Real[i][k] - other[i][k])
			n++
		}
	}
	if n > 0 {
		p.Mean, p.HeldOut = p.Mean/n, p.HeldOut/n
	}
	return p
}

func matrix(of []int, p part) [][]float64 {
	seen := make([]column, len(of))
	for i, j := range of {
		seen[i] = newColumn(p, j)
	}
	m := make([][]float64, len(of))
	for i := range m {
		m[i] = make([]float64, len(of))
		m[i][i] = 1
		for k := range i {
			m[i][k] = together(seen[i], seen[k])
			m[k][i] = m[i][k]
		}
	}
	return m
}

// column is one as associations see it: places of numbers, NaN of missing ones, or classes from 0.
type column struct {
	numbers []float64
	classes []int
	many    int // classes
}

func newColumn(p part, j int) (c column) {
	of := p.table.Columns[j]
	codes := p.codes(j)
	if of.Numeric() {
		for _, code := range codes {
			v := math.NaN()
			if code != blank && code != -2 {
				v = float64(of.Place(code))
			}
			c.numbers = append(c.numbers, v)
		}
		return c
	}
	index := map[int32]int{}
	for _, code := range codes {
		at, ok := index[code]
		if !ok {
			at = len(index)
			index[code] = at
		}
		c.classes = append(c.classes, at)
	}
	c.many = len(index)
	return c
}

func together(a, b column) float64 {
	switch {
	case a.numbers != nil && b.numbers != nil:
		return pearson(a.numbers, b.numbers)
	case a.numbers != nil:
		return ratio(b, a.numbers)
	case b.numbers != nil:
		return ratio(a, b.numbers)
	}
	return cramer(a, b)
}

// pearson is the correlation where both are there; 0 where one does not vary.
func pearson(a, b []float64) float64 {
	var n, sa, sb, aa, bb, ab float64
	for i, x := range a {
		if y := b[i]; !math.IsNaN(x) && !math.IsNaN(y) {
			n, sa, sb, aa, bb, ab = n+1, sa+x, sb+y, aa+x*x, bb+y*y, ab+x*y
		}
	}
	va, vb := aa-sa*sa/n, bb-sb*sb/n
	if !(va > 1e-9*aa && vb > 1e-9*bb) {
		return 0
	}
	return (ab - sa*sb/n) / math.Sqrt(va*vb)
}

// ratio is the correlation ratio η.
func ratio(c column, x []float64) float64 {
	n, sums := make([]float64, c.many), make([]float64, c.many)
	var all, sum, squares float64
	for i, v := range x {
		if !math.IsNaN(v) {
			n[c.classes[i]]++
			sums[c.classes[i]] += v
			all, sum, squares = all+1, sum+v, squares+v*v
		}
	}
	between, total := -sum*sum/all, squares-sum*sum/all
	for k, s := range sums {
		if n[k] > 0 {
			between += s * s / n[k]
		}
	}
	if !(total > 1e-9*squares) {
		return 0
	}
	return math.Sqrt(min(max(between/total, 0), 1))
}

// cramer is Cramér's V.
func cramer(a, b column) float64 {
	few := min(a.many, b.many)
	if few < 2 {
		return 0
	}
	table, rows, cols := make([]float64, a.many*b.many), make([]float64, a.many), make([]float64, b.many)
	for i, x := range a.classes {
		y := b.classes[i]
		table[x*b.many+y]++
		rows[x]++
		cols[y]++
	}
	n, chi := float64(len(a.classes)), 0.0
	for x, r := range rows {
		for y, c := range cols {
			d := table[x*b.many+y] - r*c/n
			chi += d * d / (r * c / n)
		}
	}
	return math.Sqrt(min(chi/n/float64(few-1), 1))
}
