package main

import (
	"context"
	"fmt"
	"runtime"

	"inkling/eval"
	"inkling/infer"
	"inkling/internal/parallel"
	"inkling/vae"
)

// gaps are where an encoder loses its nats (C. Cremer, X. Li and D. Duvenaud, "Inference suboptimality in variational autoencoders", 2018):
//
//	log p(x) − ELBO  =  log p(x) − ELBO*  +  ELBO* − ELBO
//	                    approximation        amortization
//
// ELBO* being that of the best q of the encoder's kind, found for each picture by itself. Nats of each, means over pictures.
type gaps struct {
	Optimum            float64  `json:"optimum"` // ELBO*
	Encoder            float64  `json:"encoder"` // ELBO
	Approximation      float64  `json:"approximation"`
	ApproximationError *float64 `json:"approximation_standard_error"`
	Amortization       float64  `json:"amortization"`
	AmortizationError  *float64 `json:"amortization_standard_error"`
}

const fitTogether = 32 // pictures in one product, whatever the cores

// findGaps finds both, evidence being the best bound on log p(x) of each picture that there is, and encoder its ELBO.
func (e *evalCmd) findGaps(a *app, m *vae.Model, examples vae.Pictures, evidence, encoder []float64) (*gaps, error) {
	n, seed := examples.Len(), valueOr(e.Seed, 1)
	best := make([]float64, n)
	groups := (n + fitTogether - 1) / fitTogether
	var o infer.FitOptions
	o.Steps = 1000
	t := newTally(a.err, "the best q of each picture", groups*o.Steps)
	defer t.close()
	o.Progress = func(int, int) { t.add(1) }
	err := parallel.Try(runtime.GOMAXPROCS(0), groups, func(_, g int) error {
		from, to := g*fitTogether, min(n, (g+1)*fitTogether)
		fit, err := optimum(a.ctx, m, examples.Rows(from, to), derived(seed, "gaps", g), o)
		if err == nil {
			copy(best[from:], fit.ELBO)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	approximation, amortization := make([]float64, n), make([]float64, n)
	for i := range best {
		approximation[i], amortization[i] = evidence[i]-best[i], best[i]-encoder[i]
	}
	return &gaps{
		Optimum: eval.Mean(best), Encoder: eval.Mean(encoder),
		Approximation: eval.Mean(approximation), ApproximationError: standardError(approximation),
		Amortization: eval.Mean(amortization), AmortizationError: standardError(amortization),
	}, nil
}

// optimum finds the best q of each picture, beginning at the encoder's.
func optimum(ctx context.Context, m *vae.Model, x []float32, seed uint64, o infer.FitOptions) (*infer.Fit, error) {
	d := m.Config.Variables()
	var mean, logSigma []float32
	for q := m.Posterior(m.Batch(x)); len(q) > 0; q = q[2*d:] {
		mean, logSigma = append(mean, q[:d]...), append(logSigma, q[d:2*d]...)
	}
	o.Seed = seed
	return infer.FitGaussian(ctx, m.Joint(m.Batch(x), 1), mean, logSigma, o)
}

func (g *gaps) print(a *app, kind string) {
	fmt.Fprintln(a.out, "\nwhere the encoder loses, nats:")
	table(a.out,
		[]string{"log p(x), by " + kind, fmt.Sprintf("%.2f", g.Optimum+g.Approximation), "", ""},
		[]string{"the best q of each picture", fmt.Sprintf("%.2f", g.Optimum), "approximation gap", within(g.Approximation, g.ApproximationError)},
		[]string{"the encoder's q", fmt.Sprintf("%.2f", g.Encoder), "amortization gap", within(g.Amortization, g.AmortizationError)},
	)
}
