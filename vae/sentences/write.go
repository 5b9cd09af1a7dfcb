package sentences

import (
	"inkling/nn"
	"inkling/softmax"
	"inkling/tensor"
)

// Text is p(x|z) of one z, token by token: it fits decode.Model. A text begins with the token Begin. Any number of goroutines may use one.
type Text struct {
	m     *Model
	steps *nn.Stepper
	start []float32
}

// At is the text of one z, Latent long.
func (m *Model) At(z []float32) *Text {
	d, tp := m.decoder, tensor.NewInference()
	state, beside := d.begin(tp, tp.Const(1, len(z), z))
	t := &Text{m: m}
	for _, vector := range state[0] {
		t.start = append(t.start, vector.Row(0)...)
	}
	adds := append([]float32(nil), beside.Row(0)...)
	t.steps = d.rnn.Stepper(func(tp *tensor.Tape, tokens []int, s nn.State) nn.State {
		lanes := len(tokens)
		pre := d.rnn.Inputs(tp, tensor.Embedding(tp, d.embed, tokens))
		for i := range lanes {
			row := pre.Row(i)
			for j, v := range adds {
				row[j] += v
			}
		}
		_, after := d.rnn.FromProducts(tp, pre, s, lanes, nn.Dropout{})
		return after
	})
	return t
}

// VocabSize is the number of tokens.
func (t *Text) VocabSize() int { return len(t.m.Sentences.Counts) }

// Start is the state that z says.
func (t *Text) Start() any { return &t.start }

// Next is the state after one more token.
func (t *Text) Next(s any, token int) any {
	next := t.steps.Next(*s.(*[]float32), token)
	return &next
}

// NextBatch is Next for many states at once.
func (t *Text) NextBatch(dst, states []any, tokens []int) {
	floats := floatsOf(states)
	t.steps.NextBatch(floats, floats, tokens)
	for i := range floats {
		dst[i] = &floats[i]
	}
}

// LogProbs sets dst to log p(token | z, what was read), in nats.
func (t *Text) LogProbs(dst []float32, s any) { t.LogProbsBatch(dst, []any{s}) }

// LogProbsBatch is LogProbs for many states, row after row.
func (t *Text) LogProbsBatch(dst []float32, states []any) {
	out, dim, v := t.m.decoder.out, t.m.Sentences.Hidden, t.VocabSize()
	h := make([]float32, len(states)*dim)
	t.steps.Outputs(h, floatsOf(states))
	if batched, ok := out.(softmax.Batched); ok {
		batched.LogProbsRows(dst, h)
		return
	}
	for i := range states {
		out.LogProbs(dst[i*v:(i+1)*v], h[i*dim:(i+1)*dim])
	}
}

func floatsOf(states []any) [][]float32 {
	floats := make([][]float32, len(states))
	for i, s := range states {
		floats[i] = *s.(*[]float32)
	}
	return floats
}
