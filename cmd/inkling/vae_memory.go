package main

import (
	"runtime"

	"inkling/lm"
	"inkling/vae"
)

// newVAEPlan is all that a command will hold that has these pictures in memory.
func newVAEPlan(m vae.Memory, pictures int64) memoryPlan {
	p := memoryPlan{Memory: lm.Memory(m), Pictures: pictures, Program: programBytes + workingBytes}
	p.Total = p.Memory.Total() + p.Pictures + p.Program
	return p
}

// planVAE is the memory that training takes.
func planVAE(c *vaeConfig, pictures int64) (memoryPlan, error) {
	t := c.Train
	m, err := c.Model.PlanTraining(c.Objective, vae.Training{
		Batch: t.Batch, Shards: t.Shards, Slots: slotsOf(t), Held: c.Data.Held, Workers: runtime.GOMAXPROCS(0),
		Averaged: t.Average > 0, Accumulated: t.Accumulate > 1, Precision: precisions[t.Precision],
	})
	p := newVAEPlan(m, pictures)
	p.Program, p.Total = p.Program+readingBytes, p.Total+readingBytes
	return p, err
}

// planVAEUse is the memory that using a model takes, beside pictures: encoding and decoding, or drawing so many samples of z for each.
func planVAEUse(c vae.Config, samples int) (memoryPlan, error) {
	m, err := c.PlanUse(samples, runtime.GOMAXPROCS(0))
	return newVAEPlan(m, 0), err
}

// memory is what the pictures of a run take, in bytes, as far as its config tells: a byte a number, or what the files hold, if that is more
// and all of it is read.
func (d imageSource) memory(c vae.Config) int64 {
	bytes := int64(d.Pictures+d.Held) * int64(c.Inputs())
	if d.Limit == 0 {
		bytes = max(bytes, d.Bytes)
	}
	return bytes
}
