package kernel

import (
	"math"
	"math/bits"
	"testing"
)

// The mask of an element depends on key, p and its number alone: not on the instruction set, not on how the
// slices are cut, also across 2³².
func TestRandomMaskPosition(t *testing.T) {
	const n = 1000
	for _, offset := range []uint64{0, 1, 12345, 1<<32 - 500, 1<<40 - 7, math.MaxUint64 - n} {
		for _, p := range []float32{0, 0.1, 0.5, 0.9, 1 - 0x1p-24} {
			want := make([]float32, n)
			for i := range want {
				number := offset + uint64(i)
				word := int32(mix(uint32(number), maskKey(77, number>>32)))
				if float64(word) >= math.Round(float64(p)*(1<<32))-(1<<31) {
					want[i] = 1 / (1 - p)
				}
			}
			onEvery(t, func(t *testing.T) {
				for size := 1; size <= maxLength; size += 1 + size/9 {
					for from := 0; from < n; from += size {
						g := newGuarded(min(size, n-from), from%5, func(int) float32 { return 9 })
						RandomMask(g.slice(), p, 77, offset+uint64(from))
						for i, v := range g.slice() {
							if v != want[from+i] {
								t.Fatalf("p %v, element %d in pieces of %d: %v, want %v", p, offset+uint64(from+i), size, v, want[from+i])
							}
						}
						g.check(t)
					}
				}
			})
		}
	}
}

// drops is a mask as ±: standardized to mean 0 and variance 1.
func drops(n int, p float32, key, offset uint64) []float64 {
	mask := make([]float32, n)
	RandomMask(mask, p, key, offset)
	d := make([]float64, n)
	sigma := math.Sqrt(float64(p) * (1 - float64(p)))
	for i, v := range mask {
		d[i] = -float64(p) / sigma
		if v == 0 {
			d[i] = (1 - float64(p)) / sigma
		}
	}
	return d
}

// correlation is Σ a·b/√n: of independent masks, normal with variance 1.
func correlation(a, b []float64) float64 {
	var s float64
	for i, v := range b {
		s += a[i] * v
	}
	return s / math.Sqrt(float64(len(b)))
}

// All z-values here are of fixed keys; of the thousand that are looked at, the largest should be about 3.3.
const maskLimit = 4.5

func TestRandomMaskDistribution(t *testing.T) {
	const n = 1 << 18
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	for _, p := range []float32{0.01, 0.2, 0.5, 0.75} {
		for key := range uint64(4) {
			d := drops(n, p, key, 0)
			if z := correlation(d, ones); math.Abs(z) > maskLimit {
				t.Errorf("p %v, key %d: the share of zeros is off by %.1f standard errors", p, key, z)
			}
			for lag := 1; lag <= 64; lag++ {
				if z := correlation(d, d[lag:]); math.Abs(z) > maskLimit {
					t.Errorf("p %v, key %d: correlation at lag %d is %.1f standard errors", p, key, lag, z)
				}
			}
			for lag := 128; lag < n/2; lag *= 2 { // rows of a hidden layer, and what powers of two do to a hash
				if z := correlation(d, d[lag:]); math.Abs(z) > maskLimit {
					t.Errorf("p %v, key %d: correlation at lag %d is %.1f standard errors", p, key, lag, z)
				}
			}
			// The number of zeros in windows: its variance is that of independent draws, neither too even nor too lumpy.
			for _, window := range []int{16, 256, 2048} {
				var s float64
				windows := n / window
				for i := range windows {
					var sum float64
					for _, v := range d[i*window : (i+1)*window] {
						sum += v
					}
					s += sum * sum / float64(window)
				}
				// The variance of a squared standardized sum is 2 plus its excess kurtosis.
				excess := (1 - 6*float64(p)*(1-float64(p))) / (float64(p) * (1 - float64(p))) / float64(window)
				z := (s - float64(windows)) / math.Sqrt((2+excess)*float64(windows))
				if math.Abs(z) > maskLimit {
					t.Errorf("p %v, key %d: variance of windows of %d is %.1f standard errors off", p, key, window, z)
				}
			}
		}
	}
}

// Patterns of eight neighbours at p = ½ are equally frequent.
func TestRandomMaskPatterns(t *testing.T) {
	const n = 1 << 18
	for key := range uint64(8) {
		var count [256]int
		pattern := 0
		for i, v := range drops(n, 0.5, key, 3<<20) {
			pattern <<= 1
			if v > 0 {
				pattern |= 1
			}
			if i%8 == 7 {
				count[pattern&255]++
			}
		}
		var chi2 float64
		for _, c := range count {
			d := float64(c) - n/8/256
			chi2 += d * d / (n / 8 / 256)
		}
		if z := (chi2 - 255) / math.Sqrt(2*255); math.Abs(z) > maskLimit {
			t.Errorf("key %d: χ² of patterns is %.0f, not near 255", key, chi2)
		}
	}
}

// Masks of other keys, also of those that differ in one bit, and of other ranges have nothing in common.
func TestRandomMaskKeys(t *testing.T) {
	const n = 1 << 15
	for _, p := range []float32{0.1, 0.5} {
		base := drops(n, p, 1000, 0)
		look := func(what string, a int, other []float64) {
			t.Helper()
			// As they stand, moved, and with numbers paired by exclusive or, which is how a weak use of the key would show.
			for _, move := range []int{0, 1, 2, 16, 512} {
				if z := correlation(base, other[move:]); math.Abs(z) > maskLimit {
					t.Errorf("p %v: %s %d moved by %d: correlation %.1f standard errors", p, what, a, move, z)
				}
			}
			for _, flip := range []int{1, 2, 8, 1024} {
				var s float64
				for i, v := range base {
					s += v * other[i^flip]
				}
				if z := s / math.Sqrt(n); math.Abs(z) > maskLimit {
					t.Errorf("p %v: %s %d with numbers flipped by %d: correlation %.1f standard errors", p, what, a, flip, z)
				}
			}
		}
		for bit := range 64 {
			look("key bit", bit, drops(n, p, 1000^1<<bit, 0))
		}
		for bit := 17; bit < 64; bit += 5 {
			look("offset bit", bit, drops(n, p, 1000, 1<<bit))
		}
		for d := 1; d < 20; d++ {
			look("next key", d, drops(n, p, 1000+uint64(d), 0))
		}
	}
}

// A flipped bit of the number, or of the first two words of the key, flips every bit of the hash with probability ½.
// (The third meets one product only. Two keys that share the others are as rare as two equal hashes of 64 bits.)
func TestMixAvalanche(t *testing.T) {
	const trials = 1 << 12
	for in := range 3 * 32 {
		var flips [32]int
		for i := range uint64(trials) {
			x, k := uint32(i)*0x10001, maskKey(i, 5)
			y, l := x, k
			if in < 32 {
				y ^= 1 << in
			} else {
				l[in/32-1] ^= 1 << (in % 32)
			}
			for d := mix(x, k) ^ mix(y, l); d != 0; d &= d - 1 {
				flips[bits.TrailingZeros32(d)]++
			}
		}
		for out, n := range flips {
			if share := float64(n) / trials; math.Abs(share-0.5) > 0.04 {
				t.Errorf("input bit %d flips bit %d of the hash in %.3f of cases", in, out, share)
			}
		}
	}
}

func TestRandomMaskProbability(t *testing.T) {
	for _, p := range []float32{-0.1, 1, 2, float32(math.NaN())} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("p = %v: no panic", p)
				}
			}()
			RandomMask(make([]float32, 3), p, 0, 0)
		}()
	}
}
