package softmax

import "inkling/tensor"

// A Plan is what a layer will take, known before there are weights.
type Plan struct {
	Weights  int64    // parameters of its own
	Dense    int64    // those of them whose whole gradient is kept
	Packed   [][2]int // matrices [rows, columns] that products of training and of a target's exact probability read
	Read     [][2]int // those that products for exact probabilities read only
	Whole    [][2]int // those that only products for the probabilities of all words read
	Copies   int64    // floats that it keeps of a shared embedding, in another order
	Training float64  // multiplications of products for a target, forward; backward has twice as many
	Exact    float64  // those for a target's exact probability

	Forward  func(rows int) int64          // floats of results that a tape which records holds for so many rows of one target each
	Bags     func(rows, targets int) int64 // the same for rows with many targets, which follow one another; nil: as for as many rows as targets
	RowGrads func(rows int) int64          // floats that it holds for gradients of rows of sparse parameters; nil: there are none
	Scoring  func(rows int) int64          // floats that a tape for inference holds
}

// OfBags are the floats that a tape which records holds for so many rows with so many targets in all.
func (p Plan) OfBags(rows, targets int) int64 {
	if p.Bags == nil {
		return p.Forward(targets)
	}
	return p.Bags(rows, targets)
}

// PlanOf is the plan of a kind with settled options.
func PlanOf(kind string, spec Spec, tied bool) (Plan, error) {
	k, err := kindNamed(kind)
	if err != nil {
		return Plan{}, err
	}
	return k.plan(spec, tied), nil
}

// SparseVocab is the size of a vocabulary from which on weights and embeddings of words are sparse, if no product reads all of
// them in training: a step sees few of the words then, and to sweep over all of them would take longer than the rest of it.
// Below that its steps are those of dense ones.
const SparseVocab = 1 << 14

// pad is the length of a row on a tape.
func pad(cols int) int64 { return int64(tensor.Stride(cols)) }

// rowGrads are the floats for gradients of rows of the words' weights. A shared embedding finds its rows by itself.
func rowGrads(v, dim, touched int, tied bool) int64 {
	floats := tensor.RowGradFloats(v, dim, touched)
	if !tied {
		floats += tensor.RowPlaceFloats(v)
	}
	return floats
}
