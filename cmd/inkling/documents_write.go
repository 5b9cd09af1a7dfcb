package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"inkling/data"
	"inkling/vae"
	"inkling/vae/documents"
)

// countedWord is a word with how often it is somewhere, or with its probability.
type countedWord struct {
	Word        string   `json:"word"`
	Count       int      `json:"count,omitempty"`
	Probability *float64 `json:"probability,omitempty"`
}

// likeliest are the words that are likeliest by these logarithms.
func likeliest(vocab *data.BagVocab, logProbs []float32, n int) (words []countedWord) {
	for _, w := range documents.Likeliest(logProbs, n) {
		p := math.Exp(w.Value)
		words = append(words, countedWord{Word: vocab.Words[w.Word], Probability: &p})
	}
	return words
}

// most are the words that occur most in a document.
func most(vocab *data.BagVocab, words, counts []uint32, n int) (list []countedWord) {
	for j, w := range words {
		list = append(list, countedWord{Word: vocab.Words[w], Count: int(counts[j])})
	}
	slices.SortStableFunc(list, func(a, b countedWord) int { return cmp.Compare(b.Count, a.Count) })
	return list[:min(n, len(list))]
}

// inLine are words with how often they occur, or with their probabilities in percent.
func inLine(words []countedWord) string {
	var s []string
	for _, w := range words {
		switch {
		case w.Probability != nil:
			s = append(s, fmt.Sprintf("%s %.2g%%", w.Word, 100**w.Probability))
		case w.Count > 1:
			s = append(s, fmt.Sprintf("%s×%d", w.Word, w.Count))
		default:
			s = append(s, w.Word)
		}
	}
	return oneLine(strings.Join(s, "  "))
}

// documents draws documents: z from the prior, and then words.
func (s *sampleCmd) documents(a *app) error {
	n := int(valueOr(s.N, 5))
	if err := check(bound{"-n", &n, 1, mostTexts}, bound{"--words", s.Words, 1, mostTexts}); err != nil {
		return err
	}
	if err := checkNumbers(number{"temp", &s.Temp, func(v float64) bool { return v >= 0 && v <= 1e6 }, "at least 0"}); err != nil {
		return err
	}
	if s.Columns != 0 || s.Draw {
		return usage("--columns and --draw are for pictures, and %s is a VAE of documents, whose words are always drawn: leave them out", s.Dir)
	}
	m, vocab, c, err := openDocuments(a, s.Dir, 0, false)
	if err != nil {
		return err
	}
	length := valueOr(s.Words, max(1, int(c.Data.Words/int64(max(1, c.Data.Documents)))))
	seed := rand.Uint64()
	set(&seed, s.Seed)
	type sampled struct {
		Words []countedWord `json:"words"`
	}
	all := []sampled{}
	out := onTerminal(a)
	for i := range n {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		z := make([]float32, m.VAE.Top())
		m.VAE.Prior(z, rnd)
		for j := range z {
			z[j] *= float32(s.Temp)
		}
		words, counts := documents.Draw(m.Words(z), length, rnd)
		list := most(vocab, words, counts, len(words))
		if a.json {
			all = append(all, sampled{list})
			continue
		}
		fmt.Fprintln(out, inLine(list))
	}
	if a.json {
		return a.printJSON(map[string]any{"documents": all, "seed": seed})
	}
	a.note("%s of %s, seed %d", plural(n, "document"), plural(length, "word"), seed)
	return nil
}

// rebuiltDocument is what a model makes of a document, as --json gives it.
type rebuiltDocument struct {
	Index   int           `json:"index"`
	Title   string        `json:"title"`
	Words   []countedWord `json:"words"`     // that occur most
	Likely  []countedWord `json:"likeliest"` // by p(w|z) at the mean of q
	Matched int           `json:"matched"`   // of these are in the document
	PerWord float64       `json:"log_likelihood_per_word"`
}

// documents shows the words of documents, and those that the model expects from their codes.
func (r *reconstructCmd) documents(a *app) error {
	words, err := r.words()
	if err = cmp.Or(err, check(bound{"-n", &r.N, 1, mostInGrid})); err != nil {
		return err
	}
	if r.Draw || r.Seed != nil {
		return usage("--draw and --seed are for pictures, and %s is a VAE of documents: leave them out", r.Dir)
	}
	m, vocab, _, b, err := seenDocuments(a, r.Dir, r.Path, 0)
	if err != nil {
		return err
	}
	if b.Len() < r.N {
		a.note("there are only %s", plural(b.Len(), "document"))
	} else {
		b = b.Slice(0, r.N)
	}
	codes, err := codesOf(a, m, b)
	if err != nil {
		return err
	}
	all := []rebuiltDocument{}
	for i := range b.Len() {
		of, counts := b.Bag(i)
		logs := m.Words(codes[i*m.VAE.Top() : (i+1)*m.VAE.Top()])
		d := rebuiltDocument{Index: b.Numbers[i], Title: b.Titles[i], Words: most(vocab, of, counts, words), Likely: likeliest(vocab, logs, words)}
		for j, w := range of {
			d.PerWord += float64(counts[j]) * float64(logs[w]) / float64(b.Length(i))
		}
		for _, w := range documents.Likeliest(logs, words) {
			if _, in := slices.BinarySearch(of, uint32(w.Word)); in {
				d.Matched++
			}
		}
		all = append(all, d)
	}
	if a.json {
		return a.printJSON(all)
	}
	out := onTerminal(a)
	for _, d := range all {
		fmt.Fprintf(out, "%s\n  has      %s\n  expected %s\n  %d of these are in it; %.2f nats a word\n", oneLine(d.Title), inLine(d.Words), inLine(d.Likely), d.Matched, -d.PerWord)
	}
	return nil
}

// codesOf are the means of q(z|x) of the last layer, a row for each document.
func codesOf(a *app, m *documents.Model, b *data.Bags) (codes []float32, err error) {
	top := m.VAE.Top()
	err = m.VAE.Encodings(a.ctx, documents.Examples{Bags: b}, func(q []float32) error {
		codes = append(codes, firstOf(q, 2*top, top)...)
		return nil
	})
	return codes, err
}

// documents shows the likeliest words on the way from one document to another.
func (i *interpolateCmd) documents(a *app) error {
	words, err := i.words()
	if err = cmp.Or(err, check(bound{"--steps", &i.Steps, 2, mostInGrid})); err != nil {
		return err
	}
	if i.Path == "" {
		return usage("which documents? inkling interpolate %s PATH", i.Dir)
	}
	first, err := numberOf("--from", i.From, 0)
	if err != nil {
		return err
	}
	last, err := numberOf("--to", i.To, 1)
	if err != nil {
		return err
	}
	m, vocab, _, b, err := seenDocuments(a, i.Dir, i.Path, 0)
	if err != nil {
		return err
	}
	ends := [2][]float32{}
	for e, number := range []int{first, last} {
		at, ok := slices.BinarySearch(b.Numbers, number)
		if !ok {
			return badInput("%s has no document %d with words that the model knows: they are counted from 0, to %d", i.Path, number, b.Numbers[b.Len()-1])
		}
		a.note("document %d: %s", number, oneLine(b.Titles[at]))
		if ends[e], err = codesOf(a, m, b.Slice(at, at+1)); err != nil {
			return err
		}
	}
	way := vae.Between
	if i.Slerp {
		way = vae.Around
	}
	type step struct {
		At    float64       `json:"at"`
		Words []countedWord `json:"likeliest"`
	}
	var all []step
	for s := range i.Steps {
		at := float64(s) / float64(i.Steps-1)
		all = append(all, step{at, likeliest(vocab, m.Words(way(ends[0], ends[1], at)), words)})
	}
	if a.json {
		return a.printJSON(all)
	}
	out := onTerminal(a)
	for _, s := range all {
		fmt.Fprintf(out, "%.2f  %s\n", s.At, inLine(s.Words))
	}
	return nil
}
