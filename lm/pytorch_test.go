package lm

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"inkling/data"
	"inkling/softmax"
	"inkling/tensor"
)

// known is what testdata/pytorch_lm.py computed.
type known struct {
	Cell                                      string
	Vocab, Embed, Hidden, Layers, Lanes, Time int
	Tied, Norm                                bool
	Params, Grads                             map[string]array
	H0, C0, Hn, Cn, Logits                    array
	Inputs, Targets                           []int
	Weights                                   []float32
	Loss                                      float64
}

type array struct {
	Shape []int
	Data  []float32
}

// carry is a state [layers, lanes, H] of PyTorch in the order of our carried state; only an LSTM has c.
func (k known) carry(h, c array) (out []float32) {
	n := k.Lanes * k.Hidden
	for l := range k.Layers {
		out = append(out, h.Data[l*n:(l+1)*n]...)
		if k.Cell == "lstm" {
			out = append(out, c.Data[l*n:(l+1)*n]...)
		}
	}
	return out
}

func load(t *testing.T, file string) (known, *Model) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var k known
	if err := json.Unmarshal(raw, &k); err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{Arch: k.Cell, Norm: k.Norm, Hidden: k.Hidden, Layers: k.Layers, Embed: k.Embed, Tied: k.Tied, Counts: make([]int64, k.Vocab)})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Params()) != len(k.Params) {
		t.Fatalf("%d parameters, PyTorch has %d", len(m.Params()), len(k.Params))
	}
	for _, p := range m.Params() {
		want, ok := k.Params[p.Name]
		if !ok || len(want.Shape) != len(p.Shape) || want.Shape[0] != p.Shape[0] || want.Shape[len(want.Shape)-1] != p.Shape[len(p.Shape)-1] {
			t.Fatalf("%s of shape %v, PyTorch has %v", p.Name, p.Shape, want.Shape)
		}
		copy(p.Value, want.Data)
		p.Changed()
	}
	return k, m
}

// TestPyTorch matches logits, final states, loss and every gradient with PyTorch's.
func TestPyTorch(t *testing.T) {
	files, _ := filepath.Glob("testdata/*_*.json")
	if len(files) < 8 {
		t.Fatalf("only %d files of known outputs", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			k, m := load(t, file)
			tp, carry := tensor.NewTape(), k.carry(k.H0, k.C0)
			w := data.Window{Lanes: k.Lanes, Time: k.Time, Inputs: k.Inputs, Targets: k.Targets, Weights: k.Weights}
			h := m.hidden(tp, w, carry)
			logProbs := make([]float32, k.Vocab)
			for r := range h.Rows {
				m.out.LogProbs(logProbs, h.Row(r))
				logits := k.Logits.Data[r*k.Vocab : (r+1)*k.Vocab]
				lse := 0.0
				for _, l := range logits {
					lse += math.Exp(float64(l))
				}
				for j, l := range logits {
					if diff := float64(l) - math.Log(lse) - float64(logProbs[j]); math.Abs(diff) > 1e-5 {
						t.Fatalf("row %d token %d: log-probability is off by %g", r, j, diff)
					}
				}
			}
			if len(carry) != m.CarryFloats(w) {
				t.Fatalf("%d floats carried, PyTorch has %d", m.CarryFloats(w), len(carry))
			}
			for i, want := range k.carry(k.Hn, k.Cn) {
				if math.Abs(float64(carry[i]-want)) > 1e-5 {
					t.Fatalf("final state %d: %g, PyTorch has %g", i, carry[i], want)
				}
			}
			loss := m.out.Loss(tp, h, softmax.Targets{Row: count(h.Rows), Word: k.Targets, Weight: k.Weights})
			if math.Abs(float64(loss.Item())-k.Loss) > 1e-5*k.Loss {
				t.Errorf("loss %g, PyTorch has %g", loss.Item(), k.Loss)
			}
			tp.Backward(loss, 1)
			for _, p := range m.Params() {
				checkGradient(t, p.Name, tp.ParamGrad(p), k.Grads[p.Name].Data)
			}
		})
	}
}

// TestTableIsEmbedding: a vocabulary larger than the window takes the other way through the first
// layer, which must lead to the same place.
func TestTableIsEmbedding(t *testing.T) {
	k, m := load(t, "testdata/lstm_embed.json")
	whole := data.Window{Lanes: 1, Time: 12, Inputs: append(k.Inputs[:11:11], 3), Targets: k.Targets[:12]}
	short := data.Window{Lanes: 1, Time: 4, Inputs: whole.Inputs[:4], Targets: whole.Targets[:4]}
	carry := make([]float32, m.CarryFloats(whole))
	grads := func(ws ...data.Window) (total float64, gs [][]float32) {
		clear(carry)
		tp := tensor.NewTape()
		for _, w := range ws {
			loss := m.Loss(tp, w, carry)
			total += float64(loss.Item())
			tp.Backward(loss, 1)
		}
		for _, p := range m.Params() {
			gs = append(gs, tp.ParamGrad(p))
		}
		return total, gs
	}
	if m.Vocab() > len(whole.Inputs) || m.Vocab() <= len(short.Inputs) {
		t.Fatal("the windows do not take different ways")
	}
	// The same four tokens by table (as the head of a window of weight zero beyond) and by embedding.
	padded := whole
	padded.Weights = []float32{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}
	one, a := grads(padded)
	two, b := grads(short)
	if math.Abs(one-two) > 1e-4 {
		t.Errorf("loss %g by table, %g by embedding", one, two)
	}
	for i, p := range m.Params() {
		checkGradient(t, p.Name, a[i], b[i])
	}
}

func checkGradient(t *testing.T, name string, got, want []float32) {
	t.Helper()
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-4*max(math.Abs(float64(want[i])), 0.1*largest) {
			t.Errorf("gradient of %s, element %d: %g, want %g", name, i, got[i], want[i])
			return
		}
	}
}

// A change of the weights must reach the decoder's tables.
func TestDecodingSeesNewWeights(t *testing.T) {
	_, m := load(t, "testdata/lstm_embed.json")
	before, after := make([]float32, m.VocabSize()), make([]float32, m.VocabSize())
	m.LogProbs(before, m.Next(m.Start(), 1))
	m.embed.Value[m.Config.Embed] += 1
	m.embed.Changed()
	m.LogProbs(after, m.Next(m.Start(), 1))
	if before[0] == after[0] {
		t.Error("decoding goes on with the old weights")
	}
}
