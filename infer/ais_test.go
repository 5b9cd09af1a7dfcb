package infer

import (
	"context"
	"math"
	"testing"
)

// gaps runs there and back on a linear model and returns the mean of (bound − log p(x)) over examples with its standard error.
func gaps(t *testing.T, m *linear, z []float32, o AISOptions) (below, belowError, above, aboveError float64) {
	t.Helper()
	o.Chains = m.each
	a, err := NewAIS(StandardNormal(m.Rows(), m.Dim()), m, o)
	if err != nil {
		t.Fatal(err)
	}
	lower, err := a.Forward(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	upper, err := a.Reverse(context.Background(), z)
	if err != nil {
		t.Fatal(err)
	}
	l, u := make([]float64, len(m.x)), make([]float64, len(m.x))
	for e := range m.x {
		l[e] = lower.LogZ[e] - m.evidence(e)
		u[e] = upper.LogZ[e] - m.evidence(e)
	}
	n := float64(len(l))
	below, above = average(l), average(u)
	belowError, aboveError = math.Sqrt(variance(l, below)/n), math.Sqrt(variance(u, above)/n)
	t.Logf("%d temperatures: %.4f ± %.4f below, %.4f ± %.4f above; acceptance %.2f and %.2f, divergences %d and %d",
		o.Temperatures, -below, belowError, above, aboveError, lower.Acceptance, upper.Acceptance, lower.Divergences, upper.Divergences)
	return below, belowError, above, aboveError
}

func TestAISBoundsEvidence(t *testing.T) {
	m, z := newLinear(4, 10, 5, 40, 8, 0.3)
	for _, temperatures := range []int{10, 50, 400} {
		gaps(t, m, z, AISOptions{Temperatures: temperatures, Seed: 2})
	}
}
