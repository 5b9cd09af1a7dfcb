package data

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

var charForm = form{
	kind: "char",
	// One match, and so one piece, is any code point: a dot would leave out line ends.
	preTokenizer: `{"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": false}`,
	decoder:      `{"type": "Fuse"}`,
	unknown:      `"` + unknownChar + `"`,
	spell:        func(token string) string { return token },
	read: func(spelled []string) (*Vocab, error) {
		for _, token := range spelled {
			if _, size := utf8.DecodeRuneInString(token); size != len(token) || size == 0 {
				return nil, fmt.Errorf("%.40q is not one character", token)
			}
		}
		if !slices.Contains(spelled, unknownChar) {
			return nil, fmt.Errorf("the unknown symbol %s (U+FFFD) has no id", unknownChar)
		}
		return newChars(spelled), nil
	},
}

const byteLevel = `{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}`

var byteForm = form{
	kind:         "byte",
	preTokenizer: byteLevel,
	decoder:      byteLevel,
	unknown:      "null",
	spell: func(token string) string {
		spelled := make([]rune, len(token))
		for i := range spelled {
			spelled[i] = byteSpelling[token[i]]
		}
		return string(spelled)
	},
	read: func(spelled []string) (*Vocab, error) {
		if len(spelled) != 256 {
			return nil, fmt.Errorf("a vocabulary of bytes has 256 tokens, not %d", len(spelled))
		}
		for b, token := range spelled {
			if token != string(byteSpelling[b]) {
				return nil, fmt.Errorf("id %d is %.40q, where the byte of this value would be %q", b, token, byteSpelling[b])
			}
		}
		return newBytes(), nil
	},
}

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
