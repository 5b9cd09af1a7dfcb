package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"

	"inkling/vae"
)

const defaultSamples = 100

// scoredPicture is a picture as --json gives it.
type scoredPicture struct {
	Index         int     `json:"index"`
	File          string  `json:"file,omitempty"`
	Bound         float64 `json:"bound"` // nats, as are all
	LogLikelihood float64 `json:"log_likelihood"`
	KL            float64 `json:"kl"`
}

// pictures scores pictures with a VAE.
func (s *scoreCmd) pictures(a *app) error {
	switch {
	case s.Above != nil, s.PerChar, s.Tokens:
		return usage("--above, --per-char and --tokens are for language models, and %s is a variational auto-encoder: leave them out", s.Dir)
	case s.File == "-":
		return usage("which pictures? inkling score %s PATH", s.Dir)
	}
	samples := valueOr(s.Samples, defaultSamples)
	if err := check(bound{"--samples", &samples, 1, mostSamples}); err != nil {
		return err
	}
	m, c, err := openVAEFor(a, s.Dir, min(samples, vae.DrawnAtOnce))
	if err != nil {
		return err
	}
	if c.Model.Point {
		return usage("%s is an auto-encoder, which says nothing of how likely pictures are: train a VAE, with --objective elbo", s.Dir)
	}
	seen, err := s.partFlag.pictures(a, s.File, c, 0)
	if err != nil {
		return err
	}
	j, err := m.Judge(a.ctx, seen, c.Train.Seed)
	if err != nil {
		return err
	}
	bounds, err := m.Importance(a.ctx, seen, samples, c.Train.Seed, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(onTerminal(a), readBytes)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for i, bound := range bounds {
		p := scoredPicture{i, seen.Images.Name(i), bound, j.LogLikelihood[i], j.KL[i]}
		if sum := p.Bound + p.LogLikelihood + p.KL; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return badInput("%s: picture %d has no probability: the model's weights are damaged", s.Dir, i)
		}
		if a.json {
			if err := lines.Encode(p); err != nil {
				return err
			}
			continue
		}
		name := p.File
		if name == "" {
			name = fmt.Sprint(i)
		}
		fmt.Fprintf(out, "%.2f\t%.2f\t%.2f\t%s\n", p.Bound, p.LogLikelihood, p.KL, oneLine(name))
	}
	return out.Flush()
}
