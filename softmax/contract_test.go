package softmax

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/tensor"
)

func spec(v, dim int) Spec {
	s := Spec{Dim: dim, Counts: make([]int64, v), Rand: rand.New(rand.NewPCG(1, 1))}
	for i := range s.Counts {
		s.Counts[i] = int64(1000 / (i + 1))
	}
	return s
}

func vector(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()*2 - 1
	}
	return x
}

// TestContract holds every output layer to what all of them promise.
func TestContract(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Run("sums to one", func(t *testing.T) { sumsToOne(t, kind) })
			t.Run("gradients", func(t *testing.T) { gradients(t, kind) })
			t.Run("exact loss", func(t *testing.T) { exactLoss(t, kind) })
			t.Run("rows", func(t *testing.T) { rowsAreSingle(t, kind) })
			t.Run("scores", func(t *testing.T) { scores(t, kind) })
			t.Run("learns", func(t *testing.T) { learns(t, kind) })
			t.Run("starts at frequencies", func(t *testing.T) { startsAtFrequencies(t, kind) })
		})
	}
}

func make1(t *testing.T, kind Kind, s Spec) Output {
	t.Helper()
	out, err := New(kind.Name, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sumsToOne(t *testing.T, kind Kind) {
	for _, v := range []int{1, 2, 3, 17, 100, 257} {
		for _, dim := range []int{1, 5, 32} {
			out, dst := make1(t, kind, spec(v, dim)), make([]float32, v)
			for seed := range uint64(3) {
				h := vector(dim, seed)
				for i := range h {
					h[i] *= float32(math.Pow(20, float64(seed))) // up to very peaked ones
				}
				out.LogProbs(dst, h)
				sum := 0.0
				for _, l := range dst {
					sum += math.Exp(float64(l))
				}
				if math.Abs(sum-1) > 1e-4 {
					t.Errorf("V=%d dim=%d: probabilities sum to %g", v, dim, sum)
				}
			}
		}
	}
}

func gradients(t *testing.T, kind Kind) {
	for _, v := range []int{1, 2, 9} {
		for _, rows := range []int{1, 4} {
			targets := Targets{Row: []int{0, rows - 1, 0}, Word: []int{v - 1, v / 2, 0}, Weight: []float32{1, 0.5, 3}}
			own, tied := spec(v, 3), spec(v, 3)
			tied.Tied = tensor.NewParam("embed.weight", v, 3)
			copy(tied.Tied.Value, vector(v*3, 6))
			for _, s := range []Spec{own, tied} {
				out := make1(t, kind, s)
				params := out.Params()
				if s.Tied != nil { // the model's own, which the layer trains and does not list
					if params.ByName("embed.weight") != nil {
						t.Error("a tied layer lists the embedding as its own")
					}
					params = append(params, s.Tied)
				}
				gradcheck.Check(t, params, []gradcheck.Shape{{rows, 3}}, func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor {
					return []*tensor.Tensor{out.Loss(tp, in[0], targets)}
				})
			}
		}
	}
}

// exactLoss: on a tape for inference, Loss is what LogProbs says, whatever the rows, words and weights.
func exactLoss(t *testing.T, kind Kind) {
	const v, dim, rows = 23, 7, 5
	out := make1(t, kind, spec(v, dim))
	h := vector(rows*dim, 4)
	targets := Targets{Row: []int{0, 4, 4, 2, 1}, Word: []int{22, 0, 3, 11, 5}, Weight: []float32{1, 2, 0.5, 0, 1}}
	tp := tensor.NewInference()
	got := float64(out.Loss(tp, tp.Const(rows, dim, h), targets).Item())
	want, dst := 0.0, make([]float32, v)
	for j, r := range targets.Row {
		out.LogProbs(dst, h[r*dim:(r+1)*dim])
		want -= float64(targets.Weight[j]) * float64(dst[targets.Word[j]])
	}
	if math.Abs(got-want) > 1e-4*want {
		t.Errorf("loss %g, by LogProbs %g", got, want)
	}
}

// rowsAreSingle: many hidden vectors at once give the bits of one after the other.
func rowsAreSingle(t *testing.T, kind Kind) {
	for _, v := range []int{1, 3, 17, 257} {
		const dim = 7
		out, ok := make1(t, kind, spec(v, dim)).(Batched)
		if !ok {
			return
		}
		for _, n := range []int{0, 1, 2, 5, 14, 33} {
			h, got, want := vector(n*dim, 8), make([]float32, n*v), make([]float32, n*v)
			out.LogProbsRows(got, h)
			for i := range n {
				out.LogProbs(want[i*v:(i+1)*v], h[i*dim:(i+1)*dim])
			}
			if !slices.Equal(got, want) {
				t.Errorf("V=%d: %d rows at once differ from one after the other", v, n)
			}
		}
	}
}

// scores: the log-probability of one word a row is what LogProbs says, in rows of any number and stride.
func scores(t *testing.T, kind Kind) {
	rnd := rand.New(rand.NewPCG(8, 8))
	for _, v := range []int{1, 2, 17, 40, 300, 2000} {
		for _, rows := range []int{0, 1, 3, fewestRows, 3*fewestRows + 5} {
			const dim, stride = 9, 12
			out := make1(t, kind, spec(v, dim))
			h, word := vector((rows+1)*stride, uint64(rows)), make([]int, rows)
			for i := range word {
				word[i] = rnd.IntN(v)
			}
			for i := range h {
				h[i] *= 10
			}
			tp := tensor.NewInference()
			x := tp.Const(rows, dim, h)
			x.Stride = stride
			got, all := make([]float32, rows+1), make([]float32, v)
			got[rows] = 42
			fallen := make([]float32, rows)
			for range 2 { // what a tape has lent before does not matter
				Scores(tp, out, v, got[:rows], x, word)
				Scores(tp, struct{ Distribution }{out}, v, fallen, x, word)
			}
			for i, w := range word {
				out.LogProbs(all, x.Row(i))
				if e := math.Abs(float64(got[i] - all[w])); !(e <= 1e-5*(1+math.Abs(float64(all[w])))) {
					t.Errorf("V=%d: row %d of %d: word %d has %g, by LogProbs %g", v, i, rows, w, got[i], all[w])
				}
				if fallen[i] != all[w] {
					t.Errorf("V=%d: without a Scorer, row %d of %d: %g, by LogProbs %g", v, i, rows, fallen[i], all[w])
				}
			}
			if got[rows] != 42 {
				t.Error("a score past the last row")
			}
		}
	}
}

// learns: plain gradient descent brings the layer to the entropy of a known unigram source. A wrong
// correction term passes every gradient check and fails here.
func learns(t *testing.T, kind Kind) {
	const v, dim, batch, steps = 12, 4, 256, 600
	s := spec(v, dim)
	p := make([]float64, v)
	entropy, total := 0.0, 0.0
	for i := range p {
		p[i] = 1 / float64(v-i) // the reverse of the counts that the layer was told
		total += p[i]
	}
	for i := range p {
		p[i] /= total
		entropy -= p[i] * math.Log(p[i])
	}
	out := make1(t, kind, s)
	rnd, tp := rand.New(rand.NewPCG(5, 5)), tensor.NewTape()
	h := make([]float32, batch*dim)
	for i := range h {
		h[i] = 0.5
	}
	for step := range steps {
		tp.Reset(1, uint64(step), 0)
		var targets Targets
		for r := range batch {
			u, w := rnd.Float64(), 0
			for ; w < v-1 && u >= p[w]; w++ {
				u -= p[w]
			}
			targets.Row, targets.Word = append(targets.Row, r), append(targets.Word, w)
		}
		tp.Backward(out.Loss(tp, tp.Const(batch, dim, h), targets), 1.0/batch)
		rate := float32(2 / (1 + float64(step)/100))
		for _, q := range out.Params() {
			for i, d := range tp.ParamGrad(q) {
				q.Value[i] -= rate * d
			}
			q.Changed()
		}
	}
	dst, cross := make([]float32, v), 0.0
	out.LogProbs(dst, h[:dim])
	for w := range p {
		cross -= p[w] * float64(dst[w])
	}
	if excess := cross - entropy; excess > 0.01 || excess < -1e-6 {
		t.Errorf("cross entropy %.4f after training, entropy %.4f", cross, entropy)
	}
}

func startsAtFrequencies(t *testing.T, kind Kind) {
	s := spec(50, 8)
	out, dst := make1(t, kind, s), make([]float32, 50)
	out.LogProbs(dst, make([]float32, 8))
	if dst[0] < dst[1] || dst[1] < dst[40] {
		t.Errorf("at h = 0 the frequent words are not the likely ones: %v", dst)
	}
}

func TestNewRefuses(t *testing.T) {
	s := spec(5, 3)
	if _, err := New("nonsense", s); err == nil {
		t.Error("unknown kind accepted")
	}
	s.Tied = tensor.NewParam("embed.weight", 5, 4)
	if _, err := New("full", s); err == nil {
		t.Error("tied embedding of the wrong width accepted")
	}
	if _, err := New("full", Spec{Dim: 3}); err == nil {
		t.Error("empty vocabulary accepted")
	}
}
