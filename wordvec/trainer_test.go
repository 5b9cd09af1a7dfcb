package wordvec

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"inkling/data"
)

// topics is a text of sentences of four words, each of one of two topics with ten words each.
func topics(sentences int) (*data.Vocab, data.List) {
	r := newRandom(11, 0, 0)
	var b strings.Builder
	for range sentences {
		topic := "ab"[r.below(2):][:1]
		for range 4 {
			fmt.Fprintf(&b, "%s%d ", topic, r.below(10))
		}
	}
	vocab, ids := data.Words(b.String(), data.WordOptions{Split: "space"})
	return vocab, ids
}

// trained runs steps of training up to a step, or to the end with −1, with so many shards at once.
func trained(t testing.TB, c Config, vocab *data.Vocab, tokens data.Tokens, parallel, until int) *Model {
	t.Helper()
	l, err := Learn(c, vocab, tokens)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(c, l.Words, l.Counts)
	if err != nil {
		t.Fatal(err)
	}
	goOn(t, m, l.Text, 0, parallel, until)
	return m
}

func goOn(t testing.TB, m *Model, text *Text, step, parallel, until int) {
	t.Helper()
	tr, err := NewTrainer(m, text, step)
	if err != nil {
		t.Fatal(err)
	}
	if until < 0 {
		until = tr.Steps()
	}
	for tr.step < until {
		p, err := tr.Step(parallel)
		if err != nil {
			t.Fatal(err)
		}
		if p.Step != tr.step || p.Steps != tr.Steps() {
			t.Fatalf("progress says step %d of %d, at step %d of %d", p.Step, p.Steps, tr.step, tr.Steps())
		}
		if want := m.Config.Rate * max(leastRate, 1-p.Words/float64(text.Words())/float64(m.Config.Epochs)); math.Abs(p.Rate-want) > 1e-9*m.Config.Rate {
			t.Fatalf("progress says a rate of %g after step %d of %d, want %g", p.Rate, p.Step, p.Steps, want)
		}
		if p.Step == p.Steps && p.Words != float64(text.Words())*float64(m.Config.Epochs) {
			t.Fatalf("%g words were read, want %d passes over %d", p.Words, m.Config.Epochs, text.Words())
		}
	}
}

// variants are all models and losses.
func variants(f func(c Config)) {
	for _, model := range []string{"skipgram", "cbow"} {
		for _, loss := range []string{"negative", "tree", "full"} {
			f(Config{Model: model, Loss: loss, Dim: 12, Window: 2, MinCount: 1, Epochs: 3, Sample: -1, Rate: 0.1, Block: 512, Shards: 3})
		}
	}
}

// TestLearns: after a short training words of a topic are closer to each other than to those of the other, and the loss is
// less than that of vectors that know nothing.
func TestLearns(t *testing.T) {
	vocab, ids := topics(1500)
	variants(func(c Config) {
		for _, hogwild := range []bool{false, true} {
			c.Hogwild = hogwild
			know := trained(t, c, vocab, ids, 2, -1)
			nothing := lossOf(t, trained(t, c, vocab, ids, 2, 0), vocab, ids)
			if learnt := lossOf(t, know, vocab, ids); !(learnt < 0.95*nothing) {
				t.Errorf("%s %s, hogwild %t: the loss is %.3f, and %.3f of vectors that know nothing", c.Model, c.Loss, hogwild, learnt, nothing)
			}
			if c.Loss == "full" && math.Abs(nothing-math.Log(20)) > 1e-4 {
				t.Errorf("%s: vectors that know nothing cost %.5f, want log 20", c.Model, nothing)
			}
			v := know.Vectors()
			worst, best := 1.0, -1.0
			for i, a := range v.Words {
				for j, b := range v.Words {
					if cos := v.Cosine(i, j); i != j && a[0] == b[0] {
						worst = min(worst, cos)
					} else if a[0] != b[0] {
						best = max(best, cos)
					}
				}
			}
			if !(worst > best) {
				t.Errorf("%s %s, hogwild %t: words of a topic have a cosine of %.2f, and of different ones %.2f", c.Model, c.Loss, hogwild, worst, best)
			}
		}
	})
}

// lossOf is the mean loss of a model in a pass at a learning rate that moves nothing.
func lossOf(t *testing.T, m *Model, vocab *data.Vocab, tokens data.Tokens) float64 {
	t.Helper()
	l, err := Learn(m.Config, vocab, tokens)
	if err != nil {
		t.Fatal(err)
	}
	m.Config.Rate = 1e-9
	tr, err := NewTrainer(m, l.Text, 0)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0.0
	for range tr.stepsPerEpoch() {
		p, err := tr.Step(2)
		if err != nil {
			t.Fatal(err)
		}
		if p.Loss > 0 {
			sum, n = sum+p.Loss, n+1
		}
	}
	return sum / n
}

func equal(a, b *Model) bool { return slices.Equal(a.in, b.in) && slices.Equal(a.out, b.out) }

// TestDeterministic: the bits depend on the seed and the number of shards, and not on how many run at once; and a run that is
// stopped and goes on with what was saved ends with the same.
func TestDeterministic(t *testing.T) {
	vocab, ids := topics(500)
	variants(func(c Config) {
		whole := trained(t, c, vocab, ids, 1, -1)
		for _, parallel := range []int{2, 3, 7} {
			if again := trained(t, c, vocab, ids, parallel, -1); !equal(whole, again) {
				t.Errorf("%s %s: %d shards at once end with other bits than one", c.Model, c.Loss, parallel)
			}
		}
		for _, stop := range []int{0, 1, 7} {
			half := trained(t, c, vocab, ids, 2, stop)
			l, err := Learn(c, vocab, ids)
			if err != nil {
				t.Fatal(err)
			}
			again, err := New(c, l.Words, l.Counts)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Restore(half.Tensors()); err != nil {
				t.Fatal(err)
			}
			goOn(t, again, l.Text, stop, 2, -1)
			if !equal(whole, again) {
				t.Errorf("%s %s: stopped at step %d it ends with other bits", c.Model, c.Loss, stop)
			}
		}
		other := c
		other.Seed++
		if equal(whole, trained(t, other, vocab, ids, 2, -1)) {
			t.Errorf("%s %s: another seed makes no difference", c.Model, c.Loss)
		}
		// One shard on its own is what hogwild does with one: copies change nothing.
		c.Shards = 1
		alone := trained(t, c, vocab, ids, 1, -1)
		c.Hogwild = true
		if !equal(alone, trained(t, c, vocab, ids, 1, -1)) {
			t.Errorf("%s %s: one shard with copies ends with other bits than without", c.Model, c.Loss)
		}
	})
}

// TestStepsDiffer: two steps over the same text do not draw the same.
func TestStepsDiffer(t *testing.T) {
	vocab, ids := topics(100)
	c := Config{MinCount: 1, Epochs: 2, Sample: -1, Shards: 2}
	l, err := Learn(c, vocab, ids)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(c, l.Words, l.Counts)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := NewTrainer(m, l.Text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var drawn [][]int32
	for range 2 {
		if _, err := tr.Step(1); err != nil {
			t.Fatal(err)
		}
		for _, w := range tr.workers {
			drawn = append(drawn, slices.Clone(w.loss.(*negative).words))
		}
	}
	for i := range drawn {
		for j := range i {
			if slices.Equal(drawn[i], drawn[j]) {
				t.Errorf("the same negatives %v are drawn by two of 2 steps of 2 shards", drawn[i])
			}
		}
	}
}

// TestUnused: the row that fills blocks up stays zero.
func TestUnused(t *testing.T) {
	vocab, ids := topics(200)
	variants(func(c Config) {
		c.Hogwild, c.Shards = true, 1
		m := trained(t, c, vocab, ids, 1, -1)
		for _, matrix := range [][]float32{m.in, m.out} {
			for _, x := range matrix[len(m.Words)*m.ld:] {
				if x != 0 {
					t.Fatalf("%s %s: it holds %g", c.Model, c.Loss, x)
				}
			}
			for w := range m.Words {
				for _, x := range matrix[w*m.ld+m.Config.Dim : (w+1)*m.ld] {
					if x != 0 {
						t.Fatalf("%s %s: past the end of a row stands %g", c.Model, c.Loss, x)
					}
				}
			}
		}
	})
}

// TestMerge: a word gets what each shard has changed of it, whatever the parts; words that none has touched stay.
func TestMerge(t *testing.T) {
	const ld, words = 16, 6
	touched := [][]int32{{0, 3, 1}, {1, 0}, {5, 1}}
	for _, parts := range []int{1, 2, 5} {
		matrix, want := make([]float32, (words+1)*ld), make([]float64, (words+1)*ld)
		r := newRandom(1, 1, 1)
		for i := range words * ld {
			matrix[i] = float32(r.float())
			want[i] = float64(matrix[i])
		}
		var shards []*table
		for _, list := range touched {
			p := privateTable(matrix, ld)
			for _, w := range list {
				p.at(w, 1)
				row := p.data[int(p.slot[w])*ld:][:ld]
				for d := range row {
					change := float32(r.float() - 0.5)
					row[d] += change
					want[int(w)*ld+d] += float64(change)
				}
			}
			shards = append(shards, p)
		}
		for part := range parts {
			(&merger{}).merge(matrix, ld, shards, part, parts)
		}
		for i, x := range matrix {
			if math.Abs(float64(x)-want[i]) > 1e-6 {
				t.Fatalf("%d parts: element %d is %g, want %g", parts, i, x, want[i])
			}
		}
		for _, p := range shards {
			p.forget()
			if len(p.kept) != 0 || slices.Max(p.slot) != 0 || len(p.data) != ld {
				t.Fatal("a copy was not forgotten")
			}
		}
	}
}

// TestRate: the learning rate falls evenly from its beginning to nearly nothing.
func TestRate(t *testing.T) {
	m := testModel(t, Config{Epochs: 4, Block: 256, Rate: 0.5}, 9)
	tr, err := NewTrainer(m, &Text{tokens: make(data.List, 1000)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Steps() != 16 {
		t.Fatalf("%d steps, want 16", tr.Steps())
	}
	for step, want := range map[int]float64{0: 0.5, 4: 0.375, 15: 0.5 * (1 - 15.0/16)} {
		tr.step = step
		if got := tr.rate(step % 4 * 250); math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d: rate %g, want %g", step, got, want)
		}
	}
	tr.step = 15
	if got := tr.rate(1000); math.Abs(got-0.5*leastRate) > 1e-12 {
		t.Errorf("at the end: rate %g, want %g", got, 0.5*leastRate)
	}
}
