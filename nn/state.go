package nn

import "inkling/tensor"

// State is what each layer remembers, its vectors as [lanes, H]: h first, then c of an LSTM. In the state that a run
// ends with, gradients flow through all but h: what is to be learnt from h goes through the output.
type State [][]*tensor.Tensor

// Floats is the size of a carried state.
func (s Stack) Floats(lanes int) int { return s.Layers * s.Cell.vectors() * lanes * s.Hidden }

// Load makes a state of carried values, Floats(lanes) long: layer after layer, vector after vector, lane after lane. No
// gradient flows into it.
func (r *Recurrent) Load(tp *tensor.Tape, carry []float32, lanes int) State {
	s, n := make(State, r.Layers), lanes*r.Hidden
	for k := range s {
		s[k] = make([]*tensor.Tensor, r.Cell.vectors())
		for i := range s[k] {
			s[k][i] = tp.Const(lanes, r.Hidden, carry[:n])
			carry = carry[n:]
		}
	}
	return s
}

// Store writes a state to carry, for Load.
func (s State) Store(carry []float32) {
	for _, layer := range s {
		for _, t := range layer {
			for i := range t.Rows {
				carry = carry[copy(carry, t.Row(i)):]
			}
		}
	}
}
