package main

import (
	"runtime"
	"strconv"

	"inkling/vae/sentences"
)

// sentenceFlags are what VAEs of sentences have alone.
type sentenceFlags struct {
	Longest *int    `help:"The most tokens of a sentence that is learnt from, its end included; longer ones are left out. 100, of characters and bytes 400." placeholder:"N" group:"Sentences" of:"sentences"`
	Cell    *string `help:"What encoder and decoder are made of: ${enum}." enum:"lstm,gru" placeholder:"lstm" group:"Sentences" of:"sentences"`

	WordDropout *float64 `help:"Share of the tokens that the decoder reads which it is not told in training, so that it must learn them from z." placeholder:"P" group:"Sentences" of:"sentences"`
	DropoutIn   *float64 `help:"Share dropped of the embeddings that the decoder reads." placeholder:"P" group:"Sentences" of:"sentences"`
	DropoutOut  *float64 `help:"Share dropped of what the decoder's layer puts out." placeholder:"P" group:"Sentences" of:"sentences"`
}

// What a VAE of sentences learns well with.
const (
	defaultSentenceBatch = 32
	defaultSentenceRate  = 3e-3
	defaultSentenceClip  = 20
	longestOfChars       = 400
)

// checkSentences refuses values that no run could have.
func (t *trainVAECmd) checkSentences() error {
	err := check(
		bound{"--longest", t.Longest, 1, mostTime},
		bound{"--embed", t.Embed, 1, mostSize},
		bound{"--k", t.K, 1, 1 << 12},
	)
	if err != nil {
		return err
	}
	share := func(v float64) bool { return v >= 0 && v < 1 }
	err = checkNumbers(
		number{"word-dropout", t.WordDropout, share, "at least 0 and below 1"},
		number{"dropout-in", t.DropoutIn, share, "at least 0 and below 1"},
		number{"dropout-out", t.DropoutOut, share, "at least 0 and below 1"},
	)
	if err != nil {
		return err
	}
	if len(t.Latent) > 1 {
		return usage("--latent with %s: sentences have one stochastic layer: give one number", plural(len(t.Latent), "stochastic layer"))
	}
	if err := t.tokenFlags.check(t.sentenceTokens()); err != nil {
		return err
	}
	if err := t.outputFlags.check(); err != nil {
		return err
	}
	if share, notNumber := strconv.ParseFloat(t.Valid, 64); notNumber == nil && share == 0 {
		if err := t.checkHeld(t.Valid); err != nil {
			return err
		}
		if t.Aggressive {
			return usage("--aggressive ends when the encoder tells no more about what is held out, and nothing is: give --valid a share or a file, or leave --aggressive out")
		}
	}
	return t.checkLoop()
}

// sentenceTokens is what a token is; words unless given.
func (t *trainVAECmd) sentenceTokens() string { return valueOr(t.Tokens, "word") }

// sentenceConfig are the settings, with nothing left open but what depends on the text.
func (t *trainVAECmd) sentenceConfig() (*sentencesConfig, error) {
	hidden := 256
	if t.Hidden != "" {
		var err error
		if hidden, err = strconv.Atoi(t.Hidden); err != nil || hidden < 1 || hidden > mostSize {
			return nil, usage("--hidden %s: of sentences it is the size of the states, one whole number of at least 1 and at most %s", t.Hidden, thousands(mostSize))
		}
	}
	objective, err := t.objective()
	if err != nil {
		return nil, err
	}
	c := &sentencesConfig{
		Header: sentences.Header{
			Format: sentences.Format, Kind: sentences.Kind, Objective: objective,
			Model: sentences.Config{
				Cell: valueOr(t.Cell, ""), Hidden: hidden, Embed: valueOr(t.Embed, 0), Output: valueOr(t.Output, ""), OutputOptions: t.outputFlags.options(),
				WordDropout: float32(valueOr(t.WordDropout, 0)), DropoutIn: float32(valueOr(t.DropoutIn, 0)), DropoutOut: float32(valueOr(t.DropoutOut, 0)),
				Longest: valueOr(t.Longest, 0), Point: t.Objective == "ae",
			},
		},
		Tokens: t.sentenceTokens(), Vocabulary: t.tokenFlags.vocabulary(t.sentenceTokens()),
		Train:    t.settings(settings{Batch: valueOr(t.Batch, defaultSentenceBatch), Clip: defaultSentenceClip}),
		MadeWith: madeWith{build: thisBuild(), Threads: runtime.GOMAXPROCS(0)},
	}
	if len(t.Latent) > 0 {
		c.Model.Latent = t.Latent[0]
	}
	if c.Model.Longest == 0 && (c.Tokens == "char" || c.Tokens == "byte") {
		c.Model.Longest = longestOfChars
	}
	c.Train.Options.Rate = valueOr(t.LR, defaultSentenceRate)
	set(&c.Train.Validations, t.Validations)
	c.Train.Shards = valueOr(t.Shards, runtime.GOMAXPROCS(0))
	if c.Train.Steps == 0 && c.Train.Epochs == 0 && c.Train.Budget == 0 {
		c.Train.Budget = duration(defaultBudget)
	}
	c.Data = dataSource{File: t.Path, Lines: true}
	c.Data.ValidShare, c.Data.ValidFile, err = heldOut(t.Valid)
	return c, err
}
