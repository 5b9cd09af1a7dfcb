package constrain

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// A span is a range of bytes, both ends included.
type span struct{ lo, hi byte }

// sequences calls yield with the byte ranges that spell the characters from lo to hi, both included: each is one to four spans, and what they
// spell, one byte of each, is UTF-8 of a character between. Surrogates are no characters. It is the way of RE2 (Cox 2010, after Thompson): cut where the
// length changes and where a continuation byte does not run through all its values. The slice is reused.
func sequences(lo, hi rune, yield func([]span)) {
	if lo < 0xD800 && hi > 0xDFFF {
		sequences(lo, 0xD7FF, yield)
		sequences(0xE000, hi, yield)
		return
	}
	if lo >= 0xD800 && lo <= 0xDFFF {
		lo = 0xE000
	}
	if hi >= 0xD800 && hi <= 0xDFFF {
		hi = 0xD7FF
	}
	if lo > hi {
		return
	}
	for _, last := range []rune{0x7F, 0x7FF, 0xFFFF} {
		if lo <= last && hi > last {
			sequences(lo, last, yield)
			sequences(last+1, hi, yield)
			return
		}
	}
	for i := 1; i < utf8.RuneLen(lo); i++ {
		m := rune(1)<<(6*i) - 1
		if lo&^m == hi&^m {
			continue
		}
		if lo&m != 0 {
			sequences(lo, lo|m, yield)
			sequences((lo|m)+1, hi, yield)
			return
		}
		if hi&m != m {
			sequences(lo, hi&^m-1, yield)
			sequences(hi&^m, hi, yield)
			return
		}
	}
	a, b := utf8.AppendRune(nil, lo), utf8.AppendRune(nil, hi)
	var spans [utf8.UTFMax]span
	for i := range a {
		spans[i] = span{a[i], b[i]}
	}
	yield(spans[:len(a)])
}

// merged are the characters of ranges, which are pairs of a first and a last, in order and apart.
func merged(ranges []rune) []rune {
	type pair struct{ lo, hi rune }
	var pairs []pair
	for i := 0; i < len(ranges); i += 2 {
		pairs = append(pairs, pair{ranges[i], ranges[i+1]})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return int(a.lo - b.lo) })
	var out []rune
	for _, p := range pairs {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
			continue
		}
		out = append(out, p.lo, p.hi)
	}
	return out
}

// others are the characters that are in none of some ranges, which are merged.
func others(ranges []rune) []rune {
	var out []rune
	next := rune(0)
	for i := 0; i < len(ranges); i += 2 {
		if ranges[i] > next {
			out = append(out, next, ranges[i]-1)
		}
		next = ranges[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}
