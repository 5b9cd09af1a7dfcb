package fidelity

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/vae/tables"
)

// tablesOf are a table of a rule (yes where the number is above 50, and always of the same colour), learned from, and another draw of it.
func tablesOf(t *testing.T, rows int) (real *tables.Table, learn, held []int32, again *tables.Table) {
	t.Helper()
	text := func(seed uint64) string {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		b.WriteString("number,answer,colour,noise,other\n")
		for range rows {
			x, cell := rnd.Float64()*100, ""
			answer, colour := "no", "red"
			if x > 50 {
				answer, colour = "yes", "blue"
			}
			if rnd.IntN(20) > 0 {
				cell = fmt.Sprintf("%.1f", x)
			}
			fmt.Fprintf(&b, "%s,%s,%s,%d,%.2f\n", cell, answer, colour, rnd.IntN(4), rnd.NormFloat64())
		}
		return b.String()
	}
	read := func(text string) *tables.Reader {
		r, err := tables.NewReader(strings.NewReader(text), "t.csv")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	s, err := tables.NewSurvey(read(text(1)), tables.Schema{})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := s.Schema()
	if err != nil {
		t.Fatal(err)
	}
	real, learn, held, err = tables.Learn(read(text(1)), s, schema, 0.2, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, err = tables.ReadTable(context.Background(), read(text(2)), real.Columns, 0)
	if err != nil {
		t.Fatal(err)
	}
	return real, learn, held, again
}

// TestAnotherDraw: of the same thing drawn again, everything is as of the rows held out; and a table with its columns shuffled is found out.
func TestAnotherDraw(t *testing.T) {
	real, learn, held, again := tablesOf(t, 4000)
	in := Input{Real: real, Learn: learn, Held: held, Synthetic: again, Target: "answer", Seed: 1}
	r, err := Compare(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Columns {
		if c.Distance > 0.06 || c.HeldOut > 0.06 {
			t.Errorf("%s: distance %g, held out %g", c.Name, c.Distance, c.HeldOut)
		}
		for i, list := range c.Bars {
			sum := 0.0
			for _, v := range list {
				sum += v
			}
			if sum > 1+1e-9 || sum < 0.9 {
				t.Errorf("%s: bars of table %d add up to %g", c.Name, i, sum)
			}
		}
	}
	if m := r.Columns[0].Missing; math.Abs(m[0]-0.05) > 0.02 || math.Abs(m[1]-0.05) > 0.02 {
		t.Errorf("missing: %v", m)
	}
	if r.Pairs.Mean > 0.03 || r.Pairs.Real[1][2] < 0.999 {
		t.Errorf("%+v", r.Pairs)
	}
	if c := r.Transfer; c.Real.Accuracy < 0.99 || c.Synthetic.Accuracy < 0.99 || c.Majority > 0.6 {
		t.Errorf("%+v", c)
	}
	if r.Copies.Share > 0.01 || r.Distances.Nearer > 0.05 {
		t.Errorf("%+v %+v", r.Copies, r.Distances)
	}

	shuffled := &tables.Table{Columns: again.Columns, Rows: again.Rows}
	rnd := rand.New(rand.NewPCG(9, 9))
	for _, codes := range again.Codes {
		list := append([]int32(nil), codes...)
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		shuffled.Codes = append(shuffled.Codes, list)
	}
	in.Synthetic = shuffled
	if r, err = Compare(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if r.Columns[0].Distance > 0.06 || r.Pairs.Most < 0.9 || r.Transfer.Synthetic.Accuracy > 0.7 {
		t.Errorf("shuffled: %+v", r)
	}
}

// TestCopies: a table that is a copy is found out.
func TestCopies(t *testing.T) {
	real, learn, held, _ := tablesOf(t, 2000)
	copied := &tables.Table{Columns: real.Columns, Rows: 500, Codes: make([][]int32, len(real.Codes))}
	for j := range real.Codes {
		for _, i := range learn[:500] {
			copied.Codes[j] = append(copied.Codes[j], real.Codes[j][i])
		}
	}
	r, err := Compare(context.Background(), Input{Real: real, Learn: learn, Held: held, Synthetic: copied, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Copies.Synthetic != 500 || r.Copies.HeldOut > 5 || r.Distances.Synthetic[5] != 0 || r.Distances.Nearer < 0.99 || r.Transfer != nil {
		t.Errorf("%+v %+v", r.Copies, r.Distances)
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page, "a <b> & c"); err != nil {
		t.Fatal(err)
	}
	if s := page.String(); !strings.Contains(s, "a &lt;b&gt; &amp; c") || !strings.Contains(s, "500 of the rows") || strings.Contains(s, "<b>") {
		t.Errorf("the page: %.500s", s)
	}
}

// TestMeasures against values known by hand.
func TestMeasures(t *testing.T) {
	same := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	same("KS", kolmogorov([]int32{1, 2, 3, 4}, []int32{3, 4, 5, 6}), 0.5)
	same("KS of equal ones", kolmogorov([]int32{1, 1, 2}, []int32{1, 1, 2}), 0)
	same("KS with ties", kolmogorov([]int32{1, 1, 1, 2}, []int32{1, 2, 2, 2}), 0.5)
	same("KS of nothing", kolmogorov(nil, []int32{1}), 1)
	same("TV", variation([]int32{0, 0, 1, 1}, []int32{0, 1, 1, 2}), 0.25)
	same("Pearson", pearson([]float64{1, 2, 3}, []float64{2, 4, 6}), 1)
	same("Pearson with holes", pearson([]float64{1, math.NaN(), 2, 3}, []float64{-1, 5, -2, -3}), -1)
	same("Pearson of a constant", pearson([]float64{1, 1, 1}, []float64{1, 2, 3}), 0)
	same("η", ratio(column{classes: []int{0, 0, 1, 1}, many: 2}, []float64{1, 1, 3, 3}), 1)
	same("η between", ratio(column{classes: []int{0, 0, 1, 1}, many: 2}, []float64{0, 2, 2, 4}), math.Sqrt(0.5))
	// 2×2 with 30, 10, 10, 30: χ² = 20, V = √(20/80).
	var a, b column
	for _, cell := range [][3]int{{0, 0, 30}, {0, 1, 10}, {1, 0, 10}, {1, 1, 30}} {
		for range cell[2] {
			a.classes, b.classes = append(a.classes, cell[0]), append(b.classes, cell[1])
		}
	}
	a.many, b.many = 2, 2
	same("Cramér's V", cramer(a, b), 0.5)
	if got := nearestOf([]float32{0.5, 11}, []float32{0.1, 11, 0.45, 12}); math.Abs(got-0.4) > 1e-6 {
		t.Errorf("the nearest is %g away", got)
	}
}
