package main

import "inkling/data"

// A beginning is what a decoder reads, and how the text goes on.
type beginning struct{ prefix, rest []int }

// beginnings are cut from the text, evenly spread.
func (c *compareDecodersCmd) beginnings(a *app, vocab *data.Vocab) (list []beginning, err error) {
	src := dataSource{File: c.File, Ext: c.Ext, Lines: c.Lines, Field: c.Field}
	if beginOf(vocab) >= 0 {
		src.Lines = src.Lines || src.Field == ""
	} else if src.Lines || src.Field != "" {
		return nil, usage("--lines and --field: %s was trained on running text: leave them out", c.Dir)
	}
	text, err := readCorpus(a, src, reading{kind: vocab.Kind, what: c.File, vocab: vocab})
	if err != nil {
		return nil, err
	}
	defer text.close()
	for _, note := range text.notes {
		a.note("%s", note)
	}
	if begin := text.begin(); begin >= 0 {
		return itemBeginnings(text.train, begin, c.N, c.Read, c.MaxTokens)
	}
	room := text.train.Len() - c.Read - c.MaxTokens
	if room < 0 {
		return nil, badInput("%s has %s, and a beginning with what comes after it has %d: bring a longer text, or lower --read or --max-tokens", c.File, plural(text.train.Len(), "token"), c.Read+c.MaxTokens)
	}
	n := min(c.N, room+1)
	for i := range n {
		tokens := make([]int, c.Read+c.MaxTokens)
		if err := text.train.Read(tokens, room*i/max(1, n-1)); err != nil {
			return nil, err
		}
		list = append(list, beginning{tokens[:c.Read], tokens[c.Read:]})
	}
	return list, nil
}

// itemBeginnings are those of items, each of which begins with the token begin.
func itemBeginnings(tokens data.Tokens, begin, n, read, most int) (list []beginning, err error) {
	var starts []int
	block := make([]int, 1<<12)
	for at := 0; at < tokens.Len(); at += len(block) {
		block = block[:min(len(block), tokens.Len()-at)]
		if err := tokens.Read(block, at); err != nil {
			return nil, err
		}
		for i, id := range block {
			if id == begin {
				starts = append(starts, at+i)
			}
		}
	}
	items := len(starts)
	starts = append(starts, tokens.Len())
	n = min(n, items)
	for i := range n {
		at := (items - 1) * i / max(1, n-1)
		item := make([]int, starts[at+1]-starts[at])
		if err := tokens.Read(item, starts[at]); err != nil {
			return nil, err
		}
		cut := 1 + min(read, (len(item)-1)/2)
		rest := item[cut:]
		list = append(list, beginning{item[:cut], rest[:min(len(rest), most)]})
	}
	return list, nil
}
