package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
)

// scoredSentence is a sentence as --json gives it. Nats.
type scoredSentence struct {
	Text          string  `json:"text"`
	Bound         float64 `json:"bound"` // on log p(x)
	LogLikelihood float64 `json:"log_likelihood"`
	KL            float64 `json:"kl"`
	Tokens        int     `json:"tokens"` // with the end
	Unknown       int     `json:"unknown"`
}

// sentences scores lines with a VAE.
func (s *scoreCmd) sentences(a *app) error {
	switch {
	case s.Above != nil, s.PerChar, s.Tokens:
		return usage("--above, --per-char and --tokens are for language models, and %s is a variational auto-encoder: leave them out", s.Dir)
	case s.Part != "":
		return usage("--part is for pictures, and %s is of sentences: leave it out", s.Dir)
	}
	samples := valueOr(s.Samples, defaultSamples)
	if err := check(bound{"--samples", &samples, 1, mostSamples}); err != nil {
		return err
	}
	var l sentenceLines
	if err := l.read(a, s.File, 0); err != nil {
		return err
	}
	m, err := openSentences(a, s.Dir, l.encode, samples)
	if err != nil {
		return err
	}
	if m.Sentences.Point {
		return usage("%s is an auto-encoder, which says nothing of how likely sentences are: train a VAE, with --objective elbo", s.Dir)
	}
	j, err := m.Judge(a.ctx, l.tokens, m.cfg.Train.Seed)
	if err != nil {
		return err
	}
	bounds, err := m.Importance(a.ctx, l.tokens, samples, m.cfg.Train.Seed, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(onTerminal(a), readBytes)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for i, bound := range bounds {
		p := scoredSentence{l.lines[i], bound, j.LogLikelihood[i], j.KL[i], len(l.tokens[i]), l.unknown[i]}
		if sum := p.Bound + p.LogLikelihood + p.KL; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return badInput("%s: line %d has no probability: the model's weights are damaged", s.Dir, i+1)
		}
		if a.json {
			if err := lines.Encode(p); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(out, "%.2f\t%.2f\t%.2f\t%s\n", p.Bound, p.LogLikelihood, p.KL, p.Text)
	}
	l.tell(a, m.vocab)
	return out.Flush()
}
