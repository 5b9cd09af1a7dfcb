package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"inkling/data"
	"inkling/eval"
	"inkling/lm"
)

type evalCmd struct {
	Dir  string `arg:"" help:"Folder of the model; of word vectors, or a file of them."`
	File string `arg:"" help:"The text to predict: a file, a folder, or - for standard input; gzip and zstd are unpacked. For word vectors a list of pairs, as WordSim-353, or of analogies, as questions-words.txt. For a VAE pictures: the test part of a folder, if it has one; or a table, of which only the rows held out count if it is the one that it learned from."`
	textFlags
	Cache string `help:"Keep the tokens of the text in files of this folder." placeholder:"DIR"`
	previewFlag
	Limit int `help:"Judge by N pictures or rows only, evenly spread; of a file of word vectors, read the first N." placeholder:"N"`
	boundFlags
	exposureFlags
}

// evaluated is what --json says of a text.
type evaluated struct {
	eval.Likelihood
	StandardError *float64   `json:"nats_per_token_standard_error"` // null of a text that is too short to tell
	BitsError     *float64   `json:"bits_per_char_standard_error"`
	UnknownRate   float64    `json:"unknown_rate"`           // of the tokens
	LogZ          *float64   `json:"log_z,omitempty"`        // mean, in nats, of output layers that train it to be constant
	LogZSpread    *float64   `json:"log_z_spread,omitempty"` // its standard deviation
	Items         int        `json:"items,omitempty"`
	SVD           *previewed `json:"svd,omitempty"` // by approximate probabilities, if these are asked for
	Baselines     []baseline `json:"baselines"`
}

// Run measures in float32, whatever the model was trained in, with state carried through the text. The
// first token is only read; of a list each item is evaluated from a fresh state, with its end.
func (e *evalCmd) Run(a *app) error {
	if err := check(bound{"--limit", &e.Limit, 0, unbounded}); err != nil {
		return err
	}
	if err := e.checkExposure(); err != nil {
		return err
	}
	k, err := a.vaeIn(e.Dir)
	if err != nil {
		return err
	}
	if k != nil {
		if e.Exposure {
			return usage("--exposure is for language models, and %s is a VAE: leave it out", e.Dir)
		}
		return k.eval(a, e)
	}
	if flag := e.boundFlags.given(); flag != "" && !e.Exposure {
		return usage("%s is for VAEs, and %s is none: leave it out", flag, e.Dir)
	}
	if vectors, err := holdsVectors(e.Dir); err != nil {
		return err
	} else if vectors && e.Exposure {
		return usage("--exposure is for language models, and %s is word vectors: leave it out", e.Dir)
	} else if vectors {
		return e.vectors(a)
	}
	if e.Limit != 0 {
		return usage("--limit is for VAEs and files of word vectors, and %s is neither: leave it out", e.Dir)
	}
	limit := a.memory() // before anything is taken
	size, approximate, err := e.size()
	if err != nil {
		return err
	}
	use := forEvaluation
	switch {
	case e.Exposure && approximate:
		return usage("--output with --exposure: what is measured there is exact: leave it out")
	case e.Exposure:
		use = forExposure
	case approximate:
		use = size.use(use, runtime.GOMAXPROCS(0))
	}
	model, vocab, err := load(a, e.Dir, use, textMemory(e.File, limit))
	if err != nil {
		return err
	}
	var preview *lm.Preview
	if approximate {
		if preview, err = size.of(model, e.Dir); err != nil {
			return err
		}
	}
	if e.Exposure && beginOf(vocab) >= 0 {
		return usage("--exposure: %s writes items, which end: it is for models of running text", e.Dir)
	}
	src := dataSource{File: e.File, Ext: e.Ext, Lines: e.Lines, Field: e.Field}
	if beginOf(vocab) >= 0 {
		src.Lines = src.Lines || src.Field == ""
	} else if src.Lines || src.Field != "" {
		return usage("--lines and --field: %s was trained on running text: leave them out", e.Dir)
	}
	c, err := readCorpus(a, src, reading{kind: vocab.Kind, what: e.File, vocab: vocab, cache: cache{e.Cache}})
	if err != nil {
		return err
	}
	defer c.close()
	for _, note := range c.notes {
		a.note("%s", note)
	}
	if e.Exposure {
		return e.expose(a, c, model)
	}
	if err := e.plan(c, model, limit); err != nil {
		return err
	}
	cost, err := model.Judge(a.ctx, c.train, c.begin(), runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	j := judgedText(cost, c.trainSide)
	if j.Baselines, err = c.unprepared(); err != nil {
		return err
	}
	if preview != nil {
		if j.SVD, err = size.measure(a, preview, c.train, c.begin()); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(j)
	}
	return j.print(a, vocab.Kind)
}

// plan refuses a text that takes more memory than there is, which is known of any text when it was read.
func (e *evalCmd) plan(c *corpus, model *lm.Model, limit int64) error {
	need, err := model.Config.PlanEvaluation(c.train.Len(), runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	text, _ := c.counted()
	trigrams, err := eval.NGramMemory(3, text)
	if err != nil {
		return err
	}
	plan := newPlan(need, c.vocab, c.memory()).then(trigrams)
	if err := plan.check(limit, "evaluating "+e.File, "bring a part of it, use a machine with more, or raise --memory"); err != nil {
		return err
	}
	plan.hold()
	return nil
}

// judgedText gives the measures of a text.
func judgedText(cost lm.Judgement, s data.Side) evaluated {
	j := evaluated{Likelihood: likelihood(cost.Nats, s), Items: s.Items, UnknownRate: float64(s.Unknown) / float64(max(1, s.Judged))}
	if !math.IsNaN(cost.StandardError) {
		bits := cost.StandardError * float64(cost.Tokens) / math.Ln2 / float64(max(1, s.Chars))
		j.StandardError, j.BitsError = &cost.StandardError, &bits
	}
	if !math.IsNaN(cost.LogZ) {
		j.LogZ, j.LogZSpread = &cost.LogZ, &cost.LogZSpread
	}
	return j
}

// unprepared are simple means that have not read the training text as the model has, but for how often each token
// was in it. They learn the text as they read it, or the beginning of a long one.
func (c *corpus) unprepared() (list []baseline, err error) {
	text, note := c.counted()
	nats, err := eval.Adaptive(3, c.vocab.Size(), text, c.begin())
	if err != nil {
		return nil, err
	}
	bits := func(nats float64) float64 { return likelihood(nats, c.trainSide).BitsPerChar }
	list = append(list, baseline{"trigram that learns as it reads" + note, bits(nats * float64(c.trainSide.Judged))})

	head, err := c.trainPart.Head(headBytes)
	if err != nil {
		return nil, err
	}
	gzip := baseline{"gzip", eval.Gzip("", head)}
	if len(head) == headBytes {
		gzip.Name += " of the first " + sizeOf(headBytes)
	}
	list = append(list, gzip)

	if !slices.ContainsFunc(c.vocab.Counts, func(n int64) bool { return n > 0 }) {
		return list, nil // a tokenizer from elsewhere does not tell
	}
	counts := slices.Clone(c.trainSide.Counts)
	if c.begin() < 0 && c.train.Len() > 0 { // the first token of running text is not judged
		first := make([]int, 1)
		if err := c.train.Read(first, 0); err != nil {
			return nil, err
		}
		counts[first[0]]--
	}
	return append(list, baseline{"unigram of the training text", bits(eval.Unigram(c.vocab.Counts, counts, c.begin()))}), nil
}

// counted is the part of the text whose n-grams are counted, and what to say of it.
func (c *corpus) counted() (text data.Tokens, note string) {
	if most := baselineTokens(c.vocab.Size()); c.train.Len() > most {
		return data.Part(c.train, 0, most), fmt.Sprintf(" of the first %s tokens", thousands(most))
	}
	return c.train, ""
}

// unspelled says what an unknown word does to bits per character.
func unspelled(rate float64) string {
	return fmt.Sprintf("the %.2g %% of unknown words cost what <unk> costs, and nothing for how they are spelled: that is left out of the bits per character", 100*rate)
}

func (j evaluated) print(a *app, kind string) error {
	one, _ := units(kind)
	within := func(value float64, e *float64) string {
		if e == nil {
			return fmt.Sprintf("%.4f", value)
		}
		return fmt.Sprintf("%.4f ± %.4f", value, *e)
	}
	of := fmt.Sprintf("%s, %s, %s", plural(j.Tokens, "token"), plural(j.Chars, "character"), plural(j.Words, "word"))
	if j.Items > 0 {
		of += ", " + plural(j.Items, "item")
	}
	measures := [][]string{
		{"nats per " + one, within(j.NatsPerToken, j.StandardError)},
		{"bits per character", within(j.BitsPerChar, j.BitsError)},
		{"perplexity per " + one, fmt.Sprintf("%.4g", j.Perplexity)},
		{"perplexity per word", fmt.Sprintf("%.4g", j.PerplexityPerWord)},
		{"of", of},
		{"unknown", fmt.Sprintf("%s, %.3g %%", plural(j.Unknown, "token"), 100*j.UnknownRate)},
	}
	if j.LogZ != nil {
		measures = append(measures, []string{"log Z", fmt.Sprintf("%.4f, spread %.4f, in nats", *j.LogZ, *j.LogZSpread)})
	}
	list(a.out, measures...)
	if j.SVD != nil {
		j.SVD.print(a, one)
	}
	if kind == "word" && j.Unknown > 0 {
		fmt.Fprintf(a.out, "\n%s\n", unspelled(j.UnknownRate))
	}
	fmt.Fprintln(a.out, "\nbits per character of the same text:")
	rows := [][]string{{"this model", fmt.Sprintf("%.4f", j.BitsPerChar)}}
	for _, b := range j.Baselines {
		rows = append(rows, []string{b.Name, fmt.Sprintf("%.4f", b.Bits)})
	}
	table(a.out, rows...)
	return nil
}
