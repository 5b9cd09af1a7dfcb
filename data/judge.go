package data

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// judge tells text from what is none, block by block. A stray NUL (logs have them after a power failure) and some
// bytes of another encoding are let through: they cost a few tokens, not the model.
type judge struct {
	utf16 bool
	nul   int
	bytes int
	rep   Report
}

// early is after how many bytes a file that is no text is known for that, so that nobody waits for a large one.
const early = 1 << 20

func (j *judge) add(b block) {
	text := b.text
	if j.bytes == 0 {
		j.utf16 = strings.HasPrefix(text, "\xFF\xFE") || strings.HasPrefix(text, "\xFE\xFF")
	}
	j.nul += strings.Count(text, "\x00")
	if b.invalid > 0 {
		j.rep.Invalid += b.invalid
	} else if !utf8.ValidString(text) {
		j.rep.add(CheckUTF8(text), j.bytes)
	}
	j.bytes += len(text)
}

// verdict says what is wrong with a text of which all so far was added.
func (j *judge) verdict(name string) error {
	if what := j.problem(); what != "" {
		remedy := "convert it (iconv -f ENCODING -t UTF-8), or use --tokens byte"
		if strings.HasPrefix(what, "looks") {
			remedy = "use --tokens byte"
		}
		return fmt.Errorf("%s %s: %s", name, what, remedy)
	}
	return nil
}

// problem is what is wrong, in words; "" if nothing is.
func (j *judge) problem() string {
	switch {
	case j.utf16:
		return "is UTF-16, not UTF-8"
	case j.nul > j.bytes/1000:
		return fmt.Sprintf("looks binary (%d NUL bytes among %d)", j.nul, j.bytes)
	case j.rep.Invalid > j.bytes/3:
		return fmt.Sprintf("is not UTF-8 (%d of its %d bytes)", j.rep.Invalid, j.bytes)
	}
	return ""
}
