package decode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// maxLanes is how many samples are written side by side: enough to make a matrix product of a step,
// few enough that their scores take little memory however many samples are asked for.
const maxLanes = 32

// run writes from left to right, one token after the other, each chosen for good: what greedy search
// and sampling have in common. choose is given the sample's own random numbers, the log-probabilities
// of the next token and all tokens so far, prefix included; it may keep neither slice.
//
// The samples share the state after the prefix. They advance side by side, so that a model with Batch
// takes them in one product, and one that ends leaves the others as they are.
func run(ctx context.Context, m Model, req Request, choose func(random *rand.Rand, logp []float32, soFar []int) int) ([]Hypothesis, error) {
	n, vocab := max(1, req.N), m.VocabSize()
	var stops []stop
	for _, s := range req.Stop {
		stops = append(stops, newStop(s))
	}
	prefix := m.Start()
	for _, token := range req.Prefix {
		if ctx.Err() != nil {
			break // and so do the lanes
		}
		prefix = m.Next(prefix, token)
	}

	hyps := make([]Hypothesis, 0, min(n, 1024))
	logp := make([]float32, min(n, maxLanes)*vocab)
	states, tokens, active := make([]State, 0, maxLanes), make([]int, 0, maxLanes), make([]*lane, 0, maxLanes)
	for first := 0; first < n; first += maxLanes {
		lanes := make([]lane, min(maxLanes, n-first))
		active, states, tokens = active[:0], states[:0], tokens[:0]
		for i := range lanes {
			lanes[i].begin(first+i, &req, stops)
			active, states, tokens = append(active, &lanes[i]), append(states, prefix), append(tokens, 0)
		}
		for len(active) > 0 && ctx.Err() == nil {
			logProbs(m, logp[:len(active)*vocab], states)
			going := 0
			for i, l := range active {
				row := logp[i*vocab : (i+1)*vocab]
				if err := check(row); err != nil {
					return nil, fmt.Errorf("%w after %d tokens: its weights are damaged, or its training went astray", err, len(l.soFar))
				}
				token := choose(l.random, row, l.soFar)
				if !l.take(token, row[token]) {
					active[going], states[going], tokens[going] = l, states[i], token
					going++
				}
			}
			clear(states[going:])
			active, states, tokens = active[:going], states[:going], tokens[:going]
			next(m, states, tokens)
		}
		for i := range lanes {
			hyps = append(hyps, lanes[i].finish())
		}
	}
	return hyps, nil
}

// logProbs scores states in one product if there are several and the model can.
func logProbs(m Model, dst []float32, states []State) {
	if b, ok := m.(Batch); ok && len(states) > 1 {
		b.LogProbsBatch(dst, states)
		return
	}
	vocab := m.VocabSize()
	for i, s := range states {
		m.LogProbs(dst[i*vocab:(i+1)*vocab], s)
	}
}

// next replaces each state by the one after its token.
func next(m Model, states []State, tokens []int) {
	if b, ok := m.(Batch); ok && len(states) > 1 {
		b.NextBatch(states, states, tokens)
		return
	}
	for i, s := range states {
		states[i] = m.Next(s, tokens[i])
	}
}

// check finds what is no log-probability, and rows in which nothing is possible.
func check(logp []float32) error {
	largest := float32(math.Inf(-1))
	for token, x := range logp {
		if !(x <= math.MaxFloat32) {
			return fmt.Errorf("the model gives token %d the log-probability %v", token, x)
		}
		if x > largest {
			largest = x
		}
	}
	if math.IsInf(float64(largest), -1) {
		return errors.New("the model gives every token the probability 0")
	}
	return nil
}

// A lane is one hypothesis in the making.
type lane struct {
	req    *Request
	random *rand.Rand
	soFar  []int // the prefix and what was written
	text   text
	out    Hypothesis
}

func (l *lane) begin(sample int, req *Request, stops []stop) {
	l.req, l.random = req, rand.New(rand.NewPCG(req.Seed, uint64(sample)))
	l.soFar = append(make([]int, 0, len(req.Prefix)+min(req.Length, 1024)), req.Prefix...)
	l.text.stops, l.text.matched = stops, make([]int, len(stops))
	if req.Stream != nil {
		l.text.stream = func(piece string) { req.Stream(sample, piece) }
	}
}

// take adds a token and says whether it was the last.
func (l *lane) take(token int, logp float32) (last bool) {
	prev := -1
	if n := len(l.soFar); n > 0 {
		prev = l.soFar[n-1]
	}
	l.soFar = append(l.soFar, token)
	l.out.LogProb += float64(logp)
	if l.req.LogProbs {
		l.out.LogProbs = append(l.out.LogProbs, logp)
	}
	if l.req.Piece != nil && l.text.write(l.req.Piece(prev, token)) || slices.Contains(l.req.Ends, token) {
		l.out.FinishReason = FinishStop
	} else if len(l.soFar)-len(l.req.Prefix) == l.req.Length {
		l.out.FinishReason = FinishLength
	}
	if l.out.FinishReason == "" {
		return false
	}
	l.text.finish()
	return true
}

// finish ends a lane, which no token did if it has no reason yet.
func (l *lane) finish() Hypothesis {
	if l.out.FinishReason == "" {
		l.out.FinishReason = FinishCancelled
		l.text.finish()
	}
	l.out.Tokens, l.out.Text = l.soFar[len(l.req.Prefix):], string(l.text.bytes)
	return l.out
}
