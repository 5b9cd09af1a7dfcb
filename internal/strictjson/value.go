package strictjson

// Limits are what a value of any kind may have.
type Limits struct {
	Depth  int // of arrays and objects within each other
	Values int // in all, those within others and keys' included
}

// Skip passes over a value of any kind and checks all of it. The result is its text.
func (s *Scanner) Skip(l Limits) ([]byte, error) {
	s.Next()
	start, left := s.at, l.Values
	if err := s.skip(l, l.Depth, &left); err != nil {
		return nil, err
	}
	return s.text[start:s.at], nil
}

func (s *Scanner) skip(l Limits, depth int, left *int) error {
	if *left--; *left < 0 {
		return s.Errorf("more than %d values", l.Values)
	}
	c := s.Next()
	if c == '{' || c == '[' {
		if depth == 0 {
			return s.Errorf("nested deeper than %d", l.Depth)
		}
		depth--
	}
	switch {
	case c == '{':
		return s.Object(func([]byte) error { return s.skip(l, depth, left) })
	case c == '[':
		return s.Array(func() error { return s.skip(l, depth, left) })
	case c == '"':
		_, _, err := s.raw()
		return err
	case c == '-' || isDigit(c):
		return s.number()
	case s.word("null") || s.word("true") || s.word("false"):
		return nil
	case s.at == len(s.text):
		return s.Errorf("it ends where a value is expected")
	}
	return s.Errorf("not a value of JSON")
}

// word passes over a word, if it is there.
func (s *Scanner) word(w string) bool {
	if len(s.text)-s.at < len(w) || string(s.text[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// number passes over a number: −, digits without leading zeros, a fraction, an exponent.
func (s *Scanner) number() error {
	s.word("-")
	if !s.word("0") && !s.digits() {
		return s.Errorf("a number without digits")
	}
	if s.word(".") && !s.digits() {
		return s.Errorf("a number without digits after the point")
	}
	if s.word("e") || s.word("E") {
		if !s.word("+") {
			s.word("-")
		}
		if !s.digits() {
			return s.Errorf("a number without digits in its exponent")
		}
	}
	if s.at < len(s.text) && isDigit(s.text[s.at]) {
		return s.Errorf("a number with leading zeros")
	}
	return nil
}

// digits passes over digits and says whether there were any.
func (s *Scanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > start
}
