package main

import (
	"runtime"
	"strconv"

	"inkling/vae"
	"inkling/vae/sentences"
)

// sentenceFlags are what VAEs of sentences have alone.
type sentenceFlags struct {
	Longest *int    `help:"The most tokens of a sentence that is learnt from, its end included; longer ones are left out. 100, of characters and bytes 400." placeholder:"N" group:"Sentences"`
	Cell    *string `help:"What encoder and decoder are made of: ${enum}." enum:"lstm,gru" placeholder:"lstm" group:"Sentences"`
	Embed   *int    `help:"Size of the embeddings of tokens; as --hidden." placeholder:"N" group:"Sentences"`
	Output  *string `help:"What gives each token its probability: ${enum}; inkling info outputs says what each is." enum:"${outputs}" placeholder:"full" group:"Sentences"`

	WordDropout *float64 `help:"Share of the tokens that the decoder reads which it is not told in training, so that it must learn them from z." placeholder:"P" group:"Sentences"`
	DropoutIn   *float64 `help:"Share dropped of the embeddings that the decoder reads." placeholder:"P" group:"Sentences"`
	DropoutOut  *float64 `help:"Share dropped of what the decoder's layer puts out." placeholder:"P" group:"Sentences"`
}

// What a VAE of sentences learns well with.
const (
	defaultSentenceBatch = 32
	defaultSentenceRate  = 3e-3
	defaultSentenceClip  = 20
	longestOfChars       = 400
)

// ofSentences names the first flag that was given of those for sentences only.
func (t *trainVAECmd) ofSentences() string {
	for _, f := range []struct {
		flag  string
		given bool
	}{
		{"--longest", t.Longest != nil},
		{"--cell", t.Cell != nil},
		{"--embed", t.Embed != nil},
		{"--output", t.Output != nil},
		{"--word-dropout", t.WordDropout != nil},
		{"--dropout-in", t.DropoutIn != nil},
		{"--dropout-out", t.DropoutOut != nil},
		{"--tokens", t.Tokens != nil},
	} {
		if f.given {
			return f.flag
		}
	}
	if flags := t.tokenFlags.given(); len(flags) > 0 {
		return flags[0]
	}
	if given := t.outputFlags.options().Given(); len(given) > 0 {
		return "--" + given[0]
	}
	return ""
}

// ofPictures names the first flag that was given of those for pictures only.
func (t *trainVAECmd) ofPictures() string {
	for _, f := range []struct {
		flag  string
		given bool
	}{
		{"--gray", t.Gray},
		{"--limit", t.Limit != 0},
		{"--binarize", t.Binarize != ""},
		{"--net", t.Net != vae.Nets()[0].Name},
		{"--activation", t.Activation != "tanh"},
		{"--likelihood", t.Likelihood != vae.Likelihoods()[0].Name},
		{"--levels", t.Levels != nil},
	} {
		if f.given {
			return f.flag
		}
	}
	return ""
}

// checkSentences refuses values that no run could have.
func (t *trainVAECmd) checkSentences() error {
	if flag := t.ofPictures(); flag != "" {
		return usage("%s is for VAEs of pictures, and %s is taken for sentences: leave it out, or give --as pictures", flag, t.Path)
	}
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
	if err := t.checkTerms(); err != nil {
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
	c := &sentencesConfig{
		Header: sentences.Header{
			Format: sentences.Format, Kind: sentences.Kind, Objective: t.objective(),
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
	if err := c.Objective.Complete(); err != nil {
		return nil, usage("%w", err)
	}
	set(&c.Train.Validations, t.Validations)
	c.Train.Shards = valueOr(t.Shards, runtime.GOMAXPROCS(0))
	if c.Train.Steps == 0 && c.Train.Epochs == 0 && c.Train.Budget == 0 {
		c.Train.Budget = duration(defaultBudget)
	}
	var err error
	c.Data = dataSource{File: t.Path, Lines: true}
	c.Data.ValidShare, c.Data.ValidFile, err = heldOut(t.Valid)
	return c, err
}
