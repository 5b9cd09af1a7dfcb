package wordvec

import "math/bits"

// random is SplitMix64 (G. Steele, D. Lea, C. Flood 2014): fast, and a sequence of its own for each seed, step and shard.
type random struct{ state uint64 }

func newRandom(seed uint64, step, shard int) *random {
	r := &random{seed}
	for _, x := range []int{step, shard} {
		r.state = r.next() ^ uint64(x)
	}
	return &random{r.next()}
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is a number from 0 to n−1; the bias, n/2⁶⁴, is far below what a sample could show.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

// float is a number from 0 to below 1.
func (r *random) float() float64 { return float64(r.next()>>11) * 0x1p-53 }
