package vae

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/nn"
	"inkling/tensor"
)

// conv is convolutions, which see a picture window by window and say the same of a thing wherever it is, and one layer in which everything is
// connected, between them and z. Hidden[0] has the channels of the convolutions, from the picture on, and then the size of that layer. Each
// convolution halves height and width, with windows of 4 × 4 pixels, 2 apart and one of them outside (Radford et al. 2016); the
// decoder has the same ones transposed, so that it comes back to exactly the size that was there. A side of one pixel cannot be halved: with
// windows of 3 × 3 it stays what it is.
//
// What a decoder puts out is a transposed convolution for each part of the parameters: means come first and scales after them, and a
// convolution has the numbers of a pixel side by side. Their bias has a number for each of a picture, not for each channel, since it is
// what a model knows before it has learned anything: where there is ever ink.
type conv struct{}

func (conv) about() part {
	return part{"conv", "convolutions, for pictures: --hidden has their channels, and last a layer in which everything is connected"}
}

func (conv) usual() []int { return []int{32, 64, 256} }

// maxNumbers bounds what a layer makes of an example.
const maxNumbers = 1 << 24

func (conv) settle(c *Config) error {
	if len(c.Hidden[0]) < 2 {
		return errors.New("network conv with fewer than 2 layers: it takes the channels of at least one convolution, and the size of the layer after them")
	}
	for _, l := range convolutions(*c) {
		if n := l.g.Windows() * l.out; n > maxNumbers {
			return fmt.Errorf("a convolution that makes %d numbers of an example: at most %d, so give it fewer channels", n, maxNumbers)
		}
	}
	return nil
}

// convolution is one of the encoder: the images that it looks at, and the channels that it makes.
type convolution struct {
	g   tensor.Conv
	out int
}

// convolutions are those of the encoder, from the picture on.
func convolutions(c Config) (list []convolution) {
	height, width, channels := c.Height, c.Width, c.Channels
	for _, out := range c.Hidden[0][:len(c.Hidden[0])-1] {
		g := tensor.Conv{Height: height, Width: width, Channels: channels, Kernel: 4, Stride: 2, Pad: 1}
		if height == 1 || width == 1 {
			g.Kernel = 3
		}
		list = append(list, convolution{g, out})
		height, width, channels = g.OutHeight(), g.OutWidth(), out
	}
	return list
}

// encoderLayers are the layers up to out numbers.
func (conv) encoderLayers(c Config, out int) (list []layer) {
	flat := 0
	for _, l := range convolutions(c) {
		list = append(list, layer{kind: windowed, g: l.g, rows: l.out, cols: l.g.Patch(), bias: l.out, out: l.g.Windows() * l.out})
		flat = l.g.Windows() * l.out
	}
	return append(list, denseLayers(flat, c.Hidden[0][len(c.Hidden[0])-1:], out)...)
}

// decoderLayers are those from in numbers; the last stands for as many as there are parts, side by side, each of which makes an equal share of
// out.
func (conv) decoderLayers(c Config, in, out int) []layer {
	up := convolutions(c)
	first := up[len(up)-1]
	list := denseLayers(in, c.Hidden[0][len(c.Hidden[0])-1:], first.g.Windows()*first.out)
	parts := partsOf(c)
	for i, l := range slices.Backward(up) {
		bias := l.g.Channels
		if i == 0 {
			l.g.Channels *= out / parts / c.Inputs()
			bias = l.g.Size()
		}
		list = append(list, layer{kind: transposed, g: l.g, rows: l.out, cols: l.g.Patch(), bias: bias, out: l.g.Size()})
	}
	for range parts - 1 {
		list = append(list, list[len(list)-1])
	}
	return list
}

func partsOf(c Config) int {
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		panic("vae: " + err.Error())
	}
	return like.parts()
}

func (n conv) encoder(c Config, out int, rnd *rand.Rand) network {
	return newConvolutional("encoder.0", c.Activation, n.encoderLayers(c, out), 1, rnd)
}

func (n conv) decoder(c Config, in, out int, rnd *rand.Rand) network {
	return newConvolutional("decoder.0", c.Activation, n.decoderLayers(c, in, out), partsOf(c), rnd)
}

// convolutional is a chain of layers with an activation between two of them, of which the last ones, as many as there are parts, stand side by
// side.
type convolutional struct {
	list    []layer
	weights []*tensor.Param
	biases  []*tensor.Param
	between activation
	parts   int
}

// newConvolutional draws weights so that each number varies as much as those that it is made of (LeCun et al. 1998), times the activation's
// gain; the last are a tenth of that, as those of newLayers are.
func newConvolutional(name, between string, list []layer, parts int, rnd *rand.Rand) *convolutional {
	act, err := activationNamed(between)
	if err != nil {
		panic("vae: " + err.Error())
	}
	n := &convolutional{list: list, between: act, parts: parts}
	for i, l := range list {
		gain := act.gain
		if i >= len(list)-parts {
			gain = 0.1
		}
		w := tensor.NewParam(fmt.Sprintf("%s.%d.weight", name, i), l.rows, l.cols)
		n.weights = append(n.weights, nn.Uniform(w, gain*math.Sqrt(3/l.fanIn()), rnd))
		n.biases = append(n.biases, tensor.NewParam(fmt.Sprintf("%s.%d.bias", name, i), l.bias))
	}
	return n
}

// fanIn is how many numbers one of those that a layer makes is made of, but at the edges.
func (l layer) fanIn() float64 {
	if l.kind == transposed { // the windows that a pixel lies in
		return float64(l.rows*l.g.Kernel*l.g.Kernel) / float64(l.g.Stride*l.g.Stride)
	}
	return float64(l.cols)
}

func (n *convolutional) params() (ps nn.Params) {
	for i, w := range n.weights {
		ps = append(ps, w, n.biases[i])
	}
	return ps
}

func (n *convolutional) outputs() []*tensor.Param { return n.biases[len(n.biases)-n.parts:] }

func (n *convolutional) apply(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor {
	last := len(n.list) - n.parts
	for i := range last {
		x = n.between.f(tp, n.layer(tp, x, i))
	}
	if n.parts == 1 {
		return n.layer(tp, x, last)
	}
	var parts []*tensor.Tensor
	for i := last; i < len(n.list); i++ {
		parts = append(parts, n.layer(tp, x, i))
	}
	return tensor.ConcatCols(tp, parts...)
}

func (n *convolutional) layer(tp *tensor.Tape, x *tensor.Tensor, i int) *tensor.Tensor {
	switch l := n.list[i]; l.kind {
	case windowed:
		return tensor.Conv2D(tp, x, n.weights[i], n.biases[i], l.g)
	case transposed:
		return tensor.ConvTranspose2D(tp, x, n.weights[i], n.biases[i], l.g)
	}
	return tensor.Linear(tp, x, n.weights[i], n.biases[i])
}

func (n conv) encoderResults(t *tally, c Config, out int, rows int64) {
	t.layers(n.encoderLayers(c, out), rows, false)
}

func (n conv) decoderResults(t *tally, c Config, in, out int, rows int64) {
	list, parts := n.decoderLayers(c, in, out), partsOf(c)
	t.layers(list, rows, parts == 1)
	if parts > 1 { // the layers at the end have no activation between them, and all that they make is put together
		t.flows(1-parts, rows, list[len(list)-1].out)
		t.results(1, rows, out)
	}
}
