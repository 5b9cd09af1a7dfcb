package decode

import "unicode/utf8"

// A text puts the pieces of tokens together, watches for stop strings in them and hands on to a
// stream what is settled.
type text struct {
	bytes   []byte
	sent    int // how many of them the stream has had
	stops   []stop
	matched []int // of each stop string, at the end of bytes
	stream  func(piece string)
}

// write adds a piece. It says whether a stop string became complete, which it then has cut off.
func (t *text) write(piece string) (stopped bool) {
	if len(t.stops) == 0 {
		t.bytes = append(t.bytes, piece...)
	} else if t.watch(piece) {
		return true
	}
	if t.stream != nil {
		t.send(t.settled(), piece)
	}
	return false
}

// watch adds a piece byte by byte.
func (t *text) watch(piece string) (stopped bool) {
	for i := range len(piece) {
		t.bytes = append(t.bytes, piece[i])
		if longest := watch(t.stops, t.matched, piece[i]); longest > 0 {
			t.bytes = t.bytes[:len(t.bytes)-longest]
			return true
		}
	}
	return false
}

// settled is how many bytes will not be taken back: those before anything that may become a stop
// string, and before a character of which bytes are missing.
func (t *text) settled() int {
	end := len(t.bytes)
	for _, n := range t.matched {
		end = min(end, len(t.bytes)-n)
	}
	for start := end - 1; start >= max(t.sent, end-utf8.UTFMax+1); start-- {
		if utf8.RuneStart(t.bytes[start]) {
			if !utf8.FullRune(t.bytes[start:end]) {
				return start
			}
			break
		}
	}
	return end
}

// send hands on all up to end; last is the piece at the end of bytes.
func (t *text) send(end int, last string) {
	switch {
	case end <= t.sent:
		return
	case end == len(t.bytes) && end-t.sent == len(last):
		t.stream(last) // the usual case, without a copy
	default:
		t.stream(string(t.bytes[t.sent:end]))
	}
	t.sent = end
}

// finish hands on what was held back.
func (t *text) finish() {
	if t.stream != nil {
		t.send(len(t.bytes), "")
	}
}
