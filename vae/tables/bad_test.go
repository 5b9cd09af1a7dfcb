package tables

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// rowsOf repeats a line, with %d for its number.
func rowsOf(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(format, "%") {
			fmt.Fprintf(&b, format+"\n", i)
		} else {
			b.WriteString(format + "\n")
		}
	}
	return b.String()
}

// TestBadTables: what is wrong is said with its place, and what to do.
func TestBadTables(t *testing.T) {
	fine := rowsOf(30, "x,1.5") + rowsOf(30, "y,2.5")
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "is empty: a table begins with the names"},
		{"an empty packed file", packed(""), "is empty"},
		{"a header only", "a,b\n", "a header and no rows"},
		{"a header only, without an end", "a,b", "a header and no rows"},
		{"a ragged row", "a,b\n1,2\n3\n", "line 3 has 1 cells, and the header 2"},
		{"a long row", "a,b\n1,2,3\n", "line 2 has 3 cells, and the header 2"},
		{"a repeated name", "a,b,a\n1,2,3\n", `columns 1 and 3 are both named "a"`},
		{"a name repeated but for space", "a, a\n1,2\n", `columns 1 and 2 are both named "a"`},
		{"a quote in the middle", "a,b\n1,x\"y\n", "line 2 has a quote in a cell without quotes"},
		{"a quote that is not closed", "a,b\n1,\"x\n2,y\n", "the quoted cell that begins in line 2 does not end"},
		{"something behind a quote", "a,b\n1,\"x\"y\n", "the quoted cell that begins in line 2"},
		{"an infinite number", "a,b\n" + fine[:0] + rowsOf(50, "x,%d.5") + "y,Inf\n", "line 52 has an infinite number"},
		{"a number beyond all", "a,b\n" + rowsOf(50, "x,%d.5") + "y,1e999\n", "line 52 has an infinite number"},
		{"a word among numbers", "a,b\n" + rowsOf(200, "x,%d.5") + "y,oops\n", `line 202 has "oops"`},
		{"a word among very many numbers", "a,b\n" + rowsOf(5000, "x,%d.5") + "y,oops\n", `line 5002 has "oops"`},
		{"nothing to learn", "a,b\n" + rowsOf(50, "x,k%d"), "has no column to learn"},
		{"one row", "a,b\n1,2\n", "has no column to learn"},
		{"a name not in UTF-8", "a,\xff\n1,2\n", "the name of column 2 is not UTF-8"},
		{"a cell not in UTF-8", "a,b\n1,\xff\n", `column "b": the cell is not UTF-8`},
		{"too many columns", strings.Repeat("a,", MaxColumns) + "b\n", "at most 4096"},
		{"a very long name", strings.Repeat("a", 2000) + ",b\n1,2\n", "the name of column 1 has 2000 bytes"},
		{"packed and cut", packed(strings.Repeat("a,b\n1,2\n", 5000))[:60], "cut short"},
		{"a bomb of a cell", "a,b\n1,\"" + strings.Repeat("x", 2*MaxRow), "a row has more than 16 MiB"},
		{"a bomb of a header", "\"" + strings.Repeat("x", 2*MaxRow), "a row has more than 16 MiB"},
	} {
		_, _, _, err := learn(t, c.text, Schema{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// TestSpellings: ways to write a table that are all one table.
func TestSpellings(t *testing.T) {
	plain := "a,b,c\n" + rowsOf(40, "x,1.5,p") + rowsOf(40, "y,2.5,q")
	want, _, _ := must(t, plain)
	for name, text := range map[string]string{
		"lines of Windows":   strings.ReplaceAll(plain, "\n", "\r\n"),
		"a byte order mark":  "\ufeff" + plain,
		"semicolons":         strings.ReplaceAll(plain, ",", ";"),
		"tabs":               strings.ReplaceAll(plain, ",", "\t"),
		"spaces":             strings.ReplaceAll(plain, ",", " , "),
		"quotes":             strings.ReplaceAll(plain, "x,", `"x",`),
		"packed":             packed(plain),
		"without a last end": strings.TrimSuffix(plain, "\n"),
		"empty lines":        plain + "\n\n",
	} {
		got, _, _, err := learn(t, text, Schema{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !Same(got.Columns, want.Columns) || !slices.EqualFunc(got.Codes, want.Codes, slices.Equal[[]int32]) {
			t.Errorf("%s: another table", name)
		}
	}
	quoted, _, _ := must(t, "a,b\n"+rowsOf(40, "\"two\nlines, and a \"\"quote\"\"\",1.5")+rowsOf(40, "y,2.5"))
	if v := quoted.Columns[0].Values; len(v) != 2 || !slices.Contains(v, "two\nlines, and a \"quote\"") {
		t.Errorf("a quoted cell is %q", v)
	}
}

// TestMissing: every kind of column has missing cells, spelled in any of the usual ways, or as the schema says.
func TestMissing(t *testing.T) {
	var b strings.Builder
	b.WriteString("number,whole,category\n")
	for i := range 200 {
		cells := []string{fmt.Sprintf("%d.%d", i, i%7), fmt.Sprint(i * i), []string{"x", "y"}[i%2]}
		if i%5 == 0 {
			cells[i/5%3] = []string{"", "NA", "NaN", "null", "?", "None"}[i%6]
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	table, rows, _ := must(t, b.String())
	for _, c := range table.Columns {
		if c.Blank < 8 || c.Rows != len(rows) {
			t.Errorf("%s, a %s, has %d missing cells in %d rows", c.Name, c.Type, c.Blank, c.Rows)
		}
		if code := c.Code(" NA "); !c.known(code) || c.Unseen(code) || len(c.Append(nil, code)) > 0 {
			t.Errorf("%s: NA is code %d", c.Name, code)
		}
	}
	given := Schema{Columns: []Field{{Name: "a", Type: Number, Missing: []string{"-1", "none"}}}}
	table, _, _, err := learn(t, "a,b\n"+rowsOf(40, "%d.5,x")+"-1,y\nnone,y\n"+rowsOf(40, "7.5,y"), given)
	if err != nil || table.Columns[0].Code("-1") != blankCode || table.Columns[0].Code("none") != blankCode || table.Columns[0].Code("NA") != strangeCode || table.Columns[0].Low != 0.5 {
		t.Errorf("missing as the schema says: %+v, %v", table, err)
	}
}

// TestSeenForTheFirstTime: cells that training never had have a low and finite likelihood, and are told.
func TestSeenForTheFirstTime(t *testing.T) {
	table, rows, _ := must(t, "n,c,w\n"+rowsOf(100, "%d.5,x,p")+rowsOf(100, "9%d.5,y,q"))
	ln := -math.Log(float64(len(rows)) + 2)
	for _, c := range table.Columns {
		for cell, want := range map[string]float64{"": ln, "never": ln} {
			code := c.Code(cell)
			if got := c.strangeLogProb(code); c.known(code) || !c.Unseen(code) || math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: %q has log p %g, want %g", c.Name, cell, got, want)
			}
		}
	}
	c := table.Columns[0]
	before := 0.0
	for _, cell := range []string{"1000", "2000", "1e6", "1e200", "-1", "-100", "-1e300"} {
		code := c.Code(cell)
		l := c.strangeLogProb(code)
		if c.known(code) || math.IsInf(l, 0) || l >= ln {
			t.Errorf("%s is code %d with log p %g", cell, code, l)
		}
		if cell[0] == '1' && before < 0 && l > before {
			t.Errorf("%s is likelier than what is nearer", cell)
		}
		before = l
	}
	if code := c.Code("Infinity"); code != strangeCode {
		t.Errorf("infinity is code %d", code)
	}
}

// TestRare: values that were there once are a class, and so are those never seen.
func TestRare(t *testing.T) {
	table, _, _, err := learn(t, "a,b\n"+rowsOf(60, "x,1")+rowsOf(60, "y,2")+rowsOf(20, "only%d,3"), Schema{})
	if err != nil {
		t.Fatal(err)
	}
	c := table.Columns[0]
	if len(c.Values) != 2 || c.Rare < 15 || c.Rare > 20 {
		t.Fatalf("%q, and %d rare", c.Values, c.Rare)
	}
	code := c.Code("never there")
	if !c.known(code) || !c.Unseen(code) || code != c.Code("only3") || string(c.Append(nil, code)) != RareCell {
		t.Errorf("a new value is code %d", code)
	}
}

// TestSchemas: what can be said of columns, and what cannot.
func TestSchemas(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "",
		`{}`:                              "it has no columns",
		`{"columns": []}`:                 "it has no columns",
		`{"columns": [{"name": "a"}]}`:    `has type "": choose one of`,
		`{"columns": [{"type": "skip"}]}`: "column 1 has no name",
		`{"columns": [{"name": "a", "type": "date"}]}`:                                `has type "date": choose one of`,
		`{"columns": [{"name": "a", "type": "skip"}, {"name": "a", "type": "skip"}]}`: "is there twice",
		`{"columns": [{"name": "a", "type": "category", "step": 1}]}`:                 "a step, which is of numbers",
		`{"columns": [{"name": "a", "type": "number", "step": -1}]}`:                  "must be above 0",
		`{"columns": [{"name": "a", "type": "number", "stpe": 1}]}`:                   "a column has name, type",
		`{"columns": [{"name": "a", "type": "number"}], "cols": 3}`:                   "a column has name, type",
		`{"columns": 3}`: "expected",
	} {
		if _, err := ReadSchema([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	table := "a,b,zip\n" + rowsOf(60, "x,1,01234") + rowsOf(60, "y,2,94043")
	for _, c := range []struct {
		field Field
		want  string
	}{
		{Field{Name: "c", Type: Skip}, `has a column "c", and the table has none`},
		{Field{Name: "a", Type: Number}, `line 2 has "x", which is no number`},
		{Field{Name: "b", Type: Number, Step: 5}, "makes 1 different numbers"},
		{Field{Name: "b", Type: Number, Step: 1e-12}, "can be told apart"},
		{Field{Name: "zip", Type: Integer}, `"01234", which is no number`},
	} {
		if _, _, _, err := learn(t, table, Schema{[]Field{c.field}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.field, err, c.want)
		}
	}
	got, _, _, err := learn(t, table, Schema{[]Field{{Name: "a", Type: Skip}, {Name: "b", Type: Integer}}})
	if err != nil || len(got.Columns) != 2 || got.Columns[0].Type != Integer || got.Columns[1].Type != Category {
		t.Errorf("corrected to %+v, %v", got, err)
	}
}
