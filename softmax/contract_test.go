package softmax

import (
	"cmp"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"inkling/internal/gradcheck"
	"inkling/internal/kernel"
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
			t.Run("exact loss", func(t *testing.T) { isExact(t, kind) })
			t.Run("in parts", func(t *testing.T) { inParts(t, kind) })
			t.Run("rows", func(t *testing.T) { rowsAreSingle(t, kind) })
			t.Run("scores", func(t *testing.T) { scores(t, kind) })
			t.Run("top", func(t *testing.T) { top(t, kind) })
			t.Run("plan", func(t *testing.T) { plan(t, kind) })
			t.Run("options", func(t *testing.T) { options(t, kind) })
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
	gradientsWith(t, kind, Options{})
	if slices.Contains(kind.Options, "samples") {
		gradientsWith(t, kind, Options{Samples: 3})
	}
}

func gradientsWith(t *testing.T, kind Kind, o Options) {
	t.Helper()
	for _, v := range []int{1, 2, 9} {
		for _, rows := range []int{1, 4} {
			targets := Targets{Row: []int{0, rows - 1, 0}, Word: []int{v - 1, v / 2, 0}, Weight: []float32{1, 0.5, 3}}
			for _, sharing := range []string{"", "dense", "sparse"} {
				s := spec(v, 3)
				s.Options = o
				if sharing != "" {
					s.Tied = tensor.NewParam("embed.weight", v, 3)
					copy(s.Tied.Value, vector(v*3, 6))
					s.Tied.Sparse = sharing == "sparse"
				}
				if s.Tied != nil && !kind.Ties {
					if _, err := New(kind.Name, s); err == nil {
						t.Error("shares an embedding, and says that it cannot")
					}
					continue
				}
				if sharing == "sparse" && !kind.RowWise {
					continue
				}
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

// isExact: on a tape for inference, Loss is what LogProbs says, whatever the rows, words and weights.
func isExact(t *testing.T, kind Kind) {
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
	s := spec(v, dim)
	if slices.Contains(kind.Options, "samples") {
		s.Options.Samples = 3 // all words would be exact
	}
	out = make1(t, kind, s)
	training := tensor.NewTape()
	got = float64(out.Loss(training, training.Const(rows, dim, h), targets).Item())
	want = float64(out.Loss(tp, tp.Const(rows, dim, h), targets).Item())
	if exact := math.Abs(got-want) < 1e-4*want; exact != kind.Exact || Exact(kind.Name) != kind.Exact {
		t.Errorf("in training the loss is %g and by probabilities %g, and the kind says that it is exact: %v", got, want, kind.Exact)
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
	learnsWith(t, kind, Options{}, 600)
	if slices.Contains(kind.Options, "samples") { // few, so that what they stand for matters; that takes more steps
		learnsWith(t, kind, Options{Samples: 5}, 2000)
	}
	if slices.Contains(kind.Options, "noise") {
		learnsWith(t, kind, Options{Samples: 5, Noise: "unigram", Power: 0.5}, 2000)
		learnsWith(t, kind, Options{Samples: 5, Noise: "loguniform"}, 2000)
	}
	if slices.Contains(kind.Options, "log-z") {
		learnsWith(t, kind, Options{LogZ: 3}, 600)
	}
}

func learnsWith(t *testing.T, kind Kind, o Options, steps int) {
	const v, dim, batch = 12, 4, 256
	s := spec(v, dim)
	s.Options = o
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
	var means [][]float32 // of the parameters over the second half: what is random evens out
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
		for i, q := range out.Params() {
			descend(tp, q, rate)
			if step == steps/2 {
				means = append(means, make([]float32, len(q.Value)))
			}
			if step >= steps/2 {
				for j, x := range q.Value {
					means[i][j] += x / float32(steps-steps/2)
				}
			}
		}
	}
	for i, q := range out.Params() {
		copy(q.Value, means[i])
		q.Changed()
	}
	dst, cross := make([]float32, v), 0.0
	out.LogProbs(dst, h[:dim])
	for w := range p {
		cross -= p[w] * float64(dst[w])
	}
	if n, ok := out.(SelfNormalized); ok { // which renormalizing hides
		tp, logZ := tensor.NewInference(), make([]float32, 1)
		if n.LogZ(tp, make([]float32, 1), logZ, tp.Const(1, dim, h[:dim]), []int{0}); math.Abs(float64(logZ[0])-o.LogZ) > 0.1 {
			t.Errorf("%+v: log Z %.4f after training", o, logZ[0])
		}
	}
	if excess := cross - entropy; excess > 0.005 || excess < -1e-6 {
		t.Errorf("%+v: cross entropy %.4f after training, entropy %.4f", o, cross, entropy)
	}
}

// descend is a step of plain gradient descent.
func descend(tp *tensor.Tape, p *tensor.Param, rate float32) {
	if p.Sparse {
		for _, r := range tp.TouchedRows(p) {
			kernel.Axpy(p.Row(r), -rate, tp.RowGrad(p, r))
		}
	} else {
		kernel.Axpy(p.Value, -rate, tp.ParamGrad(p))
	}
	p.Changed()
}

// top: the best words of a layer that finds them by itself are those of all log-probabilities, as far as it certifies
// them; and there are as many as were asked for, each once, in order.
func top(t *testing.T, kind Kind) {
	for _, v := range []int{1, 2, 3, 17, 300} {
		const dim = 6
		out := make1(t, kind, spec(v, dim))
		searcher, ok := out.(TopK)
		if !ok {
			return
		}
		all := make([]float32, v)
		for seed := range uint64(20) {
			h := vector(dim, seed)
			for i := range h {
				h[i] *= 4
			}
			out.LogProbs(all, h)
			order := make([]int, v)
			for w := range order {
				order[w] = w
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[b], all[a]) })
			for _, k := range []int{-1, 0, 1, 2, 10, v, v + 1} {
				best, certified := searcher.TopK(h, k)
				if len(best) != max(0, min(k, v)) {
					t.Fatalf("V=%d: %d of the best %d", v, len(best), k)
				}
				seen := map[int]bool{}
				for i, b := range best {
					if seen[b.Word] || i > 0 && b.LogProb > best[i-1].LogProb {
						t.Errorf("V=%d: word %d twice, or out of order", v, b.Word)
					}
					seen[b.Word] = true
					// Words whose probabilities differ by less than rounding may change places.
					if want := all[order[i]]; certified && (math.Abs(float64(b.LogProb-want)) > 1e-4 || math.Abs(float64(all[b.Word]-want)) > 1e-4) {
						t.Errorf("V=%d: word %d of the best is %d with %g, want %d with %g", v, i, b.Word, b.LogProb, order[i], want)
					}
				}
			}
		}
	}
}

// plan: what is said of a layer before it is made is what it is.
func plan(t *testing.T, kind Kind) {
	planWith(t, kind, Options{})
	if slices.Contains(kind.Options, "samples") {
		planWith(t, kind, Options{Samples: 40})
	}
}

func planWith(t *testing.T, kind Kind, o Options) {
	t.Helper()
	for _, c := range []struct{ v, dim, rows int }{{1, 3, 5}, {17, 8, 64}, {3000, 24, 200}, {20_000, 16, 300}} {
		for _, tied := range []bool{false, true}[:1+btoi(kind.Ties)] {
			s := spec(c.v, c.dim)
			s.Options = o
			if tied {
				s.Tied = tensor.NewParam("embed.weight", c.v, c.dim)
				s.Tied.Sparse = kind.RowWise && c.v >= SparseVocab
			}
			var err error
			if s.Options, err = Settle(kind.Name, s, tied); err != nil {
				t.Fatal(err)
			}
			p, err := PlanOf(kind.Name, s, tied)
			if err != nil {
				t.Fatal(err)
			}
			out := make1(t, kind, s)
			dense := 0
			for _, q := range out.Params() {
				if !q.Sparse {
					dense += len(q.Value)
				}
			}
			if n := int64(out.Params().Count()); p.Weights != n || p.Dense != int64(dense) {
				t.Errorf("%+v tied %v: %d weights planned and %d of them dense, are %d and %d", c, tied, p.Weights, p.Dense, n, dense)
			}
			if p.Exact <= 0 || p.Training <= 0 {
				t.Errorf("%+v: work of %g and %g", c, p.Training, p.Exact)
			}
			if s.Options.Samples == 0 && p.Training != p.Exact {
				t.Errorf("%+v: draws nothing, and training takes %g and a target's probability %g", c, p.Training, p.Exact)
			}
			word := make([]int, c.rows)
			rnd := rand.New(rand.NewPCG(1, 7))
			for i := range word {
				word[i] = min(int(math.Exp(rnd.Float64()*math.Log(float64(c.v)))), c.v-1)
			}
			h := vector(c.rows*c.dim, 3)
			const smallest = 1<<16 + 1<<10 // floats that a tape takes at once, and a panel of the widest kernels
			tp := tensor.NewTape()
			for step := range uint64(2) {
				tp.Reset(1, step, 0)
				tp.Backward(out.Loss(tp, tp.Leaf(c.rows, c.dim, h), Targets{Row: count(c.rows), Word: word}), 1)
			}
			results, gradients := tp.Floats()
			if held, planned := int64(results), p.Forward(c.rows)+int64(c.rows*c.dim); held > planned+planned/5+smallest || planned > 3*held+smallest {
				t.Errorf("%+v tied %v: %d floats planned for results, are %d", c, tied, planned, held)
			}
			bagged(t, p, out, c.v, c.dim, c.rows/4+1, word)
			held, planned := int64(gradients), p.Dense
			if p.RowGrads != nil {
				planned += p.RowGrads(c.rows)
			}
			switch { // the embedding's own
			case tied && s.Tied.Sparse:
				held -= tensor.RowPlaceFloats(c.v)
			case tied:
				held -= int64(c.v * c.dim)
			}
			if held > planned+planned/20 || planned > 3*held {
				t.Errorf("%+v tied %v: %d floats planned for gradients, are %d", c, tied, planned, held)
			}
			tp = tensor.NewInference()
			Scores(tp, out, c.v, make([]float32, c.rows), tp.Const(c.rows, c.dim, h), word)
			results, _ = tp.Floats()
			if held, planned := int64(results), p.Scoring(c.rows); held > planned+planned/5+smallest || planned > 3*held+smallest {
				t.Errorf("%+v: %d floats planned to score, are %d", c, planned, held)
			}
		}
	}
}

// bagged holds the plan of bags against what a tape holds for rows of many targets each.
func bagged(t *testing.T, p Plan, out Output, v, dim, rows int, word []int) {
	t.Helper()
	const each, smallest = 20, 1<<16 + 1<<10
	var targets Targets
	for r := range rows {
		for j := range each {
			targets.Row, targets.Word = append(targets.Row, r), append(targets.Word, (word[r]+7*j*j)%v)
		}
	}
	tp := tensor.NewTape()
	for step := range uint64(2) {
		tp.Reset(1, step, 0)
		tp.Backward(out.Loss(tp, tp.Leaf(rows, dim, vector(rows*dim, 3)), targets), 1)
	}
	results, _ := tp.Floats()
	if held, planned := int64(results), p.OfBags(rows, each*rows)+int64(each*rows*dim); held > planned+planned/5+smallest || planned > 3*held+2*smallest {
		t.Errorf("%d words: %d floats planned for bags, are %d", v, planned, held)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func count(n int) []int {
	c := make([]int, n)
	for i := range c {
		c[i] = i
	}
	return c
}

// options: settled ones stay as they are and are all the kind's own; those of others are refused by name.
func options(t *testing.T, kind Kind) {
	s := spec(1000, 8)
	settled, err := Settle(kind.Name, s, false)
	if err != nil {
		t.Fatal(err)
	}
	s.Options = settled
	if again, err := Settle(kind.Name, s, false); err != nil || !reflect.DeepEqual(again, settled) {
		t.Errorf("settled options %+v are settled anew as %+v: %v", settled, again, err)
	}
	all := Options{Cutoffs: []int{100}, DivValue: 2, HeadBias: true, Classes: 7, Binning: "count", Samples: 5, Noise: "unigram", Power: 0.5, LogZ: 1, Block: 3}
	for i, name := range all.Given() {
		s := spec(1000, 8)
		reflect.ValueOf(&s.Options).Elem().Field(i).Set(reflect.ValueOf(all).Field(i))
		_, err := New(kind.Name, s)
		if has := slices.Contains(kind.Options, name); has != (err == nil) {
			t.Errorf("option %s of %v: %v", name, kind.Options, err)
		}
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
