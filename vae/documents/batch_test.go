package documents

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"inkling/data"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/vae"
)

// many are n documents, document i having word i%v so often as it is far from the start, and others.
func many(n, v int) *data.Bags {
	var all []map[int]int
	for i := range n {
		d := map[int]int{i % v: 1 + i}
		for j := range 3 + i%5 {
			d[(7*i+j*j)%v] = 1 + j
		}
		all = append(all, d)
	}
	return data.NewBags(all)
}

// TestSource: a batch is a function of the step, whatever was asked for before; the shards of a step are its parts; and a pass sees each
// document once, in another order than the next.
func TestSource(t *testing.T) {
	b := many(20, 30)
	at := func(s *Source, step, shard, shards int) vae.Batch {
		t.Helper()
		batch, err := s.Batch(step, shard, shards)
		if err != nil {
			t.Fatal(err)
		}
		d := of(batch)
		for i, place := range batch.Index {
			words, counts := b.Bag(place)
			if d.Starts[i+1]-d.Starts[i] != len(words) {
				t.Fatalf("document %d has %d words in a batch, and %d", place, d.Starts[i+1]-d.Starts[i], len(words))
			}
			for j, w := range words {
				if d.Words[d.Starts[i]+j] != int(w) || d.Counts[d.Starts[i]+j] != float32(counts[j]) {
					t.Fatalf("document %d is another in a batch", place)
				}
			}
		}
		return batch
	}
	s := &Source{Bags: b, Size: 6, Seed: 4}
	if s.StepsPerEpoch() != 3 {
		t.Fatalf("%d steps", s.StepsPerEpoch())
	}
	var passes [2][]int
	for step := range 6 {
		whole := slices.Clone(at(&Source{Bags: b, Size: 6, Seed: 4}, step, 0, 1).Index)
		var parts []int
		for shard := range 4 {
			parts = append(parts, at(s, step, shard, 4).Index...)
		}
		if !slices.Equal(parts, whole) {
			t.Errorf("step %d: %v in shards, %v in one", step, parts, whole)
		}
		passes[step/3] = append(passes[step/3], whole...)
	}
	for _, p := range passes {
		if c := slices.Compact(slices.Sorted(slices.Values(p))); len(c) != 18 {
			t.Errorf("a pass sees %d documents of 18", len(c))
		}
	}
	if slices.Equal(passes[0], passes[1]) {
		t.Error("both passes have the same order")
	}
	if first := at(s, 0, 0, 1); !slices.Equal(first.Index, passes[0][:6]) || first.Epoch != 0 {
		t.Error("the first step is another after the last")
	}
	if e := at(s, 4, 0, 1).Epoch; math.Abs(e-4.0/3) > 1e-12 {
		t.Errorf("step 4 comes after %g passes", e)
	}
}

// TestMemoryPlan compares the plan with what the tapes of a step hold, and those that judge. The documents of a batch are the longest there are.
func TestMemoryPlan(t *testing.T) {
	for _, c := range []struct {
		config        Config
		objective     string
		k             int
		batch, shards int
	}{
		{Config{Counts: counts(10_000)}, "elbo", 1, 100, 2},
		{Config{Counts: counts(10_000), Hidden: [][]int{{200, 100}}, Between: []int{300}}, "iwae", 5, 40, 1},
		{Config{Counts: counts(20_000), Latent: []int{20}, Hidden: [][]int{{100}}}, "elbo", 1, 64, 2},
		{Config{Counts: counts(20_000), Output: "adaptive"}, "elbo", 2, 64, 1},
		{Config{Counts: counts(10_000), Output: "nce"}, "elbo", 1, 100, 2},
		{Config{Counts: counts(30_000), Output: "sampled", Latent: []int{30, 10}}, "elbo", 1, 100, 1},
		{Config{Counts: counts(10_000), Output: "tree"}, "elbo", 1, 100, 1},
		{Config{Counts: counts(5_000), Output: "classes"}, "dreg", 3, 30, 1},
		{Config{Counts: counts(3_000), Output: "ove"}, "elbo", 1, 10, 1},
	} {
		t.Run(fmt.Sprint(c.config.Output, len(c.config.Counts), c.config.Latent, c.objective, c.k), func(t *testing.T) {
			o := vae.Objective{Name: c.objective, K: c.k}
			if err := o.Complete(); err != nil {
				t.Fatal(err)
			}
			m, err := New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			var all []map[int]int
			for i := range c.batch {
				d := map[int]int{}
				for j := range 120 {
					d[(120*i+j)%len(c.config.Counts)] = 1 + j%3
				}
				all = append(all, d)
			}
			b := data.NewBags(all)
			sizes := SizesOf(b)
			plan, err := m.Config.PlanTraining(sizes, o, vae.Training{Batch: c.batch, Shards: c.shards, Slots: 2, Held: c.batch, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(4 * m.VAE.Params().Count()); plan.Weights != want || m.Config.Weights() != want/4 {
				t.Errorf("weights of %d bytes, planned %d", want, plan.Weights)
			}
			fit := &vae.Fit{Model: m.VAE, Objective: o}
			var acts, grads int64
			source := &Source{Bags: b, Size: c.batch}
			for s := range c.shards {
				tp := tensor.NewTape()
				batch, _ := source.Batch(0, s, c.shards)
				for range 2 {
					tp.Reset(1, 0, s)
					tp.Backward(fit.Loss(tp, batch, nil), 1)
				}
				results, gradients := tp.Floats()
				acts, grads = acts+4*int64(results), grads+4*int64(gradients)
			}
			atMost(t, "activations", plan.Activations, acts, 5<<18)
			if m.Config.costs(sizes, 1).RowGrads == nil {
				atMost(t, "gradients", plan.Gradients, grads, 0)
			} else { // which grow twofold where that is needed, and are added up in one place more
				atMost(t, "gradients", plan.Gradients, 2*grads, grads)
			}

			tp := tensor.NewInference()
			batch := Examples{b}.Batch(0, min(64, b.Len()))
			m.decoder.LogLikelihood(tp, batch, tensor.Reparametrize(tp, m.encoder.Encode(tp, batch), make([]float32, batch.Rows*m.Config.Latent[0]), 1))
			results, _ := tp.Floats()
			atMost(t, "judging", plan.Validation, 4*int64(results), 3<<20)
		})
	}
}

// atMost: what is planned is enough, and not more than twice as much and some slabs.
func atMost(t *testing.T, what string, plan, are, slack int64) {
	t.Helper()
	t.Logf("%s: planned %d bytes, are %d, ratio %.3f", what, plan, are, float64(plan)/float64(are))
	if are > plan+slack || plan > 2*are+2*slack {
		t.Errorf("%s: planned %d bytes, are %d", what, plan, are)
	}
}

func TestSizes(t *testing.T) {
	s := SizesOf(data.NewBags([]map[int]int{{1: 1}, {1: 9, 2: 1, 3: 1}}), data.NewBags([]map[int]int{{4: 1, 5: 1}}))
	for n, want := range []int64{0, 3, 5, 6, 9, 12} {
		if got := s(n); got != want {
			t.Errorf("%d documents have %d words, want %d", n, got, want)
		}
	}
	if SizesOf()(5) != 0 || softmax.SparseVocab > 20_000 {
		t.Error("no documents have words, or nothing above is sparse")
	}
}
