package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	m, c, err := openVAEFor(a, s.Dir, func(c vae.Config) (memoryPlan, error) { return planVAEJudge(c, samples) })
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
	a.orderly()
	w := newPictureWriter(a, s.Dir, seen.Len())
	defer w.close()
	for from := 0; from < seen.Len() && err == nil; from += scoredAtOnce {
		some := seen
		some.Images = seen.Images.Slice(from, min(seen.Len(), from+scoredAtOnce))
		err = w.score(a.ctx, m, some, from, samples, c.Train.Seed)
	}
	if a.out.err != nil {
		return nil // the program tells of it
	}
	return err
}

// scoredAtOnce is how many pictures are judged before their bounds are looked for, so that memory does not grow with what there is to score.
const scoredAtOnce = 1024

// pictureWriter writes scores of pictures, each as soon as it is known, and tells how far it is where they go elsewhere than to the screen.
type pictureWriter struct {
	out   io.Writer
	json  *json.Encoder // nil: for people, in columns that scripts can read
	dir   string        // of the model
	tally *tally        // nil: the scores themselves show it
}

func newPictureWriter(a *app, dir string, pictures int) *pictureWriter {
	w := &pictureWriter{out: onTerminal(a), dir: dir}
	if a.json {
		w.json = json.NewEncoder(w.out)
		w.json.SetEscapeHTML(false)
	}
	if !terminal(a.out.w) {
		w.tally = newTally(a.err, "pictures", pictures)
	}
	return w
}

func (w *pictureWriter) close() {
	if w.tally != nil {
		w.tally.close()
	}
}

// score writes those of some pictures, which begin with number first. What cannot be written ends it.
func (w *pictureWriter) score(ctx context.Context, m *vae.Model, some vae.Pictures, first, samples int, seed uint64) error {
	j, err := m.Judge(ctx, some, seed)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	_, err = m.Importance(ctx, some, samples, seed, func(i int, bound float64) {
		if ctx.Err() != nil {
			return
		}
		if err := w.write(scoredPicture{first + i, some.Images.Name(i), bound, j.LogLikelihood[i], j.KL[i]}); err != nil {
			stop(err)
		}
	})
	if err != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (w *pictureWriter) write(p scoredPicture) (err error) {
	if sum := p.Bound + p.LogLikelihood + p.KL; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return badInput("%s: picture %d has no probability: the model's weights are damaged", w.dir, p.Index)
	}
	if w.json != nil {
		err = w.json.Encode(p)
	} else {
		name := p.File
		if name == "" {
			name = fmt.Sprint(p.Index)
		}
		_, err = fmt.Fprintf(w.out, "%.2f\t%.2f\t%.2f\t%s\n", p.Bound, p.LogLikelihood, p.KL, oneLine(name))
	}
	if w.tally != nil {
		w.tally.add(1)
	}
	return err
}
