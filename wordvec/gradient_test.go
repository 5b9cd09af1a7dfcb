package wordvec

import (
	"fmt"
	"math"
	"testing"

	"inkling/data"
)

// testModel is a small model with vectors everywhere.
func testModel(t testing.TB, c Config, words int) *Model {
	t.Helper()
	names, counts := make([]string, words), make([]int64, words)
	for i := range names {
		names[i], counts[i] = fmt.Sprintf("w%d", i), int64(3*(words-i))
	}
	m, err := New(c, names, counts)
	if err != nil {
		t.Fatal(err)
	}
	r := newRandom(99, 0, 0)
	for w := range names {
		for _, row := range [][]float32{m.row(m.in, w), m.row(m.out, w)} {
			for d := range row {
				row[d] = float32(r.float() - 0.5)
			}
		}
	}
	return m
}

// pairsOf are the pairs of a group by their definition: who foretells which position.
func pairsOf(words []int32, from, to int, windows []int, f func(position int, near []int32)) {
	for p := from; p < to; p++ {
		var near []int32
		for i := max(0, p-windows[p-from]); i < min(len(words), p+windows[p-from]+1); i++ {
			if i != p {
				near = append(near, words[i])
			}
		}
		f(p, near)
	}
}

// objective is the loss of a group in float64, by the formulas of the papers, of the vectors given.
type objective struct {
	c         Config
	words     []int32
	from, to  int
	windows   []int
	negatives []int32 // that the group drew
	tree      *paths
	dim       int
}

func (o objective) loss(in, out []float64, vocab int) float64 {
	vector := func(m []float64, w int32) []float64 { return m[int(w)*o.dim : (int(w)+1)*o.dim] }
	dot := func(x, y []float64) (s float64) {
		for i := range x {
			s += x[i] * y[i]
		}
		return s
	}
	logistic := func(x float64) float64 { return -math.Log1p(math.Exp(-x)) } // log σ
	total := 0.0
	pairsOf(o.words, o.from, o.to, o.windows, func(p int, near []int32) {
		target := o.words[p]
		foretell := func(x []float64) {
			switch o.c.Loss {
			case "negative":
				total -= logistic(dot(x, vector(out, target)))
				for _, n := range o.negatives {
					if n != target {
						total -= float64(o.c.Negative) / float64(len(o.negatives)) * logistic(-dot(x, vector(out, n)))
					}
				}
			case "tree":
				nodes, turns := o.tree.path(target)
				for i, node := range nodes {
					s := dot(x, vector(out, node))
					if turns[i] {
						s = -s
					}
					total -= logistic(s)
				}
			case "full":
				sum := 0.0
				for v := range vocab {
					sum += math.Exp(dot(x, vector(out, int32(v))))
				}
				total += math.Log(sum) - dot(x, vector(out, target))
			}
		}
		if o.c.Model == "skipgram" {
			for _, w := range near {
				foretell(vector(in, w))
			}
			return
		}
		mean := make([]float64, o.dim)
		for _, w := range near {
			for d, x := range vector(in, w) {
				mean[d] += x / float64(len(near))
			}
		}
		foretell(mean)
	})
	return total
}

// TestGradients holds what a group changes against −rate times the gradient of the loss by its definition, by finite
// differences in float64: with words that are there twice, negatives that are targets, and windows cut at both ends.
func TestGradients(t *testing.T) {
	const dim, rate = 5, 0.5
	for _, model := range []string{"skipgram", "cbow"} {
		for _, l := range []struct {
			loss     string
			negative int
			vocab    int
		}{{"negative", 5, 9}, {"negative", 1, 9}, {"negative", 64, 70}, {"tree", 0, 9}, {"full", 0, 9}} {
			for _, shared := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s%d/shared=%t", model, l.loss, l.negative, shared), func(t *testing.T) {
					c := Config{Model: model, Loss: l.loss, Negative: l.negative, Dim: dim, Window: 3, Seed: 5, Hogwild: shared, Sample: -1, MinCount: 1}
					m := testModel(t, c, l.vocab)
					tr, err := NewTrainer(m, &Text{tokens: data.List{}}, 0)
					if err != nil {
						t.Fatal(err)
					}
					w := tr.workers[0]
					words := []int32{0, 3, 1, 3, 8, 2, 0, 5, 5, 7, 1, 0}
					for from := 0; from < len(words); {
						to := min(len(words), from+w.loss.positions())
						in, out := wide(m, m.in), wide(m, m.out)
						w.rand = newRandom(uint64(from), 1, 2)
						again := *w.rand
						w.group(words, from, to, rate)
						if !shared {
							tr.merge(1, rate)
						}
						o := objective{c: m.Config, words: words, from: from, to: to, dim: dim}
						for range to - from {
							o.windows = append(o.windows, 1+again.below(m.Config.Window))
						}
						switch loss := w.loss.(type) {
						case *negative:
							o.negatives = append(o.negatives, loss.words...)
						case *treeLoss:
							o.tree = loss.tree
						}
						compare(t, o, rate, l.vocab, in, out, wide(m, m.in), wide(m, m.out))
						from = to
					}
				})
			}
		}
	}
}

func wide(m *Model, matrix []float32) []float64 {
	var x []float64
	for _, v := range m.dense(matrix) {
		x = append(x, float64(v))
	}
	return x
}

func compare(t *testing.T, o objective, rate float64, vocab int, in, out, newIn, newOut []float64) {
	t.Helper()
	for name, m := range map[string]struct{ before, after []float64 }{"in": {in, newIn}, "out": {out, newOut}} {
		for i := range m.before {
			const h = 1e-5
			x := m.before[i]
			m.before[i] = x + h
			up := o.loss(in, out, vocab)
			m.before[i] = x - h
			down := o.loss(in, out, vocab)
			m.before[i] = x
			want := -rate * (up - down) / (2 * h)
			if got := m.after[i] - x; !(math.Abs(got-want) <= 2e-6*(1+math.Abs(want))) {
				t.Fatalf("positions %d to %d: %s[%d,%d] changes by %g, want %g", o.from, o.to, name, i/o.dim, i%o.dim, got, want)
			}
		}
	}
}

// TestMeasuredLoss holds the loss that is reported against the definition.
func TestMeasuredLoss(t *testing.T) {
	for _, loss := range []string{"negative", "tree", "full"} {
		for _, model := range []string{"skipgram", "cbow"} {
			m := testModel(t, Config{Model: model, Loss: loss, Dim: 5, Window: 1, Hogwild: true, MinCount: 1}, 9)
			tr, err := NewTrainer(m, &Text{tokens: data.List{}}, 0)
			if err != nil {
				t.Fatal(err)
			}
			w := tr.workers[0]
			words, to := []int32{0, 3, 1, 3, 8}, min(5, w.loss.positions())
			in, out := wide(m, m.in), wide(m, m.out)
			w.rand = newRandom(1, 1, 1)
			w.group(words, 0, to, 0.1)
			o := objective{c: m.Config, words: words, to: to, dim: 5, windows: []int{1, 1, 1, 1, 1}}
			switch l := w.loss.(type) {
			case *negative:
				o.negatives = l.words
			case *treeLoss:
				o.tree = l.tree
			}
			if want := o.loss(in, out, 9); !(math.Abs(w.lost-want) <= 1e-5*want) {
				t.Errorf("%s %s: a loss of %g is reported, want %g", model, loss, w.lost, want)
			}
			pairs := 0
			pairsOf(words, 0, to, o.windows, func(_ int, near []int32) {
				if model == "cbow" {
					pairs++
				} else {
					pairs += len(near)
				}
			})
			if int(w.counted) != pairs {
				t.Errorf("%s %s: %g pairs are counted, want %d", model, loss, w.counted, pairs)
			}
		}
	}
}
