package data

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// kinds are the makers of vocabularies; the contract test holds all of them to what a Vocab promises.
var kinds = []struct {
	name  string
	make  func(text string) (*Vocab, []int)
	exact bool // a text that has nothing unknown is decoded as it was
}{
	{"char", Chars, true},
	{"byte", Bytes, true},
	{"bpe", func(text string) (*Vocab, []int) { return TrainBPE(text, 300) }, true},
	{"word", func(text string) (*Vocab, []int) { return Words(text, WordOptions{}) }, false},
	{"word-space", func(text string) (*Vocab, []int) { return Words(text, WordOptions{Split: "space"}) }, false},
	{"word-lower", func(text string) (*Vocab, []int) {
		return Words(text, WordOptions{Lower: true, MinCount: 2, Size: 20})
	}, false},
	{"word-space-lower", func(text string) (*Vocab, []int) {
		return Words(text, WordOptions{Split: "space", Lower: true, MinCount: 2})
	}, false},
	{"char-items", func(text string) (*Vocab, []int) { return withItems(Chars(text)) }, true},
	{"bpe-items", func(text string) (*Vocab, []int) { return withItems(TrainBPE(text, 257)) }, true},
	{"word-items", func(text string) (*Vocab, []int) { return withItems(Words(text, WordOptions{Split: "space"})) }, false},
}

func withItems(v *Vocab, ids []int) (*Vocab, []int) { return v.WithItems(), ids }

// anyText is text as it comes: words, any code points, any bytes.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-e \n]{0,60}`),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOf(rapid.SampledFrom(parcels)), func(s []string) string { return strings.Join(s, "") }),
	)
}

// parcels are what tells one way to cut a text from another.
var parcels = []string{
	" ", " ", "  ", "\n", "\r\n", "\r", "\t", "\v", "\u00a0", "\u0085", "\u2028", "\u3000", "\u202f", "\u200b", "\ufeff", "\x00",
	"a", "The", "the", "can't", "'", "'s", "'S", "'re", "'ll", "'v", "''", "é", "e\u0301", "\u0301", "\u200d", "İ", "ß", "ǅ", "Σ", "中文", "日本", "かな", "カナ", "한국",
	"1", "23", "½", "٣", "3,000.5", ".", ",", ":", "_", "!", "?!", "--", "…", "€", "\U0001F600", "\U0001F1E9\U0001F1EA", "\U0001F1EB", "👩‍👩‍👧", "אב\"ג",
	"<unk>", "<|begin|>", "<|end|>", "<|", "\xff", "\xe4\xb8", "\xf0\x9f", "\xc2", "\ufffd", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
}

func TestVocabContract(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text, other := anyText().Draw(t, "text"), anyText().Draw(t, "other")
				v, ids := kind.make(text)
				if base, _, _ := strings.Cut(kind.name, "-"); v.Kind != base || v.Size() != len(v.Tokens) || len(v.Counts) != v.Size() {
					t.Fatalf("kind %q, size %d, %d tokens, %d counts", v.Kind, v.Size(), len(v.Tokens), len(v.Counts))
				}
				if !reflect.DeepEqual(ids, v.Encode(text)) {
					t.Fatal("the text is encoded otherwise than when the vocabulary was made")
				}
				counts := make([]int64, v.Size())
				for _, id := range ids {
					counts[id]++
				}
				if !slices.Equal(counts, v.Counts) {
					t.Fatalf("counts %v, in the text %v", v.Counts, counts)
				}
				again, sameIDs := kind.make(text)
				if !reflect.DeepEqual(v, again) || !slices.Equal(ids, sameIDs) {
					t.Fatal("made twice, not the same")
				}
				seen := map[string]bool{}
				for id, token := range v.Tokens {
					if token == "" || seen[token] {
						t.Fatalf("token %d is %q", id, token)
					}
					seen[token] = true
					want := token
					switch {
					case id == v.Begin || id == v.End:
						want = ""
					case v.Kind == "word" && token != "\n":
						want = " " + token
					}
					if v.Piece(id) != want {
						t.Fatalf("token %d is %q and reads %q", id, token, v.Piece(id))
					}
				}
				for _, s := range []string{text, other} {
					ids, rep := v.EncodeReport(s)
					if !slices.Equal(ids, v.Encode(s)) {
						t.Fatal("with and without a report, not the same")
					}
					if again := v.AppendEncode([]int{-7}, s); again[0] != -7 || !slices.Equal(again[1:], ids) {
						t.Fatal("appended, not the same")
					}
					twice := rep
					if again := v.AppendReport([]int{-7}, s, &twice); again[0] != -7 || !slices.Equal(again[1:], ids) || twice.Unseen != 2*rep.Unseen || twice.Invalid != 2*rep.Invalid {
						t.Fatalf("appended with a report, not the same: %+v and %+v", rep, twice)
					}
					pieces, prev := "", -1
					for _, id := range ids {
						if id == v.Begin || id == v.End {
							t.Fatalf("%q has the beginning or the end of an item", s)
						}
						pieces += v.PieceAfter(prev, id)
						prev = id
					}
					if got := v.Decode(ids); got != pieces {
						t.Fatalf("decoded %q, by pieces %q", got, pieces)
					}
					clean := rep.Unseen == 0 && rep.Invalid == 0
					if kind.exact && (v.Decode(ids) == s) != clean {
						t.Fatalf("%q reads %q, report %+v", s, v.Decode(ids), rep)
					}
					unknown := 0
					for _, id := range ids {
						if id == v.Unknown && v.Tokens[id] != unknownChar {
							unknown++
						}
					}
					if known := strings.Count(s, unknownWord); !kind.exact && (clean && unknown > known || unknown == 0 && !clean) {
						t.Fatalf("%q reads %q, report %+v", s, v.Decode(ids), rep)
					}
					// What was read once reads the same again.
					if again := v.Encode(v.Decode(ids)); (kind.exact || unknown == 0) && !slices.Equal(again, ids) {
						t.Fatalf("%q reads %q, which reads %q", s, v.Decode(ids), v.Decode(again))
					}
					cutsAnywhere(t, v, s)
					if clean != (len(rep.Lines()) == 0) {
						t.Fatalf("report %+v says %q", rep, rep.Lines())
					}
				}
			})
		})
	}
}

// cutsAnywhere holds what Cut promises: a text that arrives in parts has the tokens of the whole, even if
// each part is cut before the next is known.
func cutsAnywhere(t *rapid.T, v *Vocab, s string) {
	want := v.Encode(s)
	var got []int
	begin := 0
	for end := range len(s) + 1 {
		n := v.Cut(s[begin:end])
		if n < 0 || n > end-begin {
			t.Fatalf("%q is cut at %d", s[begin:end], n)
		}
		if n == 0 {
			continue
		}
		whole := v.Encode(s[begin:])
		parts := append(v.Encode(s[begin:begin+n]), v.Encode(s[begin+n:])...)
		if !slices.Equal(parts, whole) {
			t.Fatalf("%q is cut at %d of %q: parts %v, whole %v", s[begin:], n, s[begin:end], parts, whole)
		}
		got = v.AppendEncode(got, s[begin:begin+n])
		begin += n
	}
	if got = v.AppendEncode(got, s[begin:]); !slices.Equal(got, want) {
		t.Fatalf("%q in parts: %v, whole %v", s, got, want)
	}
}

func TestVocabPanics(t *testing.T) {
	v, _ := Chars("ab")
	for _, id := range []int{-1, v.Size()} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "data: ") {
					t.Errorf("token %d: panic %q", id, s)
				}
			}()
			v.Piece(id)
		}()
	}
}

func TestCharsOrder(t *testing.T) {
	v, ids := Chars("béaabbé\U0001F600b\n")
	want := []string{"b", "a", "é", "\n", "\U0001F600", "\uFFFD"} // 4 2 2 1 1 0: ties by code point
	if !slices.Equal(v.Tokens, want) {
		t.Errorf("tokens %q, want %q", v.Tokens, want)
	}
	if want := []int{0, 2, 1, 1, 0, 0, 2, 4, 0, 3}; !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
	if want := []int64{4, 2, 2, 1, 1, 0}; !slices.Equal(v.Counts, want) || v.Unknown != 5 {
		t.Errorf("counts %v, unknown %d", v.Counts, v.Unknown)
	}
}

// Characters read what they do not know as one unknown symbol a character or broken byte, whatever stands around it.
func TestCharsUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, _ := Chars(anyText().Draw(t, "text"))
		s := anyText().Draw(t, "other")
		ids, rep := v.EncodeReport(s)
		unseen, invalid, i := 0, 0, 0
		for rest := s; rest != ""; i++ {
			r, size := utf8.DecodeRuneInString(rest)
			want, known := v.Unknown, false
			for id, token := range v.Tokens {
				if token == rest[:size] {
					want, known = id, true
				}
			}
			if r == utf8.RuneError && size == 1 {
				invalid++
			} else if !known {
				unseen++
			}
			if ids[i] != want {
				t.Fatalf("%q reads %d, want %d", rest[:size], ids[i], want)
			}
			rest = rest[size:]
		}
		if i != len(ids) || rep.Unseen != unseen || rep.Invalid != invalid {
			t.Fatalf("%d tokens of %d characters, report %+v, want %d unseen and %d invalid", len(ids), i, rep, unseen, invalid)
		}
	})
}

func TestReportLines(t *testing.T) {
	v, _ := Chars("abc")
	_, rep := v.EncodeReport("axyzxyz\U0001F600\xFFuvw\xFE")
	got := rep.Lines()
	want := []string{
		`10 characters are not in the vocabulary, read as the unknown symbol: first 'x' (U+0078), 'y' (U+0079), 'z' (U+007A), '😀' (U+1F600), 'u' (U+0075)`,
		`2 bytes are not UTF-8, read as U+FFFD; the first is byte 12 of the text`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	_, rep = v.EncodeReport("d")
	if got := rep.Lines(); len(got) != 1 || got[0] != `1 character is not in the vocabulary, read as the unknown symbol: first 'd' (U+0064)` {
		t.Errorf("%q", got)
	}
}

func TestBytesAreTheirValues(t *testing.T) {
	v, ids := Bytes("\x00A\xFF")
	if !slices.Equal(ids, []int{0, 65, 255}) || v.Size() != 256 || v.Unknown != -1 {
		t.Errorf("ids %v, size %d, unknown %d", ids, v.Size(), v.Unknown)
	}
}

func BenchmarkChars(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog, naïvely. ", 20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Chars(text)
	}
}
