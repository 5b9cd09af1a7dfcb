package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"inkling/data"
	"inkling/wordvec"
)

// sgns measures skip-gram with negative sampling, deterministic and hogwild, on words that are as frequent as Zipf's law has
// it: the word of rank r with a share that grows as 1/r.
func (b *benchCmd) sgns(a *app) ([]row, error) {
	const (
		words   = 400_000 // of the text
		passes  = 1 << 10 // more than there will be repetitions, so that the learning rate stays
		largest = 30_000  // rank
	)
	r := rand.New(rand.NewPCG(1, 1))
	zipf := rand.NewZipf(r, 1.0001, 1, largest-1)
	var text strings.Builder
	for range words {
		fmt.Fprintf(&text, "w%d ", zipf.Uint64())
	}
	vocab, tokens := data.Words(text.String(), data.WordOptions{Split: "space"})
	var rows []row
	for _, hogwild := range []bool{false, true} {
		c := wordvec.Config{MinCount: 1, Epochs: passes, Shards: runtime.GOMAXPROCS(0), Hogwild: hogwild}
		l, err := wordvec.Learn(c, vocab, data.List(tokens))
		if err != nil {
			return nil, err
		}
		m, err := wordvec.New(c, l.Words, l.Counts)
		if err != nil {
			return nil, err
		}
		t, err := wordvec.NewTrainer(m, l.Text, 0)
		if err != nil {
			return nil, err
		}
		var failed error
		flops := 0.0
		took, spread, _ := b.repeat(a, func() float64 {
			flops = 0
			began := time.Now()
			for range t.Steps() / passes {
				p, err := t.Step(runtime.GOMAXPROCS(0))
				if err != nil {
					failed = err
				}
				flops += p.Flops
			}
			return time.Since(began).Seconds()
		})
		if failed != nil {
			return nil, failed
		}
		c = m.Config
		rows = append(rows, row{
			Name: "sgns", Value: words / took, Unit: "words/s", GFLOPS: flops / took / 1e9, Spread: spread, Threads: runtime.GOMAXPROCS(0), Dtype: "float32",
			Vocab: len(l.Words), Embed: c.Dim, Window: c.Window, Negative: c.Negative, Shards: c.Shards, Hogwild: hogwild,
		})
	}
	return rows, nil
}
