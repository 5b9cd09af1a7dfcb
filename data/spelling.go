package data

import (
	"slices"
	"unicode/utf8"
)

// byteSpelling is the alphabet of GPT-2's byte-level tokens: bytes that are printable in Latin-1, space
// and soft hyphen excluded, stand for themselves, all others, in order, are U+0100 and up.
var byteSpelling = func() (runes [256]rune) {
	next := rune(0x100)
	for b := range runes {
		printable := '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xFF && b != 0xAD
		if printable {
			runes[b] = rune(b)
		} else {
			runes[b] = next
			next++
		}
	}
	return runes
}()

// spelledByte undoes byteSpelling; −1: the character spells no byte.
var spelledByte = func() (bytes [0x100 + 68]int16) {
	for r := range bytes {
		bytes[r] = -1
	}
	for b, r := range byteSpelling {
		bytes[r] = int16(b)
	}
	return bytes
}()

// bytesBySpelling lists all bytes in the order of the characters that spell them.
func bytesBySpelling() []byte {
	bytes := make([]byte, 256)
	for b := range bytes {
		bytes[b] = byte(b)
	}
	slices.SortFunc(bytes, func(a, b byte) int { return int(byteSpelling[a]) - int(byteSpelling[b]) })
	return bytes
}

func spellBytes(token string) string {
	spelled := make([]rune, len(token))
	for i := range spelled {
		spelled[i] = byteSpelling[token[i]]
	}
	return string(spelled)
}

// appendUnspelled appends the bytes that a text spells; ok is false if it spells none.
func appendUnspelled(dst, text []byte) (bytes []byte, ok bool) {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if int(r) >= len(spelledByte) || spelledByte[r] < 0 {
			return dst, false
		}
		dst = append(dst, byte(spelledByte[r]))
		text = text[size:]
	}
	return dst, true
}
