package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"

	"inkling/data"
	"inkling/eval"
	"inkling/softmax"
	"inkling/vae"
	"inkling/vae/documents"
)

// evaluatedDocuments is what --json says of documents. Nats of each, and perplexities per word.
type evaluatedDocuments struct {
	Bound         float64  `json:"bound"`          // on log p(x), higher is better
	BoundKind     string   `json:"bound_kind"`     // elbo, iwae:K, ais
	StandardError *float64 `json:"standard_error"` // of the mean over documents; null of one
	Perplexity    float64  `json:"perplexity"`     // of all words by the bound: at most so much
	Documents     int      `json:"documents"`
	Words         int64    `json:"words"`
	Unknown       int64    `json:"unknown"` // words left out, since the model does not know them
	Empty         int      `json:"empty"`   // documents left out, since they have no other
	judgedVAE
	Divergences [][]float64         `json:"kl_by_unit"` // of each variable, by layer
	Baselines   []documentsBaseline `json:"baselines"`
	AIS         *aisJudged          `json:"ais,omitempty"`
}

// documentsBaseline is what something simpler makes of the same words.
type documentsBaseline struct {
	Name       string  `json:"name"`
	Perplexity float64 `json:"perplexity"`
	About      string  `json:"about"`
}

const mixtureRounds = 20

// documents measures a VAE of documents.
func (e *evalCmd) documents(a *app) error {
	if e.Cache != "" || e.Output != "" {
		return usage("--cache and --output are for language models, and %s is a VAE: leave them out", e.Dir)
	}
	kind, err := e.boundFlags.kind()
	if err != nil {
		return err
	}
	if flag := e.ofAIS(); flag != "" && kind.name != "ais" {
		return usage("%s is for --bound ais: leave one of them out", flag)
	}
	if e.Gaps {
		return usage("--gaps is for VAEs of pictures, and %s is one of documents: leave it out", e.Dir)
	}
	m, vocab, c, err := openDocuments(a, e.Dir, kind.most(e.Chains), kind.name == "ais")
	if err != nil {
		return err
	}
	switch {
	case c.Model.Point && kind.name != "elbo":
		return usage("%s is an auto-encoder, which says nothing of how z is distributed: there is no bound on log p(x), only how well it reconstructs: leave --bound out", e.Dir)
	case kind.name == "ais" && !softmax.Exact(c.Model.Output):
		return usage("--bound ais goes by gradients of log p(x|z), which output layer %s has no exact ones of: choose --bound iwae:1000", c.Model.Output)
	case kind.name == "ais" && e.Limit == 0:
		e.Limit = 100
	}
	train, seen, err := e.bags(a, c, vocab)
	if err != nil {
		return err
	}
	if e.Limit > 0 && e.Limit < seen.Len() {
		var places []int
		for i := range e.Limit {
			places = append(places, i*seen.Len()/e.Limit)
		}
		a.note("%s, spread over the %s there are", plural(e.Limit, "document"), thousands(seen.Len()))
		empty, unknown := seen.Empty, seen.Unknown
		seen = seen.Only(places)
		seen.Empty, seen.Unknown = empty, unknown
	}
	o, err := e.judgeDocuments(a, m, kind, seen)
	if err != nil {
		return err
	}
	if o.Baselines, err = baselinesOf(a, c, vocab, train, seen); err != nil {
		return err
	}
	if a.json {
		return a.printVAE(o, o.point)
	}
	o.print(a)
	return nil
}

// bags are the documents that the model learned from, if they are still there, and those to judge by: of the file that it learned from, those held out.
func (e *evalCmd) bags(a *app, c *documentsConfig, vocab *data.BagVocab) (train, seen *data.Bags, err error) {
	own := len(e.Ext) == 0 && !e.Lines && e.Field == ""
	in := data.Input{Path: e.File, Ext: e.Ext, Lines: e.Lines || !isFolder(e.File), Field: e.Field}
	if own {
		in = c.Data.input(e.File)
	}
	read, err := c.learned(a)
	if err != nil {
		return nil, nil, err
	}
	if read != nil {
		train = read.Train
	}
	if same, err := sameFile(e.File, c.Data.File); err == nil && same && own && read != nil {
		if read.Held.Len() > 0 {
			a.note("the %s held out of the %s", plural(read.Held.Len(), "document"), thousands(read.Held.Len()+train.Len()))
			tellBags(a, read.Held)
			return train, read.Held, nil
		}
		a.note("these are the documents that it learned from: the figures say nothing of new ones")
	}
	seen, _, err = c.bags(a, vocab, in)
	return train, seen, err
}

func sameFile(a, b string) (bool, error) {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	if err := errors.Join(err1, err2); err != nil {
		return false, err
	}
	return os.SameFile(x, y), nil
}

// learned reads the documents that the run learned from; nil if they are not there any more, or others, which is said.
func (c *documentsConfig) learned(a *app) (*data.BagSplit, error) {
	changed := errors.New("changed")
	read, err := c.learnBags(a, func(is data.Source) error {
		if is.SHA256 != c.Data.SHA256 {
			return changed
		}
		return nil
	})
	switch {
	case errors.Is(err, changed):
		a.note("%s has other documents than the model learned from", c.Data.File)
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		a.note("the documents that the model learned from are not in %s any more", c.Data.File)
		return nil, nil
	}
	return read, err
}

func (e *evalCmd) judgeDocuments(a *app, m *documents.Model, kind boundKind, seen *data.Bags) (*evaluatedDocuments, error) {
	seed, examples := valueOr(e.Seed, 1), documents.Examples{Bags: seen}
	j, err := judgeOften(a, m.VAE, examples, seed)
	if err != nil {
		return nil, err
	}
	o := &evaluatedDocuments{
		BoundKind: kind.String(), Documents: seen.Len(), Words: seen.Total, Unknown: seen.Unknown, Empty: seen.Empty,
		judgedVAE: summarize(m.VAE.Config, j), Divergences: j.Variables,
	}
	bounds := j.Bound()
	switch kind.name {
	case "iwae":
		foretell(a, m.VAE, kind.samples, examples)
		t := newTally(a.err, fmt.Sprintf("%s samples of each document", thousands(kind.samples)), seen.Len())
		bounds, err = m.VAE.Importance(a.ctx, examples, kind.samples, seed, func(int, float64) { t.add(1) })
		t.close()
	case "ais":
		var n annealing
		if n, err = e.annealing(m.VAE); err == nil {
			bounds, o.AIS, err = n.anneal(a, examples, func(rnd *rand.Rand) ([]float32, vae.Examples) {
				z, drawn := m.DrawJoint(seen, rnd)
				return z, documents.Examples{Bags: drawn}
			})
		}
	}
	if err != nil {
		return nil, err
	}
	if o.Bound, o.StandardError = eval.Mean(bounds), standardError(bounds); o.point {
		o.BoundKind = "reconstruction"
	}
	o.Perplexity = perplexity(o.Bound*float64(seen.Len()), seen.Total)
	if math.IsNaN(o.Perplexity) || math.IsInf(o.Bound, 0) {
		return nil, badInput("%s: the documents have no probability: the model's weights are damaged", e.Dir)
	}
	return o, nil
}

// baselinesOf are perplexities of what is simpler; of those that are fitted to the documents that the model learned from only if they are there.
func baselinesOf(a *app, c *documentsConfig, vocab *data.BagVocab, train, seen *data.Bags) (list []documentsBaseline, err error) {
	add := func(name, about string, logs []float64) {
		sum := 0.0
		for _, l := range logs {
			sum += l
		}
		list = append(list, documentsBaseline{name, perplexity(sum, seen.Total), about})
	}
	u := eval.Frequencies(vocab.Counts)
	add("unigram", "every word by its frequency", eval.UnigramBags(u, seen))
	if train == nil {
		return list, nil
	}
	topics := c.Model.Latent[0]
	a.note("fitting a mixture of %s to compare with", plural(topics, "unigram"))
	mixture, err := eval.FitMixture(a.ctx, topics, mixtureRounds, u, train, 1)
	if err != nil {
		return nil, err
	}
	add("mixture", fmt.Sprintf("of %s, one for a document", plural(topics, "unigram")), mixture.LogProbs(seen))
	urn := eval.FitPolya(u, train)
	add("cache", fmt.Sprintf("a unigram and the words so far of the document itself (α = %.4g)", urn.Alpha), urn.LogProbs(seen))
	return list, nil
}

func (o *evaluatedDocuments) print(a *app) {
	fmt.Fprintf(a.out, "nats of each of %s, %.0f words on the average:\n", plural(o.Documents, "document"), float64(o.Words)/float64(o.Documents))
	if o.point {
		o.judgedVAE.print(a)
		return
	}
	rows := [][]string{}
	if o.BoundKind != "elbo" {
		rows = append(rows, []string{"log p(x) ≥", within(o.Bound, o.StandardError) + "   by " + o.BoundKind})
	}
	elbo := fmt.Sprintf("%.2f", o.ELBO)
	if o.BoundKind == "elbo" {
		elbo = within(o.ELBO, o.StandardError)
	}
	rows = append(rows,
		[]string{"ELBO", elbo + fmt.Sprintf("   log p(x|z) %.2f − KL %.2f", o.Reconstruction, o.KL)},
		[]string{"active units", o.active()},
		[]string{"I_q(x; z)", fmt.Sprintf("%.2f", o.Information)},
	)
	list(a.out, rows...)
	fmt.Fprintln(a.out, "\nperplexity per word:")
	lines := [][]string{{"this model, by " + o.BoundKind, "≤ " + inFigures(o.Perplexity), ""}}
	for _, b := range o.Baselines {
		lines = append(lines, []string{b.Name, inFigures(b.Perplexity), b.About})
	}
	aligned(a.out, "lrl", lines...)
	if o.AIS != nil {
		o.AIS.print(a, "document")
	}
	printUnits(a, o.Divergences)
	if why := cmp.Or(o.collapse(), o.partly()); why != "" {
		fmt.Fprintln(a.out, "\n"+why)
	}
}
