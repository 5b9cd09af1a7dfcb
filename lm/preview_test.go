package lm

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"inkling/data"
	"inkling/decode"
)

var (
	_ decode.TopK  = (*Model)(nil)
	_ decode.TopK  = (*Preview)(nil)
	_ decode.Batch = (*Preview)(nil)
)

// TestPreview: a preview of all dimensions says what the model says, of its text, of its tokens and of the likeliest, but for
// what bfloat16 rounds.
func TestPreview(t *testing.T) {
	const vocab, rounded = 90, 5e-3
	every(t, vocab, func(t *testing.T, m *Model) {
		p, err := m.Preview(m.dim(), 5)
		if m.Config.Output == "adaptive" { // is a softmax for each section
			if err == nil {
				t.Error("a preview of a layer that is not one softmax")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		states := []any{m.Next(m.Start(), 3), m.Next(m.Next(m.Start(), 8), 4), m.Start()}
		want, got, alone := make([]float32, 3*vocab), make([]float32, 3*vocab), make([]float32, vocab)
		m.LogProbsBatch(want, states)
		p.LogProbsBatch(got, states)
		const k = 4
		tokens, logp := make([]int, 3*k), make([]float32, 3*k)
		if m.TopK(tokens, logp, states) {
			t.Error("the full softmax finds the likeliest without looking at all")
		}
		if !p.TopK(tokens, logp, states) {
			t.Error("a preview has to look at all")
		}
		for i, s := range states {
			row := want[i*vocab : (i+1)*vocab]
			p.LogProbs(alone, s)
			for w := range row {
				if math.Abs(float64(got[i*vocab+w]-row[w])) > rounded || alone[w] != got[i*vocab+w] {
					t.Fatalf("token %d: log-probability %g, alone %g, exact %g", w, got[i*vocab+w], alone[w], row[w])
				}
			}
			order := make([]int, vocab)
			for w := range order {
				order[w] = w
			}
			slices.SortFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
			for j := range k {
				if token, p := tokens[i*k+j], logp[i*k+j]; math.Abs(float64(p-row[order[j]])) > rounded || math.Abs(float64(row[token]-p)) > rounded {
					t.Fatalf("likeliest %d: %d with %g, want %d with %g", j, token, p, order[j], row[order[j]])
				}
			}
		}

		text := data.List(randomTokens(700, vocab, 5))
		for _, begin := range []int{-1, text[0]} {
			cost, err := m.Judge(context.Background(), text, begin, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 3} {
				all, err := p.JudgePreview(context.Background(), text, begin, workers, 100)
				if err != nil {
					t.Fatal(err)
				}
				if all.Tokens != cost.Tokens || math.Abs(all.Nats-cost.Nats) > rounded*cost.Nats {
					t.Errorf("%g nats of %d tokens, exact %g of %d", all.Nats, all.Tokens, cost.Nats, cost.Tokens)
				}
				if n := len(all.Hidden) / all.Dim; n < 80 || n > 100 || len(all.Hidden)%all.Dim != 0 {
					t.Errorf("a sample of %d hidden vectors, not of some 100", n)
				}
			}
		}
	})
}
