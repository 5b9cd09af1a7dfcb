package train_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"inkling/data"
	"inkling/lm"
	"inkling/tensor"
	"inkling/train"
)

// fresh gives windows that all begin with a zero state.
type fresh struct{ *data.Windows }

func (f fresh) Batch(step, shard, shards int) (data.Window, error) {
	w, err := f.Windows.Batch(step, shard, shards)
	w.Fresh = true
	return w, err
}

// together makes of each so many successive batches of a source one that is as many times as large, with a
// shard for each shard of each.
type together struct {
	fresh
	windows int
}

func (g together) Batch(step, shard, shards int) (data.Window, error) {
	each := shards / g.windows
	return g.fresh.Batch(step*g.windows+shard/each, shard%each, each)
}

func (g together) StepsPerEpoch() int { return g.fresh.StepsPerEpoch() / g.windows }

// recorded is a model that tells what it is asked.
type recorded struct {
	*lm.Model
	saw func(tp *tensor.Tape, w data.Window, carry []float32)
}

func (r recorded) Loss(tp *tensor.Tape, w data.Window, carry []float32) *tensor.Tensor {
	if r.saw != nil {
		r.saw(tp, w, carry)
	}
	return r.Model.Loss(tp, w, carry)
}

// TestAccumulationIsALargerBatch: where state does not flow from one window to the next, three windows of two
// shards each give the bits of one batch of six shards.
func TestAccumulationIsALargerBatch(t *testing.T) {
	const k, steps = 3, 12
	undropped := func() *lm.Model {
		m := model(t)
		m.Config.Dropout, m.Config.DropoutOut = 0, 0
		return m
	}
	var losses, norms [2][]float64
	var results [2][]float32
	for i, c := range []struct {
		src train.Source[data.Window]
		cfg train.Config
	}{
		{fresh{windows(t)}, train.Config{Shards: 2, Accumulate: k}},
		{together{fresh{windows(t)}, k}, train.Config{Shards: 2 * k}},
	} {
		m := undropped()
		c.cfg.Epochs = steps * k / float64(windows(t).StepsPerEpoch())
		c.cfg.Progress = func(p train.Progress) {
			losses[i], norms[i] = append(losses[i], p.Loss), append(norms[i], p.Norm)
			if want := float64(p.Step*k) / float64(windows(t).StepsPerEpoch()); math.Abs(p.Epoch-want) > 1e-2 || p.Weight != 6*12*k {
				t.Errorf("step %d is at epoch %g and weighs %g", p.Step, p.Epoch, p.Weight)
			}
		}
		if r, err := train.Run(context.Background(), m, c.src, c.cfg); err != nil || r.Steps != steps {
			t.Fatal(r.Steps, err)
		}
		results[i] = weights(m)
	}
	if !slices.Equal(results[0], results[1]) || !slices.Equal(losses[0], losses[1]) || !slices.Equal(norms[0], norms[1]) {
		t.Errorf("three windows of two shards are not a batch of six:\n%v\n%v", losses[0], losses[1])
	}
}

// TestAccumulationCarriesState: the windows of a step are successive ones of the text, each with the state that
// the one before it left and with a dropout mask of its own; a step begins where the one before it ended.
func TestAccumulationCarriesState(t *testing.T) {
	const k = 4
	m := recorded{Model: model(t)}
	var keys []uint64
	var next data.Window
	var left []float32
	calls := 0
	m.saw = func(tp *tensor.Tape, w data.Window, carry []float32) {
		want, _ := windows(t).Batch(calls, 0, 1)
		if !slices.Equal(w.Inputs, want.Inputs) || w.Fresh != want.Fresh {
			t.Errorf("window %d is not that of the source", calls)
		}
		if calls > 0 && !w.Fresh && (!slices.Equal(carry, left) || w.Inputs[0] != next.Targets[len(next.Targets)-next.Lanes]) {
			t.Errorf("window %d does not go on where the one before it ended", calls)
		}
		key, _ := tp.Random(0)
		keys = append(keys, key)
		next = w
		calls++
		tp.Record(func() { left = slices.Clone(carry) }) // undone after the loss is known
	}
	if _, err := train.Run(context.Background(), m, windows(t), train.Config{Steps: 5, Accumulate: k, Shards: 1}); err != nil {
		t.Fatal(err)
	}
	if calls != 5*k+1 && calls != 5*k {
		t.Errorf("%d windows read, want %d", calls, 5*k)
	}
	slices.Sort(keys)
	if n := len(slices.Compact(keys)); n != 5*k {
		t.Errorf("%d dropout masks for %d windows", n, 5*k)
	}
}
