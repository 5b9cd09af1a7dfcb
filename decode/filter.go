package decode

import (
	"fmt"
	"slices"
	"strings"
)

// A Filter changes which tokens may be next in sampling, and how likely they are. One is made per
// call of Decode and used for all samples, so it keeps nothing from token to token, unless it is a [Watcher].
type Filter interface {
	// Check says what is wrong with the filter's options.
	Check() error
	// Apply changes scores, or takes candidates from the list. It neither adds any nor depends on their
	// order, and a score of −∞ stays as it is. Only a filter that forbids tokens may take the last that is possible; then it
	// leaves none, no other filter is asked, and the text ends.
	Apply(c *Candidates)
}

// A Watcher is a filter that goes by what was drawn. What it keeps from token to token belongs to one sample, so that samples can be
// drawn side by side: Begin gives one for each.
type Watcher interface {
	Filter
	Begin() Watcher  // for a new sample, of which nothing was drawn
	Drawn(token int) // tells it what was drawn of the candidates that it was given last
}

// A FilterKind is one of the filters.
type FilterKind struct {
	Name, Doc string
	of        func(Sample) Filter // nil if the options leave it out
}

// filters is in the order in which they are applied unless [Sample.Samplers] says otherwise, which is llama.cpp's: what is unlikely for
// the model itself is cut off first, so that a high temperature cannot bring it back. Hugging Face's
// transformers apply the temperature before the cuts; with a temperature of 1 there is no difference.
var filters = []FilterKind{
	{"logit_bias", "makes given tokens likelier or less likely, or forbids them", logitBiasOf},
	{"penalties", "makes tokens that were there less likely: repeat, frequency and presence penalty", penaltiesOf},
	{"no_repeat_ngram", "forbids what would write the same n tokens again", noRepeatOf},
	{"top_k", "leaves the k likeliest tokens", topKOf},
	{"typical", "leaves the tokens whose surprise is nearest to the expected one, with probability p together", typicalOf},
	{"top_p", "leaves the likeliest tokens that together have probability p", topPOf},
	{"min_p", "leaves tokens at least p times as likely as the likeliest", minPOf},
	{"temperature", "below 1 prefers likely tokens more, above 1 less", temperatureOf},
	{"mirostat", "cuts off what is too surprising, so much that the text is as surprising as was asked for", mirostatOf},
}

// Filters lists the filters of [Sample] in the order in which they are applied unless [Sample.Samplers] says otherwise.
func Filters() []FilterKind { return filters }

// chain has the filters that the options ask for, in the order in which they are applied.
func (s Sample) chain() (list []Filter, err error) {
	kinds, err := s.order()
	if err != nil {
		return nil, err
	}
	for _, kind := range filters {
		named := slices.ContainsFunc(kinds, func(k FilterKind) bool { return k.Name == kind.Name })
		if !named && kind.of(s) != nil {
			return nil, fmt.Errorf("samplers %s: %s is not among them, and is asked for: add it, or leave its options out", strings.Join(s.Samplers, ";"), kind.Name)
		}
	}
	for _, kind := range kinds {
		if f := kind.of(s); f != nil {
			if err := f.Check(); err != nil {
				return nil, err
			}
			list = append(list, f)
		}
	}
	return list, s.checkMirostat()
}

// order has the kinds of filter in the order of s.Samplers.
func (s Sample) order() (kinds []FilterKind, err error) {
	if len(s.Samplers) == 0 {
		return filters, nil
	}
	for i, name := range s.Samplers {
		at := slices.IndexFunc(filters, func(k FilterKind) bool { return k.Name == name })
		switch {
		case at < 0:
			var names []string
			for _, k := range filters {
				names = append(names, k.Name)
			}
			return nil, fmt.Errorf("samplers: no filter %q: there are %s", name, strings.Join(names, ", "))
		case slices.Contains(s.Samplers[:i], name):
			return nil, fmt.Errorf("samplers: %s is there twice: each filter is applied once", name)
		}
		kinds = append(kinds, filters[at])
	}
	return kinds, nil
}

// own gives a sample its filters: those that watch what is drawn made anew, and the others as they are.
func own(chain []Filter) (list []Filter, watchers []Watcher) {
	list = slices.Clone(chain)
	for i, f := range list {
		if w, ok := f.(Watcher); ok {
			w = w.Begin()
			list[i], watchers = w, append(watchers, w)
		}
	}
	return list, watchers
}
