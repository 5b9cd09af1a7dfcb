package data

import "iter"

// Stream reads a text once, for evaluation: each of its tokens but the first is a target of weight
// one exactly once. The text is cut into lanes that are read side by side, each overlapping the
// one before by warm tokens, which only the earlier lane is scored on: they bring the later lane's
// state up to date. With one lane the result is that of one pass; with more it is the same but
// for what the model would have remembered of more than warm tokens ago.
func Stream(tokens Tokens, lanes, time, warm int) iter.Seq2[Window, error] {
	return func(yield func(Window, error) bool) {
		n := tokens.Len() - 1
		if n < 1 {
			return
		}
		lanes := max(1, min(lanes, n/(4*warm+1)))
		if lanes == 1 {
			warm = 0
		}
		part := (n - warm + lanes - 1) / lanes // lane i reads from i·part, and is scored warm tokens later
		text := make([]int, time+1)
		for at := 0; at < part+warm; at += time {
			steps := min(time, part+warm-at)
			w := Window{
				Lanes: lanes, Time: steps, Fresh: at == 0,
				Inputs: make([]int, lanes*steps), Targets: make([]int, lanes*steps), Weights: make([]float32, lanes*steps),
			}
			for lane := range lanes {
				from := lane*part + at
				there := min(steps, n-from) // the last lane may be shorter: padding of weight zero
				if there <= 0 {
					continue
				}
				if err := tokens.Read(text[:there+1], from); err != nil {
					yield(Window{}, err)
					return
				}
				for t := range there {
					j := t*lanes + lane
					w.Inputs[j], w.Targets[j] = text[t], text[t+1]
					if lane == 0 || at+t >= warm {
						w.Weights[j] = 1
					}
				}
			}
			if !yield(w, nil) {
				return
			}
		}
	}
}
