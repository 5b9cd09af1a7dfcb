package data

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDocumentWords(t *testing.T) {
	for text, want := range map[string]string{
		"The tls.Config of net/http, 42 times": "the|tls|config|of|net|http|times",
		"don't 'quote' rock’n’roll _x_ a_b":    "don't|quote|rock’n’roll|x|a_b",
		"3.14 x2 2x --- 1_000":                 "x2|2x",
		"Ünïcode ИМЯ 東京 e\u0301":               "ünïcode|имя|東|京|e\u0301",
		"ends.Here:and \xFF broken":            "ends|here|and|broken",
		"":                                     "",
		strings.Repeat("a", maxWord+1) + " b":  "b",
	} {
		var got []string
		documentWords(text, true, func(word []byte) { got = append(got, string(word)) })
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%.40q: %s, want %s", text, s, want)
		}
	}
	var got []string
	documentWords("Go go GO", false, func(word []byte) { got = append(got, string(word)) })
	if strings.Join(got, " ") != "Go go GO" {
		t.Errorf("with capital letters: %q", got)
	}
}

func TestBagWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a:2 b:1", "a=2 b=1"},
		{"+1 a:2 x:y:3 # c:4", "a=2 x:y=3"},
		{"A:1 a:1.0 zero:0", "a=1 a=1"},
		{"", ""},
		{"7", ""},
		{"a:-1", "less than 0"},
		{"a:0.5", "whole numbers"},
		{"a:1e99", "whole numbers"},
		{"a:NaN", "whole numbers"},
		{"a:b", "no number"},
		{"x a:1 b", "no word:count"},
		{":3", "no word:count"},
		{"a\x01:3", "no word"},
	} {
		var got []string
		err := bagWords(c.text, true, func(word []byte, n int64) { got = append(got, fmt.Sprintf("%s=%d", word, n)) })
		s := strings.Join(got, " ")
		if err != nil {
			s = err.Error()
		}
		if err == nil && s != c.want || err != nil && !strings.Contains(s, c.want) {
			t.Errorf("%q: %s, want %s", c.text, s, c.want)
		}
	}
}

func bagsOf(t *testing.T, lines string, o BagInput) (*BagSplit, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(name, []byte(lines), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := Open(Input{Path: name, Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	return text.LearnBags(o)
}

func (b *Bags) inWords(v *BagVocab, i int) string {
	var s []string
	words, counts := b.Bag(i)
	for j, w := range words {
		s = append(s, fmt.Sprintf("%s:%d", v.Words[w], counts[j]))
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// TestLearnBags: words that are too common, too rare and past the most that there may be are left out, and counted; documents of nothing but such are, too; held out
// documents teach no words, and words that they alone have are unknown.
func TestLearnBags(t *testing.T) {
	const lines = "the cat the cat sat\nThe dog sat here\n\nthe the the\nthe mouse ran, the cat hid; mouse\nthe dog 7 ran\nthe hapax\n"
	s, err := bagsOf(t, lines, BagInput{BagOptions: BagOptions{Size: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Vocab.Words, s.Vocab.Counts, s.Vocab.Documents); got != "[cat dog mouse ran] [3 2 2 2] [2 2 1 2]" {
		t.Errorf("words %s", got)
	}
	var got []string
	for i := range s.Train.Len() {
		got = append(got, fmt.Sprint(s.Train.Numbers[i], " ", s.Train.inWords(s.Vocab, i)))
	}
	if all := strings.Join(got, ", "); all != "0 cat:2, 1 dog:1, 3 cat:1 mouse:2 ran:1, 4 dog:1 ran:1" {
		t.Errorf("bags %s", all)
	}
	if b := s.Train; b.Empty != 3 || b.Total != 9 || b.Unknown != 15 || s.Documents != 7 {
		t.Errorf("%d empty of %d, %d words, %d unknown", b.Empty, s.Documents, b.Total, b.Unknown)
	}
	if l := s.Left; l.Common != 1 || l.CommonCount != 10 || l.Rare != 4 || l.RareCount != 5 || l.Count != 24 || l.Examples[0] != "the" {
		t.Errorf("left out %+v", l)
	}
	held, err := bagsOf(t, lines, BagInput{BagOptions: BagOptions{MinCount: 1, MaxShare: 1}, Held: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if held.Train.Len() != 3 || held.Held.Len() != 3 || held.Vocab.Find("dog") < 0 || held.Vocab.Find("hapax") >= 0 || held.Held.Unknown != 5 {
		t.Errorf("%d to learn from and %d held out, of words %v, %d unknown", held.Train.Len(), held.Held.Len(), held.Vocab.Words, held.Held.Unknown)
	}
	for _, c := range []struct {
		lines string
		o     BagInput
		want  string
	}{
		{"a b\na b\n", BagInput{}, "--max-share"},
		{"a b c\nd e f\n", BagInput{}, "--min-count"},
		{"x x y\nx\nz\n", BagInput{BagOptions: BagOptions{MaxShare: 1}}, "only one word"},
		{"1 2 3\n...\n", BagInput{}, "no words in them"},
		{"a b a\nb a b\nc\nd\n", BagInput{MaxBytes: 1}, "--vocab"},
		{"a:1 b:-1\n", BagInput{BagOptions: BagOptions{Bags: true}}, "document 1 has"},
	} {
		if _, err := bagsOf(t, c.lines, c.o); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", c.lines, err, c.want)
		}
	}
}

// TestPairsAreKnown: what bags take is known before they are made, to the byte, with or without documents held out.
func TestPairsAreKnown(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		var lines strings.Builder
		for range 5 + rnd.IntN(40) {
			for range 1 + rnd.IntN(12) {
				fmt.Fprintf(&lines, "w%d ", int(rnd.ExpFloat64()*5))
			}
			lines.WriteByte('\n')
		}
		o := BagInput{BagOptions: BagOptions{MaxShare: 0.9, Size: 1 + rnd.IntN(20)}, Held: float64(rnd.IntN(3)) / 4}
		s, err := bagsOf(t, lines.String(), o)
		if err != nil {
			return // too little is left
		}
		need := bagBytes(int64(len(s.Train.Words)+len(s.Held.Words)), int64(s.Documents))
		for _, c := range []struct {
			most int64
			fits bool
		}{{need, true}, {need - 1, false}} {
			o.MaxBytes = c.most
			if _, err := bagsOf(t, lines.String(), o); (err == nil) != c.fits {
				t.Fatalf("bags of %d bytes with at most %d: %v", need, c.most, err)
			}
		}
	})
}

// TestDocumentsOfAFolder are its files, named within it; what is no text, or too long for a document, is refused by name.
func TestDocumentsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a.txt", "one two")
	write("b/c.txt", "three\nfour")
	write("b/d.md", "not read")
	write("e.txt", "")
	read := func() (got []string, source Source, err error) {
		text, err := Open(Input{Path: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		source, _, err = text.Documents(func(d Document) error {
			got = append(got, fmt.Sprintf("%s %q", d.Name, d.Text))
			return nil
		})
		return got, source, err
	}
	got, source, err := read()
	if want := `[a.txt "one two" b/c.txt "three\nfour" e.txt ""]`; err != nil || fmt.Sprint(got) != want || source.Size != 17 {
		t.Errorf("%v of %d bytes, %v", got, source.Size, err)
	}
	write("a.txt", "one twothree") // the same bytes in other files
	write("b/c.txt", "\nfour")
	if _, other, _ := read(); other.SHA256 == source.SHA256 {
		t.Error("other documents have the same hash")
	}
	write("a.txt", strings.Repeat("\x00", early))
	if _, _, err := read(); err == nil || !strings.Contains(err.Error(), "a.txt looks binary") || strings.Contains(err.Error(), "--tokens") {
		t.Errorf("a binary file: %v", err)
	}
	defer func(n int) { maxDocument = n }(maxDocument)
	maxDocument = 4
	if _, _, err := read(); err == nil || !strings.Contains(err.Error(), "too long for a document") {
		t.Errorf("a long file: %v", err)
	}
}

// TestForgetting: of too many different words the frequent ones are kept, with their counts and documents.
func TestForgetting(t *testing.T) {
	l := newBagLearner()
	l.most = 64
	for d := range 400 {
		for _, w := range []string{"often", "often", fmt.Sprint("rare", d), "too"} {
			l.add([]byte(w), 1, d+1, d%2 == 1)
		}
	}
	v, _, _ := l.choose(BagOptions{MaxShare: 1, Size: 2}, 200)
	if !l.forgotten || fmt.Sprint(v.Words, v.Counts, v.Documents) != "[often too] [400 200] [200 200]" || len(l.counts) > 64 {
		t.Errorf("%v %v %v of %d", v.Words, v.Counts, v.Documents, len(l.counts))
	}
}

func FuzzBagVocab(f *testing.F) {
	f.Add([]byte("cat\t3\t2\ndog\t2\t1\n"))
	f.Add([]byte("cat\t3\t2\ncat\t2\t1\n"))
	f.Add([]byte("\t3\t2\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := ReadBagVocab(raw)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of many lines: %q", err)
			}
			return
		}
		again, err := ReadBagVocab(v.Marshal())
		if err != nil || !slices.Equal(v.Words, again.Words) || !slices.Equal(v.Counts, again.Counts) {
			t.Errorf("what was read is not what was written: %v", err)
		}
		for i, w := range v.Words {
			if v.Find(w) != i {
				t.Errorf("word %d is found at %d", i, v.Find(w))
			}
		}
	})
}

func FuzzDocumentWords(f *testing.F) {
	f.Add("The tls.Config: a_b don't 7", "1 a:2 b:3 # c")
	f.Fuzz(func(t *testing.T, text, bag string) {
		check := func(word []byte) {
			if !isDocumentWord(string(word)) {
				t.Errorf("%q is no word", word)
			}
		}
		documentWords(text, true, check)
		_ = bagWords(bag, true, func(word []byte, n int64) {
			check(word)
			if n < 1 || n > MaxCount {
				t.Errorf("%q occurs %d times", word, n)
			}
		})
	})
}
