package main

import (
	"bufio"
	"encoding/json"
	"math"
	"math/rand/v2"
	"runtime"

	"inkling/decode"
	"inkling/internal/parallel"
	"inkling/vae"
)

// writingFlags say how a VAE of sentences writes a sentence that has a z.
type writingFlags struct {
	Decoder   string `help:"How the tokens of a sentence are chosen, one after the other or by a search for the likeliest: ${decoders}." enum:",${decoders}" default:"" placeholder:"greedy" group:"Sentences" of:"sentences"`
	MaxTokens *int   `help:"The most to write of one, in tokens; as many as those had that it learnt from." placeholder:"N" group:"Sentences" of:"sentences"`

	TokenTemp *float64 `help:"Of sample: below 1 prefers likely tokens more, above 1 less." placeholder:"1" group:"Sentences" of:"sentences"`
	TopK      *int     `help:"Of sample: only the K likeliest tokens." placeholder:"K" group:"Sentences" of:"sentences"`
	TopP      *float64 `help:"Of sample: only the likeliest that make up probability P." placeholder:"P" group:"Sentences" of:"sentences"`
	MinP      *float64 `help:"Of sample: only those at least P times as likely as the likeliest." placeholder:"P" group:"Sentences" of:"sentences"`
	searchFlags
}

// request is what the flags ask for: generate has the same under its own names.
func (w *writingFlags) request(usual string) (decode.Decoder, decode.Request, error) {
	g := generateCmd{
		Decoder: w.Decoder, MaxTokens: valueOr(w.MaxTokens, 1), N: 1,
		samplingFlags: samplingFlags{Temp: w.TokenTemp, TopK: w.TopK, TopP: w.TopP, MinP: w.MinP}, searchFlags: w.searchFlags,
	}
	if g.Decoder == "" {
		g.Decoder = usual
	}
	if w.TokenTemp != nil && (g.Decoder != "sample" || *w.TokenTemp <= 0) {
		if g.Decoder != "sample" {
			return nil, decode.Request{}, usage("--token-temp is for --decoder sample, and this is --decoder %s: leave it out, or take another decoder", g.Decoder)
		}
		return nil, decode.Request{}, usage("--token-temp %g: must be above 0; for the likeliest token each time: --decoder greedy", *w.TokenTemp)
	}
	d, req, err := g.request()
	if w.MaxTokens == nil {
		req.Length = 0
	}
	return d, req, err
}

// writtenSentence is a sentence as --json gives it.
type writtenSentence struct {
	From         string    `json:"from,omitempty"` // the sentence that z is of
	Text         string    `json:"text"`
	Tokens       int       `json:"tokens"`
	LogProb      float64   `json:"logprob"` // of the text given z, nats
	FinishReason string    `json:"finish_reason"`
	Z            []float32 `json:"z"`

	Certificate *decode.Certificate `json:"certificate,omitempty"` // what a search has proved of it
}

// write writes a sentence for each z, in order, and gives them to emit some at a time. What is random is a function of the seed and of a sentence's
// place.
func (m *savedSentences) write(a *app, z [][]float32, d decode.Decoder, req decode.Request, seed uint64, emit func(i int, w writtenSentence) error) error {
	req.Prefix, req.Ends, req.Piece = []int{m.vocab.Begin}, []int{m.vocab.End}, m.vocab.PieceAfter
	if req.Length == 0 {
		req.Length = m.Sentences.Longest
	}
	defer a.orderly()() // with the sentences that there are
	const wave = 64
	for first := 0; first < len(z); first += wave {
		written := make([]writtenSentence, min(wave, len(z)-first))
		err := parallel.Try(runtime.GOMAXPROCS(0), len(written), func(_, i int) error {
			one := req
			one.Seed = rand.New(rand.NewPCG(seed, uint64(first+i))).Uint64()
			found, err := d.Decode(a.ctx, m.At(z[first+i]), one)
			if err != nil {
				return usage("%w", err)
			}
			t := found[0]
			written[i] = writtenSentence{Text: t.Text, Tokens: len(t.Tokens), LogProb: t.LogProb, FinishReason: t.FinishReason, Z: z[first+i], Certificate: t.Certificate}
			return nil
		})
		if err == nil {
			err = a.ctx.Err()
		}
		for i := 0; err == nil && i < len(written); i++ {
			err = emit(first+i, written[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sentenceWriter writes sentences as lines, or as lines of JSON.
func sentenceWriter(a *app) (emit func(w writtenSentence) error, flush func() error) {
	out := bufio.NewWriterSize(onTerminal(a), readBytes)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	return func(w writtenSentence) error {
		if a.json {
			return lines.Encode(w)
		}
		_, err := out.WriteString(oneLine(w.Text) + "\n")
		return err
	}, out.Flush
}

// sentences writes sentences whose z is drawn from the prior.
func (s *sampleCmd) sentences(a *app) error {
	n := int(valueOr(s.N, 64))
	if err := check(bound{"-n", &n, 1, mostTexts}, bound{"--max-tokens", s.MaxTokens, 1, mostTime}); err != nil {
		return err
	}
	if err := checkNumbers(number{"temp", &s.Temp, func(v float64) bool { return v >= 0 && v <= 1e6 }, "at least 0"}); err != nil {
		return err
	}
	if s.Draw {
		return usage("--draw is for pictures, and %s is of sentences: --decoder sample draws them", s.Dir)
	}
	d, req, err := s.request("sample")
	if err != nil {
		return err
	}
	m, err := openSentences(a, s.Dir, noLines, 0)
	if err != nil {
		return err
	}
	if m.Sentences.Point {
		a.note("%s is an auto-encoder, which says nothing of how z is distributed: z is drawn as that of a VAE is, and may be one that no sentence has", s.Dir)
	}
	seed := rand.Uint64()
	set(&seed, s.Seed)
	z, rnd := make([][]float32, n), rand.New(rand.NewPCG(seed, 0x5a))
	for i := range z {
		z[i] = make([]float32, m.Top())
		m.Prior(z[i], rnd)
		for j := range z[i] {
			z[i][j] *= float32(s.Temp)
		}
	}
	emit, flush := sentenceWriter(a)
	err = m.write(a, z, d, req, seed, func(_ int, w writtenSentence) error { return emit(w) })
	if err := flush(); err != nil {
		return err
	}
	return err
}

// sentences writes each line once more, from the mean of its z, or from a draw of it.
func (r *reconstructCmd) sentences(a *app) error {
	if err := check(bound{"-n", &r.N, 1, mostTexts}, bound{"--max-tokens", r.MaxTokens, 1, mostTime}); err != nil {
		return err
	}
	d, req, err := r.request("greedy")
	if err != nil {
		return err
	}
	if r.Seed != nil && !r.Draw && r.Decoder != "sample" {
		return usage("--seed is of what --draw and --decoder sample draw, and nothing is drawn: leave it out")
	}
	var l sentenceLines
	if err := l.read(a, r.Path, r.N); err != nil {
		return err
	}
	m, err := openSentences(a, r.Dir, l.encode, 0)
	if err != nil {
		return err
	}
	l.tell(a, m.vocab)
	seed := valueOr(r.Seed, 1)
	rnd := rand.New(rand.NewPCG(seed, 0))
	z, err := m.encode(a, l)
	if err != nil {
		return err
	}
	for i := range z {
		d := m.Top()
		mean, logSigma := z[i][:d], z[i][d:]
		for j := range mean {
			if r.Draw && !m.Sentences.Point {
				mean[j] += float32(math.Exp(float64(logSigma[j])) * rnd.NormFloat64())
			}
		}
		z[i] = mean
	}
	emit, flush := sentenceWriter(a)
	err = m.write(a, z, d, req, seed, func(i int, w writtenSentence) error {
		w.From = l.lines[i]
		return emit(w)
	})
	if err := flush(); err != nil {
		return err
	}
	return err
}

// encode gives mean and log σ of q of each line, side by side.
func (m *savedSentences) encode(a *app, l sentenceLines) (q [][]float32, err error) {
	width := 2 * m.Top()
	err = m.Encodings(a.ctx, l.tokens, func(rows []float32) error {
		for ; len(rows) > 0; rows = rows[width:] {
			q = append(q, rows[:width])
		}
		return nil
	})
	return q, err
}

// sentences writes sentences on the way from one to another.
func (i *interpolateCmd) sentences(a *app) error {
	if err := check(bound{"--steps", &i.Steps, 2, mostTexts}, bound{"--max-tokens", i.MaxTokens, 1, mostTime}); err != nil {
		return err
	}
	switch {
	case i.Path != "":
		return usage("%s is of sentences: leave %s out, and give both: inkling interpolate %s --from SENTENCE --to SENTENCE", i.Dir, i.Path, i.Dir)
	case i.From == nil || i.To == nil:
		return usage("from which sentence to which? inkling interpolate %s --from SENTENCE --to SENTENCE", i.Dir)
	}
	d, req, err := i.request("greedy")
	if err != nil {
		return err
	}
	l := sentenceLines{lines: []string{*i.From, *i.To}}
	m, err := openSentences(a, i.Dir, l.encode, 0)
	if err != nil {
		return err
	}
	l.tell(a, m.vocab)
	ends, err := m.encode(a, l)
	if err != nil {
		return err
	}
	way := vae.Between
	if i.Slerp {
		way = vae.Around
	}
	var z [][]float32
	for s := range i.Steps {
		z = append(z, way(ends[0][:m.Top()], ends[1][:m.Top()], float64(s)/float64(i.Steps-1)))
	}
	emit, flush := sentenceWriter(a)
	err = m.write(a, z, d, req, 1, func(_ int, w writtenSentence) error { return emit(w) })
	if err := flush(); err != nil {
		return err
	}
	return err
}
