package nn

// Width is the length of a row of pre-activations: gates times H.
func (s Stack) Width() int { return s.Cell.gates() * s.Hidden }

// Weights counts the parameters.
func (s Stack) Weights() (n int64) {
	in, h := int64(s.In), int64(s.Hidden)
	for range s.Layers {
		n += int64(s.Width()) * (in + h + 2)
		if s.Norm {
			n += 2 * h
		}
		in = h
	}
	return n
}

// Products lists the weight matrices [rows, cols] that a token is multiplied by: six operations a weight in training,
// two without. A first layer that picks rows of a Table multiplies nothing by its input weights.
func (s Stack) Products(table bool) (matrices [][2]int) {
	in := s.In
	for k := range s.Layers {
		matrices = append(matrices, [2]int{s.Width(), s.Hidden})
		if k > 0 || !table {
			matrices = append(matrices, [2]int{s.Width(), in})
		}
		in = s.Hidden
	}
	return matrices
}

// Activations is how many floats tapes hold for the layers over so many rows (time·lanes) in so many lanes, from the
// first layer's pre-activations to what the last puts out, within a few that do not grow with rows. In training that is what
// backward needs, gradients included. The inputs themselves, and a Table, are the caller's to add.
func (s Stack) Activations(rows, lanes int64, d Dropout, training bool) (floats int64) {
	h, layers := int64(s.Hidden), int64(s.Layers)
	floats = layers * s.Cell.floats(h, rows, lanes, training)
	if !training {
		if s.Norm {
			floats += layers * rows * padded(h)
		}
		return floats
	}
	if s.Norm {
		floats += layers * rows * (3*padded(h) + 1) // the normalized, the result, the gradient; the deviation
	}
	return floats + d.Activations(d.Input, rows, lanes, int64(s.In)) + (layers-1)*d.Activations(d.Between, rows, lanes, h) + d.Activations(d.Out, rows, lanes, h)
}
