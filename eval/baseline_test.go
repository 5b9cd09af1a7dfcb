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

func TestNGramSumsToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vocab, n := rapid.IntRange(1, 7).Draw(t, "vocab"), rapid.IntRange(1, 4).Draw(t, "n")
		token := rapid.IntRange(0, vocab-1)
		train := rapid.SliceOfN(token, 0, 60).Draw(t, "train")
		context := rapid.SliceOfN(token, 0, 5).Draw(t, "context")
		g := NewNGram(n, vocab, train)
		sum := 0.0
		for w := range vocab {
			p := g.Prob(context, w)
			if p <= 0 {
				t.Fatalf("p(%d) = %g", w, p)
			}
			if want := wittenBell(train, context[max(0, len(context)-n+1):], w, vocab); math.Abs(p-want) > 1e-12 {
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
func wittenBell(train, context []int, w, vocab int) float64 {
	lower := 1 / float64(vocab)
	if len(context) > 0 {
		lower = wittenBell(train, context[1:], w, vocab)
	}
	total, count, types := 0, 0, map[int]bool{}
	for i := range len(train) - len(context) {
		follows := true
		for j, token := range context {
			follows = follows && train[i+j] == token
		}
		if next := train[i+len(context)]; follows {
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
	entropy, tri, uni := nats/float64(len(valid)-2), Trigram(train, valid, v), Unigram(train, valid, v)
	if tri < entropy-1e-4 || tri > entropy+0.002 || uni < entropy+0.1 {
		t.Errorf("entropy %.4f, trigram %.4f, unigram %.4f", entropy, tri, uni)
	}
}

func TestNGramOfLittle(t *testing.T) {
	for _, valid := range [][]int{nil, {2}} {
		if got := Trigram([]int{1, 2, 3}, valid, 4); got != 0 {
			t.Errorf("%v costs %g", valid, got)
		}
	}
	// Untrained, all tokens are as likely.
	if got := Trigram(nil, []int{1, 2, 3, 0, 1}, 4); !near(got, math.Log(4)) {
		t.Errorf("untrained: %g, want ln 4", got)
	}
	// Two of a, one of b; the first token is not judged: p(b) = (1 + 2/3) / (3 + 2).
	if got := Unigram([]int{0, 0, 1}, []int{0, 1}, 3); !near(got, -math.Log((1+2.0/3)/5)) {
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
	uni, tri := Unigram(bytes(train), bytes(valid), 256)*perChar, Trigram(bytes(train), bytes(valid), 256)*perChar
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
		Trigram(tokens[:450_000], tokens[450_000:], 60)
	}
}
