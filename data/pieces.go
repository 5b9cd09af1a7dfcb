package data

import (
	"unicode"
	"unicode/utf8"
)

// GPT-2's pre-tokenization (Radford et al. 2019) cuts a text into pieces, within which byte-level BPE
// merges and across which it never does. A piece is the first of these that matches:
//
//	's | 't | 're | 've | 'm | 'll | 'd | ?\p{L}+ | ?\p{N}+ | ?[^\s\p{L}\p{N}]+ | \s+(?!\S) | \s+
//
// (the two question marks follow a space). \s is Unicode's White_Space, as it is for Oniguruma, with
// which Hugging Face's library reads the pattern; their library for JavaScript differs in U+0085 and
// U+FEFF. Bytes that are no UTF-8, which a pattern never sees, count as the third kind. Go's regexp has
// no look-ahead, and would be slower by far.

// The classes of characters that the pattern tells apart.
const (
	classOther = iota
	classLetter
	classNumber
	classSpace
)

var asciiClass = func() (classes [utf8.RuneSelf]byte) {
	for c := range classes {
		classes[c] = runeClass(rune(c))
	}
	return classes
}()

func runeClass(r rune) byte {
	switch {
	case unicode.IsLetter(r):
		return classLetter
	case unicode.IsNumber(r):
		return classNumber
	case unicode.IsSpace(r):
		return classSpace
	}
	return classOther
}

// classAt gives the class and the size of the character at the front of a text that is not empty.
func classAt(text string) (class byte, size int) {
	if c := text[0]; c < utf8.RuneSelf {
		return asciiClass[c], 1
	}
	r, size := utf8.DecodeRuneInString(text)
	return runeClass(r), size
}

// run is how many bytes of text, from a place on, are of one class.
func run(text string, at int, class byte) int {
	for at < len(text) {
		c, size := classAt(text[at:])
		if c != class {
			break
		}
		at += size
	}
	return at
}

// nextPiece is the length of the first piece of a text that is not empty.
func nextPiece(text string) int {
	if text[0] == '\'' {
		if n := contraction(text); n > 0 {
			return n
		}
	}
	at := 0
	if text[0] == ' ' && len(text) > 1 {
		at = 1
	}
	class, size := classAt(text[at:])
	if class != classSpace {
		return run(text, at+size, class)
	}
	// White space, and all of it if the text ends so; the last character is left to what follows.
	last := 0
	for at = 0; at < len(text); {
		class, size := classAt(text[at:])
		if class != classSpace {
			if last > 0 {
				return last
			}
			return at
		}
		last = at
		at += size
	}
	return at
}

// contraction is the length of the English contraction at the front of a text, 0 if there is none.
func contraction(text string) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		if len(text) > 2 && text[2] == 'e' {
			return 3
		}
	case 'l':
		if len(text) > 2 && text[2] == 'l' {
			return 3
		}
	}
	return 0
}

// cutPieces gives a place at which a text may be cut in two without changing its pieces, whatever
// follows the text: the last that the characters around it prove. These are a white space behind
// something else, two different classes that are not white space and no contraction, the last white
// space before something else, and, where white space is one character other than a space, the place
// behind it. Within the first part nothing looks beyond its end: a run of white space that ends the
// part is one piece there as in the whole. The second part is cut without regard to the first.
// allowed may refuse a place.
func cutPieces(text string, allowed func(at int) bool) int {
	const unknown = -1 // what follows the text may be anything
	next, afterNext := unknown, unknown
	for n := len(text); n > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:n])
		class, safe := int(runeClass(r)), false
		switch {
		case next == unknown:
		case class != classSpace && next == classSpace:
			safe = true
		case class != classSpace:
			safe = class != next && !(r == '\'' && next == classLetter)
		case next == classSpace:
			safe = afterNext != unknown && afterNext != classSpace
		case r != ' ':
			before, _ := utf8.DecodeLastRuneInString(text[:n-size])
			safe = !unicode.IsSpace(before) // as U+FFFD, before which nothing stands, is not
		}
		if safe && allowed(n) {
			return n
		}
		n -= size
		next, afterNext = class, next
		if !utf8.FullRuneInString(text[n:]) {
			next = unknown // the rest of the character may follow
		}
	}
	return 0
}
