// Package inkling trains, evaluates and decodes small generative models on an ordinary CPU, without Python or cgo.
//
// Most of what one needs is in a few packages, from the top down:
//
//	cmd/inkling      the command: train, resume, eval, generate, info, bench, demo
//	lm               language models: LSTMs, GRUs and windows over tokens
//	vae              variational auto-encoders of pictures
//	train            optimizers, schedules and the loop: shards, budgets, validation, exact resume
//	eval             perplexity and bits per character of a model on held-out text
//	infer            posterior inference for any differentiable log-joint: HMC, AIS, variational fits
//	decode           turning a model into text: greedy, sampling; filters, stop strings, streaming
//	softmax          output layers, from a hidden vector to a distribution over a vocabulary
//	data             text and picture readers, vocabularies, tokenizers, splits and batches
//	checkpoint       a model and a run as files: safetensors, JSON, atomic replacement
//	nn               layers, parameters and their initial values
//	tensor           tensors, the tape that records and differentiates, and the operations
//	internal/kernel  the inner loops in Go, AVX2, AVX-512 and AMX
//
// Imports point only downwards, and layers_test.go holds the table; docs/architecture.md says why.
//
// A language model in a few lines is the package example below.
package inkling
