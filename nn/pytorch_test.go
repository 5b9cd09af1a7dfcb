package nn

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"inkling/tensor"
)

// known is what testdata/pytorch_recurrent.py computed.
type known struct {
	Cell                            string
	In, Hidden, Layers, Lanes, Time int
	Norm                            bool
	Params, Grads                   map[string][]float32
	X, H0, Weights, Outputs, Hn     []float32
	Loss                            float64
}

// TestPyTorch matches outputs, final states, and the gradients of weights, inputs and states with PyTorch's.
func TestPyTorch(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.json")
	if len(files) < 4 {
		t.Fatalf("only %d files of known outputs", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var k known
			if err := json.Unmarshal(raw, &k); err != nil {
				t.Fatal(err)
			}
			cell, err := CellNamed(k.Cell)
			if err != nil {
				t.Fatal(err)
			}
			r := Stack{Cell: cell, In: k.In, Hidden: k.Hidden, Layers: k.Layers, Norm: k.Norm}.New("rnn", random())
			if len(r.Params()) != len(k.Params) {
				t.Fatalf("%d parameters, PyTorch has %d", len(r.Params()), len(k.Params))
			}
			for _, p := range r.Params() {
				if copy(p.Value, k.Params[p.Name]) != len(p.Value) {
					t.Fatalf("%s has %d weights, PyTorch's %d", p.Name, len(p.Value), len(k.Params[p.Name]))
				}
				p.Changed()
			}

			tp, n := tensor.NewTape(), k.Lanes*k.Hidden
			x := tp.Leaf(k.Time*k.Lanes, k.In, k.X)
			s := r.Load(tp, make([]float32, r.Floats(k.Lanes)), k.Lanes)
			for l := range s {
				s[l][0] = tp.Leaf(k.Lanes, k.Hidden, k.H0[l*n:(l+1)*n])
			}
			y, last := r.FromVectors(tp, x, s, k.Lanes, Dropout{})
			closeTo(t, "outputs", flat(y), k.Outputs)
			var hn, dh0 []float32
			for _, layer := range last {
				hn = append(hn, flat(layer[0])...)
			}
			closeTo(t, "final states", hn, k.Hn)
			loss := tensor.Sum(tp, tensor.Mul(tp, y, tp.Const(y.Rows, y.Cols, k.Weights)))
			if math.Abs(float64(loss.Item())-k.Loss) > 1e-4*max(1, math.Abs(k.Loss)) {
				t.Errorf("loss %g, PyTorch has %g", loss.Item(), k.Loss)
			}
			tp.Backward(loss, 1)
			for _, p := range r.Params() {
				sameGradient(t, p.Name, tp.ParamGrad(p), k.Grads[p.Name])
			}
			for _, layer := range s {
				dh0 = append(dh0, layer[0].Grad()...)
			}
			sameGradient(t, "x", x.Grad(), k.Grads["x"])
			sameGradient(t, "h0", dh0, k.Grads["h0"])
		})
	}
}

func sameGradient(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("gradient of %s: %d values, want %d", name, len(got), len(want))
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, w := range want {
		if math.Abs(float64(got[i]-w)) > 1e-4*max(math.Abs(float64(w)), 0.1*largest) {
			t.Errorf("gradient of %s, element %d: %g, want %g", name, i, got[i], w)
			return
		}
	}
}
