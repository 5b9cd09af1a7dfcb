package main

import (
	"math"
	"math/bits"
	"testing"
)

// TestDerivedSeeds: all differ, in about half of their bits, and are always the same.
func TestDerivedSeeds(t *testing.T) {
	seen := map[uint64]bool{}
	flips, n := 0, 0
	for seed := range uint64(30) {
		for _, purpose := range []string{"", "a", "b", "ab"} {
			for i := range 30 {
				x := derived(seed, purpose, i)
				if seen[x] || x != derived(seed, purpose, i) {
					t.Fatalf("%d, %q, %d give %x, which is taken, or not always so", seed, purpose, i, x)
				}
				seen[x] = true
				flips, n = flips+bits.OnesCount64(x^derived(seed, purpose, i+1))+bits.OnesCount64(x^derived(seed+1, purpose, i)), n+2
			}
		}
	}
	if mean := float64(flips) / float64(n); math.Abs(mean-32) > 0.5 {
		t.Errorf("neighbours differ in %g of 64 bits", mean)
	}
}
