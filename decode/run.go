package decode

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// maxLanes is how many samples are written side by side: enough to make a matrix product of a step,
// few enough that their scores take little memory however many samples are asked for.
const maxLanes = 32

// A chooser chooses the tokens of one sample. It is given the sample's own random numbers, the log-probabilities of the next token, of
// some tokens or, if tokens is nil, of all, and all tokens so far, prefix included; it may keep no slice. With none the text ends.
type chooser func(random *rand.Rand, tokens []int, logp []float32, soFar []int) int

const none = -1

// run writes from left to right, one token after the other, each chosen for good: what greedy search
// and sampling have in common. begin makes the chooser of a sample. If k is not 0 choosers want to know only the k likeliest
// tokens, the likeliest first, and are given these from a model that has TopK.
//
// The samples share the state after the prefix. They advance side by side, so that a model with Batch
// takes them in one product, and one that ends leaves the others as they are.
func run(ctx context.Context, m Model, req Request, k int, begin func() chooser) ([]Hypothesis, error) {
	n := max(1, req.N)
	stops := newStops(req.Stop)
	masked := mask{req: &req, stops: stops}
	if req.Constraint != nil {
		k = 0 // of the k likeliest none may be allowed
	}
	prefix := m.Start()
	for _, token := range req.Prefix {
		if ctx.Err() != nil {
			break // and so do the lanes
		}
		prefix = m.Next(prefix, token)
	}

	hyps := make([]Hypothesis, 0, min(n, 1024))
	scored := newScores(m, k, min(n, maxLanes))
	states, next, active := make([]State, 0, maxLanes), make([]int, 0, maxLanes), make([]*lane, 0, maxLanes)
	for first := 0; first < n; first += maxLanes {
		lanes := make([]lane, min(maxLanes, n-first))
		active, states, next = active[:0], states[:0], next[:0]
		for i := range lanes {
			lanes[i].begin(first+i, &req, stops)
			lanes[i].choose = begin()
			active, states, next = append(active, &lanes[i]), append(states, prefix), append(next, 0)
		}
		for len(active) > 0 && ctx.Err() == nil {
			scored.of(states)
			going := 0
			for i, l := range active {
				tokens, logp := scored.row(i)
				if err := check(tokens, logp, len(l.soFar)); err != nil {
					return nil, err
				}
				written := len(l.soFar) - len(req.Prefix)
				if req.Constraint != nil {
					masked.apply(logp, l.at, l.last(), written, l.text.matched)
					if !possible(logp) {
						return nil, fmt.Errorf("at token %d the constraint allows none that the model holds for possible: a search, as beam or exact, can take back what led there", written+1)
					}
				}
				token := l.choose(l.random, tokens, logp, l.soFar)
				if token == none {
					if req.Constraint != nil && !req.Constraint.Accepts(l.at) {
						return nil, fmt.Errorf("at token %d the filters leave none that the constraint allows, and the text may not end before it: forbid less", written+1)
					}
					l.end(FinishFiltered)
					continue
				}
				at := token
				if tokens != nil {
					at = slices.Index(tokens, token)
				}
				if !l.take(token, logp[at]) {
					active[going], states[going], next[going] = l, states[i], token
					going++
				}
			}
			clear(states[going:])
			active, states, next = active[:going], states[:going], next[:going]
			advance(m, states, next)
		}
		for i := range lanes {
			hyps = append(hyps, lanes[i].finish())
		}
	}
	return hyps, nil
}

// scores are those of the tokens that may follow some states: of the likeliest, or of all.
type scores struct {
	model  Model
	tokens []int // the k likeliest of each state; nil: all
	logp   []float32
	cols   int
}

// newScores makes room for so many states. If k is not 0 the k likeliest tokens are enough.
func newScores(m Model, k, states int) *scores {
	s := &scores{model: m, cols: m.VocabSize()}
	if _, ok := m.(TopK); ok && k > 0 && k < s.cols {
		s.cols, s.tokens = k, make([]int, states*k)
	}
	s.logp = make([]float32, states*s.cols)
	return s
}

// of scores states, all of them in one product if the model can.
func (s *scores) of(states []State) {
	if s.tokens != nil {
		if n := len(states) * s.cols; s.model.(TopK).TopK(s.tokens[:n], s.logp[:n], states) {
			return
		}
		*s = *newScores(s.model, 0, len(s.tokens)/s.cols)
	}
	if b, ok := s.model.(Batch); ok && len(states) > 1 {
		b.LogProbsBatch(s.logp[:len(states)*s.cols], states)
		return
	}
	for i, state := range states {
		s.model.LogProbs(s.logp[i*s.cols:(i+1)*s.cols], state)
	}
}

// row has the tokens of a state, nil for all, and their log-probabilities.
func (s *scores) row(i int) (tokens []int, logp []float32) {
	from, to := i*s.cols, (i+1)*s.cols
	if s.tokens != nil {
		tokens = s.tokens[from:to]
	}
	return tokens, s.logp[from:to]
}

// advance replaces each state by the one after its token.
func advance(m Model, states []State, tokens []int) {
	if b, ok := m.(Batch); ok && len(states) > 1 {
		b.NextBatch(states, states, tokens)
		return
	}
	for i, s := range states {
		states[i] = m.Next(s, tokens[i])
	}
}

// check finds what is no log-probability, and rows in which nothing is possible, in the scores of what follows so many tokens.
func check(tokens []int, logp []float32, after int) error {
	for i, x := range logp {
		if !(x <= math.MaxFloat32) {
			token := i
			if tokens != nil {
				token = tokens[i]
			}
			return fmt.Errorf("the model gives token %d the log-probability %v after %d tokens: its weights are damaged, or its training went astray", token, x, after)
		}
	}
	if !possible(logp) {
		return fmt.Errorf("the model gives every token the probability 0 after %d tokens: its weights are damaged, or its training went astray", after)
	}
	return nil
}

// possible says whether any of these log-probabilities is above −∞.
func possible(logp []float32) bool {
	return slices.ContainsFunc(logp, func(x float32) bool { return x >= -math.MaxFloat32 })
}

// A lane is one hypothesis in the making.
type lane struct {
	req    *Request
	random *rand.Rand
	choose chooser
	soFar  []int // the prefix and what was written
	text   text
	at     any // the constraint's state; nil without one
	out    Hypothesis
}

func (l *lane) begin(sample int, req *Request, stops []stop) {
	l.req, l.random = req, rand.New(rand.NewPCG(req.Seed, uint64(sample)))
	l.soFar = append(make([]int, 0, len(req.Prefix)+min(req.Length, 1024)), req.Prefix...)
	l.text.stops, l.text.matched = stops, make([]int, len(stops))
	if req.Constraint != nil {
		l.at = req.Constraint.Start()
	}
	if req.Stream != nil {
		l.text.stream = func(piece string) { req.Stream(sample, piece) }
	}
}

// last is the token before the next one, −1 if there is none.
func (l *lane) last() int {
	if len(l.soFar) == 0 {
		return -1
	}
	return l.soFar[len(l.soFar)-1]
}

// take adds a token and says whether it was the last.
func (l *lane) take(token int, logp float32) (last bool) {
	prev := l.last()
	l.soFar = append(l.soFar, token)
	written := len(l.soFar) - len(l.req.Prefix)
	if l.req.Constraint != nil {
		l.at, _ = l.req.Constraint.Next(l.at, token)
	}
	l.out.LogProb += float64(logp)
	if l.req.LogProbs {
		l.out.LogProbs = append(l.out.LogProbs, logp)
	}
	if l.req.Piece != nil && l.text.write(l.req.Piece(prev, token)) || slices.Contains(l.req.Ends, token) {
		l.out.FinishReason = FinishStop
	} else if written == l.req.Length {
		l.out.FinishReason = FinishLength
	} else if l.req.Constraint != nil && full(l.req.Constraint, l.at, l.req.Length-written) {
		l.out.FinishReason = FinishFull
	}
	if l.out.FinishReason == "" {
		return false
	}
	l.text.finish()
	return true
}

// end ends a lane without a token.
func (l *lane) end(reason string) {
	l.out.FinishReason = reason
	l.text.finish()
}

// finish ends a lane, which nothing did if it has no reason yet.
func (l *lane) finish() Hypothesis {
	if l.out.FinishReason == "" {
		l.end(FinishCancelled)
	}
	l.out.Tokens, l.out.Text = l.soFar[len(l.req.Prefix):], string(l.text.bytes)
	return l.out
}
