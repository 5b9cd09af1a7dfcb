package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"time"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/eval"
	"inkling/vae/sentences"
)

// evaluatedSentences is what --json says of sentences. Nats of each, unless it says otherwise.
type evaluatedSentences struct {
	Bound         float64  `json:"bound"`          // on log p(x), higher is better
	BoundKind     string   `json:"bound_kind"`     // elbo, iwae:K
	StandardError *float64 `json:"standard_error"` // of the mean over sentences; null of one
	Examples      int      `json:"examples"`
	judgedVAE
	Divergences [][]float64 `json:"kl_by_unit"` // of each variable

	// At most, since the bound is one from below: per token, ends of sentences being tokens, and per word, being what stands between white space.
	NatsPerToken      float64  `json:"nats_per_token"`
	Perplexity        float64  `json:"perplexity"`
	PerplexityPerWord *float64 `json:"perplexity_per_word"` // null of some of the sentences only, as is the next
	BitsPerChar       *float64 `json:"bits_per_char"`
	Tokens            int      `json:"tokens"`
	Unknown           int      `json:"unknown"` // of all sentences of the text
	Against           *against `json:"against,omitempty"`
}

// against is what a language model makes of the same sentences.
type against struct {
	Dir             string  `json:"dir"`
	NatsPerSentence float64 `json:"nats_per_sentence"` // −log p(x), each with its end
	NatsPerToken    float64 `json:"nats_per_token"`
	Perplexity      float64 `json:"perplexity"`
	Difference      float64 `json:"difference"` // −bound of the VAE, less that: how many nats of a sentence it is worse at most
}

// sentences measures a VAE by the sentences of a text.
func (e *evalCmd) sentences(a *app) error {
	if e.previewFlag.Output != "" {
		return usage("--output is for language models, and %s is a VAE: leave it out", e.Dir)
	}
	kind, err := e.boundFlags.kind()
	if err != nil {
		return err
	}
	switch flag := e.ofAIS(); {
	case kind.name == "ais" || flag != "":
		return usage("--bound ais takes thousands of gradients of each sentence, and minutes for one: for sentences choose --bound iwae:1000, or more")
	case e.Gaps:
		return usage("--gaps is for VAEs of pictures, and %s is of sentences: leave it out", e.Dir)
	}
	var text *corpus
	var examples sentences.Examples
	m, err := openSentences(a, e.Dir, func(v *data.Vocab) (int, int64, error) {
		if text, err = readCorpus(a, dataSource{File: e.File, Ext: e.Ext, Lines: true, Field: e.Field}, reading{kind: v.Kind, what: e.File, vocab: v, cache: cache{e.Cache}}); err != nil {
			return 0, 0, err
		}
		examples, err = sentences.Read(text.train, text.begin())
		return examples.Longest(), text.memory() + examples.Bytes(), err
	}, max(kind.samples, 1))
	if text != nil {
		defer text.close()
	}
	if err != nil {
		return err
	}
	for _, n := range text.notes {
		a.note("%s", n)
	}
	if m.Sentences.Point && (kind.name != "elbo" || e.Against != "") {
		return usage("%s is an auto-encoder, which says nothing of how z is distributed: there is no bound on log p(x), only how well it reconstructs: leave --bound and --against out", e.Dir)
	}
	if text.source.SHA256 == m.cfg.Data.SHA256 {
		a.note("this is the text that it learned from: the figures say nothing of another")
	}
	all := examples.Len()
	if e.Limit > 0 {
		examples = spreadOver(examples, e.Limit)
	}
	o, err := e.judgeSentences(a, m, kind, examples)
	if err != nil {
		return err
	}
	o.tokens(text, all == examples.Len())
	if m.Sentences.Point {
		o.BoundKind = "reconstruction"
	}
	if e.Against != "" {
		if all != examples.Len() {
			return usage("--against measures the language model by all sentences: leave --limit out")
		}
		if o.Against, err = e.against(a, m, text, all); err != nil {
			return err
		}
		o.Against.Difference = -o.Bound - o.Against.NatsPerSentence
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	o.print(a, m.cfg.Tokens)
	return nil
}

func (e *evalCmd) judgeSentences(a *app, m *savedSentences, kind boundKind, examples sentences.Examples) (*evaluatedSentences, error) {
	seed := valueOr(e.Seed, 1)
	j, err := m.Judge(a.ctx, examples, seed)
	if err != nil {
		return nil, err
	}
	bounds := j.Bound()
	o := &evaluatedSentences{BoundKind: kind.String(), Examples: examples.Len(), Tokens: examples.Tokens(), judgedVAE: summarize(m.Config, j), Divergences: j.Variables}
	if kind.name == "iwae" {
		few, tried := spreadOver(examples, 2*runtime.GOMAXPROCS(0)), min(kind.samples, 100)
		began := time.Now()
		if _, err := m.Importance(a.ctx, few, tried, seed, nil); err == nil {
			a.foretell(time.Since(began).Seconds() * float64(kind.samples) / float64(tried) * float64(examples.Tokens()) / float64(few.Tokens()))
		}
		t := newTally(a.err, fmt.Sprintf("%s samples of each sentence", thousands(kind.samples)), examples.Len())
		bounds, err = m.Importance(a.ctx, examples, kind.samples, seed, func(int, float64) { t.add(1) })
		t.close()
	}
	if err != nil {
		return nil, err
	}
	o.Bound, o.StandardError = eval.Mean(bounds), standardError(bounds)
	return o, nil
}

// tokens fills in what is measured by tokens, words and characters.
func (o *evaluatedSentences) tokens(text *corpus, all bool) {
	nats := -o.Bound * float64(o.Examples)
	l := likelihood(nats, text.trainSide)
	o.NatsPerToken, o.Unknown = nats/float64(o.Tokens), l.Unknown
	o.Perplexity = min(math.Exp(o.NatsPerToken), math.MaxFloat64)
	if all {
		o.PerplexityPerWord, o.BitsPerChar = &l.PerplexityPerWord, &l.BitsPerChar
	}
}

// against measures a language model by the same sentences. It must have the same tokens, or its probabilities would be of other things: where one
// knows a word and the other does not, they are not compared.
func (e *evalCmd) against(a *app, m *savedSentences, text *corpus, n int) (*against, error) {
	run, err := checkpoint.OpenRead(e.Against)
	if err != nil {
		return nil, err
	}
	same := sameTokens(run, m.vocab)
	run.Close()
	model, vocab, err := load(a, e.Against, forEvaluation, text.memory())
	if err != nil {
		return nil, err
	}
	if beginOf(vocab) < 0 || !same {
		return nil, badInput("%s has other tokens than %s, so that its probabilities are of other things: train one on the same text, with the same flags and --lines", e.Against, e.Dir)
	}
	j, err := model.Judge(a.ctx, text.train, text.begin(), runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	each := j.Nats / float64(j.Tokens)
	return &against{Dir: e.Against, NatsPerSentence: j.Nats / float64(n), NatsPerToken: each, Perplexity: math.Exp(each)}, nil
}

// sameTokens says whether a run cuts texts up as a vocabulary does: how often tokens are in a training text does not matter.
func sameTokens(run *checkpoint.Run, v *data.Vocab) bool {
	raw, err := run.ReadFile("tokenizer.json")
	if err != nil {
		return false
	}
	t, err := data.CheckTokenizer(raw)
	if err != nil {
		return false
	}
	other, err := t.Vocab()
	if err != nil || other.Kind != v.Kind || other.Size() != v.Size() {
		return false
	}
	known := map[string]bool{}
	for _, token := range v.Tokens {
		known[token] = true
	}
	for _, token := range other.Tokens {
		if !known[token] {
			return false
		}
	}
	return true
}

func (o *evaluatedSentences) print(a *app, tokens string) {
	one, _ := units(tokens)
	fmt.Fprintf(a.out, "nats of each of %s:\n", plural(o.Examples, "sentence"))
	if o.point {
		o.judgedVAE.print(a)
		return
	}
	rows := [][]string{}
	elbo := within(o.ELBO, o.StandardError)
	if o.BoundKind != "elbo" {
		rows = append(rows, []string{"log p(x) ≥", within(o.Bound, o.StandardError) + "   by " + o.BoundKind})
		elbo = fmt.Sprintf("%.2f", o.ELBO)
	}
	rows = append(rows,
		[]string{"ELBO", elbo + fmt.Sprintf("   log p(x|z) %.2f − KL %.2f", o.Reconstruction, o.KL)},
		[]string{"active units", o.active()},
		[]string{"I_q(x; z)", fmt.Sprintf("%.2f", o.Information)},
		[]string{"nats per " + one, fmt.Sprintf("≤ %.4f   perplexity %.4g, of %s", o.NatsPerToken, o.Perplexity, plural(o.Tokens, one))},
	)
	if o.PerplexityPerWord != nil {
		rows = append(rows, []string{"per word", fmt.Sprintf("perplexity ≤ %.4g", *o.PerplexityPerWord)}, []string{"bits per character", fmt.Sprintf("≤ %.4f", *o.BitsPerChar)})
	}
	if o.Unknown > 0 {
		rows = append(rows, []string{"unknown", plural(o.Unknown, "token")})
	}
	if l := o.Against; l != nil {
		rows = append(rows, []string{"a language model", fmt.Sprintf("log p(x) %.2f, perplexity %.4g: %s", -l.NatsPerSentence, l.Perplexity, l.words())})
	}
	list(a.out, rows...)
	printUnits(a, o.Divergences)
	if why := cmp.Or(o.collapse(), o.partly()); why != "" {
		fmt.Fprintln(a.out, "\n"+why)
	}
}

// words is how far both are apart.
func (l *against) words() string {
	if l.Difference > 0 {
		return fmt.Sprintf("this model is at most %.2f nats of a sentence worse", l.Difference)
	}
	return fmt.Sprintf("this model is at least %.2f nats of a sentence better", -l.Difference)
}
