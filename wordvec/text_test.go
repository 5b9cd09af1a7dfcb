package wordvec

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"inkling/data"
)

// learnt reads a text as a command does.
func learnt(t *testing.T, c Config, text string) *Learned {
	t.Helper()
	in := data.InMemory("text", text)
	survey, err := in.Survey(false)
	if err != nil {
		t.Fatal(err)
	}
	section := survey.Whole()
	vocab, err := section.Learn(data.VocabOptions{Kind: "word", Words: data.WordOptions{Split: "space", MinCount: c.MinCount}})
	if err != nil {
		t.Fatal(err)
	}
	ids := data.NewIds(vocab.Size())
	if _, err := section.Encode(context.Background(), vocab, ids, 1); err != nil {
		t.Fatal(err)
	}
	l, err := Learn(c, vocab, ids)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// read is the text as training sees it.
func (l *Learned) read(t *testing.T) string {
	t.Helper()
	var words []string
	err := l.Text.each(func(rows []int32) {
		for _, w := range rows {
			switch {
			case w >= 0:
				words = append(words, l.Words[w])
			case w == rare:
				words = append(words, "?")
			case w == edge:
				words = append(words, "|")
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(words, " ")
}

// TestLearn: rare words count as words of the text and have no vector, line ends are nothing.
func TestLearn(t *testing.T) {
	l := learnt(t, Config{MinCount: 2}, "the cat sat\non the mat the\ncat")
	if want := []string{"the", "cat"}; !reflect.DeepEqual(l.Words, want) || !reflect.DeepEqual(l.Counts, []int64{3, 2}) {
		t.Errorf("words %q, counts %d; want %q, 3 and 2", l.Words, l.Counts, want)
	}
	if l.Text.Words() != 8 {
		t.Errorf("%d words, want 8", l.Text.Words())
	}
	if got, want := l.read(t), "the cat ? ? the ? the cat"; got != want {
		t.Errorf("read as %q, want %q", got, want)
	}
}

// TestItems: windows do not reach across the ends of items.
func TestItems(t *testing.T) {
	vocab, _ := data.Words("a b c d", data.WordOptions{Split: "space"})
	vocab = vocab.WithItems()
	var ids data.List
	for _, item := range []string{"a b", "c d"} {
		ids = append(append(append(ids, vocab.Begin), vocab.Encode(item)...), vocab.End)
	}
	c := Config{MinCount: 1, Sample: -1}
	l, err := Learn(c, vocab, ids)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.read(t), "a b | c d |"; got != want {
		t.Fatalf("read as %q, want %q", got, want)
	}
	c.Window, c.Negative, c.Epochs, c.Hogwild = 4, 2, 1, true
	m, err := New(c, l.Words, l.Counts)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := NewTrainer(m, l.Text, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Step(1); err != nil {
		t.Fatal(err)
	}
	w := tr.workers[0] // whose last group was that of the last item
	if got := len(w.targets); got != 2 {
		t.Errorf("the last group has %d positions, want the 2 of the last item", got)
	}
	for _, s := range w.spans {
		if s.from != 0 || s.to != 2 {
			t.Errorf("a window from %d to %d of the words of an item, want 0 to 2", s.from, s.to)
		}
	}
}

// TestPhrases: new york stands together in all of its places and of the stands by chance; the second pass joins three.
func TestPhrases(t *testing.T) {
	text := strings.Repeat("we saw new york city of the sun . of a new day the old york . ", 6)
	one := learnt(t, Config{MinCount: 1, Phrases: []float64{6}, Discount: 1}, text)
	if got, want := strings.Fields(one.read(t))[:8], "we_saw"; got[0] != want {
		t.Errorf("read as %q, want it to begin with %q", got, want)
	}
	total := 0.0
	words := strings.Fields(text)
	count, pairs := map[string]float64{}, map[[2]string]float64{}
	for i, w := range words {
		total++
		count[w]++
		if i > 0 {
			pairs[[2]string{words[i-1], w}]++
		}
	}
	joined := map[string]bool{}
	for _, w := range one.Words {
		joined[w] = true
	}
	for p, n := range pairs {
		score := (n - 1) / count[p[0]] / count[p[1]] * total
		name := p[0] + "_" + p[1]
		if joined[name] && score <= 6 {
			t.Errorf("%s is joined with a score of %g", name, score)
		}
	}
	if one.Text.Words() != int64(len(words)) {
		t.Errorf("%d words, want the %d of the text as it is", one.Text.Words(), len(words))
	}
	again := strings.ReplaceAll(one.read(t), "_", " ")
	if again != strings.Join(words, " ") {
		t.Errorf("phrases have changed the text: %q", again)
	}
	two := learnt(t, Config{MinCount: 1, Phrases: []float64{6, 2}, Discount: 1}, text)
	long := 0
	for _, w := range two.Words {
		long = max(long, strings.Count(w, "_"))
	}
	if long < 2 {
		t.Errorf("two passes find no phrase of three words: %q", two.Words)
	}
	if none := learnt(t, Config{MinCount: 1, Phrases: []float64{1e6}}, text); strings.Contains(none.read(t), "_") {
		t.Error("a threshold that nothing reaches joins words")
	}
}

// TestPlanPhrases: the table of pairs takes no more than is planned, whenever it has just grown.
func TestPlanPhrases(t *testing.T) {
	c := Config{Phrases: []float64{100}}
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	pairs := map[uint64]int64{}
	for i := range int32(1 << 19) {
		pairs[pair(i%701, i)]++
		if i > 1<<17 && i%(1<<15) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if took, planned := int64(now.HeapAlloc)-int64(before.HeapAlloc), c.PlanPhrases(len(pairs)); took > planned {
				t.Errorf("%d pairs take %d bytes, and %d are planned", len(pairs), took, planned)
			}
		}
	}
	runtime.KeepAlive(pairs)
	if got := c.PlanPhrases(1 << 30); got != pairBytes*(MaxPairs+readTokens) {
		t.Errorf("%d bytes are planned for a long text", got)
	}
	if got := (Config{}).PlanPhrases(1 << 30); got != 0 {
		t.Errorf("%d bytes are planned without phrases", got)
	}
	c.Pairs = 3
	if c.Complete() == nil {
		t.Error("3 pairs are enough")
	}
}

// TestForgotten: more pairs than are counted at once leave the frequent ones.
func TestForgotten(t *testing.T) {
	var b strings.Builder
	for i := range 3 * MinPairs / 2 {
		fmt.Fprintf(&b, "new york u%d ", i)
	}
	vocab, ids := data.Words(b.String(), data.WordOptions{Split: "space"})
	l, err := Learn(Config{Phrases: []float64{1}, Discount: 1, Pairs: MinPairs, MinCount: 2}, vocab, data.List(ids))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Words) != 3 || l.Words[0] != "new_york" { // the others where a part of the text that is read at once ends between them
		t.Errorf("the words are %.200q", l.Words)
	}
}

// TestDiscount: a discount leaves phrases out that were seen no more often, and below 0 there is none.
func TestDiscount(t *testing.T) {
	for discount, want := range map[float64]bool{-1: true, 1: true, 3: false} {
		l := learnt(t, Config{Phrases: []float64{1e-9}, Discount: discount, MinCount: 1}, strings.Repeat("new york\n", 3))
		if got := len(l.Words) == 1; got != want {
			t.Errorf("discount %g: the words are %q", discount, l.Words)
		}
	}
}
