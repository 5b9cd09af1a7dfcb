package softmax

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/tensor"
)

// Small vocabularies are not worth a tail, and so the contract is held to layers that have some all the same: as many as
// can be of three parts, with and without a bias.
func init() {
	adaptive, err := kindNamed("adaptive")
	if err != nil {
		panic(err)
	}
	for _, bias := range []bool{false, true} {
		cut := adaptive
		cut.Name = map[bool]string{false: "adaptive in parts", true: "adaptive in parts with a bias"}[bias]
		cut.settle = func(s Spec, tied bool) (Options, error) {
			v := len(s.Counts)
			if o := &s.Options; o.Cutoffs == nil && v >= 3 {
				o.Cutoffs, o.HeadBias = []int{v / 3, 2 * v / 3}, bias && !tied
			} else if o.Cutoffs == nil {
				o.Cutoffs, o.HeadBias = []int{1}, bias && !tied
			}
			return settleAdaptive(s, tied)
		}
		register(cut)
	}
}

// knownAdaptive is what testdata/pytorch_adaptive.py computed.
type knownAdaptive struct {
	Dim, Vocab     int
	Cutoffs, Words []int
	DivValue       float64 `json:"div_value"`
	HeadBias       bool    `json:"head_bias"`
	Params, Grads  map[string][]float32
	H, Weights     []float32
	Losses         []float64
	LogProbs       []float64 `json:"log_probs"`
	Loss           float64
}

func readKnown(t *testing.T) map[string]knownAdaptive {
	t.Helper()
	files, _ := filepath.Glob("testdata/adaptive_*.json")
	if len(files) < 3 {
		t.Fatalf("only %d files of known values", len(files))
	}
	all := map[string]knownAdaptive{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var k knownAdaptive
		if err := json.Unmarshal(raw, &k); err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = k
	}
	return all
}

// layer has PyTorch's weights. word is the number that the word of a rank has here.
func (k knownAdaptive) layer(t *testing.T, word []int) *adaptive {
	t.Helper()
	s := Spec{Dim: k.Dim, Counts: make([]int64, k.Vocab), Rand: rand.New(rand.NewPCG(1, 1))}
	for r, w := range word {
		s.Counts[w] = int64(1000 - r)
	}
	s.Options = Options{Cutoffs: k.Cutoffs, DivValue: k.DivValue, HeadBias: k.HeadBias}
	out, err := New("adaptive", s)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Params()) != len(k.Params) {
		t.Fatalf("%d parameters, PyTorch has %d", len(out.Params()), len(k.Params))
	}
	for _, p := range out.Params() {
		if copy(p.Value, k.Params[p.Name]) != len(p.Value) || len(p.Value) != len(k.Params[p.Name]) {
			t.Fatalf("%s has %d weights, PyTorch's %d", p.Name, len(p.Value), len(k.Params[p.Name]))
		}
		p.Changed()
	}
	return out.(*adaptive)
}

// TestAdaptivePyTorch: losses, log-probabilities and gradients are PyTorch's, with words in the order of their frequencies
// and in any other.
func TestAdaptivePyTorch(t *testing.T) {
	for name, k := range readKnown(t) {
		for _, order := range []string{"sorted", "shuffled"} {
			t.Run(name+"/"+order, func(t *testing.T) {
				word := count(k.Vocab)
				if order == "shuffled" {
					word = rand.New(rand.NewPCG(4, 4)).Perm(k.Vocab)
				}
				a, rows := k.layer(t, word), len(k.Words)
				targets := Targets{Row: count(rows), Weight: k.Weights}
				for _, r := range k.Words {
					targets.Word = append(targets.Word, word[r])
				}
				near := func(what string, i int, got float32, want float64) {
					t.Helper()
					if e := math.Abs(float64(got) - want); !(e <= 1e-5*max(1, math.Abs(want))) {
						t.Errorf("%s %d: %.7g, PyTorch has %.7g", what, i, got, want)
					}
				}
				all := make([]float32, rows*k.Vocab)
				a.LogProbsRows(all, k.H)
				for i, want := range k.LogProbs {
					near("log-probability", i, all[i/k.Vocab*k.Vocab+word[i%k.Vocab]], want)
				}
				inference := tensor.NewInference()
				losses := make([]float32, rows)
				a.Scores(inference, losses, inference.Const(rows, k.Dim, k.H), targets.Word)
				for i, want := range k.Losses {
					near("loss of row", i, -losses[i], want)
				}
				near("exact loss", 0, a.Loss(inference, inference.Const(rows, k.Dim, k.H), targets).Item(), k.Loss)

				tp := tensor.NewTape()
				h := tp.Leaf(rows, k.Dim, k.H)
				loss := a.Loss(tp, h, targets)
				near("loss", 0, loss.Item(), k.Loss)
				tp.Backward(loss, 1)
				grads := map[string][]float32{"h": h.Grad()}
				for _, p := range a.Params() {
					grads[p.Name] = tp.ParamGrad(p)
				}
				for name, want := range k.Grads {
					sameGradient(t, name, grads[name], want)
				}
			})
		}
	}
}

func sameGradient(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("gradient of %s: %d values, want %d", name, len(got), len(want))
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i]-w)) <= 1e-4*max(math.Abs(float64(w)), 0.1*largest)) {
			t.Errorf("gradient of %s, element %d: %g, PyTorch has %g", name, i, got[i], w)
			return
		}
	}
}

// TestAdaptiveBags: targets of one row that stand together share its vectors, and those of no weight are in no tail: the
// loss and the gradients are those of each target alone.
func TestAdaptiveBags(t *testing.T) {
	const v, dim, rows = 20, 6, 4
	s := spec(v, dim)
	s.Options.Cutoffs = []int{4, 9}
	out := make1(t, Kind{Name: "adaptive"}, s)
	bag := Targets{
		Row: []int{2, 2, 2, 0, 0, 3, 2, 3}, Word: []int{11, 5, 12, 2, 19, 6, 13, 15},
		Weight: []float32{1, 2, 0.5, 1, 0, 1, 3, 0},
	}
	h := vector(rows*dim, 5)
	run := func(each []Targets) (loss float64, grads [][]float32) {
		tp := tensor.NewTape()
		x := tp.Leaf(rows, dim, h)
		for _, one := range each {
			l := out.Loss(tp, x, one)
			loss += float64(l.Item())
			tp.Backward(l, 1)
		}
		grads = append(grads, x.Grad())
		for _, p := range out.Params() {
			grads = append(grads, tp.ParamGrad(p))
		}
		return loss, grads
	}
	var alone []Targets
	for j := range bag.Word {
		alone = append(alone, Targets{Row: bag.Row[j : j+1], Word: bag.Word[j : j+1], Weight: bag.Weight[j : j+1]})
	}
	loss, grads := run([]Targets{bag})
	want, wantGrads := run(alone)
	if math.Abs(loss-want) > 1e-5*want {
		t.Errorf("loss %g, of each target alone %g", loss, want)
	}
	for i := range grads {
		sameGradient(t, []string{"h", "head", "down 0", "words 0", "down 1", "words 1"}[i], grads[i], wantGrads[i])
	}
	a := out.(*adaptive)
	columns := make([]int, len(bag.Word))
	for j, w := range bag.Word {
		columns[j] = a.column(a.rank[w])
	}
	if rows, in := a.within(tensor.NewTape(), 1, bag, columns); !slices.Equal(rows, []int{2}) || !slices.Equal(in.Word, []int{2, 3, 4}) {
		t.Errorf("the second tail has rows %v and words %v", rows, in.Word)
	}
}

// TestAdaptiveMemory: steps that are alike, and scores, take no memory for the targets of tails.
func TestAdaptiveMemory(t *testing.T) {
	const rows, dim = 200, 8
	s := spec(60, dim)
	s.Options.Cutoffs = []int{10, 20}
	out := make1(t, Kind{Name: "adaptive"}, s)
	h, targets := vector(rows*dim, 2), Targets{Row: count(rows)}
	for i := range rows {
		targets.Word = append(targets.Word, i%60)
	}
	tp, scoring, dst := tensor.NewTape(), tensor.NewInference(), make([]float32, rows)
	if n := testing.AllocsPerRun(10, func() {
		tp.Reset(1, 1, 0)
		tp.Backward(out.Loss(tp, tp.Leaf(rows, dim, h), targets), 1)
	}); n > 30 { // closures
		t.Errorf("%g allocations a step", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		scoring.Reset(1, 1, 0)
		Scores(scoring, out, 60, dst, scoring.Const(rows, dim, h), targets.Word)
	}); n > 0 {
		t.Errorf("%g allocations to score", n)
	}
}

// TestAdaptiveTails: a tail whose words are all unlikely is not looked into, and what is found is right all the same.
func TestAdaptiveTails(t *testing.T) {
	s := spec(40, 4)
	s.Options.Cutoffs = []int{10, 20}
	a := make1(t, Kind{Name: "adaptive"}, s).(*adaptive)
	h := []float32{1, 0, 0, 0}
	a.adaptiveWeights.(*ownWeights).head.Row(11)[0] = -50 // the second tail has next to no probability
	a.adaptiveWeights.(*ownWeights).head.Changed()
	a.adaptiveWeights.(*ownWeights).tail[1].words = nil // to look into it would panic
	best, certified := a.TopK(h, 20)
	if len(best) != 20 || !certified {
		t.Fatalf("%d words, certified %v", len(best), certified)
	}
	for _, b := range best {
		if b.Word >= 20 || math.IsNaN(float64(b.LogProb)) {
			t.Errorf("word %d with %g", b.Word, b.LogProb)
		}
	}
}

// TestAdaptiveBias: with a bias, the head begins at the frequencies of its words and of its tails.
func TestAdaptiveBias(t *testing.T) {
	s := spec(40, 4)
	slices.Reverse(s.Counts)
	s.Options = Options{Cutoffs: []int{5, 20}, HeadBias: true}
	all, p := make([]float32, 40), frequencies(s.Counts)
	make1(t, Kind{Name: "adaptive"}, s).LogProbs(all, make([]float32, 4))
	for _, tail := range [][2]int{{20, 35}, {0, 20}} {
		share, sum := 0.0, 0.0
		for w := tail[0]; w < tail[1]; w++ {
			share += p[w]
			sum += math.Exp(float64(all[w]))
		}
		if math.Abs(sum/share-1) > 1e-5 {
			t.Errorf("a tail begins with the probability %g, its words make %g of the text", sum, share)
		}
	}
	for w := 35; w < 40; w++ {
		if math.Abs(float64(all[w])-math.Log(p[w])) > 1e-5 {
			t.Errorf("word %d begins with the log-probability %g, its frequency is %g", w, all[w], math.Log(p[w]))
		}
	}
}

// TestAdaptiveWork: the plan has the work of each word, as often as it occurs.
func TestAdaptiveWork(t *testing.T) {
	s := spec(60, 16)
	s.Options = Options{Cutoffs: []int{6, 20}, DivValue: 2}
	p, want := frequencies(s.Counts), 0.0
	for w := range 60 {
		work := 8 * 16
		switch {
		case w >= 20:
			work += 4 * (16 + 40)
		case w >= 6:
			work += 8 * (16 + 14)
		}
		want += p[w] * float64(work)
	}
	if plan := planAdaptive(s, false); math.Abs(plan.Training-want) > 1e-9*want || math.Abs(plan.Exact-want) > 1e-9*want {
		t.Errorf("%g and %g multiplications planned, are %g", plan.Training, plan.Exact, want)
	}
}

func TestBest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		n := rnd.IntN(40)
		k := rnd.IntN(n + 1)
		shown := make([]Ranked, n)
		found := best{k: k}
		for i, w := range rnd.Perm(n) {
			shown[i] = Ranked{w, float32(rnd.IntN(9))}
			found.show(shown[i])
		}
		slices.SortFunc(shown, before)
		if got := found.sorted(); !slices.Equal(got, shown[:k]) {
			t.Fatalf("the best %d of %v are given as %v", k, shown, got)
		}
	}
}

func TestDescribeAdaptive(t *testing.T) {
	s := spec(1000, 64)
	for cutoffs, want := range map[string][]string{
		"1000":       {"all 1000 words in the head"},
		"100":        {"head of 100 words", "tail of 900 (16 wide"},
		"100,300":    {"tails of 200 (16 wide", " and 700 (4 wide"},
		"10,100,300": {"tails of 90 (16 wide", ", 200 (4 wide", " and 700 (1 wide"},
	} {
		s.Options = Options{DivValue: 4}
		for c := range strings.SplitSeq(cutoffs, ",") {
			var n int
			if err := json.Unmarshal([]byte(c), &n); err != nil {
				t.Fatal(err)
			}
			s.Options.Cutoffs = append(s.Options.Cutoffs, n)
		}
		got := Describe("adaptive", s, false)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("cutoffs %s: %q does not say %q", cutoffs, got, w)
			}
		}
	}
	if Describe("full", s, false) != "" || Describe("nonsense", s, false) != "" || Why("full", s.Options) != "" || Why("nonsense", s.Options) != "" {
		t.Error("words for a kind that has none")
	}
	if why := Why("adaptive", Options{}); !strings.Contains(why, " ns a weight") {
		t.Errorf("cutoffs are chosen because %q", why)
	}
	if why := Why("adaptive", Options{Cutoffs: []int{10}}); why != "" {
		t.Errorf("given cutoffs are chosen because %q", why)
	}
}
