package tables

import "math"

// A Baseline is each column by itself: the distribution that the decoder begins with, with which a model has to be compared to say that it has
// learned how columns hang together.
type Baseline struct {
	columns []*Column
	heads   []head
	bias    [][]float32
}

// Alone is the baseline of columns.
func Alone(columns []*Column) *Baseline {
	b := &Baseline{columns: columns}
	for _, c := range columns {
		h := newHead(c, 1)
		var bias []float32
		if h != nil {
			bias = make([]float32, h.width())
			h.begin(bias)
		}
		b.heads, b.bias = append(b.heads, h), append(b.bias, bias)
	}
	return b
}

// LogProb is that of a code of column j, in nats.
func (b *Baseline) LogProb(j int, code int32) float64 {
	c := b.columns[j]
	switch {
	case !c.known(code):
		return c.strangeLogProb(code)
	case b.heads[j] != nil:
		return c.familiar() + b.heads[j].logProb(nil, b.bias[j], code)
	}
	return c.familiar() + math.Log(float64(c.frequencies()[code])/float64(c.Rows))
}
