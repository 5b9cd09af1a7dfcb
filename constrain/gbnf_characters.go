package constrain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal reads what is between quotes: a class of one character for each.
func (r *reader) literal() (symbols []symbol, err error) {
	r.at++
	for {
		c, err := r.character('"', "the literal")
		if err != nil || c < 0 {
			return symbols, err
		}
		symbols = append(symbols, r.of([]rune{c, c}))
	}
}

// class reads what is between brackets: characters and ranges of them, after a ^ all others.
func (r *reader) class() ([]symbol, error) {
	r.at++
	not := strings.HasPrefix(r.text[r.at:], "^")
	if not {
		r.at++
	}
	var ranges []rune
	for {
		lo, err := r.character(']', "the class")
		if err != nil {
			return nil, err
		}
		if lo < 0 {
			break
		}
		hi := lo
		if strings.HasPrefix(r.text[r.at:], "-") && !strings.HasPrefix(r.text[r.at:], "-]") {
			r.at++
			if hi, err = r.character(']', "the class"); err != nil {
				return nil, err
			}
		}
		if hi < lo {
			return nil, fmt.Errorf("the range %c-%c of a class is the wrong way round", lo, hi)
		}
		ranges = append(ranges, lo, hi)
	}
	if ranges = merged(ranges); not {
		ranges = others(ranges)
	}
	return []symbol{r.of(ranges)}, nil
}

// character reads one, which may be escaped; −1: what ends it all was read.
func (r *reader) character(end byte, what string) (rune, error) {
	if r.at == len(r.text) || r.text[r.at] == '\n' {
		return 0, fmt.Errorf("%s has no end in its line: write \\n for a line end in it", what)
	}
	if r.text[r.at] == end {
		r.at++
		return -1, nil
	}
	c, size := utf8.DecodeRuneInString(r.text[r.at:])
	if c == utf8.RuneError && size == 1 {
		return 0, fmt.Errorf("byte %#x is not UTF-8", r.text[r.at])
	}
	if r.at += size; c != '\\' {
		return c, nil
	}
	if r.at == len(r.text) {
		return 0, errors.New("a \\ has nothing after it")
	}
	c = rune(r.text[r.at])
	digits := 0
	switch r.at++; c {
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case '"', '\\', '[', ']', '-', '^':
		return c, nil
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, fmt.Errorf("the escape \\%c is none of \\n \\r \\t \\\" \\\\ \\[ \\] \\- \\^ \\xHH \\uHHHH \\UHHHHHHHH", printable(c))
	}
	hex := r.text[r.at:min(len(r.text), r.at+digits)]
	value, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) < digits || !utf8.ValidRune(rune(value)) {
		return 0, fmt.Errorf("the escape \\%c needs %d hexadecimal digits of a character after it", c, digits)
	}
	r.at += digits
	return rune(value), nil
}

func printable(c rune) rune {
	if c < ' ' || c > '~' {
		return '?'
	}
	return c
}

// of is a symbol for one of some characters.
func (r *reader) of(ranges []rune) symbol {
	var key []byte
	for _, c := range ranges {
		key = binary.LittleEndian.AppendUint32(key, uint32(c))
	}
	n, ok := r.classes[string(key)]
	if !ok {
		n = int32(len(r.g.classes))
		r.classes[string(key)] = n
		r.g.classes = append(r.g.classes, class{ranges: ranges})
	}
	return symbol{rule: -1, class: n}
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func (r *reader) name() string {
	start := r.at
	for r.at < len(r.text) && isName(r.text[r.at]) {
		r.at++
	}
	return r.text[start:r.at]
}

// space skips what means nothing, line ends too if lines is true.
func (r *reader) space(lines bool) {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '#':
			for r.at < len(r.text) && r.text[r.at] != '\n' {
				r.at++
			}
		case c == ' ', c == '\t', lines && (c == '\n' || c == '\r'):
			r.at++
		default:
			return
		}
	}
}

// unexpected says what was wanted instead of what is there.
func (r *reader) unexpected(wanted string) error {
	if r.at >= len(r.text) {
		return fmt.Errorf("the grammar ends where %s should be", wanted)
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at:])
	return fmt.Errorf("%q where %s should be", c, wanted)
}
