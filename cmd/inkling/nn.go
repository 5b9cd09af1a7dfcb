package main

import (
	"errors"
	"fmt"

	"inkling/wordvec"
)

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
