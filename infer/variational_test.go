package infer

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// divergence is KL(q‖p(z|x)) of an example for a q with independent variables.
func divergence(m *linear, example int, mean, logSigma []float32) float64 {
	exact, covariance := m.posterior(example)
	precision := m.precision()
	var chol mat.Cholesky
	chol.Factorize(covariance)
	away := mat.NewVecDense(m.Dim(), nil)
	kl := (chol.LogDet() - float64(m.Dim())) / 2
	for j := range exact {
		sigma := math.Exp(float64(logSigma[j]))
		kl += precision.At(j, j)*sigma*sigma/2 - float64(logSigma[j])
		away.SetVec(j, float64(mean[j])-exact[j])
	}
	return kl + mat.Inner(away, precision, away)/2
}

// TestFitFindsOptimum holds a fit to the best q of a Gaussian posterior, N(mean, 1/Λ_jj), and its bound to log p(x) − KL.
func TestFitFindsOptimum(t *testing.T) {
	m, _ := newLinear(7, 6, 4, 5, 1, 0.5)
	dim := m.Dim()
	fit, err := FitGaussian(context.Background(), m, make([]float32, 5*dim), make([]float32, 5*dim), FitOptions{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	precision := m.precision()
	for e := range m.x {
		exact, _ := m.posterior(e)
		mean, logSigma := fit.Mean[e*dim:][:dim], fit.LogSigma[e*dim:][:dim]
		best, centre := make([]float32, dim), make([]float32, dim)
		for j := range exact {
			best[j], centre[j] = float32(-math.Log(precision.At(j, j))/2), float32(exact[j])
			sigma := math.Exp(float64(best[j]))
			if got := float64(mean[j]); !near(got, exact[j], 0.03*sigma) {
				t.Errorf("example %d, variable %d: mean %.4f, want %.4f", e, j, got, exact[j])
			}
			if !near(float64(logSigma[j]), float64(best[j]), 0.03) {
				t.Errorf("example %d, variable %d: log σ %.4f, want %.4f", e, j, logSigma[j], best[j])
			}
		}
		kl, least := divergence(m, e, mean, logSigma), divergence(m, e, centre, best)
		if !near(kl, least, 0.003) || least < 0.05 {
			t.Errorf("example %d: KL %.4f, at the optimum %.4f", e, kl, least)
		}
		if got, want := fit.ELBO[e], m.evidence(e)-kl; !near(got, want, 3*fit.Error[e]) || fit.Error[e] > 0.1 {
			t.Errorf("example %d: ELBO %.4f ± %.4f, and log p(x) − KL is %.4f", e, got, fit.Error[e], want)
		}
	}
}

// TestFitOfItsOwnKind has a target that q can be: the fit is exact, and the bound the log of its integral, without noise.
func TestFitOfItsOwnKind(t *testing.T) {
	mean, logSigma := []float32{1, -2, 5, 0.1}, []float32{-2, 1, 0, -0.5}
	fit, err := FitGaussian(context.Background(), NewGaussian(2, mean, logSigma), make([]float32, 4), make([]float32, 4), FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range mean {
		if !near(float64(fit.Mean[k]), float64(mean[k]), 3e-3) || !near(float64(fit.LogSigma[k]), float64(logSigma[k]), 3e-3) {
			t.Errorf("variable %d: N(%.4f, e^%.4f), want N(%.4f, e^%.4f)", k, fit.Mean[k], fit.LogSigma[k], mean[k], logSigma[k])
		}
	}
	for i, elbo := range fit.ELBO {
		if !near(elbo, 0, 1e-4) || !near(fit.Error[i], 0, 1e-4) {
			t.Errorf("row %d: ELBO %g ± %g, want 0", i, elbo, fit.Error[i])
		}
	}
}

// TestFitRowsAreIndependent changes one row's density, once to one that cannot be anywhere: the bits of the others stay.
func TestFitRowsAreIndependent(t *testing.T) {
	run := func(strange float64) *Fit {
		f := of{3, 2, func(row int, z, grad []float32) float64 {
			value := anharmonic(row, z, grad)
			if row == 1 {
				value *= strange
				for j := range grad {
					grad[j] *= float32(strange)
				}
			}
			return value
		}}
		fit, err := FitGaussian(context.Background(), f, make([]float32, 6), make([]float32, 6), FitOptions{Steps: 50, Draws: 10})
		if err != nil {
			t.Fatal(err)
		}
		return fit
	}
	want := run(1)
	if want.Skipped != 0 {
		t.Errorf("%d gradients skipped", want.Skipped)
	}
	for _, strange := range []float64{5, math.NaN()} {
		got := run(strange)
		for k := range got.Mean {
			same := got.Mean[k] == want.Mean[k] && got.LogSigma[k] == want.LogSigma[k] && got.ELBO[k/2] == want.ELBO[k/2]
			if same == (k/2 == 1) {
				t.Errorf("row 1 by %g: variable %d is N(%g, e^%g), was N(%g, e^%g)", strange, k, got.Mean[k], got.LogSigma[k], want.Mean[k], want.LogSigma[k])
			}
		}
		if math.IsNaN(strange) && (got.Skipped != 100 || !math.IsInf(got.ELBO[1], -1)) {
			t.Errorf("a row that is not a number: %d gradients skipped, ELBO %g", got.Skipped, got.ELBO[1])
		}
	}
}

func TestFitErrors(t *testing.T) {
	f, zero := StandardNormal(2, 1), make([]float32, 2)
	for want, o := range map[string]FitOptions{
		"-1 steps of":             {Steps: -1},
		"1000 steps of -2 pairs":  {Pairs: -2},
		"a learning rate of -0.1": {Rate: -0.1},
		"1 draws for the bound":   {Draws: 1},
	} {
		if _, err := FitGaussian(context.Background(), f, zero, zero, o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %q…", o, err, want)
		}
	}
	if _, err := FitGaussian(context.Background(), f, zero, []float32{0, float32(math.Inf(1))}, FitOptions{}); err == nil || !strings.HasPrefix(err.Error(), "row 1 of the fit starts at") {
		t.Errorf("an infinite start: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	steps := 0
	_, err := FitGaussian(ctx, f, zero, zero, FitOptions{Progress: func(done, _ int) {
		if steps = done; done == 7 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || steps != 7 || !slices.Equal(zero, make([]float32, 2)) {
		t.Errorf("cancelled after %d steps: %v; the start is now %v", steps, err, zero)
	}
}

func TestFitStepsAllocateNothing(t *testing.T) {
	fit := newFitter(StandardNormal(8, 5), make([]float32, 40), make([]float32, 40), FitOptions{Pairs: 2, Rate: 0.1})
	if n := testing.AllocsPerRun(10, func() { fit.step(); fit.count() }); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}
