package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// texts are documents as words one after another.
type texts [][]int

func (l texts) Len() int { return len(l) }

func (l texts) Bag(i int) (words, counts []uint32) {
	n := map[int]uint32{}
	for _, w := range l[i] {
		n[w]++
	}
	for w := range uint32(1000) {
		if n[int(w)] > 0 {
			words, counts = append(words, w), append(counts, n[int(w)])
		}
	}
	return words, counts
}

// sequences are all documents of n words of v.
func sequences(v, n int) (all texts) {
	total := 1
	for range n {
		total *= v
	}
	for s := range total {
		var d []int
		for range n {
			d, s = append(d, s%v), s/v
		}
		all = append(all, d)
	}
	return all
}

func sumExp(logs []float64) (sum float64) {
	for _, l := range logs {
		sum += math.Exp(l)
	}
	return sum
}

func isNear(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// TestUnigramBags is Unigram, document by document.
func TestUnigramBags(t *testing.T) {
	counts := []int64{7, 0, 2, 1}
	p := Frequencies(counts)
	got := UnigramBags(p, texts{{0, 0, 3}, {1, 2}})
	isNear(t, "a document", got[0], -Unigram(counts, []int64{2, 0, 0, 1}, -1), 1e-12)
	isNear(t, "another", got[1], -Unigram(counts, []int64{0, 1, 1, 0}, -1), 1e-12)
	isNear(t, "all of three words", sumExp(UnigramBags(p, sequences(4, 3))), 1, 1e-12)
	isNear(t, "of nothing", Frequencies(make([]int64, 4))[2], 0.25, 0)
}

// TestPolya against its definition word by word; it sums to one, the order of words does not matter, and the α of documents that were drawn from it is found.
func TestPolya(t *testing.T) {
	u := []float64{0.5, 0.3, 0.15, 0.05}
	p := Polya{u, 2.5}
	isNear(t, "all of four words", sumExp(p.LogProbs(sequences(4, 4))), 1, 1e-10)
	document := []int{0, 2, 0, 0, 3, 1, 0, 2}
	for range 20 {
		document = append(document, 1)
	}
	want, seen := 0.0, map[int]float64{}
	for n, w := range document {
		want += math.Log((seen[w] + p.Alpha*u[w]) / (float64(n) + p.Alpha))
		seen[w]++
	}
	isNear(t, "a document", p.LogProbs(texts{document})[0], want, 1e-9)

	rnd := rand.New(rand.NewPCG(5, 5))
	draw := func(p []float64) int {
		x := rnd.Float64()
		for w, v := range p {
			if x -= v; x < 0 {
				return w
			}
		}
		return len(p) - 1
	}
	for _, alpha := range []float64{0.7, 30} {
		var drawn texts
		for range 400 {
			var d []int
			for n := range 60 {
				if rnd.Float64()*(float64(n)+alpha) < alpha {
					d = append(d, draw(u))
				} else {
					d = append(d, d[rnd.IntN(n)])
				}
			}
			drawn = append(drawn, d)
		}
		if got := FitPolya(u, drawn).Alpha; math.Abs(math.Log(got/alpha)) > 0.25 {
			t.Errorf("α of %g is found to be %g", alpha, got)
		}
	}
}

// TestMixture: it sums to one, finds topics that documents were drawn from, gives them nearly the likelihood of the truth, and EM never makes them less likely.
func TestMixture(t *testing.T) {
	truth := [][]float64{{0.7, 0.2, 0.05, 0.03, 0.02}, {0.02, 0.03, 0.05, 0.2, 0.7}, {0.1, 0.1, 0.6, 0.1, 0.1}}
	prior := []float64{0.5, 0.3, 0.2}
	rnd := rand.New(rand.NewPCG(2, 9))
	pick := func(p []float64) int {
		x := rnd.Float64()
		for w, v := range p {
			if x -= v; x < 0 {
				return w
			}
		}
		return len(p) - 1
	}
	documents := func(n int) (all texts) {
		for range n {
			var d []int
			topic := truth[pick(prior)]
			for range 12 {
				d = append(d, pick(topic))
			}
			all = append(all, d)
		}
		return all
	}
	train, held := documents(600), documents(300)
	counts := make([]int64, 5)
	for _, d := range train {
		for _, w := range d {
			counts[w]++
		}
	}
	u := Frequencies(counts)
	m, err := FitMixture(context.Background(), 3, 100, u, train, 1)
	if err != nil {
		t.Fatal(err)
	}
	isNear(t, "all of three words", sumExp(m.LogProbs(sequences(5, 3))), 1, 1e-9)
	best := 0.0
	for i := range held {
		words, counts := held.Bag(i)
		p := 0.0
		for k, topic := range truth {
			l := prior[k]
			for j, w := range words {
				l *= math.Pow(topic[w], float64(counts[j]))
			}
			p += l
		}
		best += math.Log(p) / 300
	}
	got, flat := Mean(m.LogProbs(held)), Mean(UnigramBags(u, held))
	t.Logf("held out: %.3f nats by the mixture, %.3f by the truth, %.3f by a unigram, S = %g", got, best, flat, m.Smoothing)
	if best-got > 0.1*(best-flat) {
		t.Errorf("a mixture of %.3f nats where the truth has %.3f and a unigram %.3f", got, best, flat)
	}
	one, err := FitMixture(context.Background(), 1, 10, u, train, 1)
	if err != nil {
		t.Fatal(err)
	}
	isNear(t, "one topic", Mean(one.LogProbs(held)), flat, 1e-2)

	em := &Mixture{Smoothing: 1e-9, vocab: 5, logPrior: make([]float64, 2), logProb: make([]float64, 10)}
	shares, n, last := []float64{0, 0}, []float64{3, 1, 1, 1, 1, 1, 1, 1, 1, 2}, math.Inf(-1)
	em.maximize(shares, n, u)
	for range 20 {
		total := em.expect(train, shares, n)
		for k := range shares { // the prior's one more document is no part of the likelihood that EM climbs
			shares[k] *= 1e9
		}
		em.maximize(shares, n, u)
		if total < last-1e-6 {
			t.Errorf("EM goes down from %g to %g", last, total)
		}
		last = total
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitMixture(ctx, 2, 5, u, train, 1); err == nil {
		t.Error("goes on when told to stop")
	}
}

// TestCoherence by hand: words 0 and 1 always together, 2 apart from them, 3 by chance.
func TestCoherence(t *testing.T) {
	documents := texts{{0, 1, 3}, {0, 0, 1}, {2, 3}, {2}}
	got := Coherence([][]int{{0, 1}, {0, 2}, {0, 3}, {1, 0, 3}, {0}, {0, 9}, {0, 9, 1}}, documents)
	for i, want := range []float64{1, -1, 0, 1.0 / 3, math.NaN(), math.NaN(), 1} {
		if math.IsNaN(want) != math.IsNaN(got[i]) || math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("list %d has %g, want %g", i, got[i], want)
		}
	}
	if c := Coherence([][]int{{0, 1}}, texts{{0, 1}, {1, 0}}); c[0] != 1 {
		t.Errorf("words of every document have %g", c[0])
	}
	p := 0.0
	for _, pair := range [][3]float64{{0.5, 0.25, 0.25}} {
		p = npmi(pair[0], pair[1], pair[2])
	}
	isNear(t, "NPMI of ½, ¼, ¼", p, math.Log(2)/math.Log(4), 1e-12)
}
