package alias

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestShares: the tables hold the shares they were made for, and draws come with them, also where some are zero, all are
// equal, or one is nearly all.
func TestShares(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	steep := make([]float64, 200)
	for i := range steep {
		steep[i] = math.Pow(float64(i+1), -3)
	}
	for _, weights := range [][]float64{{1}, {1, 1}, {0, 1}, {3, 0, 1}, {1, 1, 1, 1, 1}, {1e-9, 1}, {1, 2, 3, 4, 5, 6, 7}, steep} {
		total := 0.0
		for _, w := range weights {
			total += w
		}
		table := New(weights)
		for i, p := range table.Shares() {
			if want := weights[i] / total; math.Abs(p-want) > 1e-9 {
				t.Errorf("%d of %d: share %g, want %g", i, len(weights), p, want)
			}
		}
		const draws = 200_000
		seen := make([]float64, len(weights))
		for range draws {
			seen[table.Draw(rnd.Uint64())]++
		}
		for i, n := range seen {
			p := weights[i] / total
			if sd := math.Sqrt(draws * p * (1 - p)); math.Abs(n-draws*p) > 5*sd+5*math.Min(1, p*draws*100) {
				t.Errorf("%d of %d: drawn %g times, want %g ± %g", i, len(weights), n, draws*p, sd)
			}
		}
	}
}
