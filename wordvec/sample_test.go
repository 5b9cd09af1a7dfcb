package wordvec

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAlias compares a million draws with the shares count^¾, by a chi-squared test that chance fails once in a million,
// and the shares that the tables hold, exactly.
func TestAlias(t *testing.T) {
	counts := []int64{100_000, 5_000, 5_000, 300, 40, 7, 5, 5, 1}
	a := negativesOf(counts)
	total := 0.0
	for _, c := range counts {
		total += math.Pow(float64(c), 0.75)
	}
	held := a.Shares()
	const draws = 1_000_000
	drawn := make([]float64, len(counts))
	r := newRandom(1, 2, 3)
	for range draws {
		drawn[a.Draw(r.next())]++
	}
	chi := 0.0
	for w, c := range counts {
		want := math.Pow(float64(c), 0.75) / total
		if math.Abs(held[w]-want) > 1e-8 {
			t.Errorf("word %d has the share %g, want %g", w, held[w], want)
		}
		chi += (drawn[w] - draws*want) * (drawn[w] - draws*want) / (draws * want)
	}
	if chi > 43 { // 8 degrees of freedom
		t.Errorf("chi-squared is %g: the draws %v do not have their shares", chi, drawn)
	}
}

// TestAliasShares: the tables hold the shares of any counts.
func TestAliasShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(1, 1000), 2, 30).Draw(t, "counts")
		a := negativesOf(counts)
		total, held := 0.0, a.Shares()
		for _, c := range counts {
			total += math.Pow(float64(c), 0.75)
		}
		for w, c := range counts {
			if want := math.Pow(float64(c), 0.75) / total; math.Abs(held[w]-want) > 1e-8 {
				t.Fatalf("word %d has the share %g, want %g", w, held[w], want)
			}
		}
	})
}

// TestRandom: each seed, step and shard has a sequence of its own, and always the same.
func TestRandom(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range 4 {
		for step := range 4 {
			for shard := range 4 {
				x := newRandom(uint64(seed), step, shard).next()
				name := fmt.Sprint(seed, step, shard)
				if other, ok := seen[x]; ok {
					t.Errorf("%s begins as %s", name, other)
				}
				if seen[x] = name; newRandom(uint64(seed), step, shard).next() != x {
					t.Errorf("%s begins differently the second time", name)
				}
			}
		}
	}
}

// TestSubsampling counts how often words of known shares are kept, within 6 standard deviations of √(t/f) + t/f.
func TestSubsampling(t *testing.T) {
	counts := []int64{600_000, 300_000, 90_000, 9_000, 900, 100}
	const sample, tries = 1e-3, 200_000
	keep := keepShares(counts, sample)
	r := newRandom(4, 5, 6)
	for w, c := range counts {
		f := float64(c) / 1e6
		want := min(1, math.Sqrt(sample/f)+sample/f)
		kept := 0
		for range tries {
			if uint32(r.next()) <= keep[w] {
				kept++
			}
		}
		if deviation := math.Sqrt(want * (1 - want) / tries); math.Abs(float64(kept)/tries-want) > 6*deviation {
			t.Errorf("a word of share %g is kept %d of %d times, want a share of %g", f, kept, tries, want)
		}
	}
	for w, share := range keepShares(counts, -1) {
		if share != math.MaxUint32 {
			t.Errorf("word %d is passed over though none should be", w)
		}
	}
}

// TestWindow: each size from 1 to the largest is drawn equally often.
func TestWindow(t *testing.T) {
	const draws, window = 100_000, 5
	var n [window + 1]int
	r := newRandom(7, 8, 9)
	for range draws {
		n[1+r.below(window)]++
	}
	for size, got := range n[1:] {
		if math.Abs(float64(got)-draws/window) > 6*math.Sqrt(draws/window) {
			t.Errorf("the window %d is drawn %d times of %d", size+1, got, draws)
		}
	}
}

// cheapest is the least Σ count·length of a binary tree of these leaves, by trying all: two leaves that end up as sisters
// can be merged, and some two of them are.
func cheapest(counts []int64) int64 {
	if len(counts) == 1 {
		return 0
	}
	best := int64(math.MaxInt64)
	for i := range counts {
		for j := range i {
			rest := []int64{counts[i] + counts[j]}
			for k, c := range counts {
				if k != i && k != j {
					rest = append(rest, c)
				}
			}
			best = min(best, rest[0]+cheapest(rest))
		}
	}
	return best
}

// TestPaths compares the mean length of paths with the best of all trees, and the paths with each other: no path is the
// beginning of another, and each node stands for one place.
func TestPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(1, 20), 2, 7).Draw(t, "counts")
		slices.SortFunc(counts, func(a, b int64) int { return int(b - a) })
		h := newPaths(counts)
		cost, kraft := int64(0), 0.0
		node := map[string]int32{}
		for w := range counts {
			nodes, turns := h.path(int32(w))
			cost += counts[w] * int64(len(nodes))
			kraft += math.Pow(2, -float64(len(nodes)))
			for i, n := range nodes {
				place := fmt.Sprint(turns[:i])
				if before, ok := node[place]; ok && before != n || n < 0 || int(n) >= len(counts)-1 {
					t.Fatalf("two nodes stand at %s", place)
				}
				node[place] = n
			}
		}
		if want := cheapest(counts); cost != want {
			t.Fatalf("paths cost %d, and %d are possible", cost, want)
		}
		if kraft != 1 || len(node) != len(counts)-1 {
			t.Fatalf("%d inner nodes and a Kraft sum of %g: not a whole tree", len(node), kraft)
		}
	})
}
