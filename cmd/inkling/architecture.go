package main

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"inkling/lm"
)

// checkArchitecture refuses what the architecture does not have. With --from it is that of the other run, and
// contradicts sees to it.
func (t *trainCmd) checkArchitecture() error {
	if t.From != "" {
		return nil
	}
	arch := lm.Config{Arch: valueOr(t.Arch, "")}.Architecture().Name
	window := arch == "window"
	switch {
	case t.Context != nil && !window:
		return usage("--context with --arch %s, which remembers all that it read: leave it out, or choose window", arch)
	case t.Direct && !window:
		return usage("--direct with --arch %s, which has no direct connections: leave it out, or choose window", arch)
	case t.Direct && t.Tied:
		return usage("--direct with --tied: the output layer sees more than an embedding is wide: leave one of them out")
	case window && t.Embed != nil && *t.Embed == 0:
		return usage("--embed 0 with --arch window, whose tokens enter as embeddings: leave it out, or give a size")
	case t.dropsInput() && !window && !t.Tied && valueOr(t.Embed, 0) == 0:
		return usage("--dropout-in drops numbers of embeddings, and tokens enter one-hot: give the model an embedding with --embed")
	}
	return nil
}

func (t *trainCmd) dropsInput() bool { return t.DropoutIn != nil && *t.DropoutIn > 0 }

// model is what the user gave, before the sizes of its layers are chosen.
func (t *trainCmd) model() lm.Config {
	return lm.Config{
		Arch: valueOr(t.Arch, ""), Embed: valueOr(t.Embed, 0), Context: valueOr(t.Context, 0), Direct: t.Direct, Norm: t.Norm,
		Tied: t.Tied, Output: valueOr(t.Output, "full"), OutputOptions: t.options(), DropoutIn: float32(valueOr(t.DropoutIn, 0)),
	}
}

// checkVariational wants something to drop, once it is settled what is.
func (t *trainCmd) checkVariational(m lm.Config) error {
	if t.Variational && !drops(m) {
		return usage("--variational says how to drop, and nothing is dropped: give --dropout too, or leave it out")
	}
	return nil
}

func drops(m lm.Config) bool { return m.Dropout > 0 || m.DropoutOut > 0 || m.DropoutIn > 0 }

// givenDropout puts the dropout that the user gave in place of what was chosen or inherited.
func (t *trainCmd) givenDropout(m *lm.Config) {
	if t.Dropout != nil {
		m.Dropout, m.DropoutOut = float32(*t.Dropout), float32(*t.Dropout)
	}
	if t.DropoutOut != nil {
		m.DropoutOut = float32(*t.DropoutOut)
	}
	if t.DropoutIn != nil {
		m.DropoutIn = float32(*t.DropoutIn)
	}
	m.Variational = t.Variational || m.Variational && drops(*m)
}

// dropoutOf is what a model drops in training, in words.
func dropoutOf(m lm.Config) string {
	s := fmt.Sprintf("%.3g between layers, %.3g after them", m.Dropout, m.DropoutOut)
	if m.DropoutIn > 0 {
		s += fmt.Sprintf(", %.3g of the input", m.DropoutIn)
	}
	if m.Variational {
		s += ", the same along a window of text"
	}
	return s
}

// capital is a sentence's beginning.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
