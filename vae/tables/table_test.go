package tables

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made is a table with everything in it: numbers with a spike and a tail, whole numbers, categories, a vocabulary, missing cells, a rule (big is yes
// exactly where price is above 100), and what is left out.
func made(rows int, seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 5))
	var b strings.Builder
	b.WriteString("id,price,count,kind,town,flag,big,note,same\n")
	kinds := []string{"red", "green", "blue"}
	for i := range rows {
		k := rnd.IntN(3)
		price := math.Exp(2 + float64(k) + 0.5*rnd.NormFloat64())
		cell := fmt.Sprintf("%.2f", price)
		if rnd.IntN(5) == 0 {
			price, cell = 0, "0"
		}
		if rnd.IntN(10) == 0 {
			cell = "NA"
		}
		big := "no"
		if price > 30 {
			big = "yes"
		}
		flag := []string{"", "a", "b"}[rnd.IntN(3)]
		town := int(float64(300) * rnd.Float64() * rnd.Float64())
		fmt.Fprintf(&b, "k%05d,%s,%d,%s,town %d,%s,%s,some free text about row number %d,x\n", i, cell, k*20+rnd.IntN(30), kinds[k], town, flag, big, i)
	}
	return b.String()
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// learn reads a table twice.
func learn(t testing.TB, text string, given Schema) (table *Table, rows, held []int32, err error) {
	t.Helper()
	path := write(t, text)
	r, err := Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer r.Close()
	s, err := NewSurvey(r, given)
	if err != nil {
		return nil, nil, nil, err
	}
	schema, err := s.Schema()
	if err != nil {
		return nil, nil, nil, err
	}
	again, err := Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer again.Close()
	return Learn(again, s, schema, 0.1, 1)
}

func must(t testing.TB, text string) (table *Table, rows, held []int32) {
	t.Helper()
	table, rows, held, err := learn(t, text, Schema{})
	if err != nil {
		t.Fatal(err)
	}
	return table, rows, held
}

// TestTypes: what columns look like, and why some are left out.
func TestTypes(t *testing.T) {
	r, err := NewReader(strings.NewReader(made(3000, 1)), "t.csv")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSurvey(r, Schema{})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := s.Schema()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"id": Skip, "price": Number, "count": Integer, "kind": Category, "town": Vocabulary, "flag": Category, "big": Category, "note": Skip, "same": Skip}
	for _, f := range schema.Columns {
		if f.Type != want[f.Name] {
			t.Errorf("%s is a %s (%s), want %s", f.Name, f.Type, f.Why, want[f.Name])
		}
		if (f.Type == Skip) != (f.Why != "") {
			t.Errorf("%s, a %s, has the reason %q", f.Name, f.Type, f.Why)
		}
	}
}

// TestCodes: a cell that is written from its code is the one that was read.
func TestCodes(t *testing.T) {
	text := made(500, 2)
	table, rows, held := must(t, text)
	if len(rows)+len(held) != 500 || len(held) != 50 {
		t.Fatalf("%d rows to learn from, %d held out", len(rows), len(held))
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	header := strings.Split(lines[0], ",")
	for j, c := range table.Columns {
		at := -1
		for i, name := range header {
			if name == c.Name {
				at = i
			}
		}
		for i := range table.Rows {
			cell, code := strings.Split(lines[i+1], ",")[at], table.Codes[j][i]
			if got := c.Code(cell); got != code {
				t.Fatalf("%s, row %d: %q has code %d, and in the table %d", c.Name, i, cell, got, code)
			}
			if !c.known(code) {
				continue
			}
			again := string(c.Append(nil, code))
			if c.Code(again) != code && again != RareCell {
				t.Errorf("%s: %q is written as %q", c.Name, cell, again)
			}
			if cell == "NA" {
				cell = ""
			}
			if c.Name == "price" && cell == "0" {
				cell = "0.00"
			}
			if again != cell && again != RareCell {
				t.Errorf("%s: %q is written as %q", c.Name, cell, again)
			}
		}
	}
}
