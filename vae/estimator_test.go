package vae

import (
	"context"
	"errors"
	"math"
	"testing"

	"inkling/tensor"
)

// TestEstimate holds variance and signal of each estimator against the definitions: the sum of the variances of all numbers of the gradient,
// of each example by itself, and the squared length of the mean gradient, both from other draws.
func TestEstimate(t *testing.T) {
	const k, pairs, draws = 3, 1500, 3000
	m, b := toy(t, 19, 2, 2)
	list := Estimators(k)
	got, err := m.Estimate(context.Background(), b, list, pairs, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	few := make([]float64, len(list)) // signals of two draws each, of which chance is most
	const rounds = 600
	for seed := range uint64(rounds) {
		two, err := m.Estimate(context.Background(), b, list, 1, 1000+seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range two {
			few[i] += e.Signal / rounds
		}
	}
	for i, e := range list {
		variance, total := 0.0, []float64(nil)
		tp, d := tensor.NewTape(), m.Config.Inputs()
		for row := range b.Rows {
			var sum, squares []float64
			for at := range uint64(draws) {
				g := gradientOn(tp, m, Batch{Rows: 1, X: b.X[row*d : (row+1)*d]}, e, 1_000_000+at)
				if sum == nil {
					sum, squares = make([]float64, len(g)), make([]float64, len(g))
				}
				for j, v := range g {
					sum[j], squares[j] = sum[j]+float64(v), squares[j]+float64(v)*float64(v)
				}
			}
			if total == nil {
				total = make([]float64, len(sum))
			}
			for j := range sum {
				variance += (squares[j] - sum[j]*sum[j]/draws) / (draws - 1) / float64(b.Rows)
				total[j] += sum[j] / draws / float64(b.Rows)
			}
		}
		signal := 0.0
		for _, v := range total {
			signal += v * v
		}
		signal -= variance / draws / float64(b.Rows) // of chance
		if math.Abs(got[i].Variance-variance) > 5*math.Sqrt2*got[i].Error || !(got[i].Error < 0.2*variance) {
			t.Errorf("%s: variance %.4g ± %.2g, by its definition %.4g", e.Name, got[i].Variance, got[i].Error, variance)
		}
		if chance := 2 * math.Sqrt(signal*variance/draws); math.Abs(got[i].Signal-signal) > 5*chance {
			t.Errorf("%s: signal %.4g, by its definition %.4g, and chance makes %.2g", e.Name, got[i].Signal, signal, chance)
		}
		of := variance / float64(b.Rows) / 2 // of the mean of two draws, on the mean over the examples
		if chance := math.Sqrt((4*signal*of + 2*of*of) / rounds); math.Abs(few[i]-signal) > 5*chance || e.Name == "score, plain" && !(of > 5*chance) {
			t.Errorf("%s: signal %.4g on the mean of pairs, by its definition %.4g; chance makes %.2g, and adds %.4g unless it is taken off", e.Name, few[i], signal, chance, of)
		}
		if want := math.Sqrt(got[i].Signal / (got[i].Variance / 10)); math.Abs(got[i].SignalToNoise(10)-want) > 1e-9 {
			t.Errorf("%s: signal to noise %g, want %g", e.Name, got[i].SignalToNoise(10), want)
		}
		if len(got[i].Seconds) != 2*pairs {
			t.Errorf("%s: %d times of %d gradients", e.Name, len(got[i].Seconds), 2*pairs)
		}
	}
	if got[0].Variance == got[1].Variance {
		t.Error("the divergence at the sample is the one in closed form")
	}
	for _, order := range [][2]int{{0, 2}, {1, 2}, {2, 3}, {5, 3}} {
		if a, b := got[order[0]], got[order[1]]; !(a.Variance < b.Variance) {
			t.Errorf("%s has variance %g, %s %g", list[order[0]].Name, a.Variance, list[order[1]].Name, b.Variance)
		}
	}
}

func gradientOn(tp *tensor.Tape, m *Model, b Batch, e Estimator, seed uint64) (g []float32) {
	tp.Reset(seed, 7, 0)
	loss, _ := e.kind.loss(tp, m, b, e.objective)
	tp.Backward(loss, 1)
	for _, p := range m.EncoderParams() {
		g = append(g, tp.ParamGrad(p)...)
	}
	return g
}

// TestEstimateRepeats: the same seed, the same figures; and an end to the context ends it.
func TestEstimateRepeats(t *testing.T) {
	m, b := toy(t, 19, 2, 2, 2)
	estimate := func(seed uint64) float64 {
		told := 0
		e, err := m.Estimate(context.Background(), b, Estimators(2), 5, seed, func(done int) { told = done })
		if err != nil || told != 5 {
			t.Fatal(err, told)
		}
		return e[5].Variance
	}
	if a, b, c := estimate(1), estimate(1), estimate(2); a != b || a == c {
		t.Errorf("variance %g, with the same seed %g, with another %g", a, b, c)
	}
	ctx, stop := context.WithCancel(context.Background())
	if _, err := m.Estimate(ctx, b, Estimators(2), 5, 1, func(int) { stop() }); !errors.Is(err, context.Canceled) {
		t.Errorf("it goes on: %v", err)
	}
}
