package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/train"
	"inkling/vae"
	"inkling/vae/sentences"
)

// sentencesSitting is one go at a run of a VAE of sentences, from its beginning or from where it stopped.
type sentencesSitting struct {
	run    *checkpoint.Run
	cfg    *sentencesConfig
	text   *corpus
	source *sentences.Source
	held   sentences.Examples // nil: nothing is held out
	model  *sentences.Model
	fit    *vae.Fit
	need   memoryPlan
}

// sentences trains a VAE of sentences.
func (t *trainVAECmd) sentences(a *app) error {
	if err := t.checkSentences(); err != nil {
		return err
	}
	c, err := t.sentenceConfig()
	if err != nil {
		return err
	}
	s, err := newSentencesSitting(a, c, reading{kind: c.Tokens, tokens: c.Vocabulary})
	if err != nil {
		return err
	}
	defer s.text.close()
	if t.Plan {
		return s.plan(a)
	}
	if s.run, err = newRun(t.Out, t.Path); err != nil {
		return err
	}
	defer s.run.Close()
	if err := s.run.Writable(); err != nil {
		return err
	}
	if err := c.write(s.run); err != nil {
		return err
	}
	if err := s.writeTokenizer(); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

// newSentencesSitting reads the text, settles what depends on it, checks that all of it fits into the memory, and makes the model.
func newSentencesSitting(a *app, c *sentencesConfig, r reading) (*sentencesSitting, error) {
	text, err := readCorpus(a, c.Data, r)
	if err != nil {
		return nil, err
	}
	s := &sentencesSitting{cfg: c, text: text}
	if err := s.settle(a); err != nil {
		text.close()
		return nil, err
	}
	return s, nil
}

func (s *sentencesSitting) settle(a *app) (err error) {
	c, text := s.cfg, s.text
	if err := text.source.absolute(); err != nil {
		return err
	}
	c.Data = text.source
	for _, n := range text.notes {
		a.note("%s", n)
	}
	c.Model.Speak(text.vocab)
	c.Model.Seed = c.Train.Seed
	if err := c.Model.Complete(); err != nil {
		return usage("%w", err)
	}
	if s.source, err = sentences.NewSource(text.train, text.begin(), c.Model.Longest, c.Train.Batch, c.Train.Seed); err != nil {
		return badInput("%s: %w: give a --longest of more", c.Data.File, err)
	}
	if text.valid.Len() > 0 {
		if s.held, err = sentences.Read(text.valid, text.begin()); err != nil {
			return err
		}
	}
	c.LeftOut = s.source.LeftOut()
	c.Train.Batch = min(c.Train.Batch, s.source.Len())
	c.Train.Shards = min(c.Train.Shards, c.Train.Batch)
	if o := c.Objective; o.Anneal == "linear" && c.Train.Epochs > 0 && o.Warm > c.Train.Epochs {
		a.note("the divergence has its whole weight after %g passes, and the run ends after %g: give it more, or make --warm less", o.Warm, c.Train.Epochs)
	}
	if s.need, err = planSentences(c, text, s.held); err != nil {
		return usage("%w", err)
	}
	if err := s.need.check(a.memory(), "this run", "make --hidden, --batch, --longest or --k smaller"); err != nil {
		return err
	}
	s.need.hold()
	s.tellText(a)
	if s.model, err = sentences.New(c.Model); err != nil {
		return usage("%w", err)
	}
	c.Model = s.model.Sentences
	s.fit = &vae.Fit{Model: s.model.Model, Objective: c.Objective}
	return nil
}

// tellText says what there is to learn from.
func (s *sentencesSitting) tellText(a *app) {
	c := s.cfg
	one, _ := units(c.Tokens)
	held := "none held out"
	if s.held != nil {
		held = fmt.Sprintf("%s of %s held out", plural(s.held.Len(), "sentence"), plural(s.held.Tokens(), one))
	}
	note := fmt.Sprintf("%s of %s to learn from, %s; %s different ones", plural(s.source.Len(), "sentence"), plural(s.source.Tokens(), one), held, thousands(s.text.vocab.Size()))
	if u := s.text.trainSide.Unknown; u > 0 && c.Tokens == "word" {
		note += fmt.Sprintf(", which leave %.2g %% unknown", 100*float64(u)/float64(max(1, s.text.trainSide.Judged)))
	}
	a.note("%s", note)
	if c.LeftOut > 0 {
		a.note("%s of more than %s left out: --longest says how many are too many", plural(c.LeftOut, "sentence"), plural(c.Model.Longest, one))
	}
	a.note("sentences of like length are read side by side: %.2g %% of what is read is padding", 100*s.source.Padding(c.Train.Shards))
}

func (s *sentencesSitting) tokenizer() ([]byte, error) {
	var b bytes.Buffer
	err := s.text.vocab.WriteTokenizer(&b)
	return b.Bytes(), err
}

func (s *sentencesSitting) writeTokenizer() error {
	raw, err := s.tokenizer()
	if err != nil {
		return err
	}
	return s.run.WriteFile("tokenizer.json", raw)
}

// sameTokenizer makes sure that the text is cut up as it was before. A run that was killed right after its config was written has no tokenizer
// yet, and gets it now.
func (s *sentencesSitting) sameTokenizer() error {
	before, err := s.run.ReadFile("tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		return s.writeTokenizer()
	}
	if err != nil {
		return err
	}
	now, err := s.tokenizer()
	if err == nil && !bytes.Equal(before, now) {
		err = badInput("%s: tokenizer.json is not that of the text: put the one back that the run began with", s.run.Dir())
	}
	return err
}

// training is what package train does with the run.
func (s *sentencesSitting) training() *vaeTraining {
	t := &vaeTraining{run: s.run, settings: s.cfg.Train, fit: s.fit, source: s.source, unit: "sentences"}
	if s.held != nil {
		t.held, t.few = s.held, func(n int) vae.Examples { return spreadOver(s.held, n) }
	}
	return t
}

// spreadOver is at most n of the sentences, evenly spread.
func spreadOver(e sentences.Examples, n int) (some sentences.Examples) {
	if n >= len(e) {
		return e
	}
	for i := range n {
		some = append(some, e[i*len(e)/n])
	}
	return some
}

func (s *sentencesSitting) trainAndReport(a *app) error {
	return s.training().report(a, s.tell)
}

// trainedSentences is what --json says of a run.
type trainedSentences struct {
	trainedRun
	SentencesPerS float64  `json:"sentences_per_s"`
	TokensPerS    float64  `json:"tokens_per_s"`
	NatsPerToken  *float64 `json:"nats_per_token"` // of what is held out, by the bound of the objective; null without
}

func (s *sentencesSitting) tell(a *app, r train.Result) error {
	judged, err := s.training().result(a, r)
	if err != nil {
		return err
	}
	o := trainedSentences{trainedRun: judged, SentencesPerS: judged.perSecond()}
	o.TokensPerS = o.SentencesPerS * float64(s.source.Tokens()) / float64(s.source.Len())
	if o.Valid != nil {
		each := *o.Valid * float64(s.held.Len()) / float64(s.held.Tokens())
		o.NatsPerToken = &each
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	if o.Valid != nil {
		fmt.Fprintf(a.out, "on the %s sentences held out, nats of each:\n", thousands(s.held.Len()))
		o.print(a)
		if !o.point {
			fmt.Fprintf(a.out, "at most %.4f nats a token, a perplexity of %.4g\n", *o.NatsPerToken, math.Exp(*o.NatsPerToken))
		}
		fmt.Fprintln(a.out)
	}
	_, rate := units(s.cfg.Tokens)
	dir := quoted(s.run.Dir())
	next := []string{"inkling sample " + dir + " -n 10", "inkling interpolate " + dir + " --from SENTENCE --to SENTENCE"}
	if !s.cfg.Model.Point {
		next = append(next, "inkling eval "+dir+" FILE --bound iwae:100")
	}
	o.ended(a, o.saw("sentences")+fmt.Sprintf(", about %s %s/s", thousands(int64(o.TokensPerS)), rate), "", next...)
	return nil
}

// plan tells what memory the run would take.
func (s *sentencesSitting) plan(a *app) error {
	if a.json {
		return a.printJSON(map[string]any{"training": s.need, "available": a.memory()})
	}
	printPlans(a, namedPlan{"training", s.need})
	return nil
}

// card is the README.md of a run.
func (s *sentencesSitting) card(o trainedSentences) []byte {
	var b strings.Builder
	c := s.cfg
	one, _ := units(c.Tokens)
	fmt.Fprintf(&b, "# %s of sentences\n\n%s, a vocabulary of %s, trained with Inkling %s.\n\n", vaeCardKind(c.Model.Point), c.Model.Describe(), plural(s.text.vocab.Size(), one), c.MadeWith.Version)
	b.WriteString("## Use\n\n    inkling sample DIR -n 10\n    inkling interpolate DIR --from SENTENCE --to SENTENCE\n    inkling eval DIR FILE --bound iwae:100\n\n## Data\n\n")
	fmt.Fprintf(&b, "- text: %s, %s, SHA-256 %s: %s of %s", filepath.Base(c.Data.File), sizeOf(c.Data.Bytes), c.Data.SHA256, plural(s.source.Len(), "sentence"), plural(s.source.Tokens(), one))
	if c.LeftOut > 0 {
		fmt.Fprintf(&b, ", and %s left out", plural(c.LeftOut, "longer one"))
	}
	switch {
	case c.Data.ValidFile != "":
		fmt.Fprintf(&b, "\n- held out: %s, %s, SHA-256 %s\n", filepath.Base(c.Data.ValidFile), sizeOf(c.Data.ValidBytes), c.Data.ValidSHA256)
	case s.held != nil:
		fmt.Fprintf(&b, "\n- held out: %g %% of it, evenly spread, %s\n", 100*c.Data.ValidShare, plural(s.held.Len(), "sentence"))
	default:
		b.WriteString("\n- nothing held out\n")
	}
	b.WriteString("\n## Settings\n\n" + vaeCardSettings(c.Objective, c.Train, c.MadeWith))
	if m := c.Model; m.WordDropout+m.DropoutIn+m.DropoutOut > 0 {
		fmt.Fprintf(&b, "- dropout in the decoder: %g of words, %g of embeddings, %g of states\n", m.WordDropout, m.DropoutIn, m.DropoutOut)
	}
	b.WriteString(o.card("sentences"))
	return []byte(b.String())
}
