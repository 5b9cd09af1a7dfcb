package infer

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func newTestAIS(t *testing.T, from Distribution, to Density, o AISOptions) *AIS {
	t.Helper()
	a, err := NewAIS(from, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// gap is a bound less log p(x), averaged over examples, and the standard error of that.
func gap(m *linear, b *Bound) (mean, se float64) {
	gaps := make([]float64, len(m.x))
	for e := range gaps {
		gaps[e] = b.LogZ[e] - m.evidence(e)
	}
	mean = average(gaps)
	return mean, math.Sqrt(variance(gaps, mean) / float64(len(gaps)))
}

func TestAISBoundsEvidence(t *testing.T) {
	m, z := newLinear(4, 10, 5, 40, 4, 0.3)
	ctx, last := context.Background(), math.Inf(1)
	for _, temperatures := range []int{10, 40, 400} {
		a := newTestAIS(t, StandardNormal(m.Rows(), m.Dim()), m, AISOptions{Temperatures: temperatures, Chains: 4, Seed: 2})
		forward, err := a.Forward(ctx)
		if err != nil {
			t.Fatal(err)
		}
		reverse, err := a.Reverse(ctx, z)
		if err != nil {
			t.Fatal(err)
		}
		low, lowError := gap(m, forward)
		high, highError := gap(m, reverse)
		t.Logf("%d temperatures: %.3f ± %.3f below, %.3f ± %.3f above; acceptance %.2f and %.2f",
			temperatures, -low, lowError, high, highError, forward.Acceptance, reverse.Acceptance)
		if low > 2*lowError || high < -2*highError {
			t.Errorf("%d temperatures: the bounds are %.3f and %.3f on the wrong side", temperatures, low, -high)
		}
		if !(high-low < last/2) {
			t.Errorf("%d temperatures: a gap of %.3f, after %.3f with fewer", temperatures, high-low, last)
		}
		last = high - low
	}
	if last > 0.5 {
		t.Errorf("the gap is still %.3f", last)
	}
}

// TestAISIsUnbiased averages w/p(x) and p(x)/w themselves, over examples that are easy enough: both are one, for few
// temperatures as for many.
func TestAISIsUnbiased(t *testing.T) {
	for _, name := range Schedules {
		const chains = 2
		m, z := newLinear(5, 4, 2, 1500, chains, 3)
		a := newTestAIS(t, StandardNormal(m.Rows(), m.Dim()), m, AISOptions{Temperatures: 8, Chains: chains, Leapfrog: 4, Pilot: 40, Schedule: name, Seed: 3})
		for sign, run := range map[float64]func() (*Bound, error){
			1:  func() (*Bound, error) { return a.Forward(context.Background()) },
			-1: func() (*Bound, error) { return a.Reverse(context.Background(), z) },
		} {
			b, err := run()
			if err != nil {
				t.Fatal(err)
			}
			ratios := make([]float64, len(m.x))
			for e := range ratios {
				ratios[e] = math.Exp(sign * (b.LogZ[e] - m.evidence(e)))
			}
			mean := average(ratios)
			se := math.Sqrt(variance(ratios, mean) / float64(len(ratios)))
			if !near(mean, 1, 3*se) || se > 0.03 {
				t.Errorf("%s, sign %g: ratios of %.4f ± %.4f on average, want 1", name, sign, mean, se)
			}
		}
	}
}

// TestAISFindsEvidence holds the estimate from many temperatures to log p(x) example by example, begun at the prior, and at an
// approximate posterior.
func TestAISFindsEvidence(t *testing.T) {
	const chains = 16
	m, _ := newLinear(6, 6, 3, 4, chains, 0.5)
	var mean, logSigma []float32
	for e := range m.x {
		exact, covariance := m.posterior(e)
		for range chains {
			for j, v := range exact {
				mean = append(mean, float32(v+0.1))
				logSigma = append(logSigma, float32(math.Log(covariance.At(j, j))/2+0.1))
			}
		}
	}
	for name, from := range map[string]*Gaussian{"prior": StandardNormal(m.Rows(), m.Dim()), "encoder": NewGaussian(m.Dim(), mean, logSigma)} {
		b, err := newTestAIS(t, from, m, AISOptions{Temperatures: 300, Chains: chains, Seed: 4}).Forward(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for e := range m.x {
			weights := make([]float64, chains) // relative to their mean
			for c := range weights {
				weights[c] = math.Exp(b.LogW[e*chains+c] - b.LogZ[e])
			}
			se := math.Sqrt(variance(weights, 1) / chains)
			if !near(b.LogZ[e], m.evidence(e), 3*se) || se > 0.2 {
				t.Errorf("from the %s, example %d: %.3f ± %.3f, want %.3f", name, e, b.LogZ[e], se, m.evidence(e))
			}
		}
	}
}

// TestAISWeighsModes has two modes that no chain of HMC can go between: chains that cool into them come out with the right total.
func TestAISWeighsModes(t *testing.T) {
	const chains = 200
	from := NewGaussian(1, make([]float32, chains), slices.Repeat([]float32{float32(math.Log(6))}, chains))
	b, err := newTestAIS(t, from, of{chains, 1, twoModes}, AISOptions{Temperatures: 200, Chains: chains}).Forward(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !near(b.LogZ[0], 0, 0.15) || !(WeightESS(b.LogW) > 50) {
		t.Errorf("log of the integral %.3f, want 0; %.0f effective weights", b.LogZ[0], WeightESS(b.LogW))
	}
}

// TestAISMeetsWalls goes to a density that is zero, or not a number, in part of space.
func TestAISMeetsWalls(t *testing.T) {
	const chains = 2000
	half := of{chains, 1, func(_ int, z, grad []float32) float64 {
		if grad != nil {
			grad[0] = -z[0]
		}
		if z[0] < 0 {
			return math.NaN()
		}
		return -float64(z[0]) * float64(z[0]) / 2
	}}
	a := newTestAIS(t, StandardNormal(chains, 1), half, AISOptions{Temperatures: 20, Chains: chains, Pilot: 50, Seed: 1})
	b, err := a.Forward(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := math.Log(math.Sqrt(math.Pi / 2)); !near(b.LogZ[0], want, 0.07) { // half of the chains have weight zero
		t.Errorf("log of the integral %.3f, want %.3f", b.LogZ[0], want)
	}
	if b.Divergences == 0 {
		t.Error("no divergence is counted")
	}
}

func TestSchedules(t *testing.T) {
	for _, name := range Schedules {
		for _, n := range []int{2, 3, 1000} {
			beta := schedule(name, n)
			if beta[0] != 0 || beta[n-1] != 1 || !slices.IsSorted(beta) {
				t.Errorf("%s of %d: from %g to %g", name, n, beta[0], beta[n-1])
			}
		}
	}
	sigmoid, linear := schedule("sigmoid", 1000), schedule("linear", 1001)
	if linear[500] != 0.5 || sigmoid[1]*5 > linear[1] || !near(sigmoid[499], 0.5, 0.01) {
		t.Errorf("linear %g in the middle; sigmoid %g, and %g to begin with", linear[500], sigmoid[499], sigmoid[1])
	}
	used := make([]int, blocks)
	for step := 1; step < blocks+1; step++ {
		used[block(step, blocks+1)]++
	}
	if slices.Max(used) != 1 {
		t.Errorf("%d temperatures fall into blocks as %v", blocks, used)
	}
}

func TestAISSameSeedSameBits(t *testing.T) {
	m, z := newLinear(4, 6, 3, 3, 2, 0.5)
	o := AISOptions{Temperatures: 20, Chains: 2, Pilot: 21}
	bounds := func(a *AIS, reverseFirst bool) []float64 {
		var forward, reverse *Bound
		for _, back := range []bool{reverseFirst, !reverseFirst} {
			var err error
			if back {
				reverse, err = a.Reverse(context.Background(), z)
			} else {
				forward, err = a.Forward(context.Background())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return append(forward.LogW, reverse.LogW...)
	}
	a := newTestAIS(t, StandardNormal(m.Rows(), m.Dim()), m, o)
	first := bounds(a, false)
	if again := bounds(a, true); !slices.Equal(first, again) {
		t.Errorf("%v, and %v when run again", first, again)
	}
	o.Seed = 1
	if other := bounds(newTestAIS(t, StandardNormal(m.Rows(), m.Dim()), m, o), true); slices.Equal(first, other) {
		t.Error("another seed gives the same weights")
	}
}

// TestAISCost holds the cost to what is promised, and progress to what is done.
func TestAISCost(t *testing.T) {
	m, z := newLinear(4, 6, 3, 2, 2, 0.5)
	var done []int
	a := newTestAIS(t, StandardNormal(4, 3), m, AISOptions{
		Temperatures: 12, Chains: 2, Leapfrog: 5, Pilot: 30,
		Progress: func(now, total int) { done = append(done, now, total) },
	})
	if err := a.Tune(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := 1 + (50+29)*5; m.calls != want || len(done) != 2*29 || !slices.Equal(done[56:], []int{29, 29}) {
		t.Errorf("%d evaluations, want %d; progress %v", m.calls, want, done)
	}
	for _, run := range []func() (*Bound, error){
		func() (*Bound, error) { return a.Forward(context.Background()) },
		func() (*Bound, error) { return a.Reverse(context.Background(), z) },
	} {
		done, m.calls = nil, 0
		if _, err := run(); err != nil {
			t.Fatal(err)
		}
		if want := 1 + 10*5; m.calls != want || len(done) != 2*11 || !slices.Equal(done[:2], []int{1, 11}) || !slices.Equal(done[20:], []int{11, 11}) {
			t.Errorf("%d evaluations, want %d; progress %v", m.calls, want, done)
		}
	}
}

func TestAISErrors(t *testing.T) {
	from := StandardNormal(4, 2)
	for want, o := range map[string]AISOptions{
		"1 temperatures":                   {Temperatures: 1},
		"3 chains":                         {Chains: 3},
		"-1 chains":                        {Chains: -1},
		"-2 leapfrog steps":                {Chains: 2, Leapfrog: -2},
		"a target acceptance of 1":         {Chains: 2, Target: 1},
		"a pilot run of 20":                {Chains: 2, Pilot: 20},
		`there is no schedule "geometric"`: {Chains: 2, Schedule: "geometric"},
	} {
		if _, err := NewAIS(from, from, o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %q…", o, err, want)
		}
	}
	a := newTestAIS(t, from, from, AISOptions{Chains: 2})
	if _, err := a.Reverse(context.Background(), []float32{0, 0, 0, float32(math.NaN())}); err == nil || !strings.Contains(err.Error(), "row 2 starts at NaN") {
		t.Errorf("a start that is not a number: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Forward(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := newTestAIS(t, from, from, AISOptions{Chains: 2}).Tune(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
