package softmax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// decaying is a layer whose weights have singular values that fall as 1/jᵃ, in directions that are not the axes.
func decaying(v, dim int, a float64, seed uint64) *full {
	rnd := rand.New(rand.NewPCG(seed, 5))
	out, err := New("full", spec(v, dim))
	if err != nil {
		panic(err)
	}
	f, mirror := out.(*full), vector(dim, seed)
	square := norm(mirror)
	for i := range v {
		row := f.weight.Row(i)
		dot := 0.0
		for j := range row {
			row[j] = float32(rnd.NormFloat64() * math.Pow(float64(j+1), -a))
			dot += float64(row[j] * mirror[j])
		}
		for j := range row { // Householder's reflection
			row[j] -= float32(2*dot) / (square * square) * mirror[j]
		}
	}
	f.weight.Changed()
	return f
}

// exactScores are z = A·h + b in float64.
func exactScores(f *dense, h []float32) []float64 {
	z := make([]float64, f.vocab())
	for i := range z {
		z[i] = float64(f.bias.Value[i])
		if f.shift != nil {
			z[i] += float64(f.shift[i])
		}
		for j, x := range f.weight.Row(i) {
			z[i] += float64(x) * float64(h[j])
		}
	}
	return z
}

// ranking is the order of words by their scores, of equal ones by number.
func ranking(z []float64) []int {
	order := count(len(z))
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case z[a] > z[b]:
			return -1
		case z[a] < z[b]:
			return 1
		}
		return 0
	})
	return order
}

// drawSVD draws a layer, a preview of it and hidden vectors.
func drawSVD(t *rapid.T) (f *full, s *SVD, h []float32) {
	v, dim := rapid.SampledFrom([]int{1, 2, 3, 63, 64, 65, 200, 2047, 2049, 4500}).Draw(t, "V"), rapid.IntRange(1, 40).Draw(t, "dim")
	f = decaying(v, dim, rapid.SampledFrom([]float64{0, 0.5, 1, 2}).Draw(t, "decay"), rapid.Uint64().Draw(t, "seed"))
	if rapid.Bool().Draw(t, "shifted") {
		f.shift = vector(v, 77)
	}
	s, err := NewSVD(f, rapid.IntRange(1, dim).Draw(t, "preview"), rapid.IntRange(1, v).Draw(t, "full"))
	if err != nil {
		t.Fatal(err)
	}
	h = vector(rapid.SampledFrom([]int{1, 2, 33}).Draw(t, "rows")*dim, rapid.Uint64().Draw(t, "h"))
	for i := range h {
		h[i] *= 3
	}
	return f, s, h
}

// TestSVDBounds: no score is farther from its preview than the bound, and the mixed probabilities are those of the exact
// scores of the words of the highest previews and of previews for the others.
func TestSVDBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, s, h := drawSVD(t)
		v, dim := f.vocab(), f.weight.Cols
		got := make([]float32, len(h)/dim*v)
		s.ApproximateLogProbsRows(got, h)
		s.queries(h, func(at int, q *svdQuery) {
			if at%16 > 0 {
				return // for the sake of time
			}
			z, mixed := exactScores(f.dense, h[at*dim:(at+1)*dim]), make([]float64, v)
			for i, preview := range q.scores {
				mixed[i] = float64(preview)
				if off := math.Abs(z[i] - mixed[i]); !(off <= float64(q.tail*s.tail[i]+q.rounding)) {
					t.Fatalf("word %d: preview %g of %g, off by more than %g·%g", i, preview, z[i], q.tail, s.tail[i])
				}
			}
			for _, w := range ranking(mixed)[:s.full] {
				mixed[w] = z[w]
			}
			most, sum, all := slices.Max(mixed), 0.0, 0.0
			for _, x := range mixed {
				sum += math.Exp(x - most)
			}
			for i, x := range mixed {
				p := float64(got[at*v+i])
				if all += math.Exp(p); math.Abs(p-(x-most-math.Log(sum))) > 2e-4 {
					t.Fatalf("word %d: log-probability %g, want %g", i, p, x-most-math.Log(sum))
				}
			}
			if math.Abs(all-1) > 1e-4 {
				t.Fatalf("probabilities sum to %g", all)
			}
		})
	})
}

// TestSVDTopK: what is certified is what looking at all words finds.
func TestSVDTopK(t *testing.T) {
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		f, s, h := drawSVD(t)
		v, dim := f.vocab(), f.weight.Cols
		k := rapid.SampledFrom([]int{1, 2, 10, min(v, 70), min(v, 70) + 1}).Draw(t, "k")
		best, certified := s.TopKRows(h, k)
		full := make([][]float64, len(best)) // exact scores of the words of the highest previews
		s.queries(h, func(at int, q *svdQuery) {
			if at%16 > 0 {
				return // for the sake of time
			}
			z, previews := exactScores(f.dense, q.h), make([]float64, v)
			for i, x := range q.scores {
				previews[i] = float64(x)
			}
			for _, w := range ranking(previews)[:min(v, max(s.full, k))] {
				full[at] = append(full[at], z[w])
			}
			slices.Sort(full[at])
			slices.Reverse(full[at])
		})
		for at := 0; at < len(best); at += 16 {
			z := exactScores(f.dense, h[at*dim:(at+1)*dim])
			if k <= 10 && v > 60 {
				seen[certified[at]]++
			}
			if len(best[at]) != min(k, v) {
				t.Fatalf("%d of the best %d of %d", len(best[at]), k, v)
			}
			if (s.preview == dim || s.full == v || k >= v) && !certified[at] && s.full >= 4*k {
				t.Fatalf("a preview of %d of %d and %d words of %d: not certified", s.preview, dim, s.full, v)
			}
			order, first := ranking(z), best[at][0]
			for i, b := range best[at] {
				if i > 0 && best[at][i-1].LogProb < b.LogProb {
					t.Fatalf("out of order: %v before %v", best[at][i-1], b)
				}
				// Log-probabilities differ as the scores do.
				if d := float64(b.LogProb-first.LogProb) - (z[b.Word] - z[first.Word]); math.Abs(d) > 1e-4 {
					t.Fatalf("word %d: log-probability off by %g", b.Word, d)
				}
				if !certified[at] && math.Abs(z[b.Word]-full[at][i]) > 1e-5 {
					t.Fatalf("word %d of the best has score %g, and of the highest previews one has %g", i, z[b.Word], full[at][i])
				}
				if certified[at] && math.Abs(z[b.Word]-z[order[i]]) > 1e-5 { // rounding may change places
					t.Fatalf("certified word %d is %d with score %g, want %d with %g", i, b.Word, z[b.Word], order[i], z[order[i]])
				}
			}
		}
	})
	if !testing.Short() && (seen[true] < 10 || seen[false] < 5) {
		t.Errorf("too few of a kind to mean anything: %v certified", seen)
	}
}

// TestSVDCertifiesOnlyThen builds a layer in which the best word has its score in what a preview leaves out.
func TestSVDCertifiesOnlyThen(t *testing.T) {
	const v, dim = 500, 4
	f := decaying(v, dim, 0, 1)
	for i := range v {
		copy(f.weight.Row(i), []float32{-float32(i) / 10, 0.01, 0, 0})
		f.bias.Value[i] = 0
	}
	copy(f.weight.Row(321), []float32{-3, 0, 9, 0})
	f.weight.Changed()
	h := []float32{1, 1, 1, 1}
	for _, x := range []struct {
		full, word int // that are seen, and what is found
		certified  bool
	}{{4, 0, false}, {5, 321, true}, {v, 321, true}} {
		s, err := NewSVD(f, 1, x.full)
		if err != nil {
			t.Fatal(err)
		}
		best, certified := s.TopK(h, 1)
		if best[0].Word != x.word || certified != x.certified {
			t.Errorf("full view of %d: word %d, certified %v; want %d, %v", x.full, best[0].Word, certified, x.word, x.certified)
		}
	}
}

// TestSVDOfEverything: a preview of all dimensions and a full view of all words each give the exact probabilities, and
// many vectors at once give the bits of one after the other.
func TestSVDOfEverything(t *testing.T) {
	for _, v := range []int{1, 2, 3, 300, 5000} {
		const dim, rows = 24, 35
		f := decaying(v, dim, 0.5, 3)
		h, want, got, one := vector(rows*dim, 2), make([]float32, rows*v), make([]float32, rows*v), make([]float32, v)
		f.LogProbsRows(want, h)
		for _, x := range [][2]int{{dim, 1}, {1, v}, {5, min(v, 20)}} {
			s, err := NewSVD(f, x[0], x[1])
			if err != nil {
				t.Fatal(err)
			}
			if s.LogProbsRows(got, h); !slices.Equal(got, want) {
				t.Fatalf("V=%d: LogProbs are not the layer's", v)
			}
			s.ApproximateLogProbsRows(got, h)
			word, scores := make([]int, rows), make([]float32, rows)
			for i := range word {
				word[i] = i * 7 % v
			}
			s.ApproximateScores(scores, h, word)
			many, _ := s.TopKRows(h, 3)
			for i := range rows {
				s.ApproximateLogProbs(one, h[i*dim:(i+1)*dim])
				single, _ := s.TopK(h[i*dim:(i+1)*dim], 3)
				if row := got[i*v : (i+1)*v]; !slices.Equal(one, row) || scores[i] != row[word[i]] || !slices.Equal(single, many[i]) {
					t.Fatalf("V=%d, preview %d, full view %d: row %d differs from the same alone", v, x[0], x[1], i)
				}
			}
			for i := range want {
				// A preview of all dimensions is off by what bfloat16 rounds, the word's and those of the sum.
				off := 1e-4 + 2*float64(s.largest)/256*float64(norm(h[i/v*dim:(i/v+1)*dim]))
				if x[1] == v {
					off = 1e-4
				}
				if x[0] != 5 && math.Abs(float64(got[i]-want[i])) > off {
					t.Fatalf("V=%d, preview %d, full view %d: log-probability %g, exact %g", v, x[0], x[1], got[i], want[i])
				}
			}
		}
	}
}

// TestSpectrum holds the singular values against the decomposition of the weights themselves.
func TestSpectrum(t *testing.T) {
	for _, x := range [][2]int{{9000, 12}, {30, 12}, {5, 12}, {1, 1}} {
		f := decaying(x[0], x[1], 1, 4)
		s, err := Spectrum(f)
		if err != nil {
			t.Fatal(err)
		}
		a := mat.NewDense(x[0], x[1], nil)
		for i := range x[0] {
			for j, w := range f.weight.Row(i) {
				a.Set(i, j, float64(w))
			}
		}
		var svd mat.SVD
		svd.Factorize(a, mat.SVDNone)
		for j, want := range svd.Values(nil) {
			if math.Abs(s.Values[j]-want) > 1e-5*s.Values[0] && want > 1e-3*s.Values[0] {
				t.Errorf("%v: singular value %d is %g, want %g", x, j, s.Values[j], want)
			}
		}
		if again, _ := Spectrum(f); !slices.Equal(again.vectors, s.vectors) {
			t.Errorf("%v: the same weights twice, two rotations", x)
		}
	}
}

func TestSVDRefuses(t *testing.T) {
	f := decaying(20, 6, 1, 1)
	for _, x := range []struct {
		preview, full int
		want          string
	}{
		{0, 5, "from 1 to 6"},
		{7, 5, "from 1 to 6"},
		{-1, 5, "from 1 to 6"},
		{3, 0, "from 1 to 20"},
		{3, 21, "from 1 to 20"},
		{3, -4, "from 1 to 20"},
	} {
		if _, err := NewSVD(f, x.preview, x.full); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%d, %d: %v, want %q", x.preview, x.full, err, x.want)
		}
	}
	if _, err := NewSVD(uniform(20), 1, 1); err == nil || !strings.Contains(err.Error(), "a score for each word") {
		t.Errorf("of a layer without scores: %v", err)
	}
	f.weight.Value[7] = float32(math.NaN())
	if _, err := NewSVD(f, 3, 5); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("of damaged weights: %v", err)
	}
}

// uniform is a distribution that has no scores.
type uniform int

func (u uniform) LogProbs(dst, _ []float32) {
	for i := range dst {
		dst[i] = float32(-math.Log(float64(u)))
	}
}

// TestSVDOfNoNumbers: what is no number comes out as none, soon, and is not certified.
func TestSVDOfNoNumbers(t *testing.T) {
	f := decaying(50_000, 8, 1, 1)
	s, err := NewSVD(f, 3, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		h := vector(8, 1)
		h[3] = float32(bad)
		best, certified := s.TopK(h, 5)
		if certified || len(best) != 5 || best[0].LogProb == best[0].LogProb {
			t.Errorf("of %g: %v, certified %v", bad, best, certified)
		}
	}
	good := vector(8, 1)
	if best, _ := s.TopK(good, 5); best[0].LogProb != best[0].LogProb {
		t.Errorf("afterwards: %v", best)
	}
}

// TestChoose holds the selection against sorting, with many equal ones.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(-5, 5), 1, 300).Draw(t, "values")
		list := make([]Ranked, len(values))
		for i, x := range values {
			list[i] = Ranked{i * 31 % 1009, float32(x)}
		}
		want := slices.Clone(list)
		slices.SortFunc(want, before)
		n := rapid.IntRange(1, len(list)).Draw(t, "n")
		if least := choose(list, n); least != want[n-1].LogProb {
			t.Fatalf("the %d-th is %g, want %g", n, least, want[n-1].LogProb)
		}
		slices.SortFunc(list[:n], before)
		if !slices.Equal(list[:n], want[:n]) {
			t.Fatalf("the first %d are %v, want %v", n, list[:n], want[:n])
		}
	})
}

// BenchmarkSVD asks for the 10 likeliest of 100,000 words with singular values that fall as 1/jᵃ, for one normal hidden vector
// alone and for 32 at once, beside the product with all weights: µs of a query, and for how many of 256 the words are the
// same, and proven.
func BenchmarkSVD(b *testing.B) {
	const v, dim, k, queries = 100_000, 512, 10, 256
	rnd, h := rand.New(rand.NewPCG(1, 1)), make([]float32, queries*dim)
	for i := range h {
		h[i] = float32(rnd.NormFloat64())
	}
	ask := func(name string, rows int, topK func(h []float32)) {
		b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				at := i % (queries / rows) * rows * dim
				topK(h[at : at+rows*dim])
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*rows), "µs/query")
		})
	}
	for _, falls := range []struct {
		a        float64
		previews [][2]int
	}{{1, [][2]int{{32, 128}, {64, 128}, {128, 2000}, {256, 2000}}}, {0.75, [][2]int{{64, 1000}, {128, 512}}}, {0, [][2]int{{256, 2000}}}} {
		spectrum, err := Spectrum(decaying(v, dim, falls.a, 1))
		if err != nil {
			b.Fatal(err)
		}
		for _, x := range falls.previews {
			s, err := spectrum.Preview(x[0], x[1])
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("a=%g", falls.a)
			for _, rows := range []int{1, svdRows} {
				ask(name+"/all", rows, func(h []float32) { s.ExactTopKRows(h, k) })
				ask(fmt.Sprintf("%s/%d,%d", name, x[0], x[1]), rows, func(h []float32) { s.TopKRows(h, k) })
			}
			same, proven := 0, 0
			exact := s.ExactTopKRows(h, k)
			best, certified := s.TopKRows(h, k)
			for i := range exact {
				words := func(r []Ranked) (w []int) {
					for _, x := range r {
						w = append(w, x.Word)
					}
					slices.Sort(w)
					return w
				}
				same += btoi(slices.Equal(words(exact[i]), words(best[i])))
				proven += btoi(certified[i])
			}
			b.Logf("%s, %d,%d: the same for %.1f %%, proven for %.1f %%", name, x[0], x[1], 100*float64(same)/queries, 100*float64(proven)/queries)
		}
	}
}
