package softmax

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/internal/parallel"
	"inkling/tensor"
)

// tiedAdaptive has words in no order of their frequencies, and vectors and biases at random.
func tiedAdaptive(t *testing.T, v, dim int, cutoffs ...int) (*adaptive, *tensor.Param) {
	t.Helper()
	s := spec(v, dim)
	rand.New(rand.NewPCG(9, 9)).Shuffle(v, func(i, j int) { s.Counts[i], s.Counts[j] = s.Counts[j], s.Counts[i] })
	s.Options.Cutoffs, s.Tied = cutoffs, tensor.NewParam("embed.weight", v, dim)
	copy(s.Tied.Value, vector(v*dim, 1))
	a := make1(t, Kind{Name: "adaptive"}, s).(*adaptive)
	for i, p := range a.Params() {
		copy(p.Value, vector(len(p.Value), uint64(20+i)))
	}
	return a, s.Tied
}

// byDefinition are the log-probabilities of all words, in float64 and word by word.
func byDefinition(a *adaptive, e *tensor.Param, h []float32) []float64 {
	dot := func(row []float32, bias float32) (sum float64) {
		for i, x := range row {
			sum += float64(x) * float64(h[i])
		}
		return sum + float64(bias)
	}
	sumOf := func(scores []float64) (sum float64) {
		for _, s := range scores {
			sum += math.Exp(s)
		}
		return math.Log(sum)
	}
	params := a.Params()
	score := func(w int) float64 { return dot(e.Row(w), params.ByName("out.bias").Value[w]) }
	scores := func(words []int) (s []float64) {
		for _, w := range words {
			s = append(s, score(w))
		}
		return s
	}
	top := scores(a.order[:a.ends[0]])
	for i := range len(a.ends) - 1 {
		top = append(top, dot(params.ByName("out.tail.weight").Row(i), params.ByName("out.tail.bias").Value[i]))
	}
	p := make([]float64, len(a.order))
	for k, w := range a.order[:a.ends[0]] {
		p[w] = top[k] - sumOf(top)
	}
	for i := range len(a.ends) - 1 {
		words := a.order[a.ends[i]:a.ends[i+1]]
		for _, w := range words {
			p[w] = top[a.ends[0]+i] - sumOf(top) + score(w) - sumOf(scores(words))
		}
	}
	return p
}

// TestAdaptiveTied: probabilities of all words, those of one word a row, and losses on both kinds of tape are what the
// definition says.
func TestAdaptiveTied(t *testing.T) {
	const dim, rows = 8, 70
	for _, cutoffs := range [][]int{{1}, {10}, {3, 20, 21}} {
		a, e := tiedAdaptive(t, 40, dim, cutoffs...)
		h, all, targets := vector(rows*dim, 5), make([]float32, 40*rows), Targets{Row: count(rows)}
		for i := range h {
			h[i] *= 3
		}
		a.LogProbsRows(all, h)
		want, loss := make([]float64, rows), 0.0
		for i := range rows {
			p := byDefinition(a, e, h[i*dim:(i+1)*dim])
			targets.Word = append(targets.Word, (7*i)%40)
			want[i] = p[targets.Word[i]]
			loss -= want[i]
			for w, p := range p {
				if got := float64(all[i*40+w]); !(math.Abs(got-p) < 1e-4) {
					t.Fatalf("cutoffs %v: row %d, word %d: %g, by definition %g", cutoffs, i, w, got, p)
				}
			}
		}
		tp, got := tensor.NewInference(), make([]float32, rows)
		Scores(tp, a, 40, got, tp.Const(rows, dim, h), targets.Word)
		for i, p := range want {
			if !(math.Abs(float64(got[i])-p) < 1e-4) {
				t.Errorf("cutoffs %v: the word of row %d has the score %g, by definition %g", cutoffs, i, got[i], p)
			}
		}
		for _, tp := range []*tensor.Tape{tensor.NewInference(), tensor.NewTape()} {
			if l := float64(a.Loss(tp, tp.Const(rows, dim, h), targets).Item()); !(math.Abs(l/loss-1) < 1e-5) {
				t.Errorf("cutoffs %v: loss %g, by definition %g", cutoffs, l, loss)
			}
		}
	}
}

// TestAdaptiveTiedPlan: what steps of a vocabulary hold whose vectors are most of it is planned, whichever words they have.
func TestAdaptiveTiedPlan(t *testing.T) {
	const v, dim, rows = 6000, 384, 100
	s := spec(v, dim)
	s.Options.Cutoffs, s.Tied = []int{500, 2000}, tensor.NewParam("embed.weight", v, dim)
	p, err := PlanOf("adaptive", s, true)
	if err != nil {
		t.Fatal(err)
	}
	if p.Copies != int64((v+2)*(dim+1)) {
		t.Errorf("%d floats of copies planned", p.Copies)
	}
	tp, scoring := tensor.NewTape(), tensor.NewInference()
	out, h, targets := make1(t, Kind{Name: "adaptive"}, s), vector(rows*dim, 1), Targets{Row: count(rows)}
	rnd := rand.New(rand.NewPCG(2, 2))
	var text []int // as often as the counts say, and once more
	for w, n := range s.Counts {
		for range n + 1 {
			text = append(text, w)
		}
	}
	for step := range 30 {
		targets.Word = targets.Word[:0]
		for range rows {
			targets.Word = append(targets.Word, text[rnd.IntN(len(text))])
		}
		tp.Reset(1, uint64(step), 0)
		tp.Backward(out.Loss(tp, tp.Leaf(rows, dim, h), targets), 1)
	}
	if held, _ := tp.Floats(); math.Abs(float64(p.Forward(rows)+rows*dim-int64(held))) > 0.25*float64(held) {
		t.Errorf("%d floats planned for steps, are %d", p.Forward(rows)+rows*dim, held)
	}
	Scores(scoring, out, v, make([]float32, rows), scoring.Const(rows, dim, h), targets.Word)
	if held, _ := scoring.Floats(); int64(held) > p.Scoring(rows)+p.Scoring(rows)/4 {
		t.Errorf("%d floats planned to score, are %d", p.Scoring(rows), held)
	}
}

// TestAdaptiveTiedAgain: many rows at once, rows with a stride, parts of a loss and several callers at once give what one row
// alone does; and a changed embedding is seen.
func TestAdaptiveTiedAgain(t *testing.T) {
	const v, dim, rows, stride = 60, 8, 33, 12
	a, e := tiedAdaptive(t, v, dim, 7, 30)
	h, word := vector(rows*stride, 3), make([]int, rows)
	tp := tensor.NewInference()
	x := tp.Const(rows, dim, h)
	x.Stride = stride
	for i := range word {
		word[i] = (i * 11) % v
	}
	for range 2 {
		var alone [rows][v]float32
		dense := make([]float32, 0, rows*dim)
		for i := range rows {
			a.LogProbs(alone[i][:], x.Row(i))
			dense = append(dense, x.Row(i)...)
		}
		parallel.For(8, 8, func(_, k int) {
			all, scores, tp := make([]float32, rows*v), make([]float32, rows), tensor.NewInference()
			a.LogProbsRows(all, dense)
			Scores(tp, a, v, scores, x, word)
			for i := range rows {
				best, certified := a.TopK(x.Row(i), 1)
				switch w := word[i]; {
				case !slices.Equal(all[i*v:(i+1)*v], alone[i][:]):
					t.Errorf("caller %d: row %d of many is not what it is alone", k, i)
				case math.Abs(float64(scores[i]-alone[i][w])) > 1e-5:
					t.Errorf("caller %d: row %d: word %d scores %g, alone %g", k, i, w, scores[i], alone[i][w])
				case !certified || math.Abs(float64(best[0].LogProb-slices.Max(alone[i][:]))) > 1e-5:
					t.Errorf("caller %d: row %d: the likeliest is %v, of all %g", k, i, best, slices.Max(alone[i][:]))
				}
			}
		})
		targets := Targets{Row: count(rows), Word: word, Part: make([]int, rows), Parts: 3}
		var want [3]float64
		for i := range rows {
			targets.Part[i] = i % 3
			want[i%3] -= float64(alone[i][word[i]])
		}
		for _, tape := range []*tensor.Tape{tensor.NewTape(), tensor.NewInference()} {
			loss := a.Loss(tape, tape.Const(rows, dim, dense), targets)
			for k := range want {
				if got := float64(loss.Row(k)[0]); math.Abs(got/want[k]-1) > 1e-5 {
					t.Errorf("part %d: loss %g, want %g", k, got, want[k])
				}
			}
		}
		copy(e.Value, vector(v*dim, 77))
		e.Changed()
	}
}

// TestAdaptiveTiedBegins at the frequencies of words where the hidden vector says nothing.
func TestAdaptiveTiedBegins(t *testing.T) {
	s := spec(40, 4)
	slices.Reverse(s.Counts)
	s.Options.Cutoffs, s.Tied = []int{5, 20}, tensor.NewParam("embed.weight", 40, 4)
	all := make([]float32, 40)
	make1(t, Kind{Name: "adaptive"}, s).LogProbs(all, make([]float32, 4))
	for w, p := range frequencies(s.Counts) {
		if math.Abs(float64(all[w])-math.Log(p)) > 1e-5 {
			t.Errorf("word %d begins with the log-probability %g, its frequency is %g", w, all[w], math.Log(p))
		}
	}
}

// TestAdaptiveTiedWhole: without tails it is the full softmax.
func TestAdaptiveTiedWhole(t *testing.T) {
	s := spec(9, 4)
	s.Tied, s.Options.Cutoffs = tensor.NewParam("embed.weight", 9, 4), []int{9}
	copy(s.Tied.Value, vector(36, 2))
	h, got, want := vector(4, 3), make([]float32, 9), make([]float32, 9)
	make1(t, Kind{Name: "adaptive"}, s).LogProbs(got, h)
	s.Options = Options{}
	make1(t, Kind{Name: "full"}, s).LogProbs(want, h)
	if !slices.Equal(got, want) {
		t.Errorf("%v, the full softmax has %v", got, want)
	}
}

func TestAdaptiveTiedRefuses(t *testing.T) {
	for want, o := range map[string]Options{
		"leave head-bias out":   {HeadBias: true},
		"div-value 4":           {DivValue: 4},
		"more than the one bef": {Cutoffs: []int{3, 3}},
	} {
		s := spec(50, 8)
		s.Options, s.Tied = o, tensor.NewParam("embed.weight", 50, 8)
		if _, err := New("adaptive", s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	s := spec(50, 8)
	s.Options.Cutoffs = []int{10}
	settled, err := Settle("adaptive", s, true)
	if s.Options = settled; err != nil || settled.DivValue != 1 {
		t.Errorf("settled as %+v: %v", settled, err)
	}
	if again, err := Settle("adaptive", s, true); err != nil || again.DivValue != 1 {
		t.Errorf("settled again as %+v: %v", again, err)
	}
	if says := Describe("adaptive", s, true); !strings.Contains(says, "tail of 40 (8 wide") {
		t.Errorf("described as %q", says)
	}
}
