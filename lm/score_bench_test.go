package lm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkScore scores items as long as domain names with a character model; the rate is in tokens.
func BenchmarkScore(b *testing.B) {
	for _, c := range []struct{ vocab, hidden, layers, embed int }{{40, 128, 1, 0}, {100, 512, 2, 0}, {10_000, 256, 1, 128}} {
		b.Run(fmt.Sprintf("%d×%d,V=%d", c.layers, c.hidden, c.vocab), func(b *testing.B) {
			m, err := New(Config{Hidden: c.hidden, Layers: c.layers, Embed: c.embed, Counts: make([]int64, c.vocab), Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			r, tokens := rand.New(rand.NewPCG(1, 1)), 0
			items, dst := make([][]int, 1<<22/(c.hidden*c.hidden*c.layers)*50), [][]float32{}
			for i := range items {
				items[i] = make([]int, 8+r.IntN(22))
				for t := range items[i] {
					items[i][t] = r.IntN(c.vocab)
				}
				dst = append(dst, make([]float32, len(items[i])-1))
				tokens += len(items[i]) - 1
			}
			s := m.Scorer(1)
			for b.Loop() {
				if err := s.Score(context.Background(), dst, items); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
