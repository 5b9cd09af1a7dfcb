package main

import (
	"runtime"

	"inkling/infer"
	"inkling/lm"
	"inkling/vae"
)

// newVAEPlan is all that a command will hold that has these pictures in memory.
func newVAEPlan(m vae.Memory, pictures int64) memoryPlan {
	p := memoryPlan{Memory: lm.Memory(m), Pictures: pictures, Program: programBytes + workingBytes}
	p.Total = p.Memory.Total() + p.Pictures + p.Program
	return p
}

// vae is what the memory of training a VAE of any data goes by, with so many examples held out.
func (t settings) vae(held int) vae.Training {
	return vae.Training{
		Batch: t.Batch, Shards: t.Shards, Slots: slotsOf(t), Held: held, Workers: runtime.GOMAXPROCS(0),
		Averaged: t.Average > 0, Accumulated: t.Accumulate > 1, Precision: precisions[t.Precision],
	}
}

// planVAE is the memory that training takes.
func planVAE(c *vaeConfig, pictures int64) (memoryPlan, error) {
	m, err := c.Model.PlanTraining(c.Objective, c.Train.vae(c.Data.Held))
	return newVAEPlan(m, pictures).afterReading(), err
}

// planVAEUse is the memory that using a model takes, beside pictures: encoding and decoding.
func planVAEUse(c vae.Config) (memoryPlan, error) {
	m, err := c.PlanUse(0, runtime.GOMAXPROCS(0))
	return newVAEPlan(m, 0), err
}

// planVAEJudge is what judging by a model takes, and drawing so many samples of z for each picture.
func planVAEJudge(c vae.Config, samples int) (memoryPlan, error) {
	m, err := c.PlanJudge(samples, runtime.GOMAXPROCS(0))
	return newVAEPlan(m, 0), err
}

// planAIS is what annealed importance sampling takes, with so many chains of each picture.
func planAIS(c vae.Config, chains int) (memoryPlan, error) {
	n := annealing{AISOptions: infer.AISOptions{Chains: chains}}
	m, err := c.PlanInference(vae.Inference{Examples: n.group(), Chains: chains, Workers: runtime.GOMAXPROCS(0), Start: true, Vectors: aisVectors})
	return newVAEPlan(m, 0), err
}

// planFit is what fits of the best q take, with so many pictures in one product.
func planFit(c vae.Config, together int) (memoryPlan, error) {
	m, err := c.PlanInference(vae.Inference{Examples: together, Chains: 1, Workers: runtime.GOMAXPROCS(0), Vectors: fitVectors})
	return newVAEPlan(m, 0), err
}

// Numbers of each variable that infer.AIS and infer.FitGaussian keep, in float32.
const (
	aisVectors = 7
	fitVectors = 13
)

// or is the larger of two plans of what is done one after the other.
func (p memoryPlan) or(q memoryPlan) memoryPlan {
	if q.Total > p.Total {
		return q
	}
	return p
}

// afterReading adds what reading leaves behind, which is nothing that the garbage collector could give back.
func (p memoryPlan) afterReading() memoryPlan {
	p.Program += readingBytes
	p.Total += readingBytes
	return p
}

// with adds pictures, in bytes.
func (p memoryPlan) with(pictures int64) memoryPlan {
	p.Pictures += pictures
	p.Total += pictures
	return p
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
