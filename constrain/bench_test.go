package constrain

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/data"
	"inkling/decode"
)

// printed are the characters that a model of English text has.
const printed = "\n !&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz{}[]\"\\0123456789+/"

// vocabularies are one of characters and one of 10,000 byte-level pieces, learned from tinyshakespeare.txt of INKLING_DATA.
func vocabularies(b *testing.B) map[string]*Vocabulary {
	chars := &Vocabulary{Pieces: [][]string{strings.Split(printed, "")}}
	chars.After = make([]int, len(chars.Pieces[0]))
	text, err := os.ReadFile(filepath.Join(os.Getenv("INKLING_DATA"), "tinyshakespeare.txt"))
	if err != nil {
		b.Fatal("INKLING_DATA names no folder with tinyshakespeare.txt")
	}
	bpe, _ := data.TrainBPE(string(text), 10_000)
	return map[string]*Vocabulary{"characters": chars, "10000 pieces": {Pieces: [][]string{bpe.Tokens}, After: make([]int, bpe.Size())}}
}

// BenchmarkWrite is what a constraint costs for each token that is written, at random among those that are allowed, and what it takes to make it.
func BenchmarkWrite(b *testing.B) {
	for name, v := range vocabularies(b) {
		for _, demand := range []struct {
			name string
			over func() (decode.Constraint, error)
		}{
			{"regex", func() (decode.Constraint, error) {
				l, err := Regex(`([A-Z][a-z]+( [a-z']+)*[.!?]\n)+`)
				if err != nil {
					return nil, err
				}
				return l.Over(v, 0)
			}},
			{"forbid", func() (decode.Constraint, error) {
				l, err := Forbid("the", "a")
				if err != nil {
					return nil, err
				}
				return l.Over(v, 0)
			}},
			{"JSON", func() (decode.Constraint, error) {
				g, err := ParseGrammar(jsonGrammar)
				if err != nil {
					return nil, err
				}
				return g.Over(v)
			}},
		} {
			c, err := demand.over()
			if err != nil {
				b.Fatal(name, err)
			}
			b.Run(name+"/"+demand.name+"/make", func(b *testing.B) {
				for b.Loop() {
					if _, err := demand.over(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"/"+demand.name+"/token", func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				allowed := make([]bool, len(v.After))
				at, left, texts := c.Start(), 100, 0
				for b.Loop() {
					if left == 0 || c.Accepts(at) && !c.More(at, left) {
						at, left = c.Start(), 100
						texts++
					}
					for w := range allowed {
						allowed[w] = true
					}
					left--
					c.Allow(allowed, at, left)
					w := r.IntN(len(allowed))
					for !allowed[w] {
						w = (w + 1) % len(allowed)
					}
					at, _ = c.Next(at, w)
				}
				b.ReportMetric(float64(texts), "texts")
			})
		}
	}
}
