package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestInformation: cases that are known.
func TestInformation(t *testing.T) {
	const n = 1000
	// Two clusters, as far apart as can be: one bit, and of three variables only one tells it.
	two := func(gap, logSigma float32) (means, logs []float32) {
		for i := range n {
			means = append(means, 0.3, gap*float32(i%2), -1)
			logs = append(logs, 0.5, logSigma, -2)
		}
		return means, logs
	}
	means, logs := two(1, -6)
	if got, _ := Information(means, logs, 3, 1); math.Abs(got-math.Ln2) > 1e-9 {
		t.Errorf("two clusters: %g nats, want log 2", got)
	}
	// Every example at its own place: log n.
	for i := range means {
		means[i] = float32(i)
	}
	if got, _ := Information(means, logs, 3, 1); math.Abs(got-math.Log(n)) > 1e-9 {
		t.Errorf("all apart: %g nats, want log %d", got, n)
	}
	// All alike, at the prior or not: nothing.
	for i := range means {
		means[i], logs[i] = 2, -1
	}
	if got, _ := Information(means, logs, 3, 1); math.Abs(got) > 1e-12 {
		t.Errorf("collapsed: %g nats", got)
	}
	// Clusters that overlap: by quadrature of E log q(z|x) − log q(z), whose halves are mirror images.
	for _, sigma := range []float64{0.3, 1} {
		density := func(z, mean float64) float64 {
			u := (z - mean) / sigma
			return math.Exp(-u*u/2) / sigma / math.Sqrt(2*math.Pi)
		}
		want := 0.0
		const step = 1e-3
		for z := -10.0; z < 10; z += step {
			if q := density(z, 0); q > 0 {
				want += step * q * math.Log(q/(q/2+density(z, 1)/2))
			}
		}
		mean := 0.0
		means, logs := two(1, float32(math.Log(sigma)))
		for seed := range uint64(10) {
			got, _ := Information(means, logs, 3, seed)
			mean += got / 10
		}
		if math.Abs(mean-want) > 0.01 {
			t.Errorf("σ = %g: %g nats, by quadrature %g", sigma, mean, want)
		}
	}
	if got, _ := Information(nil, nil, 2, 1); !math.IsNaN(got) {
		t.Errorf("of no example %g nats", got)
	}
}

// TestInformationOfDeviations: examples that differ in their deviations only tell something too.
func TestInformationOfDeviations(t *testing.T) {
	const n = 2000
	means, logs := make([]float32, n), make([]float32, n)
	for i := range logs {
		logs[i] = float32(6 * (i % 2)) // σ of 1 and of 403
	}
	density := func(z, sigma float64) float64 {
		return math.Exp(-z*z/sigma/sigma/2) / sigma / math.Sqrt(2*math.Pi)
	}
	want, rnd := 0.0, rand.New(rand.NewPCG(1, 2))
	for i := range 400_000 {
		s := [2]float64{1, math.Exp(6)}
		z := s[i%2] * rnd.NormFloat64()
		want += math.Log(density(z, s[i%2])/(density(z, s[0])/2+density(z, s[1])/2)) / 400_000
	}
	if got, _ := Information(means, logs, 1, 3); math.Abs(got-want) > 0.01 {
		t.Errorf("%g nats, want %g", got, want)
	}
}

// TestInformationIsBounded: more examples than it looks at do not change it.
func TestInformationIsBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	means, logs := make([]float32, 2*MaxInformation+20), make([]float32, 2*MaxInformation+20)
	for i := range means {
		means[i] = float32(rnd.NormFloat64())
	}
	a, _ := Information(means, logs, 2, 1)
	if b, _ := Information(means[:2*MaxInformation], logs[:2*MaxInformation], 2, 1); a != b {
		t.Errorf("%g nats of 2010 examples, %g of 2000", a, b)
	}
}

// TestInformationOfFew: what little information there is comes out at 0 or more, whatever the draws, and as far from the truth as the
// standard error says.
func TestInformationOfFew(t *testing.T) {
	const n, runs = 5, 200
	for _, gap := range []float64{0.02, 1} {
		means, logs := make([]float32, n), make([]float32, n)
		for i := range means {
			means[i] = float32(gap * float64(i))
		}
		want := 0.0 // by quadrature
		const step = 1e-3
		for z := -10.0; z < 10+n*gap; z += step {
			mixed := 0.0
			for _, m := range means {
				mixed += math.Exp(-(z-float64(m))*(z-float64(m))/2) / math.Sqrt(2*math.Pi) / n
			}
			for _, m := range means {
				if q := math.Exp(-(z-float64(m))*(z-float64(m))/2) / math.Sqrt(2*math.Pi); q > 0 {
					want += step * q * math.Log(q/mixed) / n
				}
			}
		}
		mean, squares, said, zero := 0.0, 0.0, 0.0, 0
		for seed := range uint64(runs) {
			got, err := Information(means, logs, 1, seed)
			if got < 0 {
				t.Fatalf("gap %g: %g nats", gap, got)
			}
			if got == 0 {
				zero++
			}
			mean, squares, said = mean+got/runs, squares+(got-want)*(got-want)/runs, said+err/runs
		}
		if off := math.Sqrt(squares); off > 1.3*said || off < 0.5*said || math.Abs(mean-want) > 0.3*said {
			t.Errorf("gap %g: %g nats on the average, want %g; %g off, and said is ± %g", gap, mean, want, off, said)
		}
		if (zero > 0) != (gap < 1) {
			t.Errorf("gap %g: %d of %d results are 0", gap, zero, runs)
		}
	}
}
