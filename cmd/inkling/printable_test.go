package main

import (
	"bytes"
	"testing"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext, größe 界 😀": "plain\n\ttext, größe 界 😀",
		"\x1b[2J\x07\x00\r\x7f":    "␛[2J␇␀␍␡",
		"a\u009b31mb":              "a\uFFFD31mb", // CSI as one character
		"\u00a0\u00c2":             "\u00a0\u00c2",
		"\xff\xc2\xc2\u0085x":      "\xff\xc2\xc2\uFFFDx",
	} {
		for cut := range len(in) + 1 { // pieces of a text need not be whole characters
			var got bytes.Buffer
			p := &printable{w: &got}
			for _, part := range []string{in[:cut], in[cut:]} {
				if n, err := p.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got.String() != want {
				t.Errorf("%q cut at %d: %q, want %q", in, cut, got.String(), want)
			}
		}
	}
}
