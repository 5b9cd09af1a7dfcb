package tables

import (
	"context"
	"strings"
	"testing"

	"inkling/tensor"
	"inkling/vae"
)

// BenchmarkStep is a step of training on one core, by rows, with and without a vocabulary.
func BenchmarkStep(b *testing.B) {
	for _, name := range []string{"with a vocabulary", "without"} {
		b.Run(name, func(b *testing.B) {
			m, table, rows := benchModel(b, name == "without")
			fit := &vae.Fit{Model: m.Model, Objective: vae.Objective{Name: "elbo", K: 1, Beta: 1}}
			src := &Source{Table: table, Of: rows, Size: 500, Seed: 1}
			tp := tensor.NewTape()
			for i := range b.N {
				batch, err := src.Batch(i, 0, 1)
				if err != nil {
					b.Fatal(err)
				}
				tp.Reset(1, uint64(i), 0)
				tp.Backward(fit.Loss(tp, batch, nil), 1)
			}
			b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkScore scores blocks of rows on one core.
func BenchmarkScore(b *testing.B) {
	for _, name := range []string{"with a vocabulary", "without"} {
		b.Run(name, func(b *testing.B) {
			m, table, rows := benchModel(b, name == "without")
			block := new(Rows)
			block.take(table, rows[:AtOnce])
			s, tp := m.NewScorer(1), tensor.NewInference()
			for range b.N {
				tp.Reset(0, 0, 0)
				s.Score(tp, block)
			}
			b.ReportMetric(float64(AtOnce*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// benchModel is of the made table, twice as wide.
func benchModel(b *testing.B, few bool) (*Model, *Table, []int32) {
	b.Helper()
	given := Schema{}
	if few {
		given.Columns = []Field{{Name: "town", Type: Skip}}
	}
	table, rows, _, err := learn(b, made(5000, 1), given)
	if err != nil {
		b.Fatal(err)
	}
	for len(table.Columns) < 24 {
		table.Columns, table.Codes = append(table.Columns, table.Columns[len(table.Columns)%5]), append(table.Codes, table.Codes[len(table.Codes)%5])
	}
	m, err := New(Config{Output: "full", Seed: 1}, table.Columns)
	if err != nil {
		b.Fatal(err)
	}
	return m, table, rows
}

// BenchmarkStream reads rows of a file and makes codes of them, and nothing else.
func BenchmarkStream(b *testing.B) {
	text := made(20_000, 1)
	table, _, _ := must(b, text)
	b.SetBytes(int64(len(text)))
	for range b.N {
		r, err := NewReader(strings.NewReader(text), "t.csv")
		if err != nil {
			b.Fatal(err)
		}
		err = Stream(context.Background(), r, table.Columns, func(*tensor.Tape, *Block) int { return 0 }, func(int) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
