package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"inkling/checkpoint"
	"inkling/eval"
	"inkling/wordvec"
)

// vectorsFlag says what of a file of vectors is read.
type vectorsFlag struct {
	Limit int `help:"Read only the first N vectors of a file, which are those of the most frequent words in most." placeholder:"N"`
}

func (f vectorsFlag) check() error { return check(bound{"--limit", &f.Limit, 0, unbounded}) }

// openVectors reads word vectors: the folder of a run, or a file in a format of word2vec (.bin is binary, others are text) or
// of NumPy (.npy, with the words beside it in .words.txt).
func openVectors(a *app, name string, limit int) (*wordvec.Vectors, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ioFault("%s: there is no such folder or file", name)
	case err != nil:
		return nil, err
	case info.IsDir() && limit > 0:
		return nil, usage("--limit is for files, and %s is a folder: leave it out", name)
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, badInput("%s: neither a folder nor a regular file", name)
		}
		if free := a.memory(); limit == 0 && free > 0 && 2*info.Size() > free {
			return nil, badInput("%s: its vectors may take %s of memory, and there are %s: read fewer with --limit, or raise --memory", name, sizeOf(2*info.Size()), sizeOf(free))
		}
		v, err := readVectors(name, limit)
		if err != nil {
			var system *fs.PathError
			if errors.As(err, &system) {
				return nil, err
			}
			return nil, badInput("%s: %w", name, err)
		}
		return v, nil
	}
	run, err := checkpoint.OpenRead(name)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if !isVectors(run) {
		return nil, badInput("%s: not word vectors: train some with inkling train vectors", name)
	}
	if info, err := os.Stat(filepath.Join(name, "model.safetensors")); err == nil {
		if free := a.memory(); free > 0 && 2*info.Size() > free {
			return nil, badInput("%s: its vectors take %s of memory, and there are %s: use it on a machine with more, or raise --memory", name, sizeOf(2*info.Size()), sizeOf(free))
		}
	}
	return wordvec.Load(run)
}

// readVectors reads a file of vectors.
func readVectors(name string, limit int) (*wordvec.Vectors, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	switch filepath.Ext(name) {
	case ".bin":
		return wordvec.ReadBinary(file, limit)
	case ".npy":
		words, err := os.Open(wordsBeside(name))
		if err != nil {
			return nil, err
		}
		defer words.Close()
		return wordvec.ReadNPY(file, words, limit)
	}
	return wordvec.ReadText(file, limit)
}

// wordsBeside is where the words of a matrix of NumPy are.
func wordsBeside(name string) string { return strings.TrimSuffix(name, ".npy") + ".words.txt" }

// numbers finds words, as they are or in lower case.
func numbers(space *wordvec.Space, name string, words ...string) ([]int, error) {
	var list []int
	for _, w := range words {
		n, ok := space.Find(w)
		if !ok {
			return nil, badInput("%s: there is no vector of %q: it is not among its %s words", name, w, thousands(len(space.Words)))
		}
		list = append(list, n)
	}
	return list, nil
}

type nnCmd struct {
	Dir   string   `arg:"" help:"Folder of word vectors, or a file of them."`
	Words []string `arg:"" name:"word" help:"Words; of several, the mean of their vectors."`
	Count int      `name:"count" short:"k" help:"How many neighbours." default:"10" placeholder:"N"`
	vectorsFlag
}

func (n *nnCmd) Run(a *app) error {
	if err := errors.Join(check(bound{"-k", &n.Count, 1, mostTexts}), n.check()); err != nil {
		return err
	}
	v, err := openVectors(a, n.Dir, n.Limit)
	if err != nil {
		return err
	}
	words, err := numbers(wordvec.NewSpace(v), n.Dir, n.Words...)
	if err != nil {
		return err
	}
	return printNeighbours(a, v.Nearest(words, n.Count))
}

func printNeighbours(a *app, list []wordvec.Neighbour) error {
	if a.json {
		return a.printJSON(append([]wordvec.Neighbour{}, list...))
	}
	for _, n := range list {
		fmt.Fprintf(a.out, "%.4f  %s\n", n.Score, oneLine(n.Word))
	}
	return nil
}

type analogyCmd struct {
	Dir   string `arg:"" help:"Folder of word vectors, or a file of them."`
	A     string `arg:"" name:"a" help:"As man …"`
	B     string `arg:"" name:"b" help:"… is to king,"`
	C     string `arg:"" name:"c" help:"so is woman to what?"`
	Count int    `name:"count" short:"k" help:"How many answers." default:"5" placeholder:"N"`
	Mul   bool   `help:"Rank by the product of the cosines (3CosMul) and not by their sum (3CosAdd)."`
	vectorsFlag
}

func (n *analogyCmd) Run(a *app) error {
	if err := errors.Join(check(bound{"-k", &n.Count, 1, mostTexts}), n.check()); err != nil {
		return err
	}
	v, err := openVectors(a, n.Dir, n.Limit)
	if err != nil {
		return err
	}
	w, err := numbers(wordvec.NewSpace(v), n.Dir, n.A, n.B, n.C)
	if err != nil {
		return err
	}
	return printNeighbours(a, v.Analogy(w[0], w[1], w[2], n.Count, n.Mul))
}

type exportCmd struct {
	Dir  string `arg:"" help:"Folder of word vectors, or a file of them."`
	File string `arg:"" help:"Where to: NAME.bin is word2vec's binary format, NAME.npy NumPy's with the words in NAME.words.txt, and anything else word2vec's text."`
	vectorsFlag
}

// Run writes the file whole or not at all.
func (e *exportCmd) Run(a *app) error {
	if err := e.check(); err != nil {
		return err
	}
	v, err := openVectors(a, e.Dir, e.Limit)
	if err != nil {
		return err
	}
	write := func(name string, f func(io.Writer) error) error {
		return checkpoint.WriteFile(filepath.Dir(name), filepath.Base(name), f)
	}
	switch filepath.Ext(e.File) {
	case ".bin":
		err = write(e.File, v.WriteBinary)
	case ".npy":
		if err = write(wordsBeside(e.File), v.WriteWords); err == nil {
			err = write(e.File, v.WriteNPY)
		}
	default:
		err = write(e.File, v.WriteText)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"out": e.File, "words": len(v.Words), "dim": v.Dim})
	}
	fmt.Fprintf(a.out, "%s: %s vectors of %d numbers\n", e.File, thousands(len(v.Words)), v.Dim)
	return nil
}

// holdsVectors says whether what is to be measured is word vectors: a run of them, or a file.
func holdsVectors(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return true
	}
	run, err := checkpoint.OpenRead(name)
	if err != nil {
		return false
	}
	defer run.Close()
	return isVectors(run)
}

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
	words, err := readList(e.File)
	if err != nil {
		return err
	}
	v, err := openVectors(a, e.Dir, 0)
	if err != nil {
		return err
	}
	space := wordvec.NewSpace(v)
	if questions, err := eval.ReadQuestions(bytes.NewReader(words)); err == nil {
		var j vectorsJudged
		j.Groups, j.Analogies = eval.JudgeAnalogies(questions, space)
		return j.print(a)
	} else if bytes.HasPrefix(bytes.TrimSpace(words), []byte(":")) {
		return badInput("%s: %w", e.File, err)
	}
	pairs, err := eval.ReadPairs(bytes.NewReader(words))
	if err != nil {
		return badInput("%s: neither analogies nor pairs of words: %w", e.File, err)
	}
	s := eval.JudgePairs(pairs, space.Similarity)
	if a.json {
		return a.printJSON(s)
	}
	list(a.out,
		[]string{"Spearman", fmt.Sprintf("%.4f", s.Spearman)},
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
		rows = append(rows, []string{name, fmt.Sprintf("%.1f %%", 100*g.Accuracy), fmt.Sprintf("%.1f %%", 100*g.AccuracyMul), thousands(g.Questions), thousands(g.OutOfVocab)})
	}
	for _, g := range j.Groups {
		row(g.Group, g)
	}
	row("all", j.Analogies)
	aligned(a.out, "lrrrr", rows...)
	return nil
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
