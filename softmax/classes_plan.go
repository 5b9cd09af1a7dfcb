package softmax

import "math"

// planClasses reckons with words that come as often as in the training text.
func planClasses(s Spec, tied bool) Plan {
	b, d := newBinning(s.Counts, s.Options.Classes, s.Options.Binning), s.Dim
	v, n := int64(len(s.Counts)), int64(b.classes())
	share := b.probabilities(s.Counts)
	within, largest := 0.0, 0 // words of a target's class; of any
	for class, p := range share {
		within += p * float64(b.size(class))
		largest = max(largest, b.size(class))
	}
	own := n*int64(d) + n + v
	p := Plan{
		Weights: own, Dense: own, Packed: [][2]int{{int(n), d}}, Whole: [][2]int{{int(v), d}},
		Training: float64(d) * (float64(n) + within),
	}
	p.Exact = p.Training
	if sparse := v >= SparseVocab; !tied {
		p.Weights += v * int64(d)
		if !sparse {
			p.Dense = p.Weights
		}
	}
	if v >= SparseVocab {
		p.RowGrads = func(rows int) int64 {
			touched := 0.0
			for class, p := range share {
				touched += float64(b.size(class)) * (1 - math.Pow(1-p, float64(rows)))
			}
			return rowGrads(int(v), d, int(touched), tied)
		}
	}
	together := func(rows int) int64 { // a class that many rows want, if its weights or their gradients are apart
		n := 0
		for class, q := range share {
			if (tied || v >= SparseVocab) && q*float64(rows) >= fewRows {
				n = max(n, b.size(class))
			}
		}
		return int64(n) * int64(d)
	}
	// The logits of the classes; the rows in the order of classes, and their gradient; the logits within classes.
	p.Forward = func(rows int) int64 {
		return int64(rows)*(pad(int(n))+2*pad(d)) + int64(float64(rows)*within) + together(rows)
	}
	p.Scoring = func(rows int) int64 {
		return int64(min(rows, scoreRows(int(n))))*(pad(int(n))+1) + int64(rows)*pad(d) + int64(min(rows, fewestRows)*largest) + together(rows)
	}
	return p
}
