package fidelity

import (
	"math"
	"slices"

	"inkling/vae/tables"
)

// Marginal is how a column is distributed in both tables.
type Marginal struct {
	Name string `json:"name"`
	Type string `json:"type"`

	// Distance is the largest difference of the two distribution functions for numbers (Kolmogorov and Smirnov), and half the sum of all
	// differences for categories (total variation): from 0, the same, to 1. HeldOut is that of real rows held out, which chance alone makes.
	Distance float64 `json:"distance"`
	HeldOut  float64 `json:"held_out"`

	Missing [2]float64 `json:"missing"` // share of the cells, real and drawn

	Labels []string     `json:"labels"` // of bars: bounds of numbers, values of categories
	Bars   [2][]float64 `json:"bars"`   // shares, real and drawn
}

// bars is how many are drawn at most.
const bars = 30

func marginal(j int, learn, held, drawn part) Marginal {
	c := learn.table.Columns[j]
	m := Marginal{Name: c.Name, Type: c.Type}
	real, other, made := learn.codes(j), held.codes(j), drawn.codes(j)
	if !c.Numeric() {
		m.Distance, m.HeldOut = variation(real, made), variation(real, other)
		m.values(c, real, made)
		for i, list := range [][]int32{real, made} {
			m.Missing[i] = share(list, func(code int32) bool { return code < 0 || c.Append(nil, code) == nil })
		}
		return m
	}
	for i, list := range [][]int32{real, made} {
		m.Missing[i] = share(list, func(code int32) bool { return code == blank })
	}
	a, b, h := numbers(real), numbers(made), numbers(other)
	m.Distance, m.HeldOut = kolmogorov(a, b), kolmogorov(a, h)
	m.histogram(c, a, b)
	return m
}

// blank is the code of a missing number.
const blank = -1

func share(list []int32, is func(int32) bool) float64 {
	n := 0
	for _, code := range list {
		if is(code) {
			n++
		}
	}
	return float64(n) / float64(len(list))
}

// numbers are the codes that are, in order.
func numbers(codes []int32) (list []int32) {
	for _, code := range codes {
		if code != blank && code != -2 {
			list = append(list, code)
		}
	}
	slices.Sort(list)
	return list
}

// kolmogorov is the largest distance between the distribution functions of two lists in order; 1 if one is empty.
func kolmogorov(a, b []int32) (most float64) {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

// counts are how often each code is there.
func counts(list []int32) map[int32]float64 {
	n := map[int32]float64{}
	for _, code := range list {
		n[code]++
	}
	return n
}

// variation is the total variation of two lists.
func variation(a, b []int32) (sum float64) {
	of, and := counts(a), counts(b)
	for code, n := range of {
		sum += math.Abs(n/float64(len(a)) - and[code]/float64(len(b)))
	}
	for code, n := range and {
		if of[code] == 0 {
			sum += n / float64(len(b))
		}
	}
	return sum / 2
}

// values are bars of the most frequent values.
func (m *Marginal) values(c *tables.Column, real, made []int32) {
	of, and := counts(real), counts(made)
	order := make([]int32, 0, len(of))
	for code := range of {
		order = append(order, code)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if of[a] != of[b] {
			return int(of[b] - of[a])
		}
		return int(a) - int(b)
	})
	for _, code := range order[:min(bars, len(order))] {
		label := "(missing)"
		if code >= 0 {
			if cell := c.Append(nil, code); cell != nil {
				label = string(cell)
			}
		}
		m.Labels = append(m.Labels, label)
		m.Bars[0], m.Bars[1] = append(m.Bars[0], of[code]/float64(len(real))), append(m.Bars[1], and[code]/float64(len(made)))
	}
}

// histogram has bars as wide as each other, from the first hundredth of the real numbers to the last; what lies beyond is in the outermost.
func (m *Marginal) histogram(c *tables.Column, real, made []int32) {
	if len(real) == 0 {
		return
	}
	low, high := float64(real[len(real)/100]), float64(real[len(real)-1-len(real)/100])
	n := int(min(bars, max(1, high-low+1)))
	width := max(1, (high-low+1)/float64(n))
	for i, list := range [][]int32{real, made} {
		m.Bars[i] = make([]float64, n)
		for _, code := range list {
			at := min(max(int((float64(code)-low)/width), 0), n-1)
			m.Bars[i][at] += 1 / float64(len(list))
		}
	}
	for i := range n {
		m.Labels = append(m.Labels, string(c.Append(nil, int32(min(low+float64(i)*width, float64(c.Levels-1))))))
	}
}
