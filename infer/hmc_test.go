package infer

import (
	"context"
	"math"
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
	h := newWarmHMC(t, m, make([]float32, m.Rows()*m.Dim()), 400, HMCOptions{Group: chains, Seed: 5})
	all := draws(h, n)
	shares := make([]float64, len(m.x))
	h.Acceptance(shares)
	for e := range m.x {
		if shares[e] < 0.5 || shares[e] > 0.85 {
			t.Errorf("example %d: acceptance %.2f, far from 0.65", e, shares[e])
		}
		t.Logf("example %d: acceptance %.3f, step %.3f", e, shares[e], h.StepSizes()[e])
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
				if math.Abs(got-want) > 3.5*mcse || mcse > 0.05 {
					t.Errorf("example %d, %d, %d: %.4f ± %.4f, want %.4f", e, j, k, got, mcse, want)
				}
				if r := RHat(product); r > 1.02 {
					t.Errorf("example %d, %d, %d: split R̂ %.3f", e, j, k, r)
				}
			}
		}
	}
	if h.Divergences() != 0 {
		t.Errorf("%d divergences", h.Divergences())
	}
}
