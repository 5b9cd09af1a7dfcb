package main

import (
	"fmt"
	"slices"
	"strings"

	"inkling/decode"
)

// searchFlags are options of the decoders that search for the likeliest text. A flag that is nil was not given: the decoder's own choice.
type searchFlags struct {
	Beam          *int     `help:"Beginnings of each length that are kept; of exact: by the beam that it begins with." placeholder:"4" group:"Searching for the likeliest" of:"sentences"`
	LengthPenalty *float64 `help:"Of beam and bestfirst: compare texts by log-probability divided by their length to this power, so that longer ones are not at a loss." placeholder:"A" group:"Searching for the likeliest" of:"sentences"`
	LengthNorm    *string  `help:"What that length is: gnmt, (5 + tokens) / 6; or plain, tokens." enum:"gnmt,plain" placeholder:"gnmt" group:"Searching for the likeliest" of:"sentences"`
	Groups        *int     `help:"Of beam: in so many groups, each kept from what those before it write." placeholder:"G" group:"Searching for the likeliest" of:"sentences"`
	Diversity     *float64 `help:"What a token costs a group for each before it that writes it in the same place, in nats." placeholder:"X" group:"Searching for the likeliest" of:"sentences"`
	KeepGreedy    bool     `help:"Of beam: also follow the path of the greedy decoder, so that the text is never less likely than its." group:"Searching for the likeliest" of:"sentences"`
	States        *int     `help:"Of viterbi: keep only so many contexts at each step, the best; all are certain to have the best text, where they fit in memory." placeholder:"K" group:"Searching for the likeliest" of:"sentences"`
	Heuristic     *string  `help:"Of astar: what is known of how a text can go on: ${enum}; the last two of models with --arch window, where relaxed is the default." enum:"${heuristics}" placeholder:"NAME" group:"Searching for the likeliest" of:"sentences"`
	Nodes         *int     `help:"The most beginnings to go on from; the result is then the best that was found." placeholder:"1000000" group:"Searching for the likeliest" of:"sentences"`
}

// isSearch says whether a decoder looks for the likeliest text.
func isSearch(decoder string) bool { return decoder != "greedy" && decoder != "sample" }

// given lists the flags that were given, with the decoders that have them; nil: all that search.
func (s *searchFlags) given() (list []flagOf) {
	beams := []string{"beam", "bestfirst"}
	return []flagOf{
		{"beam", s.Beam != nil, []string{"beam", "bestfirst", "exact"}},
		{"length-penalty", s.LengthPenalty != nil, beams},
		{"length-norm", s.LengthNorm != nil, beams},
		{"groups", s.Groups != nil, beams[:1]},
		{"diversity", s.Diversity != nil, beams[:1]},
		{"keep-greedy", s.KeepGreedy, beams[:1]},
		{"states", s.States != nil, []string{"viterbi"}},
		{"heuristic", s.Heuristic != nil, []string{"astar"}},
		{"nodes", s.Nodes != nil, nil},
	}
}

// A flagOf is a flag that some decoders have.
type flagOf struct {
	name  string
	given bool
	of    []string // nil: those that search
}

// refuse says which of the flags that were given a decoder does not have.
func refuse(decoder string, flags []flagOf) error {
	for _, f := range flags {
		if f.of == nil {
			for _, k := range decode.Kinds() {
				if isSearch(k.Name) {
					f.of = append(f.of, k.Name)
				}
			}
		}
		if f.given && !slices.Contains(f.of, decoder) {
			return usage("--%s is for --decoder %s, and this is --decoder %s: leave it out, or take another decoder", f.name, strings.Join(f.of, ", "), decoder)
		}
	}
	return nil
}

// decoder is the search that the flags describe, and nil for one that has none of them.
func (s *searchFlags) decoder(name string) (decode.Decoder, error) {
	if err := check(bound{"--beam", s.Beam, 1, mostBeam}, bound{"--groups", s.Groups, 1, mostBeam}, bound{"--nodes", s.Nodes, 1, unbounded}, bound{"--states", s.States, 1, unbounded}); err != nil {
		return nil, err
	}
	switch {
	case s.LengthNorm != nil && s.LengthPenalty == nil:
		return nil, usage("--length-norm %s: give --length-penalty too, without which there is no norm", *s.LengthNorm)
	case s.Groups != nil && *s.Groups > 1 && s.Diversity == nil:
		return nil, usage("--groups %d: give --diversity too, without which all groups write the same", *s.Groups)
	case s.Diversity != nil && (s.Groups == nil || *s.Groups < 2):
		return nil, usage("--diversity %g: give --groups too, at least 2, which it is between", *s.Diversity)
	}
	b := decode.Beam{KeepGreedy: s.KeepGreedy}
	set(&b.Width, s.Beam)
	set(&b.LengthPenalty, s.LengthPenalty)
	set(&b.LengthNorm, s.LengthNorm)
	set(&b.Groups, s.Groups)
	set(&b.DiversityPenalty, s.Diversity)
	if err := b.Check(); err != nil {
		return nil, usage("%w", err)
	}
	switch name {
	case "beam":
		return b, nil
	case "bestfirst":
		return decode.BestFirst{Width: b.Width, LengthNorm: b.LengthNorm, LengthPenalty: b.LengthPenalty}, nil
	case "exact":
		return decode.Exact{Width: b.Width}, nil
	case "viterbi":
		var v decode.Viterbi
		set(&v.States, s.States)
		return v, nil
	case "astar":
		var a decode.AStar
		set(&a.Heuristic, s.Heuristic)
		return a, nil
	}
	return nil, nil
}

// scorer is a decoder that compares texts by something else than their log-probability.
type scorer interface {
	Score(logProb float64, tokens int) float64
}

// scoreOf is what a decoder compares a text by.
func scoreOf(d decode.Decoder, t decode.Hypothesis) float64 {
	if s, ok := d.(scorer); ok {
		return s.Score(t.LogProb, len(t.Tokens))
	}
	return t.LogProb
}

// proved says in a line what a search knows of its first text.
func proved(t decode.Hypothesis, interrupted bool) string {
	c := t.Certificate
	what := fmt.Sprintf("the likeliest found; no text has more than %.4f, a gap of %.4f", c.Bound, c.Bound-c.Best)
	switch {
	case t.FinishReason == decode.FinishNodes:
		what = "not complete when the nodes were spent: allow more with --nodes"
	case t.FinishReason == decode.FinishCancelled:
		what = "not complete"
	case c.Exact:
		what = "certified: no text is likelier"
	}
	if interrupted {
		what = "interrupted: " + what
	}
	return fmt.Sprintf("log-probability %.4f nats, %s; %s, %s of the model", t.LogProb, what, plural(c.Expanded, "node"), plural(c.Calls, "call"))
}
