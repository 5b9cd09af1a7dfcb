package lm

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"inkling/data"
	"inkling/softmax"
	"inkling/tensor"
)

// TestSamplingSchedules: the chance is that of the paper's formulas, with their constants made of ours.
func TestSamplingSchedules(t *testing.T) {
	const n = 1000.0 // steps
	for _, share := range []float64{0.1, 0.25, 0.9} {
		k := math.Pow(1-share, 1/n)
		inverse := 99 * math.Log(99*share/(1-share)) / n // i of the paper's k/(k + e^(i/k)) for each of our steps
		for kind, text := range map[string]func(i float64) float64{
			"linear":          func(i float64) float64 { return max(1-share, 1-i*share/n) },
			"exponential":     func(i float64) float64 { return math.Pow(k, i) },
			"inverse-sigmoid": func(i float64) float64 { return 99 / (99 + math.Exp(i*inverse/99)) },
		} {
			s := Sampling{Kind: kind, Share: share}
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			part := Sampling{Kind: kind, Share: share, From: 0.5, To: 0.75}
			for _, i := range []float64{0, 1, 100, 500, 999, 1000} {
				if got, want := s.Own(i/n), 1-text(i); math.Abs(got-want) > 1e-9 {
					t.Errorf("%s to %g after %g steps: %g, want %g", kind, share, i, got, want)
				}
				if got, want := part.Own(0.5+i/n/4), s.Own(i/n); math.Abs(got-want) > 1e-9 {
					t.Errorf("%s in the third quarter: %g, want %g", kind, got, want)
				}
			}
			if got := s.Own(1); math.Abs(got-share) > 1e-12 || part.Own(0.49) != 0 || math.Abs(part.Own(1)-share) > 1e-12 {
				t.Errorf("%s ends with %g instead of %g", kind, got, share)
			}
		}
	}
}

func TestSamplingRefused(t *testing.T) {
	nan := math.NaN()
	for _, s := range []Sampling{
		{Share: 0.5},
		{Kind: "sigmoid"},
		{Kind: "linear", Share: 1.1},
		{Kind: "linear", Share: nan},
		{Kind: "exponential", Share: 1},
		{Kind: "inverse-sigmoid", Share: 0.01},
		{Kind: "linear", From: 0.5, To: 0.5},
		{Kind: "linear", From: -0.1},
		{Kind: "linear", To: 1.1},
		{Kind: "linear", From: nan},
	} {
		if err := s.Settle(); err == nil {
			t.Errorf("%+v accepted", s)
		}
	}
}

// aWindow is random tokens in some lanes.
func aWindow(vocab, lanes, time int) data.Window {
	n := lanes * time
	return data.Window{Lanes: lanes, Time: time, Inputs: randomTokens(n, vocab, 1), Targets: randomTokens(n, vocab, 2)}
}

// gradients of one training step, with the loss and the carried state.
func gradients(t *testing.T, m *Model, step uint64, loss func(tp *tensor.Tape, carry []float32) *tensor.Tensor) (all []float32) {
	t.Helper()
	carry := make([]float32, m.CarryFloats(data.Window{Lanes: 3}))
	tp := tensor.NewTape()
	tp.Reset(5, step, 1)
	l := loss(tp, carry)
	tp.Backward(l, 1)
	all = append(append(all, l.Item()), carry...)
	for _, p := range m.Params() {
		all = append(all, tp.ParamGrad(p)...)
	}
	return all
}

// TestSamplingIsTrainingOfTheMixture: with no token of its own it is plain training, bit for bit, dropout too; with some it is
// training on the mixed window.
func TestSamplingIsTrainingOfTheMixture(t *testing.T) {
	const vocab = 9
	every(t, vocab, func(t *testing.T, m *Model) {
		if m.Config.DropoutOut = 0.3; m.Config.Embed > 0 {
			m.Config.DropoutIn = 0.2
		}
		w := aWindow(vocab, 3, 8)
		s := &Scheduled{Model: m, Sampling: Sampling{Kind: "linear", Share: 1, To: 1}}
		plain := func(tp *tensor.Tape, carry []float32) *tensor.Tensor { return m.Loss(tp, w, carry) }
		scheduled := func(tp *tensor.Tape, carry []float32) *tensor.Tensor { return s.Loss(tp, w, carry) }
		s.Placed(0)
		if !slices.Equal(gradients(t, m, 4, plain), gradients(t, m, 4, scheduled)) {
			t.Error("with no token of its own it is not plain training")
		}
		s.Placed(0.5)
		got := gradients(t, m, 4, scheduled)
		if slices.Equal(gradients(t, m, 4, plain), got) {
			t.Error("half of the tokens are its own, and nothing changes")
		}
		if !slices.Equal(gradients(t, m, 4, scheduled), got) {
			t.Error("the same step twice, two gradients")
		}
		if slices.Equal(gradients(t, m, 5, scheduled)[:1], got[:1]) {
			t.Error("two steps draw the same")
		}
		if want := gradients(t, m, 4, func(tp *tensor.Tape, carry []float32) *tensor.Tensor {
			mixed := w
			mixed.Inputs = s.mix(s.lend(), tp, w, carry)
			return m.Loss(tp, mixed, carry)
		}); !slices.Equal(got, want) {
			t.Error("it is not training of the mixture")
		}
		if !slices.Equal(w.Inputs, aWindow(vocab, 3, 8).Inputs) {
			t.Error("the window was changed")
		}
		inference := tensor.NewInference()
		carry := make([]float32, m.CarryFloats(w))
		exact := m.Loss(inference, w, slices.Clone(carry)).Item()
		if got := s.Loss(inference, w, carry).Item(); got != exact {
			t.Errorf("judged by %g, want %g", got, exact)
		}
	})
}

// TestSampledTokens: each token but the first is its own with the chance asked for, and then drawn from what the model predicts after the
// text; others are the text's, and so is one in place of which a token is drawn that is never read.
func TestSampledTokens(t *testing.T) {
	const vocab, lanes, time, rounds = 9, 2, 4, 4000
	every(t, vocab, func(t *testing.T, m *Model) {
		w := aWindow(vocab, lanes, time)
		p := make([][]float32, len(w.Inputs)) // of each place, by decoding
		carry, before := make([]float32, m.CarryFloats(w)), aWindow(vocab, lanes, 3)
		m.Loss(tensor.NewInference(), before, carry)
		for lane := range lanes {
			s := m.Start()
			for i := lane; i < len(before.Inputs); i += lanes {
				s = m.Next(s, before.Inputs[i])
			}
			for i := lane; i+lanes < len(w.Inputs); i += lanes {
				s = m.Next(s, w.Inputs[i])
				p[i+lanes] = make([]float32, vocab)
				m.LogProbs(p[i+lanes], s)
			}
		}
		for _, x := range []struct {
			own    float64
			unread []int
		}{{1, nil}, {0.3, nil}, {1, []int{2, 5}}} {
			sch := &Scheduled{Model: m, own: x.own, Unread: x.unread}
			counts := make([][]float64, len(w.Inputs))
			for i := range counts {
				counts[i] = make([]float64, vocab)
			}
			tp, d, places := tensor.NewTape(), sch.lend(), 0
			for step := range uint64(rounds) {
				tp.Reset(1, step, 0)
				for i, token := range sch.mix(d, tp, w, carry) {
					counts[i][token]++
				}
				places += len(d.places)
			}
			if x.own == 1 && places != rounds*(len(w.Inputs)-lanes) {
				t.Errorf("%d places drawn", places)
			}
			for i, count := range counts {
				for token, n := range count {
					want := 0.0
					if p[i] != nil {
						want = x.own * math.Exp(float64(p[i][token]))
					}
					if slices.Contains(x.unread, token) {
						want = 0
					}
					if token == w.Inputs[i] { // and whatever is not drawn
						want = 1
						for other := range vocab {
							if other != token && p[i] != nil && !slices.Contains(x.unread, other) {
								want -= x.own * math.Exp(float64(p[i][other]))
							}
						}
					}
					if sd := math.Sqrt(rounds*want*(1-want)) + 1e-3; math.Abs(n-rounds*want) > 5*sd {
						t.Fatalf("own %g, unread %v: token %d at place %d %g times of %d, want %.1f ± %.1f", x.own, x.unread, token, i, n, rounds, rounds*want, sd)
					}
				}
			}
		}
	})
}

// TestMemoryPlanOfSampling compares the plan with what is held after two steps, over that of plain training.
func TestMemoryPlanOfSampling(t *testing.T) {
	for _, c := range []Config{
		{Hidden: 128, Layers: 2},
		{Hidden: 128, Embed: 64, Output: "tree"},
		{Arch: "gru", Hidden: 256, DropoutOut: 0.5},
		{Arch: "window", Hidden: 192, Context: 4, Embed: 64, Direct: true},
		{Hidden: 64, Output: "adaptive", OutputOptions: softmax.Options{Cutoffs: []int{100, 200}}},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			const vocab, lanes, time = 600, 16, 50
			c.Counts = make([]int64, vocab)
			m, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			setup := Training{Lanes: lanes, Time: time, Shards: 1, Slots: 2}
			before, err := c.PlanTraining(setup)
			if err != nil {
				t.Fatal(err)
			}
			setup.Sampled = true
			plan, _ := c.PlanTraining(setup)
			s := &Scheduled{Model: m, own: 1}
			tp, w := tensor.NewTape(), aWindow(vocab, lanes, time)
			carry := make([]float32, m.CarryFloats(w))
			for step := range uint64(2) {
				tp.Reset(1, step, 0)
				tp.Backward(s.Loss(tp, w, carry), 1)
			}
			if len(s.desks) != 1 {
				t.Fatalf("%d desks of one shard", len(s.desks))
			}
			d := s.desks[0]
			results, _ := d.tape.Floats()
			held := int64(4*(results+cap(d.carry)+cap(d.rows)+cap(d.logp)) + 8*(len(w.Inputs)+cap(d.places)))
			planned := plan.Activations - before.Activations
			t.Logf("held %d planned %d", held, planned)
			if diff := held - planned; diff < -held/10-1<<16 || diff > held/10+1<<16 { // memory is taken by the slab
				t.Errorf("planned %d bytes, are %d", planned, held)
			}
		})
	}
}
