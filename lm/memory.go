package lm

import (
	"fmt"

	"inkling/tensor"
)

// maxWindow bounds what is planned for, so that no sum overflows.
const maxWindow = 1 << 24

// Memory is what training will hold, in bytes, by what holds it.
type Memory struct {
	Weights     int64 // the parameters themselves
	Optimizer   int64 // its slots
	Packed      int64 // weights rearranged for products, two ways
	Gradients   int64 // of each shard
	Activations int64 // of each shard: what the tape keeps from forward to backward
	Validation  int64 // what evaluating on held-out text holds for a while
}

// Total is the sum.
func (m Memory) Total() int64 {
	return m.Weights + m.Optimizer + m.Packed + m.Gradients + m.Activations + m.Validation
}

// PlanMemory adds up what training the model on windows of lanes × time tokens will hold.
func (c Config) PlanMemory(lanes, time, shards, slots int) (Memory, error) {
	if err := c.complete(); err != nil {
		return Memory{}, err
	}
	if lanes < 1 || time < 1 || shards < 1 || lanes > maxWindow/time || shards > maxWindow {
		return Memory{}, fmt.Errorf("windows of %d × %d tokens in %d shards: at least 1, and at most %d tokens", lanes, time, shards, maxWindow)
	}
	v, h := int64(len(c.Counts)), int64(c.Hidden)
	weights, recurrent := c.weights()

	n := int64(lanes) * int64(time) // rows of all shards together
	pad := func(cols int64) int64 { return int64(tensor.Stride(int(cols))) }
	// The gates, the states h and c and tanh c, and the gradient of h.
	acts := int64(c.Layers) * n * (pad(4*h) + 4*pad(h))
	if c.Dropout > 0 {
		acts += int64(c.Layers-1) * n * 3 * pad(h) // the result, the mask, the gradient
	}
	if c.DropoutOut > 0 {
		acts += n * 3 * pad(h)
	}
	acts += n * pad(v) // logits
	if c.Embed == 0 || v <= n/int64(shards) {
		acts += int64(shards) * 2 * v * pad(4*h) // the table of the first layer and its gradient
	} else {
		acts += n * 2 * pad(int64(c.Embed))
	}
	evaluated := int64(evalLanes * evalTime)
	valid := evaluated*(int64(c.Layers)*(pad(4*h)+3*pad(h))+pad(v)) + int64(shards)*v*pad(4*h)
	return Memory{
		Weights: 4 * weights, Optimizer: 4 * weights * int64(slots), Packed: 8 * (recurrent + v*h),
		Gradients: 4 * weights * int64(shards), Activations: 4 * acts, Validation: 4 * valid,
	}, nil
}

// weights counts the parameters, and those of the layers' matrices among them.
func (c Config) weights() (all, matrices int64) {
	v, h, in := int64(len(c.Counts)), int64(c.Hidden), int64(c.Embed)
	if in > 0 {
		all += v * in
	} else {
		in = v
	}
	for range c.Layers {
		matrices += 4 * h * (in + h)
		all += 8 * h
		in = h
	}
	if !c.Tied {
		all += v * h
	}
	return all + matrices + v, matrices
}
