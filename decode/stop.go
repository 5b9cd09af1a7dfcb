package decode

// A stop is a string to watch for, with the table of Knuth, Morris and Pratt (1977): a byte costs
// amortized constant time however the strings overlap with themselves, and how much of the string is
// matched is known at every byte, which is just what a stream must hold back.
type stop struct {
	text   string
	border []int // border[i]: the longest proper suffix of text[:i+1] that is also a prefix of it
}

func newStop(text string) stop {
	s := stop{text, make([]int, len(text))}
	for i := 1; i < len(text); i++ {
		s.border[i] = s.step(s.border[i-1], text[i])
	}
	return s
}

func newStops(texts []string) (list []stop) {
	for _, s := range texts {
		list = append(list, newStop(s))
	}
	return list
}

// watch takes all stop strings over one more byte; matched is how much of each there is. It gives the length of the longest that became
// complete, 0 if none did.
func watch(stops []stop, matched []int, c byte) (longest int) {
	for i := range stops {
		s := &stops[i]
		if matched[i] = s.step(matched[i], c); matched[i] == len(s.text) {
			longest = max(longest, matched[i])
		}
	}
	return longest
}

// step gives how much of the string is matched after one more byte, when matched bytes, not all, were before.
func (s *stop) step(matched int, c byte) int {
	for matched > 0 && s.text[matched] != c {
		matched = s.border[matched-1]
	}
	if s.text[matched] == c {
		matched++
	}
	return matched
}
