package softmax

// beats says whether a word comes before another: the likelier first, and of equal ones the smaller number.
func (r Ranked) beats(o Ranked) bool {
	return r.LogProb > o.LogProb || !(r.LogProb < o.LogProb) && r.Word < o.Word
}

// choose moves the n that come first to the front, in no order, and returns the LogProb of the last of them. It is
// Hoare's selection: about two looks at each of the list, and no sorting. n is at least 1, unless nothing is to be moved, and at most the list's length.
func choose(list []Ranked, n int) (least float32) {
	if n < 1 {
		return 0
	}
	for lo, hi := 0, len(list); ; {
		if hi-lo < 2 {
			return list[n-1].LogProb
		}
		// The middle of three as the pivot, so that sorted lists are no trap. It ends up at its place.
		mid, last := lo+(hi-lo)/2, hi-1
		if list[mid].beats(list[lo]) {
			list[mid], list[lo] = list[lo], list[mid]
		}
		if list[last].beats(list[mid]) {
			list[last], list[mid] = list[mid], list[last]
			if list[mid].beats(list[lo]) {
				list[mid], list[lo] = list[lo], list[mid]
			}
		}
		list[mid], list[last] = list[last], list[mid]
		pivot, place := list[last], lo
		for i := lo; i < last; i++ {
			if list[i].beats(pivot) {
				list[i], list[place] = list[place], list[i]
				place++
			}
		}
		list[place], list[last] = list[last], list[place]
		switch {
		case place == n-1:
			return pivot.LogProb
		case place > n-1:
			hi = place
		default:
			lo = place + 1
		}
	}
}
