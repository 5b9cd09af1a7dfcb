package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/data"
	"inkling/eval"
	"inkling/vae/documents"
)

type topicsCmd struct {
	Dir string `arg:"" help:"Folder of a VAE of documents."`

	N   int    `name:"n" short:"n" help:"Words to each side of a unit; 10." default:"10" placeholder:"N"`
	By  string `help:"Order words by the change of their log-probability, logprob, or by how much they tell one end of a unit from the other, divergence, which leaves rare words out." enum:"logprob,divergence" default:"logprob"`
	All bool   `help:"Also units that say nothing of the documents."`
	In  string `help:"Documents to count which words come together in; those that the model learned from unless given." placeholder:"PATH" env:"-"`
}

// Help is what topics --help says beside the flags.
func (*topicsCmd) Help() string {
	return `For each latent unit, the most telling first, come the words whose log-probability rises most when the unit goes from −2 to +2 and all others stay at 0 (+), and
those whose log-probability falls most (−). A unit says as much of a document as its KL, in nats, a mean over documents.

NPMI says how well the words of a line go together: normalized pointwise mutual information, a mean over pairs of words. It is 1 of words that are always in the
same documents, 0 of those that meet by chance, and −1 of those that never meet. With --json there is one object: topics, of each unit, kl, active, and
rise and fall with words, nats and npmi; collapsed; npmi, the mean; documents.`
}

// topicWord is a word of a topic, and by how much its log-probability rises or falls, in nats.
type topicWord struct {
	Word string  `json:"word"`
	Nats float64 `json:"nats"`
}

// topicSide is one direction of a unit.
type topicSide struct {
	Words []topicWord `json:"words"`
	NPMI  *float64    `json:"npmi"` // null without documents
}

// topic is a unit.
type topic struct {
	Unit   int       `json:"unit"` // from 1
	KL     *float64  `json:"kl"`   // nats, a mean over documents; null without them
	Active bool      `json:"active"`
	Rise   topicSide `json:"rise"`
	Fall   topicSide `json:"fall"`
}

// topicTable is what --json says.
type topicTable struct {
	Topics    []topic  `json:"topics"`    // the most telling first
	Collapsed []int    `json:"collapsed"` // units that say nothing of documents
	NPMI      *float64 `json:"npmi"`      // mean of both sides of active units
	Documents int      `json:"documents"` // that the words were counted in
}

func (t *topicsCmd) Run(a *app) error {
	if err := check(bound{"-n", &t.N, 2, 1000}); err != nil {
		return err
	}
	m, vocab, c, err := openDocuments(a, t.Dir, 0, false)
	if err != nil {
		return err
	}
	if c.Model.Point {
		return usage("%s is an auto-encoder, whose units have no prior that they could be told from: train a VAE, with --objective elbo", t.Dir)
	}
	var seen *data.Bags
	if t.In != "" {
		seen, _, err = c.bags(a, vocab, c.Data.input(t.In))
	} else {
		var read *data.BagSplit
		if read, err = c.learned(a); read != nil {
			seen = read.Train
		}
	}
	if err != nil {
		return err
	}
	o, err := t.table(a, m, vocab, seen)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(o)
	}
	o.print(a, t.All)
	return nil
}

// mostMeasured is by how many documents, evenly spread, units are measured: their means are known well enough then.
const mostMeasured = 5000

// table gathers what there is to say of units. seen are documents to measure by; nil: there are none.
func (t *topicsCmd) table(a *app, m *documents.Model, vocab *data.BagVocab, seen *data.Bags) (*topicTable, error) {
	list := m.Topics(t.N, t.By == "divergence")
	o := &topicTable{Collapsed: []int{}}
	var lists [][]int
	for i, found := range list {
		one := topic{Unit: i + 1, Active: seen == nil}
		for s, words := range [][]documents.Word{found.Rise, found.Fall} {
			side := []*topicSide{&one.Rise, &one.Fall}[s]
			var numbers []int
			for _, w := range words {
				side.Words = append(side.Words, topicWord{vocab.Words[w.Word], w.Value})
				numbers = append(numbers, w.Word)
			}
			lists = append(lists, numbers)
		}
		o.Topics = append(o.Topics, one)
	}
	if seen == nil {
		a.note("so nothing is known of how much each unit says, and of which words come together: give documents with --in PATH")
		return o, nil
	}
	o.Documents = seen.Len()
	if err := o.measure(a, m, seen); err != nil {
		return nil, err
	}
	var all []float64
	for i, v := range eval.Coherence(lists, seen) {
		if math.IsNaN(v) {
			continue
		}
		one := &o.Topics[i/2]
		[]*topicSide{&one.Rise, &one.Fall}[i%2].NPMI = &v
		if one.Active {
			all = append(all, v)
		}
	}
	if mean := eval.Mean(all); len(all) > 0 {
		o.NPMI = &mean
	}
	slices.SortStableFunc(o.Topics, func(a, b topic) int { return cmp.Compare(*b.KL, *a.KL) })
	return o, nil
}

// measure finds the KL of each unit and whether it is active.
func (o *topicTable) measure(a *app, m *documents.Model, seen *data.Bags) error {
	if seen.Len() > mostMeasured {
		var places []int
		for i := range mostMeasured {
			places = append(places, i*seen.Len()/mostMeasured)
		}
		seen = seen.Only(places)
	}
	j, err := m.VAE.Judge(a.ctx, documents.Examples{Bags: seen}, 1)
	if err != nil {
		return err
	}
	active := j.Active()
	for i := range o.Topics {
		kl := j.Variables[0][i]
		o.Topics[i].KL, o.Topics[i].Active = &kl, slices.Contains(active, i)
		if !o.Topics[i].Active && kl < idle {
			o.Collapsed = append(o.Collapsed, i+1)
		}
	}
	return nil
}

func (o *topicTable) print(a *app, all bool) {
	out := onTerminal(a)
	title := fmt.Sprintf("%4s %6s  %5s", "unit", "KL", "NPMI")
	fmt.Fprintln(out, title)
	for _, t := range o.Topics {
		if !t.Active && !all {
			continue
		}
		for s, side := range []topicSide{t.Rise, t.Fall} {
			unit, kl, npmi := "", "", ""
			if s == 0 {
				unit = fmt.Sprint(t.Unit)
				if t.KL != nil {
					kl = fmt.Sprintf("%.2f", *t.KL)
				}
			}
			if side.NPMI != nil {
				npmi = fmt.Sprintf("%.2f", *side.NPMI)
			}
			var words []string
			for _, w := range side.Words {
				words = append(words, w.Word)
			}
			fmt.Fprintf(out, "%4s %6s  %5s  %s  %s\n", unit, kl, npmi, []string{"+", "−"}[s], oneLine(strings.Join(words, " ")))
		}
	}
	if o.NPMI != nil {
		fmt.Fprintf(out, "\nmean NPMI %.3f, by %s\n", *o.NPMI, plural(o.Documents, "document"))
	}
	if len(o.Collapsed) > 0 {
		verb := "say"
		if len(o.Collapsed) == 1 {
			verb = "says"
		}
		fmt.Fprintf(out, "%s %s nothing of the documents (collapsed)\n", numbered(o.Collapsed), verb)
	}
}
