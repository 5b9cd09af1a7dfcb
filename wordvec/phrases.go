package wordvec

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Phrases are words that stand together much more often than chance has it, such as new_york: two words a, b whose
//
//	score = (count(ab) − δ) / (count(a)·count(b)) · N
//
// is above a threshold, N being the number of words of the text (Mikolov et al. 2013, Distributed Representations,
// equation 6; the N is the program word2phrase's, so that thresholds do not depend on the length of a text). The discount
// δ keeps words out that are rare and stood together by chance. A pass joins pairs, so that two passes find phrases of up to
// four words.

// phrases are the pairs that each pass joins, and how words are numbered in the end.
type phrases struct {
	passes []map[uint64]int32 // pair of words → their phrase
	number []int32            // of words and phrases: the row of each; nil while they are learnt
}

func pair(a, b int32) uint64 { return uint64(a)<<32 | uint64(b) }

// apply joins words in place, pass after pass, from left to right: a word that was joined is not joined again in the
// same pass.
func (p *phrases) apply(rows []int32) []int32 {
	for _, joined := range p.passes {
		n := 0
		for i := 0; i < len(rows); i++ {
			w := rows[i]
			if i+1 < len(rows) && w >= 0 && rows[i+1] >= 0 {
				if phrase, ok := joined[pair(w, rows[i+1])]; ok {
					w = phrase
					i++
				}
			}
			rows[n] = w
			n++
		}
		rows = rows[:n]
	}
	if p.number != nil {
		for i, w := range rows {
			if w >= 0 {
				rows[i] = p.number[w]
			}
		}
	}
	return rows
}

// pairBytes is what the table of pairs takes for each that it has had, in bytes, at most.
const pairBytes = 48

// PlanPhrases is the memory that counting the pairs of a text of so many tokens takes, in bytes; it is free again before
// training begins.
func (c Config) PlanPhrases(tokens int) int64 {
	if len(c.Phrases) == 0 {
		return 0
	}
	return pairBytes * int64(min(tokens, c.Pairs+readTokens))
}

// joinMore adds a pass: it gives the words with the new phrases, and their counts once these are joined. When there are more
// than c.Pairs different ones, those that were seen least are forgotten, as word2phrase does.
func (t *Text) joinMore(names []string, counts []int64, threshold float64, c *Config) ([]string, []int64, error) {
	discount := max(0, c.Discount)
	pairs := map[uint64]int64{}
	least, total := int64(1), int64(0)
	err := t.each(func(rows []int32) {
		for i, w := range rows {
			if w >= rare {
				total++
			}
			if w >= 0 && i+1 < len(rows) && rows[i+1] >= 0 {
				pairs[pair(w, rows[i+1])]++
			}
		}
		for ; len(pairs) > c.Pairs; least++ {
			for p, n := range pairs {
				if n <= least {
					delete(pairs, p)
				}
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	var found []uint64
	for p, n := range pairs {
		a, b := p>>32, p&math.MaxUint32
		if (float64(n)-discount)/float64(counts[a])/float64(counts[b])*float64(total) > threshold {
			found = append(found, p)
		}
	}
	slices.Sort(found) // a map has no order
	known := make(map[string]int32, len(names))
	for w, name := range names {
		known[name] = int32(w)
	}
	joined := make(map[uint64]int32, len(found))
	for _, p := range found {
		name := names[p>>32] + "_" + names[p&math.MaxUint32]
		w, ok := known[name] // which may be a word of the text, or a phrase of other parts
		if !ok {
			if len(names) == math.MaxInt32-1 {
				return nil, nil, fmt.Errorf("more than %d words and phrases: make the threshold for phrases larger", len(names))
			}
			w = int32(len(names))
			names, known[name] = append(names, name), w
		}
		joined[p] = w
	}
	t.join.passes = append(t.join.passes, joined)
	counts, _, err = t.count(len(names))
	return names, counts, err
}

// byCount are the words that occur often enough, from the most frequent on and equally frequent ones by name, and the
// number that each has in this order, rare if none.
func byCount(names []string, counts []int64, least int64) (order, number []int32) {
	number = make([]int32, len(names))
	for w := range names {
		number[w] = rare
		if counts[w] >= least {
			order = append(order, int32(w))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(names[a], names[b]))
	})
	for n, w := range order {
		number[w] = int32(n)
	}
	return order, number
}
