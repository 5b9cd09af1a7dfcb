package data

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// someVocabs are options of each kind, and the same thing made of a text in memory.
var someVocabs = []struct {
	VocabOptions
	whole func(text string) (*Vocab, []int)
}{
	{VocabOptions{Kind: "char"}, Chars},
	{VocabOptions{Kind: "byte"}, Bytes},
	{VocabOptions{Kind: "word"}, func(text string) (*Vocab, []int) { return Words(text, WordOptions{}) }},
	{
		VocabOptions{Kind: "word", Words: WordOptions{Split: "space", Lower: true, MinCount: 2}},
		func(text string) (*Vocab, []int) {
			return Words(text, WordOptions{Split: "space", Lower: true, MinCount: 2})
		},
	},
	{VocabOptions{Kind: "bpe", Size: 290}, func(text string) (*Vocab, []int) { return TrainBPE(text, 290) }},
}

func ids(t testing.TB, tokens Tokens) []int {
	t.Helper()
	all := make([]int, tokens.Len())
	if err := tokens.Read(all, 0); err != nil {
		t.Fatal(err)
	}
	return all
}

// Learned and encoded in blocks, a text is what it is as a whole.
func TestEncodeInBlocks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(anyText(), 1, 8).Draw(rt, "texts"), " ")
		text = strings.TrimLeft(text, byteOrderMark) // in front of a text it is none of it
		inBlocks(t, rapid.SampledFrom([]int{4, 16, 61, 1 << 18}).Draw(rt, "block"))
		s, err := InMemory("text", text).Survey(true)
		if err != nil {
			return
		}
		for _, o := range someVocabs {
			want, wantIDs := o.whole(text)
			v, err := s.Whole().Learn(o.VocabOptions)
			if err != nil {
				rt.Fatal(err)
			}
			if !slices.Equal(v.Tokens, want.Tokens) || v.Unknown != want.Unknown {
				rt.Fatalf("%+v: learned %q, want %q", o.VocabOptions, v.Tokens, want.Tokens)
			}
			got := NewIds(v.Size())
			side, err := s.Whole().Encode(t.Context(), v, got, rapid.IntRange(1, 3).Draw(rt, "workers"))
			if err != nil {
				rt.Fatal(err)
			}
			if !slices.Equal(ids(t, got), wantIDs) || side.Tokens != len(wantIDs) || !slices.Equal(side.Counts, want.Counts) {
				rt.Fatalf("%+v: %q is %v, want %v", o.VocabOptions, text, ids(t, got), wantIDs)
			}
			_, report := want.EncodeReport(text)
			if !reflect.DeepEqual(side.Report, report) {
				rt.Fatalf("%+v: report %+v, want %+v", o.VocabOptions, side.Report, report)
			}
			if len(wantIDs) == 0 {
				continue
			}
			judged := text[want.first(text):]
			_, first := want.EncodeReport(text[:len(text)-len(judged)])
			unknown := report.Unseen + report.Invalid - first.Unseen - first.Invalid
			if side.Judged != len(wantIDs)-1 || side.Chars != utf8.RuneCountInString(judged) || side.Words != len(strings.Fields(judged)) || side.Unknown != unknown {
				rt.Fatalf("%+v: judged %+v of %q", o.VocabOptions, side, judged)
			}
		}
	})
}

// The items of a list are encoded one by one.
func TestEncodeItems(t *testing.T) {
	lines := "one\ntwo two\r\n\nÜnïcode\n \n" + strings.Repeat("three ", 40)
	items := []string{"one", "two two", "Ünïcode", " ", strings.Repeat("three ", 40)}
	for _, n := range []int{1, 50, 1 << 18} {
		inBlocks(t, n)
		s := survey(t, openText(t, Input{Path: file(t, lines), Lines: true}))
		for _, o := range someVocabs {
			v, err := s.Whole().Learn(o.VocabOptions)
			if err != nil || v.Begin < 0 || v.End != v.Begin+1 {
				t.Fatalf("%+v, %v", v, err)
			}
			var want []int
			words, chars := 0, 0
			for _, item := range items {
				want = append(append(append(want, v.Begin), v.Encode(item)...), v.End)
				words, chars = words+len(strings.Fields(item)), chars+utf8.RuneCountInString(item)+1
			}
			got := NewIds(v.Size())
			side, err := s.Whole().Encode(t.Context(), v, got, 2)
			if err != nil || !slices.Equal(ids(t, got), want) {
				t.Errorf("%+v: %v, want %v; %v", o.VocabOptions, ids(t, got), want, err)
			}
			if side.Tokens != len(want) || side.Judged != len(want)-5 || side.Items != 5 || side.Words != words || side.Chars != chars || side.Counts[v.End] != 5 {
				t.Errorf("%+v: %+v", o.VocabOptions, side)
			}
		}
	}
}

// However long a text is that waits for a place to cut, it is cut there if one is found, and only else anyhow.
func TestPartsEndWhereTheyMay(t *testing.T) {
	const long = 3 << 20
	s := survey(t, InMemory("text", strings.Repeat("x", long)))
	var lengths []int
	for b, err := range s.Whole().parts(func(text string) int {
		if len(text) < 2<<20 {
			return 0
		}
		return 100
	}) {
		if err != nil {
			t.Fatal(err)
		}
		lengths = append(lengths, len(b.text))
	}
	last := len(lengths) - 1
	if last < 2 || slices.Max(lengths[:last]) != 100 || lengths[last] != long-100*last {
		t.Errorf("parts of %d bytes", lengths)
	}
	most := 0
	for b, err := range s.Whole().parts(func(string) int { return 0 }) {
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(b.text))
	}
	if most > 2<<20+blockBytes {
		t.Errorf("without a place a part has %d bytes", most)
	}
}

// A line of megabytes without a place to cut is cut anyhow, and what is known of it stays bounded.
func TestEncodeWithoutSpaces(t *testing.T) {
	text := strings.Repeat("x", 5<<20)
	s := survey(t, InMemory("text", text))
	v, err := s.Whole().Learn(VocabOptions{Kind: "bpe", Size: 300})
	if err != nil {
		t.Fatal(err)
	}
	got := NewIds(v.Size())
	if _, err := s.Whole().Encode(t.Context(), v, got, 2); err != nil || v.Decode(ids(t, got)) != text {
		t.Errorf("it does not come back: %v", err)
	}
}

var errFull = errors.New("no space left")

// full takes so many writes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestEncodeToAFullDisk(t *testing.T) {
	inBlocks(t, 16)
	s := survey(t, InMemory("text", strings.Repeat("some words and more ", 100)))
	v := newBytes()
	for n := range 5 {
		w := full(n)
		if _, err := s.Whole().Encode(t.Context(), v, &w, 2); !errors.Is(err, errFull) {
			t.Errorf("after %d writes: %v", n, err)
		}
	}
	if _, err := s.Whole().Encode(t.Context(), v, io.Discard, 2); err != nil {
		t.Error(err)
	}
}

// Whoever stops waits for the parts at hand, and for no more of the text.
func TestEncodeStopped(t *testing.T) {
	inBlocks(t, 16)
	s := survey(t, InMemory("text", strings.Repeat("some words and more ", 1000)))
	ctx, cancel := context.WithCancel(t.Context())
	written := 0
	_, err := s.Whole().Encode(ctx, newBytes(), writerFunc(func(p []byte) {
		written += len(p)
		cancel()
	}), 2)
	if !errors.Is(err, context.Canceled) || written > 16*16 {
		t.Errorf("%v, after %d bytes", err, written)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestTallyForgetsTheRare(t *testing.T) {
	words := newTally()
	words.most = 100
	before := 0
	for i := range 5000 {
		words.add("often")
		words.add(strings.Repeat("r", i%997))
		if i%3 == 0 {
			words.add("sometimes")
		}
		n := len(words.counts)
		if n > 100 || n < before && n > 100/2+2 { // those kept, and those that came now
			t.Fatalf("%d words are kept, of %d", n, before)
		}
		before = n
	}
	if often, sometimes := words.index.find("often"), words.index.find("sometimes"); words.counts[often] != 5000 || words.counts[sometimes] != 1667 {
		t.Errorf("counts %v", words.counts)
	}
}

// Half of the strings at least are forgotten at once, those that were seen least.
func TestTallyForgetsHalf(t *testing.T) {
	words := newTally()
	words.most = 8
	for n := range 8 {
		for range n + 1 {
			words.add(strings.Repeat("w", n+1))
		}
	}
	words.add("new")
	if !slices.Equal(words.index.words, []string{"wwwwww", "wwwwwww", "wwwwwwww", "new"}) || !slices.Equal(words.counts, []int64{6, 7, 8, 1}) {
		t.Errorf("%q, seen %v times", words.index.words, words.counts)
	}
}
