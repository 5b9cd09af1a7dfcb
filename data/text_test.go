package data

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadText(t *testing.T) {
	for _, content := range []string{"ab", "naïve 世界\n", "a\xFFb", strings.Repeat("x", 100_000), strings.Repeat("log\n", 1000) + "\x00", "\uFFFD\uFFFD"} {
		path := file(t, content)
		for _, limit := range []int64{0, int64(len(content)), 1 << 40} {
			text, source, err := ReadText(path, limit)
			if err != nil {
				t.Fatal(err)
			}
			want := Source{path, int64(len(content)), fmt.Sprintf("%x", sha256.Sum256([]byte(content)))}
			if text != content || source != want {
				t.Errorf("%.20q: read %.20q from %+v, want %+v", content, text, source, want)
			}
		}
	}
}

func TestReadTextStandardInput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	os.Stdin = r
	go func() {
		for range 1000 {
			_, _ = w.WriteString("some text, ")
		}
		w.Close()
	}()
	text, source, err := ReadText("-", 11_000)
	if err != nil || text != strings.Repeat("some text, ", 1000) || source.Name != "standard input" || source.Size != 11_000 {
		t.Errorf("read %d bytes from %+v: %v", len(text), source, err)
	}
}

func TestReadTextRefuses(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
		limit               int64
		bytes               bool // ReadBytes refuses it too
	}{
		{"empty", "", "is empty", 0, true},
		{"one character", "é", "only one character", 0, true},
		{"one broken byte", "\xFF", "only one character", 0, true},
		{"too large", "abcdef", "larger than 5 bytes", 5, true},
		{"binary", strings.Repeat("\x00\x01\x02\x7F", 100), "looks binary (100 NUL bytes among 400): use --tokens byte", 0, false},
		{"one NUL in little text", "ab\x00", "looks binary", 0, false},
		{"some NULs", strings.Repeat("x", 490) + strings.Repeat("\x00", 2), "looks binary", 0, false},
		{"UTF-16", "\xFF\xFEh\x00i\x00", "UTF-16", 0, false},
		{"UTF-16, big endian", "\xFE\xFF\x00h\x00i", "UTF-16", 0, false},
		{"KOI8-R", strings.Repeat("\xD0\xD2\xC9\xD7\xC5\xD4 ", 9), "is not UTF-8 (54 of its 63 bytes)", 0, false},
	} {
		path := file(t, c.content)
		_, _, err := ReadText(path, c.limit)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.name, err)
		}
		text, _, err := ReadBytes(path, c.limit)
		if (err != nil) != c.bytes || !c.bytes && text != c.content {
			t.Errorf("%s, as bytes: %v", c.name, err)
		}
	}
	if _, _, err := ReadText(t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	_, _, err := ReadText("no/such/file", 0)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "there is no file no/such/file" {
		t.Errorf("missing: %v", err)
	}
	path := file(t, "secret")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadText(path, 0); os.Getuid() != 0 && (!errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "may not be read")) {
		t.Errorf("unreadable: %v", err)
	}
	if err := inWords("f", &fs.PathError{Op: "read", Path: "f", Err: errors.New("input/output error")}); err.Error() != "f cannot be read: input/output error" {
		t.Errorf("%v", err)
	}
}

// A pipe has no size to tell beforehand.
func TestReadTextLimitOfPipe(t *testing.T) {
	source := Source{Name: "pipe"}
	if _, err := readAll(strings.NewReader("abcdef"), &source, 0, 5); err == nil || !strings.Contains(err.Error(), "larger than 5") {
		t.Errorf("%v", err)
	}
}

func TestSplit(t *testing.T) {
	train, valid, err := Split("0123456789"+"0123456789"[:9]+"é", 0.1)
	if err != nil || train != "012345678901234567" || valid != "8é" {
		t.Errorf("%q %q %v", train, valid, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text, share := anyText().Draw(t, "text"), rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		train, valid, err := Split(text, share)
		n := utf8.RuneCountInString(text)
		want := int(float64(n) * (1 - share))
		if err != nil {
			if want >= 2 && n-want >= 2 {
				t.Fatal(err)
			}
			return
		}
		if train+valid != text || utf8.RuneCountInString(train) != want || utf8.RuneCountInString(valid) != n-want {
			t.Fatalf("%q and %q, want %d characters first", train, valid, want)
		}
	})
	for _, share := range []float64{0, 1, -1, 2} {
		if _, _, err := Split("a text that is long enough", share); err == nil {
			t.Errorf("share %g accepted", share)
		}
	}
	if _, _, err := Split("abc", 0.5); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("%v", err)
	}
}
