package infer

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// draws collects n draws of every row: [row][variable][draw].
func draws(h *HMC, n int) [][][]float64 {
	rows, dim := h.walk.rows, h.walk.dim
	all := make([][][]float64, rows)
	for i := range all {
		all[i] = make([][]float64, dim)
	}
	for range n {
		h.Step()
		for i := range rows {
			for j := range dim {
				all[i][j] = append(all[i][j], float64(h.Z()[i*dim+j]))
			}
		}
	}
	return all
}

func newWarmHMC(t *testing.T, f Density, z []float32, warm int, o HMCOptions) *HMC {
	t.Helper()
	h, err := NewHMC(f, z, o)
	if err == nil {
		err = h.WarmUp(context.Background(), warm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHMCFindsPosterior(t *testing.T) {
	const chains, n = 4, 2000
	m, _ := newLinear(3, 6, 4, 3, chains, 0.4)
	h := newWarmHMC(t, m, make([]float32, m.Rows()*m.Dim()), 400, HMCOptions{Group: chains, Seed: 5, Target: 0.8})
	all := draws(h, n)
	shares := make([]float64, len(m.x))
	h.Acceptance(shares)
	for e := range m.x {
		if !near(shares[e], 0.8, 0.05) {
			t.Errorf("example %d: acceptance %.2f, far from 0.8", e, shares[e])
		}
		mean, covariance := m.posterior(e)
		for j := range mean {
			for k := -1; k <= j; k++ { // −1: the mean
				product, want := make([][]float64, chains), mean[j]
				if k >= 0 {
					want = covariance.At(j, k)
				}
				for c := range chains {
					product[c] = make([]float64, n)
					for i := range n {
						product[c][i] = all[e*chains+c][j][i]
						if k >= 0 {
							product[c][i] = (product[c][i] - mean[j]) * (all[e*chains+c][k][i] - mean[k])
						}
					}
				}
				got, mcse := Mean(product)
				if !near(got, want, 3.5*mcse) || mcse > 0.05 {
					t.Errorf("example %d, %d, %d: %.4f ± %.4f, want %.4f", e, j, k, got, mcse, want)
				}
				if r := RHat(product); !(r <= 1.02) {
					t.Errorf("example %d, %d, %d: split R̂ %.3f", e, j, k, r)
				}
			}
		}
	}
	if share := float64(h.Divergences()) / float64(n*m.Rows()); share > 0.01 {
		t.Errorf("%.3f of the trajectories are lost", share)
	}
}

// TestWarmUp begins with steps far too short and too long.
func TestWarmUp(t *testing.T) {
	m, _ := newLinear(3, 8, 6, 4, 2, 0.3)
	for _, first := range []float64{1e-3, 10} {
		h := newWarmHMC(t, m, make([]float32, m.Rows()*m.Dim()), 300, HMCOptions{Group: 2, Step: first, Seed: 1})
		for range 300 {
			h.Step()
		}
		shares := make([]float64, len(m.x))
		if all := h.Acceptance(shares); !near(all, average(shares), 1e-12) {
			t.Errorf("acceptance %g of all, and %g on average over groups", all, average(shares))
		}
		for e, share := range shares {
			if !near(share, 0.65, 0.1) {
				t.Errorf("begun with %g, example %d: acceptance %.2f", first, e, share)
			}
		}
	}
}

// TestStepSizesAreOfGroups has groups whose scales differ.
func TestStepSizesAreOfGroups(t *testing.T) {
	q := NewGaussian(2, make([]float32, 8), []float32{0, 0, 0, 0, -3, -3, -3, -3})
	h := newWarmHMC(t, q, make([]float32, 8), 300, HMCOptions{Group: 2, Seed: 2})
	if ratio := h.StepSizes()[0] / h.StepSizes()[1]; !near(math.Log(ratio), 3, 0.3) {
		t.Errorf("step sizes %.3g, of scales 1 and e^−3", h.StepSizes())
	}
}

func TestHMCSameSeedSameBits(t *testing.T) {
	m, _ := newLinear(3, 6, 4, 2, 2, 0.4)
	run := func(seed uint64) []float32 {
		h := newWarmHMC(t, m, make([]float32, m.Rows()*m.Dim()), 20, HMCOptions{Group: 2, Seed: seed})
		h.Step()
		return h.Z()
	}
	if a, b, c := run(1), run(1), run(2); !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("seed 1 gives %v and %v, seed 2 %v", a, b, c)
	}
}

// TestHMCSeesTwoModes starts chains in both modes of a density, between which none can go: R̂ tells.
func TestHMCSeesTwoModes(t *testing.T) {
	h := newWarmHMC(t, of{4, 1, twoModes}, []float32{-6, -6, 6, 6}, 200, HMCOptions{Group: 4, Seed: 3})
	all := draws(h, 500)
	if r := RHat([][]float64{all[0][0], all[1][0], all[2][0], all[3][0]}); !(r > 1.5) {
		t.Errorf("R̂ %.3f", r)
	}
	if r := RHat([][]float64{all[2][0], all[3][0]}); !(r < 1.05) {
		t.Errorf("R̂ %.3f within a mode", r)
	}
}

// twoModes is the normalized mixture of N(−6, 1), a quarter, and N(6, 1), every variable by itself.
func twoModes(_ int, z, grad []float32) float64 {
	sum := 0.0
	for j, v := range z {
		low, high := math.Log(0.25)-math.Pow(float64(v)+6, 2)/2, math.Log(0.75)-math.Pow(float64(v)-6, 2)/2
		top := max(low, high)
		both := top + math.Log(math.Exp(low-top)+math.Exp(high-top))
		if grad != nil {
			share := float32(math.Exp(high - both))
			grad[j] = -share*(v-6) - (1-share)*(v+6)
		}
		sum += both - logRoot2Pi
	}
	return sum
}

func TestHMCErrors(t *testing.T) {
	f := StandardNormal(4, 2)
	for want, o := range map[string]HMCOptions{
		"-1 leapfrog steps":          {Leapfrog: -1},
		"groups of 3 rows":           {Group: 3},
		"groups of -1 rows":          {Group: -1},
		"a step size of -0.1":        {Step: -0.1},
		"a step size of NaN":         {Step: math.NaN()},
		"a target acceptance of 1.5": {Target: 1.5},
	} {
		if _, err := NewHMC(f, make([]float32, 8), o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %q…", o, err, want)
		}
	}
	if _, err := NewHMC(f, []float32{0, 0, 0, float32(math.Inf(1)), 0, 0, 0, 0}, HMCOptions{}); err == nil || !strings.Contains(err.Error(), "row 1 starts at +Inf") {
		t.Errorf("an infinite start: %v", err)
	}
	nowhere := of{2, 1, func(row int, _, _ []float32) float64 { return math.Log(float64(1 - row)) }}
	if _, err := NewHMC(nowhere, make([]float32, 2), HMCOptions{}); err == nil || !strings.Contains(err.Error(), "row 1 starts where its density is zero") {
		t.Errorf("a start that cannot be: %v", err)
	}
	never := of{1, 1, func(int, []float32, []float32) float64 { return math.NaN() }}
	if _, err := NewHMC(never, make([]float32, 1), HMCOptions{}); err == nil || !strings.Contains(err.Error(), "row 0 starts where its density is zero or not a number") {
		t.Errorf("a start that is not a number: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h, err := NewHMC(f, make([]float32, 8), HMCOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.WarmUp(ctx, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if a := h.Acceptance(nil); !math.IsNaN(a) {
		t.Errorf("acceptance %g of no transitions", a)
	}
}
