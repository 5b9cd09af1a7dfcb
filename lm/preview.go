package lm

import (
	"context"
	"fmt"
	"sync"

	"inkling/data"
	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
)

// A Preview is a model whose tokens are found by SVD-softmax: log-probabilities are approximate, and the likeliest tokens are
// those that a full view of some shows. Whatever else it does is what the model does.
type Preview struct {
	*Model
	svd *softmax.SVD
}

// Preview makes one of a trained model, which may not change afterwards: see [softmax.NewSVD].
func (m *Model) Preview(dims, full int) (*Preview, error) {
	svd, err := softmax.NewSVD(m.out, dims, full)
	if err != nil {
		return nil, err
	}
	return &Preview{m, svd}, nil
}

// SVD is what finds the tokens.
func (p *Preview) SVD() *softmax.SVD { return p.svd }

// LogProbs sets dst to the approximation of log p(token | what was read), in nats.
func (p *Preview) LogProbs(dst []float32, s any) { p.LogProbsBatch(dst, []any{s}) }

// LogProbsBatch is LogProbs for many states, row after row.
func (p *Preview) LogProbsBatch(dst []float32, states []any) {
	h := p.outputs(floatsOf(states))
	defer p.rows.Put(h)
	p.svd.ApproximateLogProbsRows(dst, *h)
}

// TopK finds the likeliest tokens of many states, as [Model.TopK] does.
func (p *Preview) TopK(tokens []int, logp []float32, states []any) bool {
	h, k := p.outputs(floatsOf(states)), len(tokens)/len(states)
	defer p.rows.Put(h)
	best, _ := p.svd.TopKRows(*h, k)
	for i := range best {
		setBest(tokens[i*k:(i+1)*k], logp[i*k:(i+1)*k], best[i])
	}
	return true
}

// PlanPreview adds what a preview of so many dimensions holds to what a use of a model does, with so many workers.
func (c Config) PlanPreview(of Memory, dims, workers int) Memory {
	v, d := int64(len(c.Counts)), int64(c.arch().dim(c))
	of.Packed += kernel.BFloat16RowsBytes(int(v), dims) + 4*(3*v+8*d*d) // the preview, biases and norms, rotations
	of.Activations += 4 * int64(workers) * softmax.SVDFloats(len(c.Counts), int(d))
	return of
}

// Previewed is what a text costs by approximate log-probabilities.
type Previewed struct {
	Nats   float64
	Tokens int

	// Hidden are hidden vectors [·, Dim] of tokens all over the text, not more than were asked for: what the likeliest tokens
	// can be compared by.
	Hidden []float32
	Dim    int
}

// JudgePreview measures a text as [Model.Judge] does, by approximate log-probabilities.
func (p *Preview) JudgePreview(ctx context.Context, tokens data.Tokens, begin, workers, sample int) (Previewed, error) {
	if workers < 1 || sample < 1 {
		panic(fmt.Sprintf("lm: JudgePreview with %d workers, a sample of %d", workers, sample))
	}
	windows, err := p.evaluation(tokens, begin)
	if err != nil {
		return Previewed{}, err
	}
	desks := make([]previewDesk, workers)
	for w, err := range windows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Previewed{}, err
		}
		var wg sync.WaitGroup
		for i := range desks {
			wg.Go(func() { desks[i].read(p, w.Shard(i, workers), max(1, tokens.Len()/sample)) })
		}
		wg.Wait()
	}
	sum := Previewed{Dim: p.dim()}
	for i := range desks {
		sum.Nats += desks[i].nats
		sum.Tokens += desks[i].n
		sum.Hidden = append(sum.Hidden, desks[i].hidden...)
	}
	if most := sample * sum.Dim; len(sum.Hidden) > most {
		sum.Hidden = sum.Hidden[:most]
	}
	return sum, nil
}

// previewDesk is one worker.
type previewDesk struct {
	tape   *tensor.Tape
	carry  []float32
	rows   []float32
	words  []int
	scores []float32
	nats   float64
	n      int
	hidden []float32
}

// read scores the tokens of a window that count, and keeps one hidden vector of each so many.
func (d *previewDesk) read(p *Preview, w data.Window, every int) {
	if w.Lanes == 0 {
		return
	}
	if d.tape == nil {
		d.tape, d.carry = tensor.NewInference(), make([]float32, p.CarryFloats(w))
	}
	d.tape.Reset(0, 0, 0)
	h := p.hidden(d.tape, w, d.carry)
	d.rows, d.words = d.rows[:0], d.words[:0]
	for i, word := range w.Targets {
		if w.Weights != nil && w.Weights[i] == 0 {
			continue
		}
		d.rows, d.words = append(d.rows, h.Row(i)...), append(d.words, word)
		if d.n%every == 0 {
			d.hidden = append(d.hidden, h.Row(i)...)
		}
		d.n++
	}
	d.scores = sized(d.scores, len(d.words))
	p.svd.ApproximateScores(d.scores, d.rows, d.words)
	for _, s := range d.scores {
		d.nats -= float64(s)
	}
}

// PreviewSize is a preview to begin with: a quarter of the dimensions, to whole lines of the cache, and a full view of one token in 50. How much less is
// enough depends on how fast the singular values of the weights fall; held-out text tells.
func (c Config) PreviewSize() (dims, full int) {
	d := c.arch().dim(c)
	return min(d, (d+127)/128*32), (len(c.Counts) + 49) / 50
}
