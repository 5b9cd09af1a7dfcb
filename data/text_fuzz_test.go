package data

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzText reads any file as text and as bytes, makes vocabularies of all kinds of it, and encodes,
// decodes and cuts any other text with them.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "a", "Hello, naïve 世界\n", "\xff\xfea\x00b\x00", "\x00\x00\x00", "\xe9\xe8 \xfc", "a\ufffdb\xffc", "\U0010ffff\x7f\u2028\r\n"} {
		f.Add([]byte(text), "any text\xff, 世界")
		f.Add([]byte(text), text)
	}
	file := filepath.Join(f.TempDir(), "text")
	f.Fuzz(func(t *testing.T, content []byte, other string) {
		if err := os.WriteFile(file, content, 0o666); err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for _, in := range []Input{{Path: file}, {Path: file, Lines: true}, {Path: file, Field: "text"}} {
			read(t, in, text)
		}
		b, ids := Bytes(text)
		if b.Decode(ids) != text || b.Decode(b.Encode(other)) != other {
			t.Error("bytes do not come back")
		}
		c, ids := Chars(text)
		if valid := strings.ToValidUTF8(text, ""); valid == text && c.Decode(ids) != text {
			t.Errorf("characters come back as %q", c.Decode(ids))
		}
		bpe, ids := TrainBPE(text, 280)
		if bpe.Decode(ids) != text || bpe.Decode(bpe.Encode(other)) != other {
			t.Error("BPE does not come back")
		}
		vocabs := []*Vocab{b, c, bpe, bpe.WithItems()}
		for _, o := range []WordOptions{{}, {Split: "space"}, {Lower: true, Size: 10}, {Split: "space", Lower: true, MinCount: 2}} {
			v, ids := Words(text, o)
			if !slices.Equal(ids, v.Encode(text)) {
				t.Errorf("words are encoded otherwise than when they were counted")
			}
			vocabs = append(vocabs, v)
		}
		for _, v := range vocabs {
			if n := v.Cut(text); !slices.Equal(append(v.Encode(text[:n]), v.Encode(text[n:]+other)...), v.Encode(text+other)) {
				t.Errorf("%s: %q, which goes on %q, is cut at %d", v.Kind, text, other, n)
			}
			ids, report := v.EncodeReport(other)
			unknown := 0
			for _, id := range ids {
				if id < 0 || id >= v.Size() {
					t.Fatalf("%s: token %d of %d", v.Kind, id, v.Size())
				}
				if id == v.Unknown {
					unknown++
				}
			}
			if v.Kind == "char" && (len(ids) != utf8.RuneCountInString(other) || unknown != report.Unseen+report.Invalid+strings.Count(other, unknownChar)) {
				t.Errorf("%d characters, %d unknown, of %q: %+v", len(ids), unknown, other, report)
			}
			for _, line := range report.Lines() {
				if strings.Contains(line, "\n") {
					t.Errorf("a report of two lines: %q", line)
				}
			}
			if !slices.Equal(ids, v.Encode(other)) {
				t.Error("encoded otherwise with a report")
			}
		}
	})
}

// read opens a file in one of the ways there are, and makes tokens of it. What is wrong is said in one line that
// names the file.
func read(t *testing.T, in Input, content string) {
	opened, err := Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	people := func(err error) {
		if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), in.Path) {
			t.Errorf("not an error for people: %q", err)
		}
	}
	if _, err := opened.Survey(false); err != nil {
		people(err)
	}
	s, err := opened.Survey(true)
	if err != nil {
		people(err)
		return
	}
	head, err := s.Whole().Head(1 << 20)
	content = strings.TrimPrefix(content, byteOrderMark)
	packed := strings.HasPrefix(content, "\x1F\x8B\x08") || strings.HasPrefix(content, "\x28\xB5\x2F\xFD")
	if err != nil || !opened.items && !packed && head != content {
		t.Errorf("read %q, %v", head, err)
	}
	for _, kind := range []string{"char", "bpe"} {
		v, err := s.Whole().Learn(VocabOptions{Kind: kind, Size: 280})
		if err != nil {
			t.Fatal(err)
		}
		tokens := NewIds(v.Size())
		side, err := s.Whole().Encode(t.Context(), v, tokens, 2)
		if err != nil || side.Tokens != tokens.Len() || side.Items != s.Items {
			t.Errorf("%s: %+v, %v", kind, side, err)
		}
	}
	if train, valid, err := s.Split(0.1); err == nil && !opened.items && !packed {
		a, _ := train.Head(1 << 20)
		b, _ := valid.Head(1 << 20)
		if a+b != content || a == "" || b == "" {
			t.Errorf("split into %q and %q", a, b)
		}
	}
}
