package strictjson

import (
	"fmt"
	"unicode/utf8"
)

// A Scanner reads one JSON value from front to back. Its methods pass over white space
// first.
type Scanner struct {
	what string // before each error
	text []byte
	at   int
	fold bool   // keys that differ only in case are the same
	buf  []byte // for strings with escapes
}

// maxKey is how long a key may be as it is spelled, so that one long key is not kept.
const maxKey = 16 << 10 // bytes

// New scans a text, which must be valid UTF-8 and stay as it is meanwhile. What names
// the text in errors; it may be empty.
func New(what string, text []byte) (*Scanner, error) {
	if what != "" {
		what += ", "
	}
	s := &Scanner{what: what, text: text}
	if utf8.Valid(text) {
		return s, nil
	}
	for {
		r, size := utf8.DecodeRune(text[s.at:])
		if r == utf8.RuneError && size == 1 {
			return nil, s.Errorf("not valid UTF-8")
		}
		s.at += size
	}
}

// Errorf says where the text is wrong.
func (s *Scanner) Errorf(format string, args ...any) error {
	return fmt.Errorf("%sbyte %d: %s", s.what, s.at, fmt.Sprintf(format, args...))
}

// Next is the first byte of what comes next, 0 at the end.
func (s *Scanner) Next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// At is how many bytes have been read.
func (s *Scanner) At() int { return s.at }

// From scans the same text again from a place where [Scanner.At] was.
func (s *Scanner) From(at int) *Scanner {
	again := *s
	again.at, again.buf = at, nil
	return &again
}

// End refuses anything but white space after the value.
func (s *Scanner) End() error {
	if s.Next(); s.at < len(s.text) {
		return s.Errorf("something follows the end")
	}
	return nil
}

// expect passes over one character.
func (s *Scanner) expect(c byte) error {
	if got := s.Next(); got != c {
		if s.at == len(s.text) {
			return s.Errorf("it ends where %q is expected", c)
		}
		r, _ := utf8.DecodeRune(s.text[s.at:])
		return s.Errorf("%q where %q is expected", r, c)
	}
	s.at++
	return nil
}

// items reads what stands between two brackets, separated by commas.
func (s *Scanner) items(open, shut byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	if s.Next() == shut {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.Next() != ',' {
			return s.expect(shut)
		}
		s.at++
	}
}

// Array reads an array; item reads each value.
func (s *Scanner) Array(item func() error) error { return s.items('[', ']', item) }

// Members reads an object; value gets each key, of at most 16 KiB as it is spelled and
// valid until the next string with escapes, and reads what follows. A key that was there
// before is the caller's to refuse: who keeps the keys anyway need not keep them twice.
func (s *Scanner) Members(value func(key []byte) error) error {
	return s.items('{', '}', func() error {
		raw, escaped, err := s.raw()
		if err != nil {
			return err
		}
		if len(raw) > maxKey {
			return s.Errorf("the key before has more than %d bytes: %s", maxKey, Quote(raw))
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return value(s.plain(raw, escaped))
	})
}

// Object is [Scanner.Members] that refuses a key that is there twice.
func (s *Scanner) Object(value func(key []byte) error) error {
	seen := map[string]struct{}{}
	return s.Members(func(key []byte) error {
		name := string(key)
		if s.fold {
			name = foldCase(name)
		}
		if _, twice := seen[name]; twice {
			return s.Errorf("%s is there twice", Quote(key))
		}
		seen[name] = struct{}{}
		return value(key)
	})
}

// Text reads a string. The result is a part of the text, or if the string has escapes
// valid until the next string that has some.
func (s *Scanner) Text() ([]byte, error) {
	raw, escaped, err := s.raw()
	if err != nil {
		return nil, err
	}
	return s.plain(raw, escaped), nil
}

// raw reads a string as it is spelled and says whether it has escapes.
func (s *Scanner) raw() (raw []byte, escaped bool, err error) {
	if err := s.expect('"'); err != nil {
		return nil, false, err
	}
	start := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[start : s.at-1], escaped, nil
		case c == '\\':
			escaped = true
			_, size := escape(s.text[s.at:])
			if size == 0 {
				return nil, false, s.Errorf("an escape that JSON does not know")
			}
			s.at += size
		case c < ' ':
			return nil, false, s.Errorf("a control character in a string")
		default:
			s.at++
		}
	}
	return nil, false, s.Errorf("it ends within a string")
}

// plain undoes the escapes of a string.
func (s *Scanner) plain(raw []byte, escaped bool) []byte {
	if !escaped {
		return raw
	}
	if cap(s.buf) < len(raw) {
		s.buf = make([]byte, 0, len(raw)) // no string is longer than it was spelled
	}
	s.buf = s.buf[:0]
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			s.buf = append(s.buf, raw[i])
			i++
			continue
		}
		r, size := escape(raw[i:])
		s.buf = utf8.AppendRune(s.buf, r)
		i += size
	}
	return s.buf
}

// Integer reads a whole number from 0 to most.
func (s *Scanner) Integer(most int64) (int64, error) {
	s.Next()
	start, n := s.at, int64(0)
	tens, ones := most/10, most%10
	for ; s.at < len(s.text) && isDigit(s.text[s.at]); s.at++ {
		d := int64(s.text[s.at] - '0')
		if n > tens || n == tens && d > ones {
			return 0, s.Errorf("a number that is too large")
		}
		n = 10*n + d
	}
	switch {
	case s.at == start:
		return 0, s.Errorf("not a whole number of zero or more")
	case s.text[start] == '0' && s.at > start+1:
		return 0, s.Errorf("a number with leading zeros")
	case s.at < len(s.text) && (s.text[s.at] == '.' || s.text[s.at]|0x20 == 'e'):
		return 0, s.Errorf("not a whole number of zero or more")
	}
	return n, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
