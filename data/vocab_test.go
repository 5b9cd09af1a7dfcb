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
	name string
	make func(text string) (*Vocab, []int)
}{
	{"char", Chars},
	{"byte", Bytes},
}

// anyText is text as it comes: words, any code points, any bytes.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-e \n]{0,60}`),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

func TestVocabContract(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text, other := anyText().Draw(t, "text"), anyText().Draw(t, "other")
				v, ids := kind.make(text)
				if v.Kind != kind.name || v.Size() != len(v.Tokens) || len(v.Counts) != v.Size() {
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
					if token == "" || seen[token] || v.Piece(id) != token {
						t.Fatalf("token %d is %q", id, token)
					}
					seen[token] = true
				}
				for _, s := range []string{text, other} {
					ids, rep := v.EncodeReport(s)
					if !slices.Equal(ids, v.Encode(s)) {
						t.Fatal("with and without a report, not the same")
					}
					pieces := ""
					for _, id := range ids {
						pieces += v.Piece(id)
					}
					if got := v.Decode(ids); got != pieces {
						t.Fatalf("decoded %q, by pieces %q", got, pieces)
					}
					clean := rep.Unseen == 0 && rep.Invalid == 0
					if (v.Decode(ids) == s) != clean {
						t.Fatalf("%q reads %q, report %+v", s, v.Decode(ids), rep)
					}
					if clean != (len(rep.Lines()) == 0) {
						t.Fatalf("report %+v says %q", rep, rep.Lines())
					}
				}
			})
		})
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

func BenchmarkEncodeChars(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog, naïvely. ", 20_000)
	v, _ := Chars(text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		v.Encode(text)
	}
}

func BenchmarkChars(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog, naïvely. ", 20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Chars(text)
	}
}
