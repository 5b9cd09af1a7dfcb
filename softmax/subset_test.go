package softmax

import (
	"math"
	"slices"
	"testing"

	"inkling/tensor"
)

// TestSubset: sizes are what was asked for, each word is in as often as it should be, and two words are in together as
// often as if they did not know of each other.
func TestSubset(t *testing.T) {
	const draws = 40_000
	for _, c := range []struct{ v, mean int }{{7, 1}, {7, 3}, {40, 5}, {40, 19}} {
		for _, o := range []Options{{Noise: "unigram", Power: 1}, {Noise: "unigram", Power: 3}, {Noise: "loguniform"}} {
			n := newNoise(Spec{Counts: shuffled(c.v), Options: o})
			s, tp := newSubset(n, c.mean), tensor.NewTape()
			in, together, size := make([]float64, c.v), 0.0, 0.0
			first, second := 0, 1
			for step := range uint64(draws) {
				tp.Reset(2, step, 0)
				words := s.sample(tp)
				for _, w := range words {
					in[w] += 1.0 / draws
				}
				size += float64(len(words)) / draws
				if slices.Contains(words, first) && slices.Contains(words, second) {
					together += 1.0 / draws
				}
			}
			if math.Abs(size-float64(c.mean)) > 5*math.Sqrt(float64(c.mean)/draws) {
				t.Errorf("%+v %+v: %g words on average", c, o, size)
			}
			near := func(got, want float64) bool { return math.Abs(got-want) < 5*math.Sqrt(want*(1-want)/draws)+1e-9 }
			chance := func(w int) float64 { return math.Exp(float64(s.logChance[w])) }
			for w, got := range in {
				if !near(got, chance(w)) {
					t.Errorf("%+v %+v: word %d is in %g of the draws, want %g", c, o, w, got, chance(w))
				}
			}
			if want := chance(first) * chance(second); !near(together, want) {
				t.Errorf("%+v %+v: two words are together in %g of the draws, want %g", c, o, together, want)
			}
		}
	}
}

// TestSubsetRoom: however uneven the noise, a step takes no more memory than is planned, and both ways are taken.
func TestSubsetRoom(t *testing.T) {
	ways := map[bool]bool{}
	for _, v := range []int{3, 100, 5000} {
		for _, samples := range []int{1, v / 50, v / 10, v/2 - 1, v} {
			for _, power := range []float64{0.25, 1, 3, mostPower} {
				s := Spec{Dim: 1, Counts: shuffled(v), Options: Options{Noise: "unigram", Power: power, Samples: max(samples, 1)}}
				subset, tp := newSubset(newNoise(s), s.Options.Samples), tensor.NewTape()
				ways[subset.chance != nil] = true
				for step := range uint64(3) {
					tp.Reset(4, step, 0)
					words := subset.sample(tp)
					// A tape's memory is counted in floats; the rest of what is planned is what LinearRows and RowDots take.
					drawn := min(v, subset.most)
					planned := planSampled(s, false).Forward(0) - 2*int64(drawn)*(int64(s.Dim)+1)
					if held := 2 * int64(cap(words)); held > planned+planned/5+64 {
						t.Errorf("V=%d, %d samples, power %g: %d floats of words, planned %d", v, s.Options.Samples, power, held, planned)
					}
				}
			}
		}
	}
	if len(ways) != 2 {
		t.Error("words were not both drawn and asked")
	}
}

// TestSubsetOfAll: from half of the words on they are all drawn, and all certain; larger numbers are no error.
func TestSubsetOfAll(t *testing.T) {
	for _, c := range []struct{ v, mean int }{{1, 1}, {2, 1}, {3, 2}, {9, 5}, {9, 1000}} {
		s := newSubset(newNoise(Spec{Counts: shuffled(c.v), Options: Options{Noise: "loguniform"}}), c.mean)
		if words := s.sample(tensor.NewTape()); !slices.Equal(words, count(c.v)) || slices.Max(s.logChance) != 0 || slices.Min(s.logChance) != 0 {
			t.Errorf("%+v: %v with chances %v", c, words, s.logChance)
		}
	}
}

// TestSampledIsFull: with all words drawn, loss and gradients are those of the full softmax, whatever the targets.
func TestSampledIsFull(t *testing.T) {
	for _, v := range []int{1, 2, 3, 17} {
		const dim, rows = 5, 3
		s := spec(v, dim)
		full := make1(t, Kind{Name: "full"}, s)
		s = spec(v, dim)
		s.Options.Samples = v
		sampled := make1(t, Kind{Name: "sampled"}, s)
		targets := Targets{Row: []int{0, 2, 2, 2, 0}, Word: []int{v - 1, 0, v / 2, 0, v - 1}, Weight: []float32{1, 2, 0.5, 1, 0}}
		h := vector(rows*dim, 4)
		for i := range h {
			h[i] *= 30
		}
		run := func(out Output) (loss float32, dh []float32, dw [][]float32) {
			tp := tensor.NewTape()
			x := tp.Leaf(rows, dim, h)
			l := out.Loss(tp, x, targets)
			tp.Backward(l, 1)
			for w := range v {
				dw = append(dw, tp.RowGrad(out.Params().ByName("out.weight"), w))
			}
			return l.Item(), x.Grad(), append(dw, tp.ParamGrad(out.Params().ByName("out.bias")))
		}
		loss, dh, dw := run(full)
		got, dh2, dw2 := run(sampled)
		if math.Abs(float64(got-loss)) > 1e-5*float64(loss)+1e-6 {
			t.Errorf("V=%d: loss %g, full %g", v, got, loss)
		}
		for i, d := range append(dw, dh) {
			for k, want := range d {
				if g := append(dw2, dh2)[i][k]; math.Abs(float64(g-want)) > 1e-4*(1+math.Abs(float64(want))) {
					t.Errorf("V=%d: a gradient of %g, full %g", v, g, want)
				}
			}
		}
	}
}
