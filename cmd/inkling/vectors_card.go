package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// card is the README.md of a run. It holds no time stamp, so that equal runs have equal cards.
func (s *vectorSitting) card(o trainedVectors) []byte {
	var b strings.Builder
	c, m := s.cfg, s.model.Config
	fmt.Fprintf(&b, "# Word vectors\n\n%s vectors of %d numbers, trained with Inkling %s.\n", thousands(len(s.model.Words)), m.Dim, c.MadeWith.Version)
	if o.Interrupted {
		b.WriteString("The run was stopped before its end; `inkling resume` goes on with it.\n")
	}
	b.WriteString("\n## Use\n\n    inkling nn DIR WORD\n    inkling analogy DIR man king woman\n    inkling export DIR vectors.txt\n\n")
	b.WriteString("`model.safetensors` has the vectors as `in.weight`, in the order of `vocab.txt`.\n")
	fmt.Fprintf(&b, "\n## Data\n\n- text: %s, %s, SHA-256 %s\n- %s words, of which those with a vector occur %d times or more\n",
		filepath.Base(c.Data.File), sizeOf(c.Data.Bytes), c.Data.SHA256, thousands(c.Words), m.MinCount)
	fmt.Fprintf(&b, "\n## Settings\n\n- %s\n- %s/%s, %s, %s\n", vectorSettings(c), c.MadeWith.OS, c.MadeWith.Arch, c.MadeWith.ISA, plural(c.MadeWith.Threads, "thread"))
	fmt.Fprintf(&b, "\n## Results\n\n%s steps; loss %.4f nats a pair.\n", thousands(o.Steps), o.Loss)
	return []byte(b.String())
}

// vectorSettings is how vectors are learnt, in words.
func vectorSettings(c *vectorsConfig) string {
	m := c.Model
	loss := map[string]string{"negative": fmt.Sprintf("%d negative samples", m.Negative), "tree": "a Huffman tree", "full": "the full softmax"}[m.Loss]
	passes := "1 pass"
	if m.Epochs != 1 {
		passes = thousands(m.Epochs) + " passes"
	}
	how := "deterministic"
	if m.Hogwild {
		how = "hogwild"
	}
	words := "words end at white space"
	if c.Vocabulary.Split == "unicode" {
		words = "words end at the boundaries of Unicode"
	}
	if c.Vocabulary.Lower {
		words += ", in lower case"
	}
	if len(m.Phrases) > 0 {
		words += fmt.Sprintf(", phrases above %s with the discount %g", strings.ReplaceAll(strings.Trim(fmt.Sprint(m.Phrases), "[]"), " ", ", then "), max(0, m.Discount))
	}
	return fmt.Sprintf("%s, %s, window %d, sample %g, %s, learning rate %g, seed %d, %s, blocks of %s, %s; %s",
		m.Model, loss, m.Window, max(0, m.Sample), passes, m.Rate, m.Seed, plural(m.Shards, "shard"), plural(m.Block, "token"), how, words)
}
