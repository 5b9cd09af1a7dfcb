package infer

import (
	"math"
	"math/rand/v2"
	"testing"
)

// autoregressive draws chains of x' = φ·x + √(1−φ²)·noise, from the stationary N(0, 1), each then shifted and stretched.
func autoregressive(r *rand.Rand, chains, n int, phi float64, shift, stretch func(chain, draw int) float64) [][]float64 {
	all := make([][]float64, chains)
	for c := range all {
		x := r.NormFloat64()
		for i := range n {
			all[c] = append(all[c], shift(c, i)+x*stretch(c, i))
			x = phi*x + math.Sqrt(1-phi*phi)*r.NormFloat64()
		}
	}
	return all
}

func constant(v float64) func(int, int) float64 { return func(int, int) float64 { return v } }

func TestESSOfAutoregression(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const chains, n = 4, 5000
	for _, phi := range []float64{0, 0.3, 0.8, 0.95, -0.4} {
		got := ESS(autoregressive(r, chains, n, phi, constant(3), constant(2)))
		want := chains * n * (1 - phi) / (1 + phi)
		if !near(got/want, 1, 0.15) {
			t.Errorf("φ = %g: %.0f effective draws, want %.0f", phi, got, want)
		}
	}
	if got := ESS(autoregressive(r, chains, n, 0, func(c, _ int) float64 { return float64(c) }, constant(1))); !(got < 20) {
		t.Errorf("chains that do not agree: %.0f effective draws", got)
	}
	if got, most := ESS(autoregressive(r, 1, 1000, -0.999, constant(0), constant(1))), 1000*3.0; !near(got, most, 1e-6) {
		t.Errorf("φ = −0.999: %.0f effective draws, want the cut at %.0f", got, most)
	}
}

// TestESSOfWaves has correlations that fall and rise again before they end: a slow process with a wave on it. What counts are
// the pairs of exact correlations, none above the one before it, until one is negative.
func TestESSOfWaves(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const chains, n, phi, wave, turn = 8, 40000, 0.97, 1.0, 2 * math.Pi / 12
	phase := r.Float64()
	draws := autoregressive(r, chains, n, phi, func(_, i int) float64 { return wave * math.Sin(turn*float64(i)+phase) }, constant(1))
	correlation := func(lag int) float64 {
		return (math.Pow(phi, float64(lag)) + wave*wave/2*math.Cos(turn*float64(lag))) / (1 + wave*wave/2)
	}
	time, last := -1.0, math.Inf(1)
	for lag := 0; ; lag += 2 {
		pair := correlation(lag) + correlation(lag+1)
		if pair < 0 {
			break
		}
		last = min(last, pair)
		time += 2 * last
	}
	if got, want := ESS(draws), chains*n/time; !near(got/want, 1, 0.1) {
		t.Errorf("%.0f effective draws, want %.0f", got, want)
	}
}

// TestMCSE looks at many means of correlated draws: their spread is what each says of its error.
func TestMCSE(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	sum := 0.0
	const repeats = 300
	for range repeats {
		mean, mcse := Mean(autoregressive(r, 2, 600, 0.7, constant(1), constant(5)))
		sum += (mean - 1) * (mean - 1) / (mcse * mcse)
	}
	if spread := sum / repeats; !near(spread, 1.05, 0.3) { // 1 ± 0.08, and what the estimated error adds
		t.Errorf("squared errors are %.2f of what the standard errors say", spread)
	}
}

func TestRHat(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		name           string
		chains         int
		shift, stretch func(chain, draw int) float64
		low, high      float64
	}{
		{"alike", 4, constant(7), constant(2), 0.99, 1.01},
		{"one chain", 1, constant(7), constant(2), 0.99, 1.01},
		{"other means", 4, func(c, _ int) float64 { return float64(c) }, constant(1), 1.1, 3},
		{"other spreads", 4, constant(0), func(c, _ int) float64 { return float64(1 + 4*(c%2)) }, 1.1, 3},
		{"one chain that drifts", 1, func(_, i int) float64 { return float64(i) / 500 }, constant(1), 1.1, 3},
		{"other medians of values without bounds", 4, func(c, _ int) float64 { return 2 * float64(c) }, func(int, int) float64 { return 1 / r.NormFloat64() }, 1.1, 3},
		{"values without bounds", 4, constant(0), func(int, int) float64 { return 1 / r.NormFloat64() }, 0.99, 1.01},
	} {
		if got := RHat(autoregressive(r, c.chains, 1001, 0, c.shift, c.stretch)); !(got >= c.low && got <= c.high) {
			t.Errorf("%s: R̂ %.4f, want %g to %g", c.name, got, c.low, c.high)
		}
	}
}

func TestDiagnosticsOfNothing(t *testing.T) {
	for _, chain := range [][]float64{{1, 1, 1, 1, 1}, {1, 2, math.NaN(), 3}, {1, 2, math.Inf(1), 3}} {
		if r, e := RHat([][]float64{chain}), ESS([][]float64{chain}); !math.IsNaN(r) || !math.IsNaN(e) {
			t.Errorf("%v: R̂ %g and %g effective draws, want neither", chain, r, e)
		}
	}
	if r := RHat([][]float64{{0, 1, 0, 1, 1, 0}, {1, 0, 0, 1, 0, 1}}); math.IsNaN(r) {
		t.Error("no R̂ of two values")
	}
	for _, chains := range [][][]float64{nil, {{1, 2, 3}}, {{1, 2, 3, 4}, {1, 2, 3, 4, 5}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v: no panic", chains)
				}
			}()
			ESS(chains)
		}()
	}
}
