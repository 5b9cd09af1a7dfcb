package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchText is the complete Shakespeare of INKLING_DATA, or if that is not set a text of as many letters
// in words of a few thousand different ones.
func benchText(b *testing.B) string {
	if folder := os.Getenv("INKLING_DATA"); folder != "" {
		if text, err := os.ReadFile(filepath.Join(folder, "shakespeare.txt")); err == nil {
			return string(text)
		}
	}
	b.Log("INKLING_DATA names no folder with shakespeare.txt: a generated text instead")
	var text strings.Builder
	syllables := strings.Fields("the er ing ou st an re lo ve king th o si ma ne ta lord en wi ll")
	for state := uint64(1); text.Len() < 5_000_000; {
		for n := 1 + state>>60%3; n > 0; n-- {
			state = state*6364136223846793005 + 1442695040888963407
			text.WriteString(syllables[state>>33%uint64(len(syllables))])
		}
		text.WriteString([]string{" ", " ", " ", ", ", ".\n"}[state>>40%5])
	}
	return text.String()
}

func benchEncode(b *testing.B, v *Vocab, text string) {
	ids := v.Encode(text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		ids = v.AppendEncode(ids[:0], text)
	}
	b.ReportMetric(float64(len(text))/float64(len(ids)), "bytes/token")
}

func BenchmarkTrainBPE(b *testing.B) {
	text := benchText(b)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		TrainBPE(text, 8192)
	}
}

func BenchmarkEncodeBPE(b *testing.B) {
	text := benchText(b)
	v, _ := TrainBPE(text, 8192)
	benchEncode(b, v, text)
}

func BenchmarkEncodeWords(b *testing.B) {
	text := benchText(b)
	for _, o := range []WordOptions{{}, {Split: "space"}, {Lower: true}} {
		name := "unicode"
		if o.Split != "" {
			name = o.Split
		}
		if o.Lower {
			name += "-lower"
		}
		b.Run(name, func(b *testing.B) {
			v, _ := Words(text, o)
			benchEncode(b, v, text)
		})
	}
}

func BenchmarkEncodeChars(b *testing.B) {
	text := benchText(b)
	v, _ := Chars(text)
	benchEncode(b, v, text)
}

func BenchmarkWords(b *testing.B) {
	text := benchText(b)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Words(text, WordOptions{})
	}
}
