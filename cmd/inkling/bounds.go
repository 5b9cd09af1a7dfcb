package main

import "math"

// What is more than this is a slip of the finger: no machine that this program runs on could do it.
const (
	mostSize        = 1 << 16 // of a layer or an embedding, as in lm
	mostLayers      = 64      // as in lm
	mostContext     = 1 << 10 // as in lm
	mostLanes       = 1 << 16
	mostTime        = 1 << 16
	mostShards      = 1 << 10
	mostValidations = 100_000 // each is a line of metrics.jsonl
	mostAccumulate  = 1 << 16 // windows of a step
	mostStates      = 10_000
	mostBeam        = 100_000 // beginnings of each length
	mostTexts       = 100_000 // of one call of generate, which holds them all
	mostVocab       = 1 << 20 // tokens
	mostRows        = 1 << 24 // and columns, of a product in bench
	unbounded       = math.MaxInt
)

// bound is what a flag that is a whole number may be.
type bound struct {
	name        string // with its dashes
	value       *int   // nil: not given
	least, most int
}

// check refuses the first value that is out of its bounds.
func check(bounds ...bound) error {
	for _, b := range bounds {
		switch {
		case b.value == nil:
		case *b.value < b.least:
			return usage("%s %d: must be at least %d", b.name, *b.value, b.least)
		case *b.value > b.most:
			return usage("%s %d: must be at most %d", b.name, *b.value, b.most)
		}
	}
	return nil
}

// number is what a flag that is a number may be.
type number struct {
	name  string   // without its dashes
	value *float64 // nil: not given
	fits  func(float64) bool
	must  string // it be, in words
}

// checkNumbers refuses the first number that does not fit.
func checkNumbers(numbers ...number) error {
	for _, n := range numbers {
		if n.value != nil && !n.fits(*n.value) {
			return usage("--%s %g: must be %s", n.name, *n.value, n.must)
		}
	}
	return nil
}
