package kernel

import (
	"fmt"
	"math"
	"testing"
)

// TestDensities holds values and derivatives to the reference in float64, at all lengths, in the middle and in the tails, with scales
// on both sides of the bound, over copies and over the parameters themselves.
func TestDensities(t *testing.T) {
	type function func(dMean, dLog, mean, log, x []float32) float64
	for name, f := range map[string]struct{ run, want function }{
		"normal": {
			func(dMean, dLog, mean, log, x []float32) float64 { return Normal(dMean, dLog, mean, log, x, -2) },
			func(dMean, dLog, mean, log, x []float32) float64 { return normalGo(dMean, dLog, mean, log, x, -2) },
		},
		"logistic of 256": {
			func(dMean, dLog, mean, log, x []float32) float64 {
				return Logistic(dMean, dLog, mean, log, x, 1./510, -7)
			},
			func(dMean, dLog, mean, log, x []float32) float64 {
				return logisticGo(dMean, dLog, mean, log, x, 1./510, -7)
			},
		},
		"logistic of 3": {
			func(dMean, dLog, mean, log, x []float32) float64 {
				return Logistic(dMean, dLog, mean, log, x, 0.25, -1)
			},
			func(dMean, dLog, mean, log, x []float32) float64 {
				return logisticGo(dMean, dLog, mean, log, x, 0.25, -1)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEvery(t, func(t *testing.T) {
				lengths := []int{503, 504, 505, 784, 1009, 4099}
				for n := range maxLength {
					lengths = append(lengths, n)
				}
				for _, scale := range []float64{0.3, 3, 30} {
					for _, n := range lengths {
						mean, log := newGuarded(n, n%3, random(1, scale)), newGuarded(n, n%5, random(2, 3))
						x := newGuarded(n, n%7, func(i int) float32 { return float32(i*7919%256) / 255 })
						dMean, dLog := newGuarded(n, n%2, random(3, 1)), newGuarded(n, n%11, random(4, 1))
						wantMean, wantLog := make([]float32, n), make([]float32, n)
						size := 0.0
						for i := range n {
							size += math.Abs(f.want(wantMean[i:i+1], wantLog[i:i+1], mean.slice()[i:i+1], log.slice()[i:i+1], x.slice()[i:i+1]))
						}
						want := f.want(wantMean, wantLog, mean.slice(), log.slice(), x.slice())
						got := f.run(dMean.slice(), dLog.slice(), mean.slice(), log.slice(), x.slice())
						if !(math.Abs(got-want) <= 2e-6*size+1e-6) {
							t.Fatalf("length %d, means of %g: %.9g, want %.9g", n, scale, got, want)
						}
						for i := range n {
							inverse := math.Exp(-float64(log.slice()[i]))
							where := fmt.Sprintf("length %d, element %d: %g with mean %g and log scale %g", n, i, x.slice()[i], mean.slice()[i], log.slice()[i])
							if e := math.Abs(float64(dMean.slice()[i] - wantMean[i])); !(e <= 2e-6*(math.Abs(float64(wantMean[i]))+inverse)) {
								t.Fatalf("%s: derivative by the mean %g, want %g", where, dMean.slice()[i], wantMean[i])
							}
							if e := math.Abs(float64(dLog.slice()[i] - wantLog[i])); !(e <= 4e-6*(math.Abs(float64(wantLog[i]))+1)) {
								t.Fatalf("%s: derivative by the log scale %g, want %g", where, dLog.slice()[i], wantLog[i])
							}
						}
						for _, g := range []*guarded{mean, log, x, dMean, dLog} {
							g.check(t)
						}
						if over := f.run(mean.slice(), log.slice(), mean.slice(), log.slice(), x.slice()); over != got {
							t.Fatalf("length %d: %g over the parameters, %g apart", n, over, got)
						}
						for i := range n {
							if mean.slice()[i] != dMean.slice()[i] || log.slice()[i] != dLog.slice()[i] {
								t.Fatalf("length %d, element %d: derivatives differ over the parameters", n, i)
							}
						}
					}
				}
			})
		})
	}
}

// A NaN in a parameter is never hidden.
func TestDensityNaN(t *testing.T) {
	nan := float32(math.NaN())
	onEvery(t, func(t *testing.T) {
		for _, n := range []int{1, 16, 33} {
			for at := range n {
				for _, inMean := range []bool{false, true} {
					for k, f := range []func(mean, log, x []float32) float64{
						func(mean, log, x []float32) float64 { return Normal(mean, log, mean, log, x, -6) },
						func(mean, log, x []float32) float64 { return Logistic(mean, log, mean, log, x, 1./510, -7) },
					} {
						mean, log, x := make([]float32, n), make([]float32, n), make([]float32, n)
						for i := range x {
							x[i] = 0.5
						}
						if inMean {
							mean[at] = nan
						} else {
							log[at] = nan
						}
						if got := f(mean, log, x); got == got {
							t.Fatalf("function %d, length %d, NaN at %d: %g", k, n, at, got)
						}
					}
				}
			}
		}
	})
}
