package eval

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSpearman holds known values: the classical formula 1 − 6Σd²/(n³−n) without ties; with ties those of SciPy's spearmanr.
func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, 1},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{[]float64{106, 100, 86, 101, 99, 103, 97, 113, 112, 110}, []float64{7, 27, 2, 50, 28, 29, 20, 12, 6, 17}, -29.0 / 165},
		{[]float64{1, 2, 2, 3}, []float64{1, 2, 3, 4}, 0.9486832980505138},
		{[]float64{1, 1, 2, 2, 5}, []float64{3, 1, 1, 4, 4}, 7.0 / 12},
	} {
		if got := Spearman(c.x, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v, %v: %.16g, want %.16g", c.x, c.y, got, c.want)
		}
	}
	for _, c := range [][2][]float64{{{}, {}}, {{1}, {2}}, {{1, 1}, {1, 2}}} {
		if got := Spearman(c[0], c[1]); !math.IsNaN(got) {
			t.Errorf("%v: %g, want NaN", c, got)
		}
	}
}

// TestSpearmanOrder: with ties the order of the pairs makes no difference, and neither does a rising function.
func TestSpearmanOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 12).Draw(t, "n")
		x := rapid.SliceOfN(rapid.IntRange(-3, 3), n, n).Draw(t, "x")
		y := rapid.SliceOfN(rapid.IntRange(0, 4), n, n).Draw(t, "y")
		var a, b, c, d []float64
		for i := range n {
			v := float64(x[i])
			a, b = append(a, v), append(b, float64(y[i]))
			c, d = append(c, math.Exp(v)), append(d, float64(y[i]))
		}
		slices.Reverse(c)
		slices.Reverse(d)
		one, two := Spearman(a, b), Spearman(c, d)
		if !(math.IsNaN(one) && math.IsNaN(two) || math.Abs(one-two) < 1e-12) {
			t.Fatalf("%g and %g", one, two)
		}
	})
}

func TestReadPairs(t *testing.T) {
	want := []Pair{{"tiger", "cat", 7.35}, {"a b", "c", -1}}
	for _, text := range []string{
		"tiger\tcat\t7.35\na b\tc\t-1\n",
		"# a comment\n\ntiger\tcat\t7.35\tmore\r\na b\tc\t-1",
		"Word 1,Word 2,Human (mean)\ntiger,cat,7.35\na b,c,-1\n",                             // WordSim-353: combined.csv
		"Word 1\tWord 2\tHuman (mean)\t1\t2\ntiger\tcat\t7.35\t9\t7\na b\tc\t-1\t8\t7\n",     // its set1.tab
		"word1\tword2\tPOS\tSimLex999\tconc(w1)\ntiger\tcat\tN\t7.35\t5\na b\tc\tN\t-1\t4\n", // SimLex-999.txt
	} {
		got, err := ReadPairs(strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":                          "no pairs",
		"word1 word2 score\n":       "no pairs",
		"a b 1\nc d\n":              "line 2",
		"a b 1\nc d x\n":            "line 2",
		"a b 1\nc d NaN\n":          "line 2",
		"a b 1\nc d N 2\n":          "line 1",
		"a b N 1\nc d N 2\ne f 3\n": "line 3",
		strings.Repeat("a", 1<<17):  "more than 65536 bytes",
	} {
		if _, err := ReadPairs(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func TestJudgePairs(t *testing.T) {
	pairs := []Pair{{"a", "b", 1}, {"a", "c", 2}, {"b", "x", 9}, {"b", "c", 3}}
	got := JudgePairs(pairs, func(a, b string) (float64, bool) {
		return map[string]float64{"ab": 0.1, "ac": 0.5, "bc": 0.4}[a+b], b != "x"
	})
	if want := (Similarity{Pairs: 3, OutOfVocab: 1, OutOfVocabPct: 25}); got.Spearman == nil || math.Abs(*got.Spearman-0.5) > 1e-12 || got.Pairs != 3 || got.OutOfVocab != 1 || got.OutOfVocabPct != 25 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := JudgePairs(pairs[:1], func(_, _ string) (float64, bool) { return 0, false }); got.Spearman != nil || got.OutOfVocab != 1 {
		t.Errorf("of nothing: %+v", got)
	}
	if got := JudgePairs(pairs, func(_, _ string) (float64, bool) { return 0.5, true }); got.Spearman != nil || got.Pairs != 4 {
		t.Errorf("of equal cosines: %+v", got)
	}
}

// TestDistributedLists reads the lists as they are passed around, with a header and without.
func TestDistributedLists(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs int
		first Pair
	}{
		{"wordsim353.txt", 353, Pair{"love", "sex", 6.77}},
		{"simlex999.txt", 999, Pair{"old", "new", 1.58}},
	} {
		file, err := os.Open(filepath.Join(os.Getenv("INKLING_DATA"), c.name))
		if err != nil {
			t.Logf("not read: INKLING_DATA has no %s", c.name) // other layouts are tested on lines made by hand
			continue
		}
		defer file.Close()
		got, err := ReadPairs(file)
		if err != nil || len(got) != c.pairs || got[0] != c.first {
			t.Errorf("%s: %d pairs, %v", c.name, len(got), err)
		}
	}
}

func TestIsQuestions(t *testing.T) {
	for text, want := range map[string]bool{
		": capitals\nAthens Greece Oslo Norway\n":     true,
		"man king woman queen\n":                      true,
		"man king woman queen\na b c\n":               true,
		"boy girl nan grandad\n":                      true, // a word, and no number
		": ages\none 1 two 2\n":                       true,
		"king queen 8.5 9\n":                          false,
		"word1 word2 POS SimLex999\nold new A 1.58\n": false,
		"king,queen,8\n":                              false,
		"light glass\n":                               false,
		"":                                            false,
	} {
		if got := IsQuestions(strings.NewReader(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// space is words with vectors in the plane.
type space struct {
	words   []string
	vectors [][2]float64
}

func (s space) Find(word string) (int, bool) {
	i := slices.Index(s.words, word)
	return i, i >= 0
}

func (s space) Answers(a, b, c int) (add, mul int) {
	cos := func(i, j int) float64 {
		v, w := s.vectors[i], s.vectors[j]
		return (v[0]*w[0] + v[1]*w[1]) / math.Hypot(v[0], v[1]) / math.Hypot(w[0], w[1])
	}
	add, best := -1, 0.0
	for w := range s.words {
		if score := cos(w, b) - cos(w, a) + cos(w, c); w != a && w != b && w != c && (add < 0 || score > best) {
			add, best = w, score
		}
	}
	return add, -1
}

// TestJudgeAnalogies: answers are held against the fourth word, and what a word is missing for is counted apart.
func TestJudgeAnalogies(t *testing.T) {
	s := space{words: []string{"a", "b", "c", "d", "e"}, vectors: [][2]float64{{1, 0}, {1, 0.2}, {0, 1}, {-0.2, 1}, {1, 1}}}
	questions, err := ReadQuestions(strings.NewReader(": one\na b c e\nb a c d\n: two\na b c x\n"))
	if err != nil {
		t.Fatal(err)
	}
	groups, total := JudgeAnalogies(questions, s)
	if total.Questions != 2 || total.OutOfVocab != 1 || total.Correct != 1 || total.CorrectMul != 0 {
		t.Errorf("the sum is %+v", total)
	}
	if len(groups) != 2 || groups[0].Group != "one" || groups[0].Questions != 2 || groups[1].Group != "two" || groups[1].OutOfVocab != 1 || groups[1].Accuracy != nil || groups[1].AccuracyMul != nil {
		t.Errorf("the groups are %+v", groups)
	}
	if *total.Accuracy != float64(total.Correct)/2 || *total.AccuracyMul != float64(total.CorrectMul)/2 {
		t.Errorf("the shares are %+v", total)
	}
	for text, want := range map[string]string{"": "no questions", ": g\n": "no questions", ": g\na b c\n": "line 2"} {
		if _, err := ReadQuestions(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
