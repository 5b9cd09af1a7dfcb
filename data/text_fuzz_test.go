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
		const limit = 1 << 16
		text, source, err := ReadBytes(file, limit)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), file) {
				t.Errorf("not an error for people: %q", err)
			}
			if utf8.RuneCount(content) > 1 && len(content) <= limit {
				t.Errorf("refused: %v", err)
			}
			return
		}
		if text != string(content) || source.Size != int64(len(content)) || len(source.SHA256) != 64 {
			t.Errorf("read %q, %+v", text, source)
		}
		again, _, err := ReadText(file, limit)
		if err == nil && again != text || err != nil && utf8.Valid(content) && !strings.Contains(text, "\x00") {
			t.Errorf("as text %q, %v", again, err)
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
		if train, valid, err := Split(text, 0.1); err == nil && (train+valid != text || train == "" || valid == "") {
			t.Errorf("split into %q and %q", train, valid)
		}
	})
}
