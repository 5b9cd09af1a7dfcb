package eval

import (
	"compress/gzip"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// list is tokens in memory.
type list []int

func (l list) Len() int { return len(l) }

func (l list) Read(dst []int, at int) error {
	copy(dst, l[at:at+len(dst)])
	return nil
}

// cost is what a held-out text costs by n-grams of a training text, in nats per token.
func cost(t testing.TB, n int, train, valid []int, vocab int) float64 {
	t.Helper()
	g, err := NewNGram(n, vocab, -1, list(train))
	if err != nil {
		t.Fatal(err)
	}
	nats, err := g.NatsPerToken(list(valid))
	if err != nil {
		t.Fatal(err)
	}
	return nats
}

// In parts a text is what it is as a whole, counted and judged; the tokens that begin items are not judged.
func TestNGramInParts(t *testing.T) {
	const n = 3
	r := rand.New(rand.NewPCG(3, 3))
	tokens := make([]int, 40_000)
	for i := range tokens {
		tokens[i] = r.IntN(1 + r.IntN(9))
	}
	train, valid := tokens[:20_000], tokens[20_000:]
	for _, begin := range []int{-1, 0} {
		g, _ := NewNGram(n, 9, begin, list(train))
		whole := &NGram{order: n, vocab: 9, begin: begin, nodes: make([]node, 1), child: map[edge]int32{}}
		for i := range train {
			at := int32(0)
			for _, token := range train[i:min(i+n, len(train))] {
				at = whole.add(at, token)
			}
		}
		want, judged := 0.0, 0
		for i := 1; i < len(valid); i++ {
			if valid[i] != begin {
				want -= math.Log(whole.Prob(valid[max(0, i-n+1):i], valid[i]))
				judged++
			}
		}
		if got, err := g.NatsPerToken(list(valid)); err != nil || math.Abs(got-want/float64(judged)) > 1e-12 {
			t.Errorf("%g nats a token, want %g; %v", got, want/float64(judged), err)
		}
	}
}

func TestNGramSumsToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vocab, n := rapid.IntRange(1, 7).Draw(t, "vocab"), rapid.IntRange(1, 4).Draw(t, "n")
		token := rapid.IntRange(0, vocab-1)
		train := rapid.SliceOfN(token, 0, 60).Draw(t, "train")
		context := rapid.SliceOfN(token, 0, 5).Draw(t, "context")
		begin := rapid.IntRange(-1, vocab-2).Draw(t, "begin") // of a list there is another token
		g, err := NewNGram(n, vocab, begin, list(train))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for w := range vocab {
			p := g.Prob(context, w)
			if (p <= 0) != (w == begin) {
				t.Fatalf("p(%d) = %g", w, p)
			}
			if want := wittenBell(train, context[max(0, len(context)-n+1):], w, vocab, begin); math.Abs(p-want) > 1e-12 {
				t.Fatalf("p(%d|%v) = %g, by the formula %g", w, context, p, want)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatalf("probabilities sum to %g", sum)
		}
	})
}

// wittenBell is the formula, with a pass over the training text for each count.
func wittenBell(train, context []int, w, vocab, begin int) float64 {
	if w == begin {
		return 0
	}
	lower := 1 / float64(vocab)
	if begin >= 0 {
		lower = 1 / float64(vocab-1)
	}
	if len(context) > 0 {
		lower = wittenBell(train, context[1:], w, vocab, begin)
	}
	total, count, types := 0, 0, map[int]bool{}
	for i := range len(train) - len(context) {
		follows := true
		for j, token := range context {
			follows = follows && train[i+j] == token
		}
		if next := train[i+len(context)]; follows && next != begin {
			total++
			types[next] = true
			if next == w {
				count++
			}
		}
	}
	if total == 0 {
		return lower
	}
	return (float64(count) + float64(len(types))*lower) / float64(total+len(types))
}

// On text drawn from a known chain of order 2, a trigram comes close to the chain's entropy and a
// unigram does not; nothing can beat it.
func TestNGramOnAKnownSource(t *testing.T) {
	const v, n = 4, 200_000
	r := rand.New(rand.NewPCG(1, 2))
	var p [v * v][v]float64
	for i := range p {
		total := 0.0
		for w := range v {
			p[i][w] = math.Exp(2 * r.NormFloat64())
			total += p[i][w]
		}
		for w := range v {
			p[i][w] /= total
		}
	}
	tokens, nats := []int{0, 0}, 0.0
	for len(tokens) < n {
		row, u, w := p[tokens[len(tokens)-2]*v+tokens[len(tokens)-1]], r.Float64(), 0
		for ; w < v-1 && u >= row[w]; w++ {
			u -= row[w]
		}
		if tokens = append(tokens, w); len(tokens) > n/2+2 {
			nats -= math.Log(row[w])
		}
	}
	train, valid := tokens[:n/2], tokens[n/2:]
	entropy, tri, uni := nats/float64(len(valid)-2), cost(t, 3, train, valid, v), cost(t, 1, train, valid, v)
	if tri < entropy-1e-4 || tri > entropy+0.002 || uni < entropy+0.1 {
		t.Errorf("entropy %.4f, trigram %.4f, unigram %.4f", entropy, tri, uni)
	}
}

func TestNGramOfLittle(t *testing.T) {
	for _, valid := range [][]int{nil, {2}} {
		if got := cost(t, 3, []int{1, 2, 3}, valid, 4); got != 0 {
			t.Errorf("%v costs %g", valid, got)
		}
	}
	// Untrained, all tokens are as likely.
	if got := cost(t, 3, nil, []int{1, 2, 3, 0, 1}, 4); !near(got, math.Log(4)) {
		t.Errorf("untrained: %g, want ln 4", got)
	}
	// Two of a, one of b; the first token is not judged: p(b) = (1 + 2/3) / (3 + 2).
	if got := cost(t, 1, []int{0, 0, 1}, []int{0, 1}, 3); !near(got, -math.Log((1+2.0/3)/5)) {
		t.Errorf("unigram: %g", got)
	}
}

// english is a real text: Newton's Opticks if the Go distribution has it, else our own source.
func english(t *testing.T) string {
	root, _ := exec.Command("go", "env", "GOROOT").Output() // without it there is no such file
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		for _, name := range []string{"baseline.go", "metrics.go", "baseline_gzip.go", "baseline_test.go"} {
			part, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, part...)
		}
	}
	return string(text)
}

func split(text string) (train, valid string) {
	return text[:len(text)/10*9], text[len(text)/10*9:]
}

// Compressing only the end of the training text is as good as compressing all of it.
func TestGzip(t *testing.T) {
	train, valid := split(english(t))
	size := func(text string) float64 {
		var b strings.Builder
		z, _ := gzip.NewWriterLevel(&b, 9)
		_, _ = z.Write([]byte(text))
		z.Close()
		return float64(b.Len())
	}
	chars := float64(len([]rune(valid)))
	got, whole, alone := Gzip(train, valid), 8*(size(train+valid)-size(train))/chars, 8*size(valid)/chars
	if math.Abs(got-whole) > 0.01*whole || got > alone {
		t.Errorf("%.4f bits per character, with all of the training text %.4f, without any %.4f", got, whole, alone)
	}
	t.Logf("gzip %.4f bits per character, with all of the training text %.4f, without any %.4f", got, whole, alone)
	if got := Gzip("text", ""); got != 0 {
		t.Errorf("nothing costs %g", got)
	}
	if got := Gzip("", "é"); !(got > 0) {
		t.Errorf("a character costs %g", got)
	}
}

// Real text: each means is better than the one before.
func TestBaselinesInOrder(t *testing.T) {
	train, valid := split(english(t))
	bytes := func(s string) []int {
		ids := make([]int, len(s))
		for i := range ids {
			ids[i] = int(s[i])
		}
		return ids
	}
	perChar := float64(len(valid)) / float64(len([]rune(valid))) / math.Ln2
	uni, tri := cost(t, 1, bytes(train), bytes(valid), 256)*perChar, cost(t, 3, bytes(train), bytes(valid), 256)*perChar
	if !(1 < tri && tri < uni && uni < 8) {
		t.Errorf("bits per character: unigram %.3f, trigram %.3f", uni, tri)
	}
	t.Logf("bits per character: unigram %.4f, trigram %.4f", uni, tri)
}

func BenchmarkTrigram(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	tokens := make([]int, 500_000)
	for i := range tokens {
		tokens[i] = int(60 * r.Float64() * r.Float64())
	}
	for b.Loop() {
		cost(b, 3, tokens[:450_000], tokens[450_000:], 60)
	}
}

// What n-grams will take is known within a few in a hundred before they are counted.
func TestNGramMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, c := range []struct{ tokens, vocab, n int }{{0, 9, 3}, {1, 9, 3}, {2, 9, 3}, {5000, 3, 3}, {40_000, 60, 1}, {40_000, 60, 2}, {200_000, 60, 3}, {1_000_000, 50_000, 3}} {
		text := make(list, c.tokens)
		for i := range text {
			text[i] = r.IntN(1 + r.IntN(c.vocab))
		}
		g, err := NewNGram(c.n, c.vocab, -1, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NGramMemory(c.n, text)
		if want := float64(nodeBytes * len(g.nodes)); err != nil || math.Abs(float64(got)-want) > 0.01*want+nodeBytes {
			t.Errorf("%+v: %d bytes, want %g; %v", c, got, want, err)
		}
	}
}

// Learning as it reads, each token is foretold by the n-grams of those before it.
func TestAdaptive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vocab, n := rapid.IntRange(1, 5).Draw(rt, "vocab"), rapid.IntRange(1, 4).Draw(rt, "n")
		text := rapid.SliceOfN(rapid.IntRange(0, vocab-1), 0, 40).Draw(rt, "text")
		begin := rapid.IntRange(-1, vocab-2).Draw(rt, "begin")
		want, judged := 0.0, 0
		for i := 1; i < len(text); i++ {
			if text[i] != begin {
				want -= math.Log(wittenBell(text[:i], text[max(0, i-n+1):i], text[i], vocab, begin))
				judged++
			}
		}
		got, err := Adaptive(n, vocab, list(text), begin)
		if want /= float64(max(1, judged)); err != nil || math.Abs(got-want) > 1e-9 {
			rt.Fatalf("%g, want %g; %v", got, want, err)
		}
	})
}

func TestUnigram(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const v = 7
	train, valid := make([]int, 100), make([]int, 50)
	counts, judged := make([]int64, v), make([]int64, v)
	for i := range train {
		train[i] = r.IntN(1 + r.IntN(v-1))
		counts[train[i]]++
	}
	for i := range valid {
		if valid[i] = r.IntN(v); i > 0 {
			judged[valid[i]]++
		}
	}
	if got, want := Unigram(counts, judged, -1), cost(t, 1, train, valid, v)*49; math.Abs(got-want) > 1e-9 {
		t.Errorf("%g, want %g", got, want)
	}
	if got := Unigram(make([]int64, 4), []int64{1, 2, 0, 0}, -1); !near(got, 3*math.Log(4)) {
		t.Errorf("untrained: %g", got)
	}
	// Of a list, token 0 begins items: all others are foretold as if it were not there.
	if got, want := Unigram(append([]int64{99}, counts...), append([]int64{9}, judged...), 0), Unigram(counts, judged, -1); !near(got, want) {
		t.Errorf("of a list %g, want %g", got, want)
	}
}
