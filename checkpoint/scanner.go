package checkpoint

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads the JSON of a header, strictly: RFC 8259 and no more, and of that
// only what the format needs, so nothing recurses. encoding/json was rejected: it
// takes repeated keys, keys in other case and broken UTF-8, and its tokens need
// several times the memory and time on a hostile header.
type scanner struct {
	text []byte // valid UTF-8
	at   int
}

// errorf says where the header is wrong.
func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("header, byte %d: %s", s.at, fmt.Sprintf(format, args...))
}

// next is the next byte that is not white space, 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// expect passes over one character.
func (s *scanner) expect(c byte) error {
	if got := s.next(); got != c {
		if s.at == len(s.text) {
			return s.errorf("it ends where %q is expected", c)
		}
		return s.errorf("%q where %q is expected", s.text[s.at], c)
	}
	s.at++
	return nil
}

// items reads what stands between two brackets, separated by commas.
func (s *scanner) items(open, shut byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	if s.next() == shut {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.next() != ',' {
			return s.expect(shut)
		}
		s.at++
	}
}

// object reads an object; value gets each key, valid until it returns, and reads what follows.
func (s *scanner) object(value func(key []byte) error) error {
	return s.items('{', '}', func() error {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return value(key)
	})
}

// str reads a string. The result is part of the header unless the string has escapes.
func (s *scanner) str() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	start, escaped := s.at, false
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			raw := s.text[start:s.at]
			if escaped {
				var ok bool
				if raw, ok = unescape(raw); !ok {
					return nil, s.errorf("the string before has an escape that JSON does not know")
				}
			}
			s.at++
			return raw, nil
		case c == '\\':
			escaped = true
			s.at++
		case c < ' ':
			return nil, s.errorf("a control character in a string")
		}
	}
	s.at = len(s.text)
	return nil, s.errorf("it ends within a string")
}

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

// integer reads a whole number from 0 to the largest int.
func (s *scanner) integer() (int, error) {
	s.next()
	start, n := s.at, 0
	for ; s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9'; s.at++ {
		d := int(s.text[s.at] - '0')
		if n > (math.MaxInt-d)/10 {
			return 0, s.errorf("a number that is too large")
		}
		n = 10*n + d
	}
	switch {
	case s.at == start:
		return 0, s.errorf("not a whole number of zero or more")
	case s.text[start] == '0' && s.at > start+1:
		return 0, s.errorf("a number with leading zeros")
	case s.at < len(s.text) && (s.text[s.at] == '.' || s.text[s.at] == 'e' || s.text[s.at] == 'E'):
		return 0, s.errorf("not a whole number of zero or more")
	}
	return n, nil
}

// integers reads an array of whole numbers into dst and says how many there were.
func (s *scanner) integers(dst []int, what string) (n int, err error) {
	err = s.items('[', ']', func() error {
		if n == len(dst) {
			return s.errorf("more than %d %s", len(dst), what)
		}
		v, err := s.integer()
		if err != nil {
			return err
		}
		dst[n] = v
		n++
		return nil
	})
	return n, err
}
