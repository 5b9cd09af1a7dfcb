package main

import (
	"errors"
	"io/fs"
	"runtime"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
	"inkling/vae/sentences"
)

// sentencesConfig is config.json of a VAE of sentences.
type sentencesConfig struct {
	sentences.Header
	Tokens     string        `json:"tokens"` // "char", "byte", "word" or "bpe"
	Vocabulary tokenSettings `json:"vocabulary,omitzero"`
	Train      settings      `json:"train"`
	Data       dataSource    `json:"data"`
	LeftOut    int           `json:"left_out,omitempty"` // sentences to learn from that are longer than the longest
	MadeWith   madeWith      `json:"made_with"`
}

func (c *sentencesConfig) write(run *checkpoint.Run) error {
	return writeConfig(run, c)
}

// text is what the config has in common with that of a language model: how the text is read.
func (c *sentencesConfig) text() *runConfig {
	return &runConfig{Tokens: c.Tokens, Vocabulary: c.Vocabulary, Train: c.Train, Data: c.Data, MadeWith: c.MadeWith}
}

// readSentencesConfig reads config.json. What the model needs of it is checked by package sentences, what training needs by train.Run. A run that
// was killed right after its config was written has no tokenizer yet, and so no vocabulary.
func readSentencesConfig(run *checkpoint.Run) (*sentencesConfig, *data.Vocab, error) {
	header, vocab, err := sentences.ReadHeader(run)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	c := new(sentencesConfig)
	if err := sentences.ReadConfig(run, c); err != nil {
		return nil, nil, err
	}
	c.Header = header
	if err := c.text().checkSizes(); err != nil {
		return nil, nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	if err := checkSizes(size{"left_out", int64(c.LeftOut), 1 << 32}); err != nil {
		return nil, nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, vocab, nil
}

// savedSentences is a VAE of sentences as commands use it.
type savedSentences struct {
	*sentences.Model
	dir   string
	cfg   *sentencesConfig
	vocab *data.Vocab
}

// openSentences reads a saved model for sentences of up to so many tokens, with so many samples of z for each, beside which a command holds so
// many bytes. What all that takes must fit into the memory, and is checked before anything is made.
func openSentences(a *app, dir string, longest func(*data.Vocab) (tokens int, bytes int64, err error), samples int) (*savedSentences, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if !run.HasModel() {
		return nil, badInput("%s: %s", dir, notTrained(run))
	}
	c, vocab, err := readSentencesConfig(run)
	if err != nil {
		return nil, err
	}
	if vocab == nil {
		return nil, badInput("%s: there is no tokenizer.json, without which its tokens stand for nothing", dir)
	}
	n, bytes, err := longest(vocab)
	if err != nil {
		return nil, err
	}
	need, err := planSentencesUse(c.Model, vocab, n, samples, bytes)
	if err != nil {
		return nil, badInput("%s: config.json: %w", dir, err)
	}
	if err := need.check(a.memory(), dir, "use it on a machine with more, with shorter sentences or fewer --threads, or raise --memory"); err != nil {
		return nil, err
	}
	need.hold()
	m, vocab, err := sentences.Load(run)
	return &savedSentences{m, dir, c, vocab}, err
}

// planSentences is the memory that training takes.
func planSentences(c *sentencesConfig, text *corpus, held sentences.Examples) (memoryPlan, error) {
	m, err := c.Model.PlanTraining(c.Objective, c.Train.vae(held.Len()), held.Longest())
	bytes := text.memory() + int64(text.trainSide.Items)*sentences.SourceBytes + held.Bytes()
	return newPlan(lm.Memory(m), text.vocab, bytes), err
}

// planSentencesUse is the memory that using a model takes.
func planSentencesUse(c sentences.Config, vocab *data.Vocab, longest, samples int, bytes int64) (memoryPlan, error) {
	m, err := c.PlanUse(longest, samples, runtime.GOMAXPROCS(0))
	return newPlan(lm.Memory(m), vocab, bytes), err
}

// noLines is what openSentences is told where no sentences are read.
func noLines(*data.Vocab) (longest int, bytes int64, err error) { return 1, 0, nil }

// plans is the memory that a run takes in training and in use, for sentences of its longest.
func (c *sentencesConfig) plans(vocab *data.Vocab) (plans []namedPlan, err error) {
	if c.Train.Batch > 0 { // one that was not made here can only be used
		m, err := c.Model.PlanTraining(c.Objective, c.Train.vae(min(c.Data.ValidTokens, 1)), c.Model.Longest)
		if err != nil {
			return nil, err
		}
		plans = append(plans, namedPlan{"training", newPlan(lm.Memory(m), vocab, c.Data.memory(vocab))})
	}
	for _, use := range []struct {
		name    string
		samples int
	}{{"sample", 0}, {"score", defaultSamples}} {
		p, err := planSentencesUse(c.Model, vocab, c.Model.Longest, use.samples, 0)
		if err != nil {
			return nil, err
		}
		plans = append(plans, namedPlan{use.name, p})
	}
	return plans, nil
}
