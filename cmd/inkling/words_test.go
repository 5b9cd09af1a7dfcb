package main

import (
	"strings"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{thousands(0), "0"},
		{thousands(999), "999"},
		{thousands(1000), "1,000"},
		{thousands(-1234567), "-1,234,567"},
		{thousands(-123), "-123"},
		{plural(1, "step"), "1 step"},
		{plural(1200, "step"), "1,200 steps"},
		{sizeOf(999), "999 bytes"},
		{sizeOf(12_345_678), "12.3 MB"},
		{sizeOf(4 << 30), "4.29 GB"},
		{span(42 * time.Second), "42s"},
		{span(185 * time.Second), "3m05s"},
		{span(3720 * time.Second), "1h02m"},
		{span(59700 * time.Millisecond), "1m"},
		{quoted("runs/a-1"), "runs/a-1"},
		{quoted("it's"), `'it'\''s'`},
		{quoted(""), "''"},
		{quoted("a b"), "'a b'"},
		{longerThan(time.Minute), "5m"},
		{longerThan(9 * time.Hour), "10h"},
		{oneLine("a\nb\x1b[31m"), "a b [31m"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	var b strings.Builder
	table(&b, []string{"", "nats"}, []string{"wörld", "1.5"}, []string{"a", "10.25"})
	if want := "         nats\nwörld     1.5\na       10.25\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{`\n\n`: "\n\n", `a\tb`: "a\tb", `\\n`: `\n`, `"'`: `"'`, `\x41\u00e9`: "Aé", `\xff`: "\xff", "é": "é"} {
		if got, err := unescape(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{`\`, `a\`, `\q`, `\x4`} {
		if got, err := unescape(in); err == nil {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestByteSize(t *testing.T) {
	for in, want := range map[string]byteSize{"1": 1, "800MB": 800e6, "2 GB": 2e9, "1.5gib": 3 << 29, "64k": 64e3, "3B": 3} {
		var b byteSize
		if err := b.UnmarshalText([]byte(in)); err != nil || b != want {
			t.Errorf("%q: %d, %v", in, b, err)
		}
	}
	for _, in := range []string{"", "0", "-1", "MB", "1XB", "1e99GB", "nan", "lots"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q: %d", in, b)
		}
	}
}
