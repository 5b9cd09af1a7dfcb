package strictjson

import (
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

var small = Limits{Depth: 3, Values: 20}

// skip reads a whole text of one value.
func skip(text string, l Limits) error {
	s, err := New("", []byte(text))
	if err == nil {
		_, err = s.Skip(l)
	}
	if err == nil {
		err = s.End()
	}
	return err
}

func TestSkipTakes(t *testing.T) {
	for _, text := range []string{
		`null`, ` true `, "\tfalse\r\n", `""`, `"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00é"`, `0`, `-0`, `10`, `-1.5e+10`, `0.0`, `1E5`, `1e-0`, `1e400`,
		`[]`, `[ ]`, `[[[]]]`, `[1 , 2]`, `{}`, `{"a":{"b":{"c":1}}}`, `{"a":1,"A":2}`, `{"a":{"x":1},"b":{"x":1}}`, `{"":1}`,
		"\"\u007f\u2028\uffff\U0010ffff\"",
	} {
		if err := skip(text, small); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSkipRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "byte 0: it ends where a value is expected"},
		{" ", "byte 1: it ends where a value"},
		{"\ufeff{}", "byte 0: not a value"},
		{"nul", "not a value"},
		{"True", "not a value"},
		{"NaN", "not a value"},
		{"-Infinity", "byte 1: a number without digits"},
		{"nullnull", "byte 4: something follows"},
		{"{} {}", "something follows"},
		{"{}\x00", "something follows"},
		{"+1", "not a value"},
		{".5", "not a value"},
		{"-", "without digits"},
		{"01", "leading zeros"},
		{"-00", "leading zeros"},
		{"1.", "after the point"},
		{"1.e5", "after the point"},
		{"1e", "in its exponent"},
		{"1e+", "in its exponent"},
		{"0x10", "something follows"},
		{"'a'", "not a value"},
		{`"`, "ends within a string"},
		{`"\`, "byte 1: an escape"},
		{`"\"`, "ends within a string"},
		{`"\x41"`, "an escape"},
		{`"\u12"`, "an escape"},
		{`"\u00g0"`, "an escape"},
		{`"\ud800"`, "an escape"},
		{`"\ud800x"`, "an escape"},
		{`"\ud800\n"`, "an escape"},
		{`"\ud800\u0041"`, "an escape"},
		{`"\ude00\ud83d"`, "an escape"},
		{"\"a\nb\"", "control character"},
		{"\"\x00\"", "control character"},
		{"\"\xff\"", "byte 1: not valid UTF-8"},
		{"\"\xed\xa0\x80\"", "byte 1: not valid UTF-8"}, // a surrogate
		{"\"\xc0\x80\"", "not valid UTF-8"},             // overlong
		{"[1", "byte 2: it ends where ']' is expected"},
		{"[1}", "'}' where ']'"},
		{"[1 2]", "'2' where ']'"},
		{"[,]", "not a value"},
		{"[1,]", "not a value"},
		{"[é", "byte 1: not a value"},
		{"{é", `'é' where '"'`},
		{"{1:2}", `'1' where '"'`},
		{`{"a"}`, "'}' where ':'"},
		{`{"a":}`, "not a value"},
		{`{"a":1,}`, `'}' where '"'`},
		{`{"a":1 "b":2}`, `'"' where '}'`},
		{`{/**/}`, `'/' where '"'`},
		{`{"a":1,"a":1}`, `"a" is there twice`},
		{`{"a":1,"\u0061":1}`, `"a" is there twice`},
		{`{"b":[{"a":1,"c":0,"a":1}]}`, `"a" is there twice`},
		{`{"` + strings.Repeat("é\n", 1000), "control character"},
		{`{"` + strings.Repeat("é", 1000) + `":1,"` + strings.Repeat("é", 1000) + `":1}`, `… is there twice`},
		{`{"` + strings.Repeat("é", 10_000) + `":1}`, "has more than 16384 bytes"},
		{"[[[[]]]]", "nested deeper than 3"},
		{strings.Repeat("[", 1<<20), "nested deeper than 3"},
		{strings.Repeat(`{"a":`, 1<<20), "nested deeper than 3"},
		{"[" + strings.Repeat("1,", 20) + "1]", "more than 20 values"},
	} {
		if err := skip(c.text, small); err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 400 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestInteger(t *testing.T) {
	for _, c := range []struct {
		text string
		most int64
		want string // of the error
	}{
		{"0", 0, ""},
		{" 42", 42, ""},
		{"9223372036854775807", math.MaxInt64, ""},
		{"1", 0, "too large"},
		{"43", 42, "too large"},
		{"9223372036854775808", math.MaxInt64, "too large"},
		{"99999999999999999999999", math.MaxInt64, "too large"},
		{"00", 5, "leading zeros"},
		{"-1", 5, "not a whole number"},
		{"1.0", 5, "not a whole number"},
		{"1e0", 5, "not a whole number"},
		{"1E0", 5, "not a whole number"},
		{"", 5, "not a whole number"},
		{`"1"`, 5, "not a whole number"},
	} {
		s, err := New("it", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Integer(c.most)
		switch {
		case c.want == "" && (err != nil || n != c.most):
			t.Errorf("%s: %d, %v", c.text, n, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "it, byte ")):
			t.Errorf("%s: %d, %v, want %s", c.text, n, err, c.want)
		}
	}
}

// TestParts reads a text piece by piece and one piece twice.
func TestParts(t *testing.T) {
	s, err := New("", []byte(` {"list" : [3, 4], "a\u0041" : {"b":[null]} } `))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	text, err := New("", []byte(`["\u00e9\/", "x", "\n\\"]`))
	if err != nil {
		t.Fatal(err)
	}
	err = text.Array(func() error {
		part, err := text.Text()
		got = append(got, string(part))
		return err
	})
	if strings.Join(got, " ") != "é/ x \n\\" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	got = nil
	err = s.Object(func(key []byte) error {
		got = append(got, string(key))
		if s.Next() != '[' {
			raw, err := s.Skip(small)
			got = append(got, string(raw))
			return err
		}
		list := func(s *Scanner) error {
			return s.Array(func() error {
				n, err := s.Integer(9)
				got = append(got, string(rune('0'+n)))
				return err
			})
		}
		if err := list(s.From(s.At())); err != nil {
			return err
		}
		return list(s)
	})
	if err == nil {
		err = s.End()
	}
	if want := `list 3 4 3 4 aA {"b":[null]}`; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v, want %s", got, err, want)
	}
}

func TestUnmarshal(t *testing.T) {
	type inner struct {
		Wait  time.Duration `json:"wait"`
		Scale float64       `json:"scale"`
	}
	type config struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
		Key   string `json:"kind"`
		Inner inner  `json:"inner"`
	}
	var c config
	if err := Unmarshal([]byte(`{"name":"x","count":3,"inner":{"scale":0.5},"other":[1]}`), small, &c); err != nil || c.Name != "x" || c.Count != 3 || c.Inner.Scale != 0.5 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, r := range []struct{ text, want string }{
		{`{"count":"3"}`, "count: string where int is expected"},
		{`{"count":1.5}`, "count: number 1.5 where int is expected"},
		{`{"count":` + strings.Repeat("9", 1000) + `}`, "999 where int is expected"},
		{`{"inner":{"scale":1e400}}`, "inner.scale: number 1e400 where float64 is expected"},
		{`{"count":1,"count":1}`, `"count" is there twice`},
		{`{"count":1,"Count":1}`, `"Count" is there twice`},
		{`{"kind":"","\u212aind":""}`, `ind" is there twice`}, // the sign of the kelvin is a k to encoding/json
		{`{"inner":{"wait":1,"WAIT":1}}`, `"WAIT" is there twice`},
		{`{"count":1} x`, "something follows"},
		{`[]`, "array where"},
		{`{"a":{"b":{"c":{}}}}`, "nested deeper"},
	} {
		var c config
		if err := Unmarshal([]byte(r.text), small, &c); err == nil || !strings.Contains(err.Error(), r.want) || len(err.Error()) > 300 {
			t.Errorf("%.80s: %v, want %s", r.text, err, r.want)
		}
	}
}

// TestAllocates holds what the package promises: nothing for what is not kept.
func TestAllocates(t *testing.T) {
	l := Limits{Depth: 4, Values: 100_000}
	for what, c := range map[string]struct {
		text string
		keys int
	}{
		"numbers": {"[" + strings.Repeat("1,", 99_990) + "1]", 0},
		"strings": {"[" + strings.Repeat(`"some text",`, 99_990) + "1]", 0},
		"escapes": {`"` + strings.Repeat(`\n`, 1<<20) + `"`, 0},
		"keys":    {"{" + manyKeys(30_000) + "}", 30_000},
		"long":    {`"` + strings.Repeat("x", 8<<20), 0},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := skip(c.text, l)
		runtime.ReadMemStats(&after)
		used := int(after.TotalAlloc-before.TotalAlloc) - len(c.text) // skip's own copy of the text
		most := 16<<10 + 128*c.keys
		if used > most || what != "long" && err != nil {
			t.Errorf("%s: %d bytes allocated for %d, promised %d; %v", what, used, len(c.text), most, err)
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + string(rune('a'+i%26)) + strings.Repeat("x", i%3) + strings.Repeat(string(rune('A'+i/26%26)), 1) + string(rune(0x4e00+i)) + `":0`)
	}
	return b.String()
}
