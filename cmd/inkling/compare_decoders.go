package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inkling/decode"
)

// compareDecodersCmd is inkling compare decoders: each decoder goes on from the same beginnings, and is judged by the likeliest text that any
// of them has proved to be.
type compareDecodersCmd struct {
	Dir  string `arg:"" help:"Folder of the model."`
	File string `arg:"" help:"A text to cut the beginnings from, best one that the model has not seen: a file, a folder, or - for standard input; gzip and zstd are unpacked."`
	textFlags

	N         int           `name:"n" short:"n" help:"Beginnings, evenly spread over the text." default:"200" group:"The measurement"`
	Read      int           `help:"Tokens of a beginning; of an item at most half of it." default:"40" placeholder:"N" group:"The measurement"`
	MaxTokens int           `help:"The most to write after it, in tokens." aliases:"length" default:"20" group:"The measurement"`
	Decoders  []string      `help:"The decoders to compare: ${enum}; all that suit the model unless given." enum:"${decoders}" placeholder:"NAME" env:"-" group:"The measurement"`
	Beams     []int         `help:"Widths of beam and bestfirst." default:"2,4,8,16,32,64" placeholder:"N" group:"The measurement"`
	Time      time.Duration `help:"The longest that one decoder may take with one beginning; it then gives what it has." default:"10s" placeholder:"10s" env:"-" group:"The measurement"`
	Nodes     int           `help:"The most beginnings that it may go on from, which ends the same way on any machine." default:"1000000" placeholder:"N" group:"The measurement"`
	Seed      uint64        `help:"Of what is sampled." default:"1" group:"The measurement"`
	Picture   string        `help:"Draw milliseconds against log-probability, as .png or .svg." placeholder:"FILE" env:"-" group:"The measurement"`
}

// Help is what --help says beside the flags.
func (*compareDecodersCmd) Help() string {
	return `What a model writes depends on how its tokens are chosen. Here all decoders go on from the same beginnings, in turn:

  LOG-PROBABILITY   of the text, in nats, under the model itself: the mean. Searches look for the largest there is.
  CERTIFIED         beginnings for which the decoder has proved that its text is the likeliest.
  SEARCH ERRORS     the share of beginnings for which its text is not; only those count for which some decoder has
                    proved what the likeliest is. GAP is what it lacks there, in nats: the mean.
  STATES, CALLS     sequences whose next tokens were scored, and calls of the model for that, one for many states.
  MS                for one beginning, which it reads first: the mean, and the median.
  REPEATED          the share of sequences of four tokens that were there before, in the beginning or in the text.
  DISTINCT          of all sequences of four tokens in its texts, the share that are different ones.

The first row is how the text itself goes on. Ctrl-C ends with what there is.`
}

const mostRead = 1 << 20

func (c *compareDecodersCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	model, vocab, err := load(a, c.Dir, forDecoding, textMemory(c.File, a.memory()))
	if err != nil {
		return err
	}
	ladder, err := c.ladder(model)
	if err != nil {
		return err
	}
	starts, err := c.beginnings(a, vocab)
	if err != nil {
		return err
	}
	a.note("%s, %s, %s to write after %s", plural(len(ladder), "decoder"), plural(len(starts), "beginning"), plural(c.MaxTokens, "token"), plural(c.Read, "token"))
	defer a.orderly()()
	t := newTally(a.err, "of the beginnings", len(starts))
	trials, err := c.try(a, model, &ladder, starts, ends(vocab), func() { t.add(1) })
	t.close()
	if err != nil {
		return err
	}
	if len(trials) == 0 {
		return errInterrupted
	}
	result := judgeDecoders(ladder, trials)
	result.Dir, result.File, result.Asked, result.Read, result.MaxTokens, result.Picture = c.Dir, c.File, len(starts), c.Read, c.MaxTokens, c.Picture
	if c.Picture != "" {
		if err := result.draw(); err != nil {
			return err
		}
	}
	if err := result.print(a); err != nil {
		return err
	}
	if a.ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}

func (c *compareDecodersCmd) check() error {
	if kind := strings.ToLower(filepath.Ext(c.Picture)); c.Picture != "" && kind != ".png" && kind != ".svg" {
		return usage("--picture %s: must end in .png or .svg", c.Picture)
	}
	if c.Time <= 0 {
		return usage("--time %s: must be above 0", c.Time)
	}
	for _, width := range c.Beams {
		if err := check(bound{"--beams", &width, 1, mostBeam}); err != nil {
			return err
		}
	}
	return check(bound{"-n", &c.N, 1, mostTexts}, bound{"--read", &c.Read, 1, mostRead}, bound{"--max-tokens", &c.MaxTokens, 1, mostRead}, bound{"--nodes", &c.Nodes, 1, unbounded})
}

// A rung is one decoder of the ladder.
type rung struct {
	name    string // as generate --decoder has it
	option  string // what else there is to say: a width, a heuristic
	width   int    // 0 of one that has none
	tables  bool   // it makes tables, which may be too large; nobody has asked for it by name
	decoder decode.Decoder
}

func (r rung) String() string { return strings.TrimRight(r.name+" "+r.option, " ") }

// ladder is all decoders in all widths, from the simplest to the surest.
func (c *compareDecodersCmd) ladder(m decode.Markov) (list []rung, err error) {
	add := func(d decode.Decoder, name, option string, width int) {
		if len(c.Decoders) == 0 || slices.Contains(c.Decoders, name) {
			tables := len(c.Decoders) == 0 && (name == "viterbi" || name == "astar")
			list = append(list, rung{name, option, width, tables, d})
		}
	}
	add(decode.Sample{}, "sample", "", 0)
	add(decode.Greedy{}, "greedy", "", 0)
	for _, width := range c.Beams {
		add(decode.Beam{Width: width}, "beam", fmt.Sprint(width), width)
	}
	for _, width := range c.Beams {
		add(decode.BestFirst{Width: width}, "bestfirst", fmt.Sprint(width), width)
	}
	add(decode.Exact{}, "exact", "", 0)
	if m.Order() > 0 {
		for _, h := range decode.Heuristics {
			add(decode.AStar{Heuristic: h}, "astar", h, 0)
		}
		add(decode.Viterbi{}, "viterbi", "", 0)
	} else if slices.Contains(c.Decoders, "viterbi") {
		return nil, usage("--decoders viterbi: it needs a model that sees the last few tokens only, as one of --arch window: leave it out")
	} else if len(c.Decoders) > 0 {
		add(decode.AStar{}, "astar", "", 0)
	}
	return list, nil
}

// A trial is what was made of one beginning: by each rung, and by whoever wrote the text.
type trial struct {
	text  attempt
	rungs []attempt
}

// An attempt is one text.
type attempt struct {
	prefix, tokens []int
	logp           float64
	complete       bool
	proved         *decode.Certificate // nil: nothing
	seconds        float64
}

// try lets all rungs go on from each beginning in turn. A rung whose tables are too large is taken out of the ladder. When ctx ends it gives
// the beginnings that all of them are done with.
func (c *compareDecodersCmd) try(a *app, m decode.Model, ladder *[]rung, starts []beginning, ends []int, done func()) (trials []trial, err error) {
	for i, b := range starts {
		t := trial{text: attempt{prefix: b.prefix, tokens: b.rest, logp: logProbOf(m, b.prefix, b.rest), complete: true}}
		req := decode.Request{Prefix: b.prefix, Length: c.MaxTokens, Ends: ends, Nodes: c.Nodes, Seed: c.Seed + uint64(i)}
		var kept []rung
		for _, r := range *ladder {
			limited, cancel := context.WithTimeout(a.ctx, c.Time)
			began := time.Now()
			texts, err := r.decoder.Decode(limited, m, req)
			took := time.Since(began).Seconds()
			cancel()
			switch {
			case a.ctx.Err() != nil:
				return trials, nil
			case err != nil && i == 0 && r.tables:
				a.note("%s is left out: %v", r, err)
				continue
			case err != nil:
				return nil, badInput("%s: %w", r, err)
			}
			h := texts[0]
			kept = append(kept, r)
			t.rungs = append(t.rungs, attempt{
				prefix: b.prefix, tokens: h.Tokens, logp: h.LogProb, proved: h.Certificate, seconds: took,
				complete: h.FinishReason == decode.FinishLength || h.FinishReason == decode.FinishStop,
			})
		}
		*ladder = kept
		trials = append(trials, t)
		done()
	}
	return trials, nil
}

// logProbOf is the log-probability of tokens after a prefix.
func logProbOf(m decode.Model, prefix, tokens []int) (sum float64) {
	s, logp := m.Start(), make([]float32, m.VocabSize())
	for _, token := range prefix {
		s = m.Next(s, token)
	}
	for _, token := range tokens {
		m.LogProbs(logp, s)
		sum += float64(logp[token])
		s = m.Next(s, token)
	}
	return sum
}
