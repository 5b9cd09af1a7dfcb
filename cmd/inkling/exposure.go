package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"inkling/data"
	"inkling/decode"
	"inkling/eval"
)

// exposure is how a model's own texts drift from held-out ones. A model is trained to go on from what people wrote, and writes on from
// what it wrote itself (Bengio et al. 2015). From prompts of held-out text it goes on by itself, and what it writes is held against the true
// continuations, by position:
//
//   - what it costs the model itself. A model whose conditional probabilities were right would be as surprised by its own samples as by the
//     text at every position, since both are then the same entropy; that the two come apart with the distance is its drift (Braverman
//     et al. 2020, arXiv:1906.05664). Decoders that choose the likely write what costs less from the start.
//   - what it costs another model, the judge, if there is one. The model's own nats are low for a loop, however far from any text.
//   - how much of it is repetition: the share of 4-grams that were there before in the same continuation.
//
// The true text after a prefix of the model's own would say nothing: it continues another text.
type exposure struct {
	model   decode.Model
	scores  []scoring // of the model itself, and of the judge
	prompts [][]int
	truth   [][]int // what follows each
	seed    uint64
	workers int
}

// A scoring sets dst[i][t] to log p(items[i][t+1] | items[i][:t+1]), in nats.
type scoring func(ctx context.Context, dst [][]float32, items [][]int) error

const repeatedGram = 4

// drifted is what there is to say of a set of continuations. Slices have an entry for each block of positions.
type drifted struct {
	Name     string      `json:"name"`
	Nats     []blockMean `json:"nats_per_token"`                 // by the model
	Judged   []blockMean `json:"judge_nats_per_token,omitempty"` // by the judge
	Repeated []blockMean `json:"repeated"`                       // share of 4-grams that were there before
	Distinct [3]float64  `json:"distinct"`                       // different n-grams for each that was written, of 1, 2 and 3 tokens

	nats [][]float32 // of each text and position
}

// blockMean is a mean over texts with its standard error.
type blockMean struct {
	Mean  float64 `json:"mean"`
	Error float64 `json:"standard_error"`
}

// measure holds continuations against the prompts that they follow.
func (e *exposure) measure(ctx context.Context, name string, texts [][]int) (drifted, error) {
	d := drifted{Name: name}
	items, repeats := make([][]int, len(texts)), make([][]float32, len(texts))
	for i, text := range texts {
		items[i] = append(append([]int{}, e.prompts[i]...), text...)
		repeats[i] = make([]float32, len(text))
		for t, is := range eval.Repeats(text, repeatedGram) {
			if is {
				repeats[i][t] = 1
			}
		}
	}
	blocks := eval.Blocks(len(e.truth[0]))
	d.Repeated = byBlock(blocks, repeats)
	for k, score := range e.scores {
		nats := make([][]float32, len(items))
		for i, item := range items {
			nats[i] = make([]float32, len(item)-1)
		}
		if err := score(ctx, nats, items); err != nil {
			return d, err
		}
		for i := range nats {
			nats[i] = nats[i][len(e.prompts[i])-1:]
			for t, x := range nats[i] {
				nats[i][t] = -x
			}
		}
		if k == 0 {
			d.Nats, d.nats = byBlock(blocks, nats), nats
		} else {
			d.Judged = byBlock(blocks, nats)
		}
	}
	for n := range d.Distinct {
		d.Distinct[n] = eval.Distinct(texts, n+1)
	}
	return d, nil
}

func byBlock(blocks []eval.Block, values [][]float32) (list []blockMean) {
	for _, b := range blocks {
		mean, e := b.Mean(values)
		list = append(list, blockMean{mean, e})
	}
	return list
}

// write lets a decoder go on from each prompt; done is called after each text. Text i is a function of the model, prompt i and the seed.
func (e *exposure) write(ctx context.Context, d decode.Decoder, done func()) ([][]int, error) {
	texts, errs := make([][]int, len(e.prompts)), make([]error, len(e.prompts))
	next := make(chan int)
	var wg sync.WaitGroup
	for range e.workers {
		wg.Go(func() {
			for i := range next {
				req := decode.Request{Prefix: e.prompts[i], Length: len(e.truth[i]), Seed: e.seed + uint64(i)}
				hyps, err := d.Decode(ctx, e.model, req)
				if err == nil {
					err = ctx.Err()
				}
				if err == nil {
					texts[i] = hyps[0].Tokens
				}
				errs[i] = err
				done()
			}
		})
	}
	for i := range e.prompts {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// take cuts prompts, and what follows each, out of a text: n of them if it is long enough, evenly spread, none over another.
func take(tokens data.Tokens, n, prompt, length int) (prompts, truth [][]int, err error) {
	n = min(n, tokens.Len()/(prompt+length))
	for i := range n {
		piece := make([]int, prompt+length)
		if err := tokens.Read(piece, i*(tokens.Len()/n)); err != nil {
			return nil, nil, err
		}
		prompts, truth = append(prompts, piece[:prompt:prompt]), append(truth, piece[prompt:])
	}
	return prompts, truth, nil
}

// decoderNamed reads a decoder as --decoders has it: a name and, after a colon, its one option.
func decoderNamed(name string) (decode.Decoder, error) {
	kind, value, has := strings.Cut(name, ":")
	if kind == "greedy" || kind == "sample" {
		if has {
			return nil, fmt.Errorf("%s has no number", kind)
		}
		if kind == "greedy" {
			return decode.Greedy{}, nil
		}
		return decode.Sample{}, nil
	}
	x, err := strconv.ParseFloat(value, 64)
	whole := err == nil && x == math.Trunc(x) && x >= 1 && x <= mostBeam
	var s decode.Sample
	switch {
	case kind == "beam" && whole:
		return decode.Beam{Width: int(x)}, nil
	case kind == "top-k" && whole:
		s.TopK = int(x)
	case kind == "beam" || kind == "top-k":
		return nil, fmt.Errorf("%s needs a whole number, as in %s:4", kind, kind)
	case kind == "top-p":
		s.TopP = x
	case kind == "min-p":
		s.MinP = x
	case kind == "typical":
		s.Typical = x
	case kind == "temp":
		s.Temperature = x
	case kind == "mirostat":
		s.Mirostat = x
	default:
		return nil, fmt.Errorf("there are greedy, sample, temp:T, top-k:K, top-p:P, min-p:P, typical:P, mirostat:BITS and beam:WIDTH")
	}
	if err != nil || x == 0 {
		return nil, fmt.Errorf("%s needs a number above 0, as in %s:0.9", kind, kind)
	}
	return s, s.Check()
}

// exposureWorkers is how many texts are written side by side.
func exposureWorkers() int { return runtime.GOMAXPROCS(0) }
