package gradcheck

import (
	"runtime"
	"testing"

	"inkling/tensor"
)

// recorder is a test that remembers whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) {
	r.failed = true
	runtime.Goexit()
}

// fails reports whether Check refuses f.
func fails(t *testing.T, params []*tensor.Param, shapes []Shape, f Func) bool {
	r, done := &recorder{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		Check(r, params, shapes, f)
	}()
	<-done
	return r.failed
}

// TestCheckCanFail checks y = scale·(x² + x/50) with right and with wrong gradients, large and small ones.
func TestCheckCanFail(t *testing.T) {
	for _, scale := range []float32{100, 1, 1e-3} {
		for _, c := range []struct {
			name  string
			back  func(dx *float32, x, dy float32)
			wrong bool
		}{
			{"right", func(dx *float32, x, dy float32) { *dx += scale * dy * (2*x + 0.02) }, false},
			{"small term dropped", func(dx *float32, x, dy float32) { *dx += scale * dy * 2 * x }, true},
			{"small term with the wrong sign", func(dx *float32, x, dy float32) { *dx += scale * dy * (2*x - 0.02) }, true},
			{"one percent off", func(dx *float32, x, dy float32) { *dx += scale * dy * 1.01 * (2*x + 0.02) }, true},
			{"assigned", func(dx *float32, x, dy float32) { *dx = scale * dy * (2*x + 0.02) }, true},
			{"nothing", func(dx *float32, x, dy float32) {}, true},
		} {
			square := func(tp *tensor.Tape, in *tensor.Tensor) []*tensor.Tensor {
				y := tp.New(in.Rows, in.Cols, true)
				for i, x := range in.Data {
					y.Data[i] = scale * (x*x + x/50)
				}
				tp.Record(func() {
					for i, dy := range y.Grad() {
						c.back(&in.Grad()[i], in.Data[i], dy)
					}
				})
				return []*tensor.Tensor{y}
			}
			asInput := func(tp *tensor.Tape, in []*tensor.Tensor) []*tensor.Tensor { return square(tp, in[0]) }
			if got := fails(t, nil, []Shape{{2, 5}}, asInput); got != c.wrong {
				t.Errorf("scale %g, %s: refused is %v as an input", scale, c.name, got)
			}
			p := tensor.NewParam("p", 2, 5)
			for i := range p.Value {
				p.Value[i] = 0.2*float32(i) - 1
			}
			asParam := func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor { return square(tp, tp.Use(p)) }
			if got := fails(t, []*tensor.Param{p}, nil, asParam); got != c.wrong {
				t.Errorf("scale %g, %s: refused is %v as a parameter", scale, c.name, got)
			}
			p.Sparse = true
			asRows := func(tp *tensor.Tape, _ []*tensor.Tensor) []*tensor.Tensor {
				y := tp.New(2, 5, true)
				for i, x := range p.Value {
					y.Data[i] = scale * (x*x + x/50)
				}
				tp.Record(func() {
					for i, dy := range y.Grad() {
						c.back(&tp.RowGrad(p, i/5)[i%5], p.Value[i], dy)
					}
				})
				return []*tensor.Tensor{y}
			}
			if got := fails(t, []*tensor.Param{p}, nil, asRows); got != c.wrong {
				t.Errorf("scale %g, %s: refused is %v as a sparse parameter", scale, c.name, got)
			}
		}
	}
}
