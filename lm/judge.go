package lm

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync"

	"inkling/data"
	"inkling/softmax"
	"inkling/tensor"
)

// Judgement is what a text costs a model.
type Judgement struct {
	Nats   float64 // −Σ log p
	Tokens int     // that this is over

	// StandardError is of the nats per token, had another text of the same kind been drawn. Tokens near each other are
	// hard or easy together, so it is estimated from long stretches of running text, or from whole items: for s_b nats
	// of n_b tokens in each of B stretches and r = Σs/Σn, √(B/(B−1) · Σ(s_b − r·n_b)²) / Σn (Cochran, Sampling
	// Techniques, 1977, §6.3). NaN of fewer than two stretches.
	StandardError float64

	// LogZ is the mean over these tokens of the log of the sum of all e^score, in nats, and LogZSpread its standard
	// deviation: how near to a constant an output layer brought it that was trained to. NaN of other layers.
	LogZ, LogZSpread float64
}

// Running text is cut into about so many stretches, unless they would be shorter than leastStretch tokens. What is hard
// stays hard for pages: on 400,000 characters of tiny Shakespeare stretches of 64, 256, 1,024 and 4,096 give standard
// errors of 0.0026, 0.0030, 0.0038 and 0.0049 nats.
const (
	judgedStretches = 64
	leastStretch    = 256
)

// Judge measures a text in float32 with so many workers: running text if begin is −1, and else a list, each of whose
// items begins with that token. What is read and scored is that of [Model.Evaluate].
func (m *Model) Judge(ctx context.Context, tokens data.Tokens, begin, workers int) (Judgement, error) {
	if workers < 1 {
		panic(fmt.Sprintf("lm: Judge with %d workers", workers))
	}
	windows, err := m.evaluation(tokens, begin)
	if err != nil {
		return Judgement{}, err
	}
	judges := make([]judge, workers)
	for i := range judges {
		if judges[i].longest = max(leastStretch, tokens.Len()/judgedStretches); begin >= 0 {
			judges[i].longest = math.MaxInt // items are whole
		}
	}
	for w, err := range windows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Judgement{}, err
		}
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() { judges[i].read(m, w.Shard(i, workers)) })
		}
		wg.Wait()
	}
	var sum moments
	z, zz := 0.0, 0.0
	for i := range judges {
		for lane := range judges[i].lanes {
			judges[i].end(lane)
		}
		sum.add(judges[i].moments)
		z, zz = z+judges[i].z, zz+judges[i].zz
	}
	j := sum.judgement()
	if _, ok := m.out.(softmax.SelfNormalized); ok {
		j.LogZ = z / sum.n
		j.LogZSpread = math.Sqrt(max(0, zz/sum.n-j.LogZ*j.LogZ))
	}
	return j, nil
}

// evaluation is how a text is read to be judged.
func (m *Model) evaluation(tokens data.Tokens, begin int) (iter.Seq2[data.Window, error], error) {
	if begin < 0 {
		return data.Stream(tokens, evalLanes, evalTime, m.Config.arch().warm(m.Config)), nil
	}
	items, err := data.NewItems(tokens, begin, evalLanes, evalTime, 0)
	if err != nil {
		return nil, err
	}
	return items.Once(), nil
}

// judge is one worker.
type judge struct {
	moments
	tape   *tensor.Tape
	carry  []float32
	scores []float32
	logZ   []float32
	z, zz  float64 // sums of log Z and its square over tokens
	lanes  []stretch

	longest int // tokens of a stretch
}

// stretch is successive tokens of a lane.
type stretch struct {
	nats float64
	n    int
}

// read scores the lanes of a window.
func (j *judge) read(m *Model, w data.Window) {
	if w.Lanes == 0 {
		return
	}
	if j.tape == nil {
		j.tape = tensor.NewInference()
		j.carry = make([]float32, m.CarryFloats(w))
		j.lanes = make([]stretch, w.Lanes)
	}
	if w.Fresh {
		for lane := range j.lanes {
			j.end(lane)
		}
	}
	j.tape.Reset(0, 0, 0)
	if n := len(w.Targets); len(j.scores) < n {
		j.scores, j.logZ = make([]float32, n), make([]float32, n)
	}
	scores, logZ := j.scores[:len(w.Targets)], j.logZ[:len(w.Targets)]
	h := m.hidden(j.tape, w, j.carry)
	if out, ok := m.out.(softmax.SelfNormalized); ok {
		out.LogZ(j.tape, scores, logZ, h, w.Targets)
	} else {
		softmax.Scores(j.tape, m.out, m.Vocab(), scores, h, w.Targets)
	}
	for i, logp := range scores {
		if w.Weights != nil && w.Weights[i] == 0 {
			continue
		}
		lane := i % w.Lanes
		s := &j.lanes[lane]
		s.nats -= float64(logp)
		s.n++
		z := float64(logZ[i])
		j.z += z
		j.zz += z * z
		if s.n == j.longest {
			j.end(lane)
		}
	}
}

// end counts the stretch that a lane is in, if there is one.
func (j *judge) end(lane int) {
	if s := j.lanes[lane]; s.n > 0 {
		n := float64(s.n)
		j.add(moments{1, s.nats, n, s.nats * s.nats, s.nats * n, n * n})
		j.lanes[lane] = stretch{}
	}
}

// moments are sums over stretches.
type moments struct{ b, s, n, ss, sn, nn float64 }

func (m *moments) add(o moments) {
	m.b += o.b
	m.s += o.s
	m.n += o.n
	m.ss += o.ss
	m.sn += o.sn
	m.nn += o.nn
}

func (m moments) judgement() Judgement {
	j := Judgement{Nats: m.s, Tokens: int(m.n), StandardError: math.NaN(), LogZ: math.NaN(), LogZSpread: math.NaN()}
	if m.b > 1 {
		r := m.s / m.n
		squares := max(0, m.ss-2*r*m.sn+r*r*m.nn)
		j.StandardError = math.Sqrt(m.b/(m.b-1)*squares) / m.n
	}
	return j
}
