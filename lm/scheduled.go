package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"inkling/data"
	"inkling/internal/kernel"
	"inkling/softmax"
	"inkling/tensor"
)

// Sampling is scheduled sampling (Bengio, Vinyals, Jaitly and Shazeer 2015, arXiv:1506.03099): a model that writes reads what it wrote, and
// one that learns reads what people wrote. So in training some of the tokens that it reads are drawn from its own
// probabilities, more and more of them. With u from 0 to 1 between From and To, the chance that a token is the model's own is
//
//	linear           Share·u                         the paper's ε = k − c·i
//	exponential      1 − (1 − Share)^u               the paper's ε = k^i
//	inverse-sigmoid  1/(1 + 99·e^(−s·u))             the paper's ε = k/(k + e^(i/k)): 1 % at first, and Share at u = 1
//
// where the paper's ε is the chance that it is the text's.
//
// The paper draws each token after those that were drawn before it, one step after the other. Here the model reads the window of the text
// twice, as Mihaylova and Martins (2019, arXiv:1906.07651) have it for Transformers: without gradients and dropout, to draw a token at each
// place from what it predicts after the text's own tokens; and then, with gradients, what is mixed of both. So a drawn token does not
// follow drawn ones within a window, errors do not add up as in the original, and the recurrence stays one fused op. What
// the windows before left in the carried state is of the mixture. The first token of a window has no prediction in it, and is the text's. It costs one pass forward more, and the
// probabilities of all words at the places where one is drawn. No gradient flows through a draw.
type Sampling struct {
	Kind  string  `json:"kind"`            // one of Samplings; "": none
	Share float64 `json:"share,omitempty"` // at the end; 0.25
	From  float64 `json:"from,omitempty"`  // share of the training before which all tokens are the text's
	To    float64 `json:"to,omitempty"`    // share of it after which Share of them are the model's; 1
}

// Samplings are the kinds of scheduled sampling.
var Samplings = []string{"linear", "exponential", "inverse-sigmoid"}

const firstOwn = 0.01 // of inverse-sigmoid, which is never 0

// Settle sets defaults and refuses what cannot be.
func (s *Sampling) Settle() error {
	if s.Kind == "" {
		if *s != (Sampling{}) {
			return fmt.Errorf("shares of scheduled sampling, and no kind: choose %s", strings.Join(Samplings, ", "))
		}
		return nil
	}
	if s.Share == 0 {
		s.Share = 0.25
	}
	if s.To == 0 {
		s.To = 1
	}
	switch {
	case !slices.Contains(Samplings, s.Kind):
		return fmt.Errorf("no scheduled sampling %.64q: choose %s", s.Kind, strings.Join(Samplings, ", "))
	case !(s.Share > 0 && s.Share <= 1):
		return fmt.Errorf("scheduled sampling of a share of %g: must be above 0 and at most 1", s.Share)
	case s.Kind != "linear" && s.Share == 1:
		return fmt.Errorf("scheduled sampling of all tokens: %s never comes to that; choose linear, or a smaller share", s.Kind)
	case s.Kind == "inverse-sigmoid" && s.Share <= firstOwn:
		return fmt.Errorf("scheduled sampling of a share of %g: %s begins with %g: choose a larger share", s.Share, s.Kind, firstOwn)
	case !(s.From >= 0 && s.From < s.To && s.To <= 1):
		return fmt.Errorf("scheduled sampling that comes up from %g to %g of the training: must be from 0 to 1, and one after the other", s.From, s.To)
	}
	return nil
}

// Own is the chance that a token is the model's own when so much of the training is behind, from 0 to 1.
func (s Sampling) Own(fraction float64) float64 {
	if s.Kind == "" || fraction < s.From {
		return 0
	}
	u := min(1, (fraction-s.From)/(s.To-s.From))
	switch s.Kind {
	case "linear":
		return s.Share * u
	case "exponential":
		return 1 - math.Pow(1-s.Share, u)
	default:
		k := 1/firstOwn - 1
		return 1 / (1 + k*math.Exp(-u*math.Log(k*s.Share/(1-s.Share))))
	}
}

// Describe is what it does, in words.
func (s Sampling) Describe() string {
	return fmt.Sprintf("%s scheduled sampling, up to %.3g %% of the model's own tokens from %.3g to %.3g %% of the run", s.Kind, 100*s.Share, 100*s.From, 100*s.To)
}

// Scheduled is a model in training by scheduled sampling: a train.Model, and a train.Placed, by which it knows where the run stands. What is
// drawn is a function of the tape's seed, step and shard.
type Scheduled struct {
	*Model
	Sampling Sampling
	Unread   []int // tokens that are never read, such as the end of an item: the text's stays where one is drawn

	own float64

	mu    sync.Mutex
	desks []*samplingDesk // those that no shard uses just now
}

// samplingDesk is what one shard reads a window on for the first time.
type samplingDesk struct {
	tape   *tensor.Tape
	carry  []float32
	places []int     // whose tokens are drawn
	rows   []float32 // what the output layer sees before them
	logp   []float32
}

// Placed is told before each step how much of the run is behind.
func (m *Scheduled) Placed(fraction float64) { m.own = m.Sampling.Own(fraction) }

// Loss is that of [Model.Loss], of the mixture.
func (m *Scheduled) Loss(tp *tensor.Tape, w data.Window, carry []float32) *tensor.Tensor {
	if m.own == 0 || !tp.Recording() {
		return m.Model.Loss(tp, w, carry)
	}
	d := m.lend()
	defer m.giveBack(d)
	w.Inputs = m.mix(d, tp, w, carry)
	return m.Model.Loss(tp, w, carry)
}

// mix is the inputs of a window, some of them drawn.
func (m *Scheduled) mix(d *samplingDesk, tp *tensor.Tape, w data.Window, carry []float32) []int {
	random := tp.Rand()
	d.places = d.places[:0]
	for i := w.Lanes; i < len(w.Inputs); i++ { // from the second step on
		if random.Float64() < m.own {
			d.places = append(d.places, i)
		}
	}
	inputs := append(tp.ScratchInts(len(w.Inputs)), w.Inputs...) // which the way back reads, when the desk is another shard's
	d.tape.Precision = tp.Precision
	d.tape.Reset(0, 0, 0)
	d.carry = append(d.carry[:0], carry...)
	h := m.hidden(d.tape, w, d.carry)
	for some := range slices.Chunk(d.places, sampledRows(m.Vocab())) {
		m.draw(d, random, h, w.Lanes, some, inputs)
	}
	return inputs
}

// sampledRows is of how many places all probabilities are there at once.
func sampledRows(vocab int) int { return max(1, min(64, (1<<20)/vocab)) }

// draw replaces the tokens at some places by draws from what is predicted there.
func (m *Scheduled) draw(d *samplingDesk, random *rand.Rand, h *tensor.Tensor, lanes int, places, inputs []int) {
	v, n := m.Vocab(), len(places)
	d.rows, d.logp = sized(d.rows, n*h.Cols), sized(d.logp, n*v)
	for i, place := range places {
		copy(d.rows[i*h.Cols:(i+1)*h.Cols], h.Row(place-lanes))
	}
	if batched, ok := m.out.(softmax.Batched); ok {
		batched.LogProbsRows(d.logp, d.rows)
	} else {
		for i := range places {
			m.out.LogProbs(d.logp[i*v:(i+1)*v], d.rows[i*h.Cols:(i+1)*h.Cols])
		}
	}
	for i, place := range places {
		if token := drawn(d.logp[i*v:(i+1)*v], random.Float64()); !slices.Contains(m.Unread, token) {
			inputs[place] = token
		}
	}
}

// drawn is a token of these log-probabilities, by u, uniform on [0, 1).
func drawn(logp []float32, u float64) (token int) {
	for i, x := range logp {
		p := math.Exp(float64(x))
		if p > 0 {
			token = i // the last possible one if rounding leaves something over
		}
		if u -= p; u < 0 {
			break
		}
	}
	return token
}

func (m *Scheduled) lend() *samplingDesk {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.desks); n > 0 {
		d := m.desks[n-1]
		m.desks = m.desks[:n-1]
		return d
	}
	return &samplingDesk{tape: tensor.NewInference()}
}

func (m *Scheduled) giveBack(d *samplingDesk) {
	m.mu.Lock()
	m.desks = append(m.desks, d)
	m.mu.Unlock()
}

// sampling is what scheduled sampling holds beside training, for windows of lanes × time in so many shards: weights packed for exact
// probabilities and what the first pass keeps, in bytes.
func (c Config) sampling(lanes, time, shards int, p tensor.Precision) (packed, activations int64) {
	rows, largest, out := lanes*time, (lanes+shards-1)/shards, c.output()
	for _, w := range out.Whole {
		packed += kernel.PackedBytes(w[1], w[0], tensor.Float32)
	}
	if p != tensor.Float32 {
		for _, w := range out.Packed {
			packed += kernel.PackedBytes(w[1], w[0], tensor.Float32)
		}
	}
	floats := c.arch().activations(c, int64(rows), int64(lanes), int64(shards), false)
	block := min(sampledRows(len(c.Counts)), largest*time)
	floats += int64(shards) * (int64(block)*int64(len(c.Counts)+c.arch().dim(c)) + int64(largest*c.arch().carry(c)))
	return packed, 4*floats + 2*8*int64(rows) // and inputs and places
}
