package tensor_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/internal/gradcheck"
	"inkling/internal/kernel"
	"inkling/tensor"
)

// geometries have odd sizes, strides that do not divide them, and padding up to and beyond the window.
var geometries = []tensor.Conv{
	{Height: 1, Width: 1, Channels: 1, Kernel: 1, Stride: 1},
	{Height: 3, Width: 4, Channels: 2, Kernel: 1, Stride: 2},
	{Height: 5, Width: 4, Channels: 3, Kernel: 3, Stride: 1, Pad: 1},
	{Height: 7, Width: 7, Channels: 2, Kernel: 4, Stride: 2, Pad: 1},
	{Height: 6, Width: 9, Channels: 1, Kernel: 3, Stride: 3, Pad: 2},
	{Height: 2, Width: 3, Channels: 5, Kernel: 5, Stride: 2, Pad: 2},
	{Height: 3, Width: 3, Channels: 1, Kernel: 2, Stride: 1, Pad: 3},
	{Height: 8, Width: 5, Channels: 4, Kernel: 2, Stride: 3},
	{Height: 13, Width: 11, Channels: 17, Kernel: 3, Stride: 2, Pad: 1},
	{Height: 40, Width: 30, Channels: 9, Kernel: 3, Stride: 1, Pad: 1}, // several blocks
}

// pairs calls f with every pair of a window and a value of the image in it: the definition of a convolution.
func pairs(g tensor.Conv, f func(window, weight, image int)) {
	for oy := range g.OutHeight() {
		for ox := range g.OutWidth() {
			for ky := range g.Kernel {
				for kx := range g.Kernel {
					y, x := oy*g.Stride+ky-g.Pad, ox*g.Stride+kx-g.Pad
					if y < 0 || y >= g.Height || x < 0 || x >= g.Width {
						continue
					}
					for c := range g.Channels {
						f(oy*g.OutWidth()+ox, (ky*g.Kernel+kx)*g.Channels+c, (y*g.Width+x)*g.Channels+c)
					}
				}
			}
		}
	}
}

// TestConvValues holds both convolutions to their definition in float64, with and without a bias.
func TestConvValues(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		for _, g := range geometries {
			for _, c := range []struct{ n, other int }{{1, 1}, {3, 5}, {2, 18}} {
				n, other := c.n, c.other
				w, bias, biasT := param("w", other, g.Patch()), param("b", other), param("c", g.Channels)
				images, pixels := values(1, n*g.Size()), values(2, n*g.Windows()*other)
				for _, with := range []bool{true, false} {
					b, bT := bias, biasT
					if !with {
						b, bT = nil, nil
					}
					forward, back := make([]float64, len(pixels)), make([]float64, len(images))
					for i := range forward {
						if with {
							forward[i] = float64(b.Value[i%other])
						}
					}
					for i := range back {
						if with {
							back[i] = float64(bT.Value[i%g.Channels])
						}
					}
					pairs(g, func(window, weight, image int) {
						for e := range n {
							for o := range other {
								pixel := e*g.Windows()*other + window*other + o
								forward[pixel] += float64(w.Row(o)[weight]) * float64(images[e*g.Size()+image])
								back[e*g.Size()+image] += float64(w.Row(o)[weight]) * float64(pixels[pixel])
							}
						}
					})
					tp := tensor.NewInference()
					for _, padded := range []bool{false, true} {
						in := func(cols int, data []float32) *T {
							x := tp.Leaf(n, cols, data)
							if padded {
								x = tensor.Scale(tp, x, 1)
							}
							return x
						}
						near(t, fmt.Sprintf("Conv2D %+v of %d to %d", g, n, other), flat(tensor.Conv2D(tp, in(g.Size(), images), w, b, g)), forward)
						near(t, fmt.Sprintf("ConvTranspose2D %+v of %d from %d", g, n, other), flat(tensor.ConvTranspose2D(tp, in(g.Windows()*other, pixels), w, bT, g)), back)
					}
				}
			}
		}
	})
}

func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i])-v) <= 1e-5*max(1, math.Abs(v))) {
			t.Fatalf("%s, value %d: %g, want %g", what, i, got[i], v)
		}
	}
}

func TestConvGradients(t *testing.T) {
	for _, g := range geometries[:8] {
		for _, n := range []int{1, 3} {
			for _, other := range []int{1, 3} {
				w, b, bT, all := param("w", other, g.Patch()), param("b", other), param("bT", g.Channels), param("all", g.Size())
				gradcheck.Check(t, []*tensor.Param{w, b, bT, all}, []shape{{n, g.Size()}, {n, g.Windows() * other}}, func(tp *tensor.Tape, in []*T) []*T {
					return []*T{
						tensor.Conv2D(tp, in[0], w, b, g), tensor.Conv2D(tp, in[0], w, nil, g),
						tensor.ConvTranspose2D(tp, in[1], w, bT, g), tensor.ConvTranspose2D(tp, in[1], w, nil, g), tensor.ConvTranspose2D(tp, in[1], w, all, g),
					}
				})
			}
		}
	}
}

// TestConvTransposeIsTheAdjoint: ⟨Conv2D x, y⟩ = ⟨x, ConvTranspose2D y⟩, and the gradient of each is the other.
func TestConvTransposeIsTheAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := tensor.Conv{
			Height: rapid.IntRange(1, 20).Draw(t, "height"), Width: rapid.IntRange(1, 20).Draw(t, "width"), Channels: rapid.IntRange(1, 20).Draw(t, "channels"),
			Stride: rapid.IntRange(1, 4).Draw(t, "stride"), Pad: rapid.IntRange(0, 3).Draw(t, "pad"),
		}
		g.Kernel = rapid.IntRange(1, min(6, g.Height+2*g.Pad, g.Width+2*g.Pad)).Draw(t, "kernel")
		n, other := rapid.IntRange(1, 4).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "other")
		w := param("w", other, g.Patch())
		tp := tensor.NewTape()
		x, y := tp.Leaf(n, g.Size(), values(1, n*g.Size())), tp.Leaf(n, g.Windows()*other, values(2, n*g.Windows()*other))
		forward, back := tensor.Conv2D(tp, x, w, nil, g), tensor.ConvTranspose2D(tp, y, w, nil, g)
		a, b, size := 0.0, 0.0, 0.0
		for i, v := range flat(forward) {
			a += float64(v) * float64(y.Data[i])
			size += math.Abs(float64(v) * float64(y.Data[i]))
		}
		for i, v := range flat(back) {
			b += float64(v) * float64(x.Data[i])
		}
		if !(math.Abs(a-b) <= 1e-5*size) {
			t.Fatalf("%+v: %g and %g", g, a, b)
		}
		setGrad(forward, y.Data)
		setGrad(back, x.Data)
		tp.Unwind()
		for i, v := range flat(back) {
			if g := x.Grad()[i]; abs(g-v) > 1e-5*max(1, abs(v)) {
				t.Fatalf("gradient %d of Conv2D is %g, the transpose %g", i, g, v)
			}
		}
		for i, v := range flat(forward) {
			if g := y.Grad()[i]; abs(g-v) > 1e-5*max(1, abs(v)) {
				t.Fatalf("gradient %d of ConvTranspose2D is %g, the convolution %g", i, g, v)
			}
		}
	})
}

// TestConvIsPyTorchs compares with testdata/pytorch_conv.py: values and all gradients.
func TestConvIsPyTorchs(t *testing.T) {
	raw, err := os.ReadFile("testdata/pytorch_conv.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Transpose                         bool
		N, Height, Width, Channels, Other int
		Kernel, Stride, Pad               int
		X, Weight, Bias, Weights, Y       []float64
		Grads                             struct{ X, Weight, Bias []float64 }
	}
	if err := json.Unmarshal(raw, &cases); err != nil || len(cases) < 6 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for i, c := range cases {
		g := tensor.Conv{Height: c.Height, Width: c.Width, Channels: c.Channels, Kernel: c.Kernel, Stride: c.Stride, Pad: c.Pad}
		w := tensor.NewParam("w", c.Other, g.Patch())
		copy(w.Value, narrow(channelsLast(c.Weight, c.Other, c.Channels, c.Kernel*c.Kernel)))
		op, b := tensor.Conv2D, tensor.NewParam("b", len(c.Bias))
		inC, inP, outC, outP := c.Channels, c.Height*c.Width, c.Other, g.Windows()
		if c.Transpose {
			op, inC, inP, outC, outP = tensor.ConvTranspose2D, outC, outP, inC, inP
		}
		copy(b.Value, narrow(c.Bias))
		tp := tensor.NewTape()
		x := tp.Leaf(c.N, inC*inP, narrow(channelsLast(c.X, c.N, inC, inP)))
		y := op(tp, x, w, b, g)
		near(t, fmt.Sprintf("case %d", i), flat(y), channelsLast(c.Y, c.N, outC, outP))
		setGrad(y, narrow(channelsLast(c.Weights, c.N, outC, outP)))
		tp.Unwind()
		near(t, fmt.Sprintf("case %d, dx", i), x.Grad(), channelsLast(c.Grads.X, c.N, inC, inP))
		near(t, fmt.Sprintf("case %d, dw", i), tp.ParamGrad(w), channelsLast(c.Grads.Weight, c.Other, c.Channels, c.Kernel*c.Kernel))
		near(t, fmt.Sprintf("case %d, db", i), tp.ParamGrad(b), c.Grads.Bias)
	}
}

// channelsLast brings [n,channels,pixels] into the order [n,pixels,channels].
func channelsLast(x []float64, n, channels, pixels int) []float64 {
	y := make([]float64, 0, len(x))
	for e := range n {
		for p := range pixels {
			for c := range channels {
				y = append(y, x[(e*channels+c)*pixels+p])
			}
		}
	}
	return y
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// TestConvBFloat16 bounds what rounding the operands does to values and weight gradients.
func TestConvBFloat16(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		g := tensor.Conv{Height: 9, Width: 9, Channels: 7, Kernel: 3, Stride: 2, Pad: 1}
		const n, out = 3, 20
		w := param("w", out, g.Patch())
		run := func(p tensor.Precision) [][]float32 {
			tp := tensor.NewTape()
			tp.Precision = p
			x := tp.Leaf(n, g.Size(), values(1, n*g.Size()))
			y := tensor.Conv2D(tp, x, w, nil, g)
			z := tensor.ConvTranspose2D(tp, y, w, nil, g)
			setGrad(z, values(3, n*g.Size()))
			tp.Unwind()
			return [][]float32{flat(y), flat(z), x.Grad(), tp.ParamGrad(w)}
		}
		whole, rounded := run(tensor.Float32), run(tensor.BFloat16)
		for k := range whole {
			largest, same := float32(0), true
			for _, v := range whole[k] {
				largest = max(largest, abs(v))
			}
			for i, v := range whole[k] {
				same = same && v == rounded[k][i]
				if abs(v-rounded[k][i]) > 0.02*largest {
					t.Fatalf("result %d, element %d: %g in float32, %g in bfloat16, largest %g", k, i, v, rounded[k][i], largest)
				}
			}
			if same {
				t.Errorf("result %d is the same in bfloat16: nothing was rounded", k)
			}
		}
	})
}

func TestConvRefuses(t *testing.T) {
	tp := tensor.NewTape()
	g := tensor.Conv{Height: 4, Width: 4, Channels: 1, Kernel: 3, Stride: 1}
	x, w := tp.Leaf(1, 16, make([]float32, 16)), param("w", 2, 9)
	for name, f := range map[string]func(){
		"too large a kernel": func() {
			tensor.Conv2D(tp, x, param("w", 2, 25), nil, tensor.Conv{Height: 4, Width: 4, Channels: 1, Kernel: 5, Stride: 1})
		},
		"no stride":         func() { tensor.Conv2D(tp, x, w, nil, tensor.Conv{Height: 4, Width: 4, Channels: 1, Kernel: 3}) },
		"other images":      func() { tensor.Conv2D(tp, tp.Leaf(1, 15, make([]float32, 15)), w, nil, g) },
		"other weights":     func() { tensor.Conv2D(tp, x, param("w", 2, 8), nil, g) },
		"other bias":        func() { tensor.Conv2D(tp, x, w, param("b", 3), g) },
		"transposed images": func() { tensor.ConvTranspose2D(tp, x, w, nil, g) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// convNet is the encoder and the decoder of a small network on images of 28×28, with batch images.
func convNet(batch int) (step func(backward bool), flops float64) {
	g1 := tensor.Conv{Height: 28, Width: 28, Channels: 1, Kernel: 4, Stride: 2, Pad: 1}
	g2 := tensor.Conv{Height: 14, Width: 14, Channels: 16, Kernel: 4, Stride: 2, Pad: 1}
	w1, w2 := param("w1", 16, g1.Patch()), param("w2", 32, g2.Patch())
	b1, b2, b3, b4 := param("b1", 16), param("b2", 32), param("b3", 16), param("b4", 1)
	images := values(1, batch*784)
	tp := tensor.NewTape()
	return func(backward bool) {
		tp.Reset(1, 1, 0)
		y := tensor.Conv2D(tp, tp.Const(batch, 784, images), w1, b1, g1)
		y = tensor.ReLU(tp, y)
		y = tensor.Conv2D(tp, y, w2, b2, g2)
		y = tensor.ReLU(tp, y)
		y = tensor.ConvTranspose2D(tp, y, w2, b3, g2)
		y = tensor.ReLU(tp, y)
		y = tensor.ConvTranspose2D(tp, y, w1, b4, g1)
		if backward {
			tp.Backward(tensor.Sum(tp, y), 1)
		}
	}, 2 * 2 * float64(batch) * float64(g1.Windows()*g1.Patch()*16+g2.Windows()*g2.Patch()*32)
}

func TestConvAllocatesNothing(t *testing.T) {
	step, _ := convNet(3)
	step(true)
	if n := testing.AllocsPerRun(10, func() { step(true) }); n > 20 {
		t.Errorf("%g allocations a step", n)
	}
}

// BenchmarkConv is the fastest step, forward and both, of 28×28×1 → 14×14×16 → 7×7×32 and back, for 64 images on one core, and what
// share of the machine's peak the products alone come to.
//
//	go test ./tensor -run - -bench Conv -cpu 1
func BenchmarkConv(b *testing.B) {
	step, flops := convNet(64)
	for _, backward := range []bool{false, true} {
		b.Run(map[bool]string{false: "forward", true: "both"}[backward], func(b *testing.B) {
			peak := 0.0
			for range 5 {
				began := time.Now()
				done := kernel.FMALoop(1 << 20)
				peak = max(peak, done/time.Since(began).Seconds())
			}
			fastest := math.Inf(1) // other programs may take their share of the rest
			for b.Loop() {
				began := time.Now()
				step(backward)
				fastest = min(fastest, time.Since(began).Seconds())
			}
			work := flops
			if backward {
				work = 3*flops - 2*64*196*16*16 // the images get no gradient
			}
			b.ReportMetric(1e3*fastest, "ms")
			b.ReportMetric(work/fastest/1e9, "GFLOP/s")
			b.ReportMetric(100*work/fastest/peak, "%peak")
		})
	}
}
