package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/wordvec"
)

// trainVectorsCmd is inkling train vectors.
type trainVectorsCmd struct {
	File string `arg:"" help:"The text to learn from: a file, a folder, or - for standard input; gzip and zstd are unpacked."`
	Out  string `help:"Folder of the run; runs/ and the name of the text unless given." placeholder:"DIR"`

	textFlags
	MinCount *int   `help:"Words that occur less often have no vector; 5." placeholder:"N" group:"The text"`
	Split    string `help:"Where words end: only at white space, or at the word boundaries of Unicode; ${enum}." enum:"space,unicode" default:"space" group:"The text"`
	Lower    bool   `help:"Words are read in lower case." group:"The text"`
	Cache    string `help:"Keep the tokens of the text in files of this folder; a text that is too large for memory has them in the user's folder for caches unless given." placeholder:"DIR" group:"The text"`

	Phrases  []float64 `help:"Join words that stand together to phrases, as new_york, if their score is above this; each number is a pass, so that 200,100 finds phrases of up to four words." placeholder:"T,…" group:"The text"`
	Discount *float64  `help:"What is taken off the counts of phrases, so that rare ones are left alone; 0: nothing. --min-count unless given." placeholder:"D" group:"The text"`

	Model    string   `help:"${enum}: each word around a position foretells the word there, or their mean does." enum:"skipgram,cbow" default:"skipgram" group:"The model"`
	Loss     string   `help:"What foretelling costs: ${enum}; full is exact, and slow if there are many words." enum:"negative,tree,full" default:"negative" group:"The model"`
	Negative *int     `help:"Words drawn against each that is there, of negative, 1 to 64; 5." placeholder:"K" group:"The model"`
	Dim      *int     `help:"Numbers of a vector; 100." placeholder:"N" group:"The model"`
	Window   *int     `help:"Most words to each side; each position draws from 1 to this; 5." placeholder:"N" group:"The model"`
	Sample   *float64 `help:"Pass over words that are more frequent than this share of the text, the more often the more frequent; 0: none. 1e-4." placeholder:"T" group:"The model"`

	Epochs  *int     `help:"Passes over the text; 5." placeholder:"N" group:"How"`
	LR      *float64 `name:"lr" help:"Learning rate at the beginning, which falls to nearly 0; 0.025, of cbow 0.05." placeholder:"R" group:"How"`
	Seed    uint64   `help:"Of the first vectors and all draws." default:"1" group:"How"`
	Shards  *int     `help:"Parts of the text that are read at once, one a core; results depend on it." placeholder:"N" group:"How"`
	Hogwild bool     `help:"Let shards share the vectors without a lock: faster, and two runs differ." group:"How"`

	CheckpointEvery int  `help:"Steps from one saved state to the next; once a minute unless given." placeholder:"STEPS" group:"Along the way"`
	Plan            bool `help:"Show the memory that the run would take, and stop." env:"-" group:"Along the way"`
}

// vectorsConfig is config.json of word vectors.
type vectorsConfig struct {
	wordvec.Header
	Vocabulary      tokenSettings `json:"vocabulary"`
	CheckpointEvery int           `json:"checkpoint_every,omitempty"` // steps; 0: once a minute
	Data            dataSource    `json:"data"`
	Words           int64         `json:"words"` // of the text, with those that have no vector
	MadeWith        madeWith      `json:"made_with"`
}

func (t *trainVectorsCmd) Run(a *app) error {
	c, err := t.config()
	if err != nil {
		return err
	}
	s, err := newVectorSitting(a, c, t.Cache, nil)
	if err != nil {
		return err
	}
	defer s.text.close()
	if t.Plan {
		return s.plan(a)
	}
	if s.run, err = newRun(t.Out, t.File); err != nil {
		return err
	}
	defer s.run.Close()
	return s.begin(a)
}

// config are the settings, with no default left open.
func (t *trainVectorsCmd) config() (*vectorsConfig, error) {
	err := check(
		bound{"--min-count", t.MinCount, 1, unbounded},
		bound{"--negative", t.Negative, 1, wordvec.MaxNegative},
		bound{"--dim", t.Dim, 1, wordvec.MaxDim},
		bound{"--window", t.Window, 1, wordvec.MaxWindow},
		bound{"--epochs", t.Epochs, 1, wordvec.MaxEpochs},
		bound{"--shards", t.Shards, 1, wordvec.MaxShards},
		bound{"--checkpoint-every", &t.CheckpointEvery, 0, unbounded},
	)
	switch {
	case err != nil:
		return nil, err
	case t.Negative != nil && t.Loss != "negative":
		return nil, usage("--negative with --loss %s, which has none: leave one of them out", t.Loss)
	case t.Discount != nil && len(t.Phrases) == 0:
		return nil, usage("--discount without --phrases: leave it out, or say from which score on words are joined")
	case t.Sample != nil && !(*t.Sample >= 0 && *t.Sample < 1):
		return nil, usage("--sample %g: must be at least 0 and below 1", *t.Sample)
	case t.LR != nil && !(*t.LR > 0 && *t.LR <= 10):
		return nil, usage("--lr %g: must be above 0 and at most 10", *t.LR)
	case t.Discount != nil && !(*t.Discount >= 0):
		return nil, usage("--discount %g: must be at least 0", *t.Discount)
	}
	m := wordvec.Config{
		Model: t.Model, Loss: t.Loss, Negative: valueOr(t.Negative, 0), Dim: valueOr(t.Dim, 0), Window: valueOr(t.Window, 0),
		Sample: valueOr(t.Sample, 0), MinCount: valueOr(t.MinCount, 0), Epochs: valueOr(t.Epochs, 0), Rate: valueOr(t.LR, 0),
		Phrases: t.Phrases, Discount: valueOr(t.Discount, 0), Seed: t.Seed, Shards: valueOr(t.Shards, runtime.GOMAXPROCS(0)), Hogwild: t.Hogwild,
	}
	if t.Sample != nil && *t.Sample == 0 {
		m.Sample = -1 // wordvec's word for none, where 0 is the default
	}
	if t.Discount != nil && *t.Discount == 0 {
		m.Discount = -1 // the same
	}
	if err := m.Complete(); err != nil {
		return nil, usage("%w", err)
	}
	return &vectorsConfig{
		Header:          wordvec.Header{Format: wordvec.Format, Kind: wordvec.Kind, Model: m},
		Vocabulary:      tokenSettings{MinCount: m.MinCount, Split: t.Split, Lower: t.Lower},
		CheckpointEvery: t.CheckpointEvery,
		Data:            dataSource{File: t.File, Ext: t.Ext, Lines: t.Lines, Field: t.Field},
		MadeWith:        madeWith{build: thisBuild(), Threads: runtime.GOMAXPROCS(0)},
	}, nil
}

// vectorSitting is one go at a run of word vectors, from its beginning or from where it stopped.
type vectorSitting struct {
	run   *checkpoint.Run
	cfg   *vectorsConfig
	text  *corpus
	learn *wordvec.Learned
	model *wordvec.Model
	need  memoryPlan

	step    int
	seconds float64 // of the sittings before
}

// newVectorSitting reads the text and makes the model. same refuses another text than a run began with; nil: any will do.
func newVectorSitting(a *app, c *vectorsConfig, cached string, same func(dataSource) error) (s *vectorSitting, err error) {
	text, err := readCorpus(a, c.Data, reading{kind: "word", tokens: c.Vocabulary, cache: cache{cached}, same: same})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			text.close()
		}
	}()
	if err := text.source.absolute(); err != nil {
		return nil, err
	}
	for _, n := range text.notes {
		a.note("%s", n)
	}
	c.Data = text.source
	s = &vectorSitting{cfg: c, text: text}
	if same == nil {
		c.fitPairs(a, text)
	}
	var phrases memoryPlan
	if len(c.Model.Phrases) > 0 {
		phrases = newPlan(lm.Memory{Activations: c.Model.PlanPhrases(text.train.Len())}, text.vocab, text.memory())
		if err := phrases.check(a.memory(), "counting pairs of words", "leave --phrases out, bring a part of the text, use a machine with more, or raise --memory"); err != nil {
			return nil, err
		}
		phrases.hold()
	}
	if s.learn, err = wordvec.Learn(c.Model, text.vocab, text.train); err != nil {
		return nil, err
	}
	l := s.learn
	c.Words = l.Text.Words()
	kept := int64(0)
	for _, n := range l.Counts {
		kept += n
	}
	a.note("%s, %s different ones that occur %d times or more and make up %.1f %%",
		plural(int(c.Words), "word"), thousands(len(l.Words)), c.Model.MinCount, 100*float64(kept)/float64(max(1, c.Words)))
	m := c.Model.Plan(len(l.Words))
	s.need = newPlan(lm.Memory{Weights: m.Weights, Activations: m.Shards, Checkpoint: m.Saved}, text.vocab, text.memory())
	if phrases.Total > s.need.Total {
		s.need = phrases // training begins when pairs are forgotten
	}
	if err := s.need.check(a.memory(), "this run", "make --dim smaller, or --min-count larger"); err != nil {
		return nil, err
	}
	s.need.hold()
	if s.model, err = wordvec.New(c.Model, l.Words, l.Counts); err != nil {
		return nil, badInput("%s: %w", c.Data.File, err)
	}
	return s, nil
}

// fitPairs lets the pairs of words that are counted for phrases take half of the memory that is left. It is settled when a run begins, and
// kept, since the phrases depend on it.
func (c *vectorsConfig) fitPairs(a *app, text *corpus) {
	free := a.memory()
	if free == 0 {
		return
	}
	left := free - newPlan(lm.Memory{}, text.vocab, text.memory()).Total
	for c.Model.PlanPhrases(text.train.Len()) > left/2 && c.Model.Pairs > wordvec.MinPairs {
		c.Model.Pairs /= 2
	}
	if p := c.Model.Pairs; p > 0 && p < wordvec.MaxPairs {
		a.note("at most %s different pairs of words are counted at once, since there are %s of memory: those seen least are forgotten", thousands(p), sizeOf(free))
	}
}

// plan tells what memory the run would take.
func (s *vectorSitting) plan(a *app) error {
	if a.json {
		return a.printJSON(map[string]any{"training": s.need, "available": a.memory()})
	}
	printPlans(a, namedPlan{"training", s.need})
	return nil
}

// begin writes down what was settled, trains and reports.
func (s *vectorSitting) begin(a *app) error {
	if err := s.run.Writable(); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(s.cfg, "", "  ")
	if err != nil {
		return err
	}
	if err := s.run.WriteFile("config.json", append(raw, '\n')); err != nil {
		return err
	}
	if err := s.run.WriteFile(wordvec.VocabFile, s.vocabulary()); err != nil {
		return err
	}
	return s.trainAndReport(a)
}

func (s *vectorSitting) vocabulary() []byte {
	return wordvec.AppendVocab(nil, s.model.Words, s.model.Counts)
}

// trainedVectors is what --json says of a run.
type trainedVectors struct {
	Out         string  `json:"out"`
	Steps       int     `json:"steps"`
	Seconds     float64 `json:"seconds"`
	WordsPerS   float64 `json:"words_per_s"` // of the text, each pass counted; reading it and its vocabulary apart
	Loss        float64 `json:"loss"`        // nats of a pair of words, in a sample of the last step's
	Vocabulary  int     `json:"vocabulary"`
	Interrupted bool    `json:"interrupted,omitempty"`
}

func (s *vectorSitting) trainAndReport(a *app) error {
	o, err := s.train(a)
	if err != nil {
		return err
	}
	if err := s.run.WriteFile("README.md", s.card(o)); err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(o)
	} else {
		how := "finished"
		if o.Interrupted {
			how = "stopped"
		}
		dir := quoted(o.Out)
		fmt.Fprintf(a.out, "%s at step %s after %s: %s words/s, loss %.4f\nthe vectors of %s words are in %s\n\ntry next:\n",
			how, thousands(o.Steps), span(seconds(o.Seconds)), thousands(int64(o.WordsPerS)), o.Loss, thousands(o.Vocabulary), o.Out)
		if o.Interrupted {
			fmt.Fprintf(a.out, "  inkling resume %s\n", dir)
		}
		fmt.Fprintf(a.out, "  inkling nn %s %s\n  inkling export %s vectors.txt\n", dir, quoted(s.model.Words[len(s.model.Words)/20]), dir)
	}
	if err == nil && o.Interrupted {
		err = errInterrupted
	}
	return err
}
