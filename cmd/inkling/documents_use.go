package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"

	"inkling/data"
	"inkling/vae"
	"inkling/vae/documents"
)

// wordsFlag says how many words are shown.
type wordsFlag struct {
	Words *int `help:"Of documents: how many words of each." placeholder:"N" env:"-" of:"documents"`
}

const usualWords = 10

func (f wordsFlag) words() (int, error) {
	return valueOr(f.Words, usualWords), check(bound{"--words", f.Words, 1, mostTexts})
}

// bags reads documents as those were read that the model learned from.
func (c *documentsConfig) bags(a *app, vocab *data.BagVocab, in data.Input) (*data.Bags, data.Source, error) {
	text, err := data.Open(in)
	if err != nil {
		return nil, data.Source{}, err
	}
	defer text.Close()
	b, source, err := text.Bags(vocab, data.BagInput{BagOptions: c.Words, MaxBytes: a.memory()}, true)
	if err != nil {
		return nil, source, badInput("%w", err)
	}
	tellBags(a, b)
	if b.Len() == 0 {
		return nil, source, badInput("%s has no document with a word that the model knows: bring others", in.Path)
	}
	return b, source, nil
}

// tellBags says what was left out of documents.
func tellBags(a *app, b *data.Bags) {
	if b.Empty > 0 {
		a.note("%s without a word that the model knows, left out", plural(b.Empty, "document"))
	}
	if all := b.Total + b.Unknown; b.Unknown > 0 {
		a.note("%s of %s are left out, %.2g %%: new, too rare or too common for the model", thousands(b.Unknown), plural(int(all), "word"), 100*float64(b.Unknown)/float64(all))
	}
}

// seenDocuments opens a model and reads documents to use it for.
func seenDocuments(a *app, dir, path string, samples int) (*documents.Model, *data.BagVocab, *documentsConfig, *data.Bags, error) {
	m, vocab, c, err := openDocuments(a, dir, samples, false)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	b, _, err := c.bags(a, vocab, c.Data.input(path))
	return m, vocab, c, b, err
}

// documents writes the codes of documents.
func (e *encodeCmd) documents(a *app) error {
	if err := check(bound{"--limit", &e.Limit, 0, unbounded}); err != nil {
		return err
	}
	kind, err := e.kind()
	if err != nil {
		return err
	}
	m, _, _, b, err := seenDocuments(a, e.Dir, e.Path, 0)
	if err != nil {
		return err
	}
	if e.Limit > 0 && e.Limit < b.Len() {
		b = b.Slice(0, e.Limit)
	}
	return e.write(a, m.VAE, documents.Examples{Bags: b}, "documents", kind, func(i int) encoded { return encoded{Index: b.Numbers[i], Title: b.Titles[i]} })
}

// scoredDocument is a document as --json gives it. Nats.
type scoredDocument struct {
	Index         int     `json:"index"`
	Title         string  `json:"title"`
	Bound         float64 `json:"bound"`
	PerWord       float64 `json:"bound_per_word"`
	LogLikelihood float64 `json:"log_likelihood"`
	KL            float64 `json:"kl"`
	Words         int64   `json:"words"`
	Unknown       int64   `json:"unknown"` // words left out, since the model does not know them
}

// documents scores documents.
func (s *scoreCmd) documents(a *app) error {
	switch {
	case s.Above != nil, s.PerChar, s.Tokens:
		return usage("--above, --per-char and --tokens are for language models, and %s is a variational auto-encoder: leave them out", s.Dir)
	case s.File == "-":
		return usage("which documents? inkling score %s PATH", s.Dir)
	}
	samples := valueOr(s.Samples, defaultSamples)
	if err := check(bound{"--samples", &samples, 1, mostSamples}); err != nil {
		return err
	}
	m, _, c, b, err := seenDocuments(a, s.Dir, s.File, min(samples, vae.DrawnAtOnce))
	if err != nil {
		return err
	}
	if c.Model.Point {
		return usage("%s is an auto-encoder, which says nothing of how likely documents are: train a VAE, with --objective elbo", s.Dir)
	}
	seen := documents.Examples{Bags: b}
	j, err := m.VAE.Judge(a.ctx, seen, c.Train.Seed)
	if err != nil {
		return err
	}
	bounds, err := m.VAE.Importance(a.ctx, seen, samples, c.Train.Seed, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(onTerminal(a), readBytes)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for i, bound := range bounds {
		n := b.Length(i)
		p := scoredDocument{b.Numbers[i], b.Titles[i], bound, bound / float64(n), j.LogLikelihood[i], j.KL[i], n, b.News[i]}
		if sum := p.Bound + p.LogLikelihood + p.KL; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return badInput("%s: document %d has no probability: the model's weights are damaged", s.Dir, i+1)
		}
		if a.json {
			if err := lines.Encode(p); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(out, "%.2f\t%.4f\t%d\t%d\t%s\n", p.Bound, p.PerWord, p.Words, p.Unknown, oneLine(p.Title))
	}
	return out.Flush()
}
