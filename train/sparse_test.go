package train_test

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"inkling/checkpoint"
	"inkling/lm"
	"inkling/nn"
	"inkling/tensor"
	"inkling/train"
)

// largeVocabulary is a model whose embedding has 300 rows, of which the text needs 7.
func largeVocabulary(t *testing.T, sparse bool) *lm.Model {
	t.Helper()
	m, err := lm.New(lm.Config{Hidden: 8, Embed: 5, Counts: make([]int64, 300), Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	m.Params().ByName("embed.weight").Sparse = sparse
	return m
}

// TestSparseStepsAreDenseOnes: where a gradient of zero changes nothing, the steps of a sparse parameter are those of a
// dense one, bit for bit, in any number of shards and with accumulated gradients. Clipped, they differ in rounding: the
// norm is summed up in another order.
func TestSparseStepsAreDenseOnes(t *testing.T) {
	for _, optimizer := range []string{"sgd", "adagrad"} {
		for _, c := range []train.Config{
			{Shards: 1, Clip: -1},
			{Shards: 3, Clip: -1, Accumulate: 2},
			{Shards: 2, Clip: -1, Average: 0.9},
			{Shards: 2, Clip: 0.05},
		} {
			var results [2][]float32
			var norms [2][]float64
			for i, sparse := range []bool{false, true} {
				m := largeVocabulary(t, sparse)
				cfg := c
				cfg.Steps, cfg.Optimizer, cfg.Seed, cfg.Validate = 12, optimizer, 4, heldOut(m)
				cfg.Options.Rate = 0.1
				cfg.Progress = func(p train.Progress) { norms[i] = append(norms[i], p.Norm) }
				if _, err := train.Run(context.Background(), m, windows(t), cfg); err != nil {
					t.Fatal(err)
				}
				results[i] = weights(m)
			}
			for i, n := range norms[0] {
				if math.Abs(n-norms[1][i]) > 1e-5*n {
					t.Errorf("%s, %+v: the norm of step %d is %g, sparse %g", optimizer, c, i+1, n, norms[1][i])
				}
			}
			if c.Clip > 0 {
				for i, w := range results[0] {
					if math.Abs(float64(w-results[1][i])) > 1e-5 {
						t.Fatalf("%s, clipped: weight %d is %g, sparse %g", optimizer, i, w, results[1][i])
					}
				}
			} else if !slices.Equal(results[0], results[1]) {
				t.Errorf("%s, shards %d, accumulated %d: sparse steps differ from dense ones", optimizer, c.Shards, c.Accumulate)
			}
		}
	}
}

// rowModel touches the rows that a batch names, with a gradient of one.
type rowModel struct{ p *tensor.Param }

type rowBatch []int

func (b rowBatch) Weight() float64 { return 1 }

func (m rowModel) Params() nn.Params        { return nn.Params{m.p} }
func (m rowModel) CarryFloats(rowBatch) int { return 0 }
func (m rowModel) Loss(tp *tensor.Tape, b rowBatch, _ []float32) *tensor.Tensor {
	return tensor.Sum(tp, tensor.Embedding(tp, m.p, b))
}

type rowSource [][]int

func (s rowSource) Batch(step, shard, shards int) (rowBatch, error) { return s[step], nil }
func (s rowSource) StepsPerEpoch() int                              { return len(s) }

// TestSparseAdam: a row's moments and weights change in the steps that touch it, and only then, by Adam's formula with
// the corrections of the run's step.
func TestSparseAdam(t *testing.T) {
	const rate, b1, b2, eps, decay = 0.1, 0.9, 0.999, 1e-8, 0.5
	touched := rowSource{{0, 1}, {1}, {2, 1, 1}, {}, {0}}
	p := tensor.NewParam("p", 4, 1)
	copy(p.Value, []float32{1, 2, 3, 4})
	p.Sparse = true
	want, m, v := []float64{1, 2, 3, 4}, make([]float64, 4), make([]float64, 4)
	for step, rows := range touched {
		grads := map[int]float64{}
		for _, r := range rows {
			grads[r]++
		}
		for r, g := range grads {
			m[r] = b1*m[r] + (1-b1)*g
			v[r] = b2*v[r] + (1-b2)*g*g
			c1, c2 := 1-math.Pow(b1, float64(step+1)), 1-math.Pow(b2, float64(step+1))
			want[r] -= rate*decay*want[r] + rate*(m[r]/c1)/(math.Sqrt(v[r]/c2)+eps)
		}
	}
	_, err := train.Run(context.Background(), rowModel{p}, touched, train.Config{
		Steps: len(touched), Optimizer: "adamw", Options: train.Options{Rate: rate, Decay: decay}, Schedule: "constant", Clip: -1, Shards: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for r, w := range want {
		if math.Abs(float64(p.Value[r])-w) > 1e-5 {
			t.Errorf("row %d is %g, want %g", r, p.Value[r], w)
		}
	}
}

// TestSparseAdaGrad: rows that steps pass over end where dense ones with a gradient of zero end, bit for bit.
func TestSparseAdaGrad(t *testing.T) {
	touched := rowSource{{0, 1}, {1}, {2, 1, 1}, {}, {0}, {}, {1}, {}, {0, 2}}
	var results [2][]float32
	for i, sparse := range []bool{false, true} {
		p := tensor.NewParam("p", 4, 1)
		p.Sparse = sparse
		_, err := train.Run(context.Background(), rowModel{p}, touched, train.Config{
			Steps: len(touched), Optimizer: "adagrad", Options: train.Options{Rate: 1}, Schedule: "constant", Clip: -1, Shards: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		results[i] = p.Value
	}
	if !slices.Equal(results[0], results[1]) || results[0][0] > -2 { // 1 + 1/√2 + 1/√3, of rate 1
		t.Errorf("dense %v, sparse %v", results[0], results[1])
	}
}

// TestSparseRunResumes: a run of a sparse parameter that was cut off goes on to the same bits.
func TestSparseRunResumes(t *testing.T) {
	whole := largeVocabulary(t, true)
	cfg := train.Config{Steps: 30, Shards: 2, Seed: 2, CheckpointEvery: 10, Average: 0.9}
	cfg.Validate = heldOut(whole)
	if _, err := train.Run(context.Background(), whole, windows(t), cfg); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	parted := largeVocabulary(t, true)
	cfg.Validate = heldOut(parted)
	for _, create := range []bool{true, false} {
		inFolder(t, dir, create, func(run *checkpoint.Run) {
			ctx, cancel := context.WithCancel(context.Background())
			cfg := cfg
			cfg.Folder = run
			cfg.Progress = func(p train.Progress) {
				if create && p.Step == 17 {
					cancel()
				}
			}
			if _, err := train.Run(ctx, parted, windows(t), cfg); err != nil {
				t.Fatal(err)
			}
		})
	}
	if !slices.Equal(weights(whole), weights(parted)) {
		t.Error("the run that was cut off ends with other weights")
	}
}
