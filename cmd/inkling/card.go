package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// card is the README.md of a run: what the model is, what it learnt from and how good it is, for who
// finds the folder later. It holds no time stamp, so that equal runs have equal cards.
func (s *sitting) card(o outcome) []byte {
	var b strings.Builder
	c, m, t := s.cfg, s.model.Config, s.cfg.Train
	one, rate := units(c.Tokens)
	fmt.Fprintf(&b, "# A language model of %ss\n\n", one)
	fmt.Fprintf(&b, "%s with %s, %s weights, a vocabulary of %d, trained with Inkling %s.\n", capital(m.Architecture().Noun), m.Sizes(), thousands(s.model.Params().Count()), s.model.Vocab(), c.MadeWith.Version)
	if o.Interrupted {
		fmt.Fprintf(&b, "The run was stopped before its end; `inkling resume` goes on with it.\n")
	}
	fmt.Fprintf(&b, "\n## Use\n\n    inkling generate DIR --prompt TEXT\n    inkling eval DIR FILE\n\n")
	fmt.Fprintf(&b, "`model.safetensors` has %s; `tokenizer.json` is read by Hugging Face's tokenizers.\n", m.Architecture().Peer)

	b.WriteString("\n## Data\n\n")
	fmt.Fprintf(&b, "- text: %s, %s, SHA-256 %s\n", filepath.Base(c.Data.File), sizeOf(c.Data.Bytes), c.Data.SHA256)
	switch {
	case c.Data.ValidFile != "":
		fmt.Fprintf(&b, "- held out: %s, %s, SHA-256 %s\n", filepath.Base(c.Data.ValidFile), sizeOf(c.Data.ValidBytes), c.Data.ValidSHA256)
	case c.Data.ValidShare > 0 && c.Data.Items > 0:
		fmt.Fprintf(&b, "- held out: %g %% of its items, evenly spread, %s\n", 100*c.Data.ValidShare, plural(c.Data.ValidTokens, one))
	case c.Data.ValidShare > 0:
		fmt.Fprintf(&b, "- held out: the last %g %% of it, %s\n", 100*c.Data.ValidShare, plural(c.Data.ValidTokens, one))
	default:
		b.WriteString("- nothing held out\n")
	}

	b.WriteString("\n## Settings\n\n")
	fmt.Fprintf(&b, "- %s, %s, products in %s, seed %d\n", t.batch(), plural(t.Shards, "shard"), t.Precision, t.Seed)
	fmt.Fprintf(&b, "- %s; dropout %s\n", t.optimizer(), dropoutOf(m))
	if c.From != nil {
		fmt.Fprintf(&b, "- begun with the weights of the run %s, SHA-256 %s\n", filepath.Base(c.From.Run), c.From.SHA256)
	}
	if t.Patience > 0 {
		fmt.Fprintf(&b, "- to end after %s without a new best\n", plural(t.Patience, "validation"))
	}
	if t.Budget > 0 {
		fmt.Fprintf(&b, "- a budget of %s\n", span(time.Duration(t.Budget)))
	}
	fmt.Fprintf(&b, "- %s/%s, %s, %s\n", c.MadeWith.OS, c.MadeWith.Arch, c.MadeWith.ISA, plural(c.MadeWith.Threads, "thread"))

	b.WriteString("\n## Results\n\n")
	fmt.Fprintf(&b, "%s steps, %s %s%s.\n", thousands(o.Steps), thousands(int64(o.Weight)), rate, s.early(o))
	if rows := s.scores(o); len(rows) > 0 {
		b.WriteString("On the held-out text:\n\n")
		for i, row := range rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
			if i == 0 {
				b.WriteString("|---|---|---|---|\n")
			}
		}
	}
	if !math.IsNaN(o.Best) {
		fmt.Fprintf(&b, "\nThe weights are %s step %s, the best on the held-out text.\n", o.weightsOf(), thousands(o.BestStep))
	}
	return []byte(b.String())
}
