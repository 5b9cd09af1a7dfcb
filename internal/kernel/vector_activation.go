package kernel

// ReLU sets dst[i] to max(x[i], 0). dst may be x.
func ReLU(dst, x []float32) { same(dst, x); active.relu(dst, x) }

// ReLUBackward adds dy[i] to dx[i] where y[i] > 0: y may be the result of ReLU or its argument.
func ReLUBackward(dx, dy, y []float32) { same(dx, dy); same(dx, y); active.reluBackward(dx, dy, y) }

// TanhBackward adds dy[i]·(1−y[i]²) to dx[i], y being the result of Tanh.
func TanhBackward(dx, dy, y []float32) { same(dx, dy); same(dx, y); active.tanhBackward(dx, dy, y) }

// SigmoidBackward adds dy[i]·y[i]·(1−y[i]) to dx[i], y being the result of Sigmoid.
func SigmoidBackward(dx, dy, y []float32) {
	same(dx, dy)
	same(dx, y)
	active.sigmoidBackward(dx, dy, y)
}

func reluGo(dst, x []float32) {
	for i, v := range x {
		dst[i] = max(v, 0)
	}
}

func reluBackwardGo(dx, dy, y []float32) {
	for i, v := range y {
		if v > 0 {
			dx[i] += dy[i]
		}
	}
}

func tanhBackwardGo(dx, dy, y []float32) {
	for i, v := range y {
		dx[i] += dy[i] * (1 - v*v)
	}
}

func sigmoidBackwardGo(dx, dy, y []float32) {
	for i, v := range y {
		dx[i] += dy[i] * v * (1 - v)
	}
}
