package main

import (
	"runtime"
	"time"

	"inkling/decode"
)

const (
	generatedTokens = 500 // of one stream
	beamTokens      = 200
	usualBeam       = 8
)

// lstmGenerate is one stream, as inkling generate writes it: model, softmax, sampling. A step reads
// every weight once and multiplies it once.
func (b *benchCmd) lstmGenerate(a *app) ([]row, error) {
	return b.decoding(a, "lstm-generate", 1, generatedTokens, func(row) decode.Decoder { return decode.Sample{} })
}

// lstmBeam is beam search with Batch beginnings: a step is products of as many rows. Its characters are those of the text that is found, and its
// products those of all beginnings.
func (b *benchCmd) lstmBeam(a *app) ([]row, error) {
	return b.decoding(a, "lstm-beam", runtime.GOMAXPROCS(0), beamTokens, func(r row) decode.Decoder { return decode.Beam{Width: r.Batch} })
}

// decoding measures how many characters a second are written.
func (b *benchCmd) decoding(a *app, name string, threads, length int, decoder func(row) decode.Decoder) (rows []row, err error) {
	for _, r := range b.models(name) {
		model, err := r.model()
		if err != nil {
			return nil, err
		}
		d, steps := decoder(r), length // in each of which a state is scored
		r.Dtype, r.Threads, r.Time = "float32", threads, 0
		took, spread, _ := b.repeat(a, func() float64 {
			began := time.Now()
			texts, failed := d.Decode(a.ctx, model, decode.Request{Prefix: []int{0}, Length: length, Seed: 1})
			seconds := time.Since(began).Seconds()
			if failed != nil {
				err = failed
			} else if c := texts[0].Certificate; c != nil {
				steps = c.Expanded
			}
			return seconds
		})
		if err != nil {
			return nil, err
		}
		if name == "lstm-generate" {
			r.Batch = 0
		}
		r.Value, r.Spread = float64(length)/took, spread
		r.GFLOPS = float64(steps) / took * model.Config.FlopsPerToken() / 3 / 1e9 // a third: forward only
		rows = append(rows, r)
	}
	return rows, nil
}
