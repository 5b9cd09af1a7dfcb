package strictjson

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escape reads an escape at the front of raw, which begins with a backslash, and says how
// many bytes it takes: 0 if it is none. Half of a surrogate pair is none.
func escape(raw []byte) (r rune, size int) {
	if len(raw) < 2 {
		return 0, 0
	}
	switch c := raw[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(raw[2:])
		switch {
		case !ok:
			return 0, 0
		case !utf16.IsSurrogate(r):
			return r, 6
		}
		if len(raw) < 8 || raw[6] != '\\' || raw[7] != 'u' {
			return 0, 0
		}
		low, ok := hex4(raw[8:])
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, 0
		}
		return r, 12
	}
	return 0, 0
}

// hex4 reads the four digits of \uXXXX.
func hex4(raw []byte) (rune, bool) {
	var b [2]byte
	if len(raw) < 4 {
		return 0, false
	}
	_, err := hex.Decode(b[:], raw[:4])
	return rune(binary.BigEndian.Uint16(b[:])), err == nil
}

// Quote makes a text of any length and content fit for a line.
func Quote[T ~string | ~[]byte](text T) string {
	const most = 80
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	return strconv.Quote(string(text))
}

// foldCase gives the same for keys that encoding/json takes for the same field: each
// character is replaced by the first of those that are its other cases.
func foldCase(key string) string {
	folded := make([]rune, 0, len(key))
	for _, r := range key {
		first := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			first = min(first, other)
		}
		folded = append(folded, first)
	}
	return string(folded)
}
