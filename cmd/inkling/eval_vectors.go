package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"inkling/eval"
	"inkling/wordvec"
)

// vectorsJudged is what --json says of analogies.
type vectorsJudged struct {
	eval.Analogies
	Groups []eval.Analogies `json:"groups"`
}

// vectors measures word vectors by a list of pairs or of analogies, whichever the file is.
func (e *evalCmd) vectors(a *app) error {
	if len(e.Ext) > 0 || e.Lines || e.Field != "" || e.Cache != "" {
		return usage("--ext, --lines, --field and --cache are for texts: leave them out for word vectors")
	}
	if e.Output != "" {
		return usage("--output is for language models, and %s is word vectors: leave it out", e.Dir)
	}
	words, err := readList(e.File)
	if err != nil {
		return err
	}
	v, err := openVectors(a, e.Dir, e.Limit)
	if err != nil {
		return err
	}
	space := wordvec.NewSpace(v)
	if eval.IsQuestions(bytes.NewReader(words)) {
		questions, err := eval.ReadQuestions(bytes.NewReader(words))
		if err != nil {
			return badInput("%s: %w", e.File, err)
		}
		var j vectorsJudged
		j.Groups, j.Analogies = eval.JudgeAnalogies(questions, space)
		if j.Questions == 0 {
			return badInput("%s: there is no question all of whose words have vectors in %s: bring questions about words of its text", e.File, e.Dir)
		}
		return j.print(a)
	}
	pairs, err := eval.ReadPairs(bytes.NewReader(words))
	if err != nil {
		return badInput("%s: neither analogies nor pairs of words: %w", e.File, err)
	}
	s := eval.JudgePairs(pairs, space.Similarity)
	if s.Pairs == 0 {
		return badInput("%s: there is no pair both of whose words have vectors in %s: bring pairs of words of its text", e.File, e.Dir)
	}
	if a.json {
		return a.printJSON(s)
	}
	list(a.out,
		[]string{"Spearman", orDash("%.4f", s.Spearman, 1)},
		[]string{"pairs", thousands(s.Pairs)},
		[]string{"out of vocabulary", fmt.Sprintf("%s, %.3g %%, left out", plural(s.OutOfVocab, "pair"), s.OutOfVocabPct)},
	)
	return nil
}

func (j vectorsJudged) print(a *app) error {
	if a.json {
		return a.printJSON(j)
	}
	rows := [][]string{{"group", "3CosAdd", "3CosMul", "questions", "left out"}}
	row := func(name string, g eval.Analogies) {
		rows = append(rows, []string{name, orDash("%.1f %%", g.Accuracy, 100), orDash("%.1f %%", g.AccuracyMul, 100), thousands(g.Questions), thousands(g.OutOfVocab)})
	}
	for _, g := range j.Groups {
		row(g.Group, g)
	}
	row("all", j.Analogies)
	aligned(a.out, "lrrrr", rows...)
	return nil
}

// orDash writes a number so many times as large, and a dash if there is none.
func orDash(format string, x *float64, times float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf(format, times**x)
}

// mostList is the size of the largest list of pairs or questions, in bytes.
const mostList = 64 << 20

// readList reads a list of pairs or questions.
func readList(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, mostList+1))
	if err == nil && len(raw) > mostList {
		err = badInput("%s: more than %s: this is no list of words", name, sizeOf(mostList))
	}
	return raw, err
}
