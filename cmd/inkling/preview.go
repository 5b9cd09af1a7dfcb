package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/data"
	"inkling/lm"
	"inkling/softmax"
)

// previewFlag asks a trained model for approximate probabilities.
type previewFlag struct {
	Output string `help:"svd:W,N finds the likely tokens by W dimensions of a singular value decomposition and a full view of N; svd chooses both." placeholder:"svd:W,N" env:"-"`
}

// previewSize is what it asks for. Zeros are to be chosen.
type previewSize struct{ dims, full int }

// size reads the flag; given is false without it.
func (f previewFlag) size() (s previewSize, given bool, err error) {
	if f.Output == "" || f.Output == "svd" {
		return s, f.Output != "", nil
	}
	list, ok := strings.CutPrefix(f.Output, "svd:")
	dims, full, two := strings.Cut(list, ",")
	if ok && two {
		s.dims, err = strconv.Atoi(dims)
		if err == nil {
			s.full, err = strconv.Atoi(full)
		}
	}
	if !ok || !two || err != nil || s.dims < 1 || s.full < 1 {
		return s, true, usage("--output %s: of a trained model this can be svd:W,N with a preview of W dimensions and a full view of N tokens, both at least 1; or svd, which chooses them", f.Output)
	}
	return s, true, nil
}

// settle chooses what was left open.
func (s *previewSize) settle(c lm.Config) {
	if s.dims == 0 {
		s.dims, s.full = c.PreviewSize()
	}
}

// use adds what a preview takes to what a model is loaded for.
func (s *previewSize) use(use func(lm.Config) (lm.Memory, error), workers int) func(lm.Config) (lm.Memory, error) {
	return func(c lm.Config) (lm.Memory, error) {
		m, err := use(c)
		if err != nil {
			return m, err
		}
		s.settle(c)
		return c.PlanPreview(m, s.dims, workers), nil
	}
}

// of makes the preview of a model.
func (s previewSize) of(m *lm.Model, dir string) (*lm.Preview, error) {
	p, err := m.Preview(s.dims, s.full)
	if err != nil {
		return nil, usage("--output svd:%d,%d of %s: %w", s.dims, s.full, dir, err)
	}
	return p, nil
}

const (
	previewSample = 1024 // hidden vectors that the likeliest tokens are compared by
	previewTop    = 10
)

// previewed is what --json says of a preview on a text.
type previewed struct {
	Dims         int     `json:"dims"`
	Full         int     `json:"full"`
	NatsPerToken float64 `json:"nats_per_token"` // by approximate probabilities
	Perplexity   float64 `json:"perplexity"`
	Operations   float64 `json:"operations"` // as a share of those of the exact scores
	previewSpeed
}

// previewSpeed compares the likeliest tokens, and the time it takes to find them on one core.
type previewSpeed struct {
	Sampled     int     `json:"sampled"`      // hidden vectors
	Equal       float64 `json:"equal"`        // share of them with the same 10 likeliest
	Certified   float64 `json:"certified"`    // share of them for which that is proven
	ExactSingle float64 `json:"exact_single"` // seconds for one by itself
	Single      float64 `json:"single"`
	ExactBatch  float64 `json:"exact_batch"` // for each of 32
	Batch       float64 `json:"batch"`
}

const previewBatch = 32

// comparePreview finds the likeliest tokens of hidden vectors in both ways, in turns, since others may be at work.
func comparePreview(svd *softmax.SVD, hidden []float32, dim int) (s previewSpeed) {
	s.Sampled = len(hidden) / dim
	timed := func(list *[]float64, rows int, f func()) {
		began := time.Now()
		f()
		*list = append(*list, time.Since(began).Seconds()/float64(rows))
	}
	var exactBatch, batch, exactSingle, single []float64
	for at := 0; at < s.Sampled; at += previewBatch {
		n := min(previewBatch, s.Sampled-at)
		h := hidden[at*dim : (at+n)*dim]
		var want, got [][]softmax.Ranked
		var certified []bool
		timed(&exactBatch, n, func() { want = svd.ExactTopKRows(h, previewTop) })
		timed(&batch, n, func() { got, certified = svd.TopKRows(h, previewTop) })
		timed(&exactSingle, 1, func() { svd.ExactTopKRows(h[:dim], previewTop) })
		timed(&single, 1, func() { svd.TopKRows(h[:dim], previewTop) })
		for i := range n {
			if sameWords(want[i], got[i]) {
				s.Equal++
			}
			if certified[i] {
				s.Certified++
			}
		}
	}
	s.Equal /= float64(max(1, s.Sampled))
	s.Certified /= float64(max(1, s.Sampled))
	s.ExactSingle, s.Single, s.ExactBatch, s.Batch = median(exactSingle), median(single), median(exactBatch), median(batch)
	return s
}

func median(times []float64) float64 {
	m, _, _ := summary(times)
	return m
}

func sameWords(a, b []softmax.Ranked) bool {
	words := func(list []softmax.Ranked) (w []int) {
		for _, r := range list {
			w = append(w, r.Word)
		}
		slices.Sort(w)
		return w
	}
	return slices.Equal(words(a), words(b))
}

// preview measures a text by a model's preview.
func (s previewSize) measure(a *app, p *lm.Preview, text data.Tokens, begin int) (*previewed, error) {
	cost, err := p.JudgePreview(a.ctx, text, begin, runtime.GOMAXPROCS(0), previewSample)
	if err != nil {
		return nil, err
	}
	nats := cost.Nats / float64(max(1, cost.Tokens))
	r := &previewed{Dims: s.dims, Full: s.full, NatsPerToken: nats, Perplexity: math.Exp(nats), Operations: p.SVD().Operations()}
	if len(cost.Hidden) > 0 {
		r.previewSpeed = comparePreview(p.SVD(), cost.Hidden, cost.Dim)
	}
	return r, nil
}

func (r *previewed) print(a *app, one string) {
	fmt.Fprintf(a.out, "\nby a preview of %s and a full view of %s:\n", plural(r.Dims, "dimension"), plural(r.Full, "token"))
	speed := func(exact, seconds float64) string {
		return fmt.Sprintf("%.0f µs, of all tokens %.0f µs: %.1f times as fast", 1e6*seconds, 1e6*exact, exact/max(seconds, 1e-9))
	}
	list(a.out,
		[]string{"nats per " + one, fmt.Sprintf("%.4f", r.NatsPerToken)},
		[]string{"perplexity per " + one, fmt.Sprintf("%.4g", r.Perplexity)},
		[]string{"operations", fmt.Sprintf("%.1f %% of all", 100*r.Operations)},
		[]string{"10 likeliest", fmt.Sprintf("the same for %.2f %% of %s, proven for %.2f %%", 100*r.Equal, plural(r.Sampled, one), 100*r.Certified)},
		[]string{"one by itself", speed(r.ExactSingle, r.Single)},
		[]string{fmt.Sprintf("each of %d", previewBatch), speed(r.ExactBatch, r.Batch)},
	)
}
