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
	read: func(spelled []rune) (*Vocab, error) {
		if !slices.Contains(spelled, utf8.RuneError) {
			return nil, fmt.Errorf("the unknown symbol %s (U+FFFD) has no id", unknownChar)
		}
		return newChars(string(spelled)), nil
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
	size: 256,
	read: func(spelled []rune) (*Vocab, error) {
		for b, char := range spelled {
			if char != byteSpelling[b] {
				return nil, fmt.Errorf("id %d is %q, where the byte of this value would be %q", b, string(char), byteSpelling[b])
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
