package data

import (
	"slices"
	"strings"
	"testing"
)

func pieces(split func(string, func(int, string)), text string) (words []string) {
	split(text, func(at int, word string) {
		if text[at:at+len(word)] != word {
			panic("a word that is not where it is said to be")
		}
		words = append(words, word)
	})
	return words
}

func TestUnicodeWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		" \t\u3000":                      "",
		"The can't, e.g. 3,000.5 (a_b)!": "The|can't|,|e.g|.|3,000.5|(|a_b|)|!",
		"one\n two\r\n\rthree\u2028four": "one|\n|two|\n|three|four",
		"世界 naïve e\u0301":               "世|界|naïve|e\u0301",
		"a \u0301b":                      "a|\u0301|b", // the mark combines with the space, and is left without
		"10\u202f000\u202f":              "10\u202f000\u202f",
		"\u202f":                         "",
		"\U0001F1E9\U0001F1EA\U0001F1EB": "\U0001F1E9\U0001F1EA|\U0001F1EB",
		"caf\xe9\xe8s":                   "caf|\xe9\xe8|s",
		"a\x00b":                         "a|\x00|b",
	} {
		if got := strings.Join(pieces(unicodeWords, text), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSpaceWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		" the <unk> n't\u00a0$ 3 \n\n":  "the|<unk>|n't|$|3|\n|\n",
		"a\u2028b\u3000c\u202fd\u200be": "a|b|c|d\u200be",
		"x\xe2\x80y\xc2":                "x\xe2\x80y\xc2",
	} {
		if got := strings.Join(pieces(spaceWords, text), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The words of Penn Treebank: its unknown word is ours, its line end is a token.
func TestWordsOfTreebank(t *testing.T) {
	text := " the cat <unk> the dog \n the <unk> \n"
	v, ids := Words(text, WordOptions{Split: "space"})
	if want := []string{"the", "\n", "<unk>", "cat", "dog"}; !slices.Equal(v.Tokens, want) || v.Unknown != 2 {
		t.Errorf("tokens %q, unknown %d, want %q", v.Tokens, v.Unknown, want)
	}
	if want := []int64{3, 2, 2, 1, 1}; !slices.Equal(v.Counts, want) {
		t.Errorf("counts %v, want %v", v.Counts, want)
	}
	if got, want := v.Decode(ids), "the cat <unk> the dog\nthe <unk>\n"; got != want {
		t.Errorf("reads %q, want %q", got, want)
	}
	if got, want := v.Piece(0), " the"; got != want {
		t.Errorf("a piece %q, want %q", got, want)
	}
	again, rep := v.EncodeReport("the bird <unk> b\xff")
	if got := rep.Lines(); !slices.Equal(again, []int{0, 2, 2, 2}) || len(got) != 2 ||
		got[0] != `1 word is not in the vocabulary, read as the unknown word: first "bird"` || !strings.Contains(got[1], "the first is byte 17 ") {
		t.Errorf("%v %q", again, got)
	}
}

func TestWordOptions(t *testing.T) {
	text := "A a b B İ c c\nc d <|begin|> <|end|>"
	for _, c := range []struct {
		o    WordOptions
		want string
	}{
		{WordOptions{Split: "space"}, "c <unk> \n A B a b d İ"},
		{WordOptions{Split: "space", Lower: true}, "c <unk> a b \n d i\u0307"},
		{WordOptions{Split: "space", MinCount: 2}, "<unk> c \n"},
		{WordOptions{Split: "space", MinCount: 2, Lower: true}, "<unk> c a b \n"},
		{WordOptions{Split: "space", Size: 4}, "<unk> c \n A"},
		{WordOptions{Split: "space", Size: 2}, "<unk> \n"},
		{WordOptions{Split: "space", Size: 1}, "<unk>"},
	} {
		v, _ := Words(text, c.o)
		if got := strings.Join(v.Tokens, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.o, got, c.want)
		}
		if v.Tokens[v.Unknown] != unknownWord || !slices.IsSortedFunc(v.Counts, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("%+v: unknown %d, counts %v", c.o, v.Unknown, v.Counts)
		}
	}
	defer func() {
		if s, _ := recover().(string); !strings.HasPrefix(s, "data: ") {
			t.Errorf("panic %q", s)
		}
	}()
	Words("", WordOptions{Split: "sentence"})
}

// A word that is too long to be saved is unknown, and costs no more than its length.
func TestWordsTooLong(t *testing.T) {
	for _, split := range []string{"unicode", "space"} {
		text := "short " + strings.Repeat("long", 5<<20) + " " + strings.Repeat("w", maxWord)
		v, ids := Words(text, WordOptions{Split: split})
		if len(v.Tokens) != 3 || len(ids) != 3 || ids[1] != v.Unknown || v.Tokens[ids[2]] != text[len(text)-maxWord:] {
			t.Errorf("%s: %d tokens, ids %v", split, len(v.Tokens), ids)
		}
		if _, err := ReadTokenizer([]byte(written(t, v))); err != nil {
			t.Error(err)
		}
	}
}

func TestWordsDoNotAllocate(t *testing.T) {
	text := strings.Repeat("The quick BROWN fox, naïve, jumps.\n", 100)
	for _, o := range []WordOptions{{}, {Split: "space"}, {Lower: true}} {
		v, ids := Words(text, o)
		if n := testing.AllocsPerRun(5, func() { ids = v.AppendEncode(ids[:0], text) }); n > 10 {
			t.Errorf("%+v: %g allocations", o, n)
		}
	}
}

// A text without words, or without anything, has a vocabulary of one, and encodes to nothing.
func TestWordsOfNothing(t *testing.T) {
	for _, text := range []string{"", " \t "} {
		v, ids := Words(text, WordOptions{})
		if v.Size() != 1 || len(ids) != 0 || v.Decode(v.Encode("new words")) != "<unk> <unk>" {
			t.Errorf("%q: %q, %v", text, v.Tokens, ids)
		}
	}
}
