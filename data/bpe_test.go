package data

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// pattern is GPT-2's by Go's regexp, but for the look-ahead, which patternPieces does by hand.
var pattern = regexp.MustCompile(`^(?:'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\pZ\x{9}-\x{D}\x{85}\p{L}\p{N}]+|[\pZ\x{9}-\x{D}\x{85}]+)`)

func patternPieces(text string) (pieces []string) {
	for text != "" {
		piece := pattern.FindString(text)
		if rest := text[len(piece):]; rest != "" && strings.TrimFunc(piece, unicode.IsSpace) == "" {
			// White space, and something else follows: \s+(?!\S) is one character less, if that leaves any.
			if _, size := utf8.DecodeLastRuneInString(piece); size < len(piece) {
				piece = piece[:len(piece)-size]
			}
		}
		pieces = append(pieces, piece)
		text = text[len(piece):]
	}
	return pieces
}

func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(anyText().Draw(t, "text"), "")
		var got []string
		for rest := text; rest != ""; {
			n := nextPiece(rest)
			got, rest = append(got, rest[:n]), rest[n:]
		}
		if want := patternPieces(text); !slices.Equal(got, want) {
			t.Fatalf("%q is %q, want %q", text, got, want)
		}
	})
}

// A cut is near the end of any text with words, so that a reader in parts gets on.
func TestCutIsNear(t *testing.T) {
	for text, want := range map[string]int{
		"the quick brown": 9, "the quick ": 9, "the quick": 3, "the": 0, "a\n": 1, "a\nb": 2, "a\n\nb": 2, "a  b": 2, "x=1": 2, "don't": 3, "don'": 3, "'": 0, "a\xe4\xb8": 0, "1\xff": 1,
	} {
		v, _ := TrainBPE("", 257)
		if got := v.Cut(text); got != want {
			t.Errorf("%q is cut at %d, want %d", text, got, want)
		}
	}
	for _, c := range []struct {
		text        string
		want, space int
	}{{"the quick brown", 10, 10}, {"the quick ", 10, 10}, {"the", 0, 0}, {"a\n", 2, 2}, {"世界", 3, 0}, {"10\u202f0", 0, 5}} {
		v, _ := Words("", WordOptions{})
		if got := v.Cut(c.text); got != c.want {
			t.Errorf("unicode: %q is cut at %d, want %d", c.text, got, c.want)
		}
		v, _ = Words("", WordOptions{Split: "space"})
		if got := v.Cut(c.text); got != c.space {
			t.Errorf("space: %q is cut at %d, want %d", c.text, got, c.space)
		}
	}
	for text, want := range map[string]int{"世界": 6, "世\xe7\x95": 3, "a\xf0\x9f\x98": 1, "a\xff": 2, "\xe4": 0, "": 0} {
		v, _ := Chars("")
		if got := v.Cut(text); got != want {
			t.Errorf("characters: %q is cut at %d, want %d", text, got, want)
		}
	}
}

// slowMerge looks for the first pair of the lowest rank in all of a piece, again and again.
func slowMerge(c *bpeCoder, text string) []uint32 {
	var ids []uint32
	for i := range len(text) {
		ids = append(ids, c.alphabet[text[i]])
	}
	for {
		best, at, both := uint32(noMerge), 0, uint32(0)
		for i := 1; i < len(ids); i++ {
			if rank := slices.Index(c.rules, pairOf(ids[i-1], ids[i])); rank >= 0 && uint32(rank) < best {
				best, at = uint32(rank), i
				both = uint32(slices.Index(c.tokens, c.tokens[ids[i-1]]+c.tokens[ids[i]]))
			}
		}
		if best == noMerge {
			return ids
		}
		ids = slices.Delete(ids, at, at+1)
		ids[at-1] = both
	}
}

// Short pieces and long ones are merged as the definition says, whatever the merges: those that were
// learned, and the same in another order.
func TestMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abc]{0,120}`)
		v, _ := TrainBPE(word.Draw(t, "text")+" "+word.Draw(t, "more"), 257+rapid.IntRange(0, 40).Draw(t, "size"))
		c := v.coder.(*bpeCoder)
		if rapid.Bool().Draw(t, "shuffle") {
			rules := rapid.Permutation(c.rules).Draw(t, "rules")
			merges := newMergeTable(len(rules))
			for rank, pair := range rules {
				both := slices.Index(c.tokens, c.tokens[pair>>32]+c.tokens[uint32(pair)])
				merges.add(uint32(pair>>32), uint32(pair), uint32(rank), uint32(both))
			}
			c = newBPE(c.tokens, rules, merges, false).coder.(*bpeCoder)
		}
		for _, text := range []string{word.Draw(t, "piece"), strings.Repeat("ab", 60), strings.Repeat("a", 101)} {
			want := slowMerge(c, text)
			if got := c.piece(text, &pieceScratch{}); !slices.Equal(got, want) {
				t.Fatalf("%q is %v, want %v", text, got, want)
			}
			var bytes []uint32
			for i := range len(text) {
				bytes = append(bytes, c.alphabet[text[i]])
			}
			if got := c.merges.mergeLong(bytes, &scratch{}); !slices.Equal(got, want) {
				t.Fatalf("%q is %v by the heap, want %v", text, got, want)
			}
			var got []uint32
			for _, id := range c.encode(nil, text, nil) {
				got = append(got, uint32(id))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q is encoded %v, want %v", text, got, want)
			}
		}
	})
}

// In a long piece with many merges in any order, entries of the heap go stale in every way.
func TestMergesGoStale(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		letters := make([]byte, 250)
		for i := range letters {
			letters[i] = "abc"[r.IntN(3)]
		}
		text := string(letters) // shorter than what training takes for one piece
		v, _ := TrainBPE(text, 310)
		c := v.coder.(*bpeCoder)
		rules, merges := slices.Clone(c.rules), newMergeTable(len(c.rules))
		r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		for rank, pair := range rules {
			both := slices.Index(c.tokens, c.tokens[pair>>32]+c.tokens[uint32(pair)])
			merges.add(uint32(pair>>32), uint32(pair), uint32(rank), uint32(both))
		}
		c = newBPE(c.tokens, rules, merges, false).coder.(*bpeCoder)
		if got, want := c.piece(text, &pieceScratch{}), slowMerge(c, text); !slices.Equal(got, want) {
			t.Fatalf("%q is %v, want %v", text, got, want)
		}
	}
}

// slowTrain counts all pairs again after each merge.
func slowTrain(text string, size int) (tokens []string) {
	for _, b := range bytesBySpelling() {
		tokens = append(tokens, string([]byte{b}))
	}
	var words [][]int
	for text != "" {
		n := nextPiece(text)
		var word []int
		for i := range n {
			word = append(word, slices.Index(tokens, text[i:i+1]))
		}
		words, text = append(words, word), text[n:]
	}
	for len(tokens) < size {
		counts := map[[2]int]int{}
		for _, word := range words {
			for i := 1; i < len(word); i++ {
				counts[[2]int{word[i-1], word[i]}]++
			}
		}
		best := [2]int{}
		for pair, n := range counts {
			if m := counts[best]; n > m || n == m && (pair[0] < best[0] || pair[0] == best[0] && pair[1] < best[1]) {
				best = pair
			}
		}
		if counts[best] < leastCount {
			break
		}
		both := tokens[best[0]] + tokens[best[1]]
		id := slices.Index(tokens, both)
		if id < 0 {
			id, tokens = len(tokens), append(tokens, both)
		}
		for w, word := range words {
			for i := 1; i < len(word); i++ {
				if word[i-1] == best[0] && word[i] == best[1] {
					word = slices.Delete(word, i, i+1)
					word[i-1] = id
				}
			}
			words[w] = word
		}
	}
	return tokens
}

// Training gives what the definition gives. The texts have no letter twice in a row: with aaa the count
// that is kept, as by Hugging Face's trainer, and the one made anew differ by what overlaps.
func TestTrainBPE(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for _, c := range rapid.SliceOfN(rapid.ByteRange('a', 'h'), 0, 150).Draw(t, "text") {
			if s := text.String(); s == "" || s[len(s)-1] != c {
				text.WriteByte(c)
			}
			if c == 'h' {
				text.WriteByte(' ')
			}
		}
		size := 257 + rapid.IntRange(0, 30).Draw(t, "size")
		v, _ := TrainBPE(text.String(), size)
		if want := slowTrain(text.String(), size); !slices.Equal(v.Tokens, want) {
			t.Fatalf("learned %q, want %q", v.Tokens[256:], want[256:])
		}
	})
}

func TestTrainBPELearns(t *testing.T) {
	v, ids := TrainBPE("low low low lower lowest newest newest", 263)
	if want := []string{"lo", "low", " low", "es", "est", "ew", "new"}; !slices.Equal(v.Tokens[256:], want) {
		t.Errorf("learned %q, want %q", v.Tokens[256:], want)
	}
	if got := v.Decode(ids); got != "low low low lower lowest newest newest" || v.Unknown != -1 {
		t.Errorf("reads %q", got)
	}
}

// A text with little to learn from gives the bytes and what there is.
func TestTrainBPEOfLittle(t *testing.T) {
	for text, want := range map[string]int{"": 256, "a": 256, "ab": 256, "abab": 257, "\x00\x00\x00\x00": 257, "\xff\xfe": 256} {
		v, ids := TrainBPE(text, 1000)
		if v.Size() != want || v.Decode(ids) != text {
			t.Errorf("%q: %d tokens, want %d; reads %q", text, v.Size(), want, v.Decode(ids))
		}
	}
	for _, size := range []int{-1, 0, 256, maxVocab + 1} {
		err := CheckBPESize(size)
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "257") {
			t.Errorf("size %d: %v", size, err)
		}
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "data: ") {
					t.Errorf("size %d: panic %q", size, s)
				}
			}()
			TrainBPE("", size)
		}()
	}
	if err := CheckBPESize(257); err != nil {
		t.Error(err)
	}
}

// A piece of some megabytes, as in a file that is one line of base64, takes seconds at most: quadratic
// time would be days.
func TestLongPieces(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 4<<20), strings.Repeat("abcab", 1<<18), strings.Repeat(" ", 4<<20) + "x", strings.Repeat("é", 1<<20), strings.Repeat("'", 1<<20)} {
		v, ids := TrainBPE(text, 300)
		if v.Decode(ids) != text {
			t.Errorf("%.10q: not the same", text)
		}
		if n := v.Cut(text); n > len(text) {
			t.Errorf("%.10q: cut at %d", text, n)
		}
	}
}

func TestBPEOfRealText(t *testing.T) {
	folder := os.Getenv("INKLING_DATA")
	for _, name := range []string{"tinyshakespeare.txt", "ptb.valid.txt"} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			raw, err = os.ReadFile("bpe_test.go")
		}
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		v, ids := TrainBPE(text, 2000)
		if v.Decode(ids) != text || len(text) > 1<<18 && v.Size() != 2000 {
			t.Errorf("%s: %d tokens, not the same text", name, v.Size())
		}
		c := v.coder.(*bpeCoder)
		for id, token := range v.Tokens[:400] {
			if want := slowMerge(c, token); len(want) != 1 || int(want[0]) != id {
				t.Errorf("token %d, %q, is not what its bytes merge to", id, token)
			}
		}
		var parts []int
		rest := text
		for len(rest) > 10_000 {
			n := v.Cut(rest[:10_000])
			if n < 9000 {
				t.Fatalf("%s: cut at %d of 10,000", name, n)
			}
			parts, rest = v.AppendEncode(parts, rest[:n]), rest[n:]
		}
		if parts = v.AppendEncode(parts, rest); !slices.Equal(parts, ids) {
			t.Fatalf("%s: in parts, not the same", name)
		}
	}
}
