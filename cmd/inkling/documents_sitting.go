package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/eval"
	"inkling/train"
	"inkling/vae"
	"inkling/vae/documents"
)

// documentsSitting is one go at a run of a VAE of documents, from its beginning or from where it stopped.
type documentsSitting struct {
	run  *checkpoint.Run
	cfg  *documentsConfig
	read *data.BagSplit
	need memoryPlan
	fit  *vae.Fit
}

// documents trains a VAE of documents.
func (t *trainVAECmd) documents(a *app) error {
	c, err := t.documentsConfig()
	if err != nil {
		return err
	}
	s, err := newDocumentsSitting(a, c, nil)
	if err != nil {
		return err
	}
	if s.read.Held.Len() == 0 {
		if err := t.checkHeld(t.Valid); err != nil {
			return err
		}
	}
	if t.Plan {
		if a.json {
			return a.printJSON(map[string]any{"training": s.need, "available": a.memory()})
		}
		printPlans(a, namedPlan{"training", s.need})
		return nil
	}
	if s.run, err = newRun(t.Out, strings.TrimRight(t.Path, string(os.PathSeparator))); err != nil {
		return err
	}
	defer s.run.Close()
	return s.begin(a)
}

// learnBags reads the documents of a run.
func (c *documentsConfig) learnBags(a *app, same func(data.Source) error) (*data.BagSplit, error) {
	text, err := data.Open(c.Data.input(c.Data.File))
	if err != nil {
		return nil, err
	}
	defer text.Close()
	read, err := text.LearnBags(data.BagInput{BagOptions: c.Words, Held: c.Data.ValidShare, MaxBytes: a.memory(), Same: same})
	if err != nil {
		return nil, badInput("%w", err)
	}
	return read, nil
}

// newDocumentsSitting reads the documents, settles what depends on them, checks that all of it fits into the memory, and makes the model.
func newDocumentsSitting(a *app, c *documentsConfig, same func(data.Source) error) (*documentsSitting, error) {
	if c.Data.File == "-" {
		return nil, usage("documents are read more than once, also when a run goes on: give them as a file or a folder")
	}
	read, err := c.learnBags(a, same)
	if err != nil {
		return nil, err
	}
	if err := c.take(read); err != nil {
		return nil, err
	}
	if c.Objective.Aggressive && read.Held.Len() == 0 {
		return nil, usage("--aggressive ends when the encoder tells no more about what is held out, and nothing is: give --valid a share, or leave --aggressive out")
	}
	c.Model = c.Model.For(read.Vocab, read.Train)
	c.Model.Seed = c.Train.Seed
	if err := c.Model.Complete(); err != nil {
		return nil, usage("%w", err)
	}
	c.Train.Shards = min(c.Train.Shards, c.Train.Batch, read.Train.Len())
	tellDocuments(a, c, read)
	bags := read.Train.Bytes() + read.Held.Bytes()
	need, err := c.plan(read.Vocab, documents.SizesOf(read.Train, read.Held), bags)
	if err != nil {
		return nil, usage("%w", err)
	}
	if err := need.check(a.memory(), "this run", "make --hidden, --vocab, --batch or --k smaller"); err != nil {
		return nil, err
	}
	need.hold()
	m, err := documents.New(c.Model)
	if err != nil {
		return nil, usage("%w", err)
	}
	return &documentsSitting{cfg: c, read: read, need: need, fit: &vae.Fit{Model: m.VAE, Objective: c.Objective}}, nil
}

// take writes down what was read, and where, wherever one stands later.
func (c *documentsConfig) take(read *data.BagSplit) (err error) {
	d := &c.Data
	d.Bytes, d.SHA256 = read.Source.Size, read.Source.SHA256
	d.Documents, d.Held, d.Empty = read.Train.Len(), read.Held.Len(), read.Train.Empty+read.Held.Empty
	d.Pairs, d.Words = int64(len(read.Train.Words)+len(read.Held.Words)), read.Train.Total
	d.File, err = filepath.Abs(d.File)
	return err
}

// tellDocuments says what there is to learn from, and what was left out of it.
func tellDocuments(a *app, c *documentsConfig, read *data.BagSplit) {
	d, left := c.Data, read.Left
	s := fmt.Sprintf("%s to learn from, %s held out", plural(d.Documents, "document"), thousands(d.Held))
	if d.Empty > 0 {
		s += fmt.Sprintf("; %s without a word that is kept are left out", thousands(d.Empty))
	}
	a.note("%s", s)
	share := func(n int64) string {
		return fmt.Sprintf("%.2g %% of the text", 100*float64(n)/float64(max(1, left.Count)))
	}
	s = fmt.Sprintf("%s, %s times in all", plural(len(read.Vocab.Words), "word"), thousands(d.Words))
	if left.Common > 0 {
		s += fmt.Sprintf("; left out are %s in more than %g of the documents, %s (%s%s)", thousands(left.Common), c.Words.MaxShare, share(left.CommonCount), strings.Join(left.Examples, " "), map[bool]string{true: " …"}[int(left.Common) > len(left.Examples)])
	}
	if left.Rare > 0 {
		s += fmt.Sprintf("; %s rarer ones, %s", thousands(left.Rare), share(left.RareCount))
	}
	a.note("%s", oneLine(s))
}

// begin writes down what was settled, trains and reports.
func (s *documentsSitting) begin(a *app) error {
	if err := s.run.Writable(); err != nil {
		return err
	}
	if err := s.cfg.write(s.run); err != nil {
		return err
	}
	if err := s.run.WriteFile(documents.VocabFile, s.read.Vocab.Marshal()); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

// training is what package train does with the run.
func (s *documentsSitting) training() *vaeTraining {
	c := s.cfg.Train
	t := &vaeTraining{run: s.run, settings: c, fit: s.fit, unit: "documents", source: &documents.Source{Bags: s.read.Train, Size: c.Batch, Seed: c.Seed}}
	if held := s.read.Held; held.Len() > 0 {
		t.held, t.few = documents.Examples{Bags: held}, func(n int) vae.Examples {
			return documents.Examples{Bags: held.Slice(0, min(n, held.Len()))}
		}
	}
	return t
}

// trainedDocuments is what --json says of a run.
type trainedDocuments struct {
	trainedRun
	DocumentsPS float64  `json:"documents_per_s"`
	Perplexity  *float64 `json:"perplexity"`
	OfUnigram   *float64 `json:"unigram_perplexity"`
}

func (s *documentsSitting) trainAndReport(a *app) error {
	t := s.training()
	return t.report(a, func(a *app, r train.Result) error { return s.tell(a, t, r) })
}

func (s *documentsSitting) tell(a *app, t *vaeTraining, r train.Result) error {
	all, err := t.result(a, r)
	if err != nil {
		return err
	}
	o := trainedDocuments{trainedRun: all, DocumentsPS: all.perSecond()}
	held := s.read.Held
	if o.Valid != nil && !o.point {
		model, unigram := perplexity(o.ELBO*float64(held.Len()), held.Total), unigramOf(s.read.Vocab, held)
		o.Perplexity, o.OfUnigram = &model, &unigram
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	if o.Valid != nil {
		fmt.Fprintf(a.out, "on the %s documents held out, nats of each:\n", thousands(held.Len()))
		o.print(a)
		if o.Perplexity != nil {
			fmt.Fprintf(a.out, "perplexity per word at most %s, a unigram's %s\n", inFigures(*o.Perplexity), inFigures(*o.OfUnigram))
		}
		fmt.Fprintln(a.out)
	}
	dir := quoted(s.run.Dir())
	next := []string{"inkling topics " + dir, "inkling eval " + dir + " " + quoted(s.cfg.Data.File) + " --bound iwae:100", "inkling info " + dir}
	if s.cfg.Model.Point {
		next[1] = "inkling eval " + dir + " " + quoted(s.cfg.Data.File)
	}
	o.ended(a, o.saw("documents"), "", next...)
	return nil
}

// perplexity per word of words that have so many nats of log-probability in all.
func perplexity(logProb float64, words int64) float64 {
	return math.Exp(-logProb / float64(max(1, words)))
}

// unigramOf is the perplexity of documents by a unigram of the words' frequencies.
func unigramOf(v *data.BagVocab, b *data.Bags) float64 {
	sum := 0.0
	for _, l := range eval.UnigramBags(eval.Frequencies(v.Counts), b) {
		sum += l
	}
	return perplexity(sum, b.Total)
}

// inFigures is a perplexity in about four figures.
func inFigures(p float64) string {
	if p < 1e3 {
		return fmt.Sprintf("%.1f", p)
	}
	return thousands(int64(min(p, 1e15) + 0.5))
}

// card is the README.md of a run.
func (s *documentsSitting) card(o trainedDocuments) []byte {
	var b strings.Builder
	c := s.cfg
	fmt.Fprintf(&b, "# %s of documents\n\n%s, trained with Inkling %s.\n\n", vaeCardKind(c.Model.Point), capital(c.Model.Describe()), c.MadeWith.Version)
	fmt.Fprintf(&b, "## Use\n\n    inkling topics DIR\n    inkling nearest DIR FILE\n    inkling eval DIR DOCUMENTS\n\n`%s` has a line for each word: the word, how often it occurs and in how many documents.\n\n", documents.VocabFile)
	fmt.Fprintf(&b, "## Data\n\n- %s documents with %s words, and %s held out, of %s, SHA-256 %s\n", thousands(c.Data.Documents), thousands(c.Data.Words), thousands(c.Data.Held), sizeOf(c.Data.Bytes), c.Data.SHA256)
	fmt.Fprintf(&b, "- at most %s words; left out are those that occur less than %s and those in more than %g of the documents\n\n", thousands(c.Words.Size), plural(c.Words.MinCount, "time"), c.Words.MaxShare)
	b.WriteString("## Settings\n\n" + vaeCardSettings(c.Objective, c.Train, c.MadeWith) + o.card("documents"))
	if o.Perplexity != nil {
		fmt.Fprintf(&b, "\nPerplexity per word is at most %s, and a unigram's %s.\n", inFigures(*o.Perplexity), inFigures(*o.OfUnigram))
	}
	return []byte(b.String())
}
