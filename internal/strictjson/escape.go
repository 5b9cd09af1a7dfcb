package strictjson

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape undoes the escapes of a string; half of a surrogate pair is not one.
func unescape(raw []byte) ([]byte, bool) {
	text := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			text = append(text, raw[i])
			continue
		}
		i++
		if i == len(raw) {
			return nil, false
		}
		switch c := raw[i]; c {
		case '"', '\\', '/':
			text = append(text, c)
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			r, ok := hex4(raw[i+1:])
			if !ok {
				return nil, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if i+2 >= len(raw) || raw[i+1] != '\\' || raw[i+2] != 'u' {
					return nil, false
				}
				low, ok := hex4(raw[i+3:])
				if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
					return nil, false
				}
				i += 6
			}
			text = utf8.AppendRune(text, r)
		default:
			return nil, false
		}
	}
	return text, true
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
