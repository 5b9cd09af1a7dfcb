package vae

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/nn"
	"inkling/tensor"
)

// A network maps rows of one width to rows of another.
type network interface {
	params() nn.Params
	apply(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor
	outputs() []*tensor.Param // biases of what it puts out, in the order of that
}

// A net is a kind of network next to the data: the encoder up to the first stochastic layer, and the decoder from it.
type net interface {
	about() part
	usual() []int           // Hidden[0] unless something else is asked for
	settle(c *Config) error // refuses what it does not have

	// encoder maps an example to out numbers, decoder in numbers to out, which are as many for each number of an example.
	encoder(c Config, out int, rnd *rand.Rand) network
	decoder(c Config, in, out int, rnd *rand.Rand) network

	// encoderLayers and decoderLayers say the same before there are weights.
	encoderLayers(c Config, out int) []layer
	decoderLayers(c Config, in, out int) []layer

	// encoderResults and decoderResults count what rows through an encoder or a decoder make on a tape, which is what they put out and all
	// between. What a decoder puts out has no gradient of its own: the likelihood writes that over it.
	encoderResults(t *tally, c Config, out int, rows int64)
	decoderResults(t *tally, c Config, in, out int, rows int64)
}

// nets are the kinds there are, the default first. A new one is a file and a line here.
var nets = []net{dense{}, conv{}}

// Nets lists the kinds of network.
func Nets() []part { return abouts(nets) }

func netNamed(name string) (net, error) { return named("network", nets, name) }

func abouts[T interface{ about() part }](list []T) (parts []part) {
	for _, p := range list {
		parts = append(parts, p.about())
	}
	return parts
}

// dense is layers in which everything is connected with everything.
type dense struct{}

func (dense) about() part {
	return part{"dense", "layers in which every number is connected with every other"}
}

func (dense) usual() []int { return []int{200, 200} }

func (dense) settle(*Config) error { return nil }

func (dense) encoder(c Config, out int, rnd *rand.Rand) network {
	return newLayers("encoder.0", c.Activation, c.Inputs(), c.Hidden[0], out, rnd)
}

func (dense) decoder(c Config, in, out int, rnd *rand.Rand) network {
	return newLayers("decoder.0", c.Activation, in, reversed(c.Hidden[0]), out, rnd)
}

func (dense) encoderLayers(c Config, out int) []layer {
	return denseLayers(c.Inputs(), c.Hidden[0], out)
}

func (dense) decoderLayers(c Config, in, out int) []layer {
	return denseLayers(in, reversed(c.Hidden[0]), out)
}

func (n dense) encoderResults(t *tally, c Config, out int, rows int64) {
	t.layers(n.encoderLayers(c, out), rows, false)
}

func (n dense) decoderResults(t *tally, c Config, in, out int, rows int64) {
	t.layers(n.decoderLayers(c, in, out), rows, true)
}

// An activation is what stands between two products.
type activation struct {
	name string
	gain float64 // of the weights before it
	f    func(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor
}

var activations = []activation{{"tanh", 1, tensor.Tanh}, {"relu", math.Sqrt2, tensor.ReLU}}

func activationNamed(name string) (a activation, err error) {
	for _, a := range activations {
		if a.name == name {
			return a, nil
		}
	}
	return a, fmt.Errorf("no activation %.64q: choose tanh or relu", name)
}

// layers is a chain of products with an activation between two of them.
type layers struct {
	weights, biases []*tensor.Param
	between         activation
}

// newLayers draws weights as Glorot & Bengio (2010) say, times the activation's gain; the last are a tenth of that, so that q begins near
// the prior, and p near what the bias says.
func newLayers(name, between string, in int, hidden []int, out int, rnd *rand.Rand) *layers {
	act, err := activationNamed(between)
	if err != nil {
		panic("vae: " + err.Error())
	}
	n := &layers{between: act}
	for i, l := range denseLayers(in, hidden, out) {
		gain := act.gain
		if i == len(hidden) {
			gain = 0.1
		}
		w := tensor.NewParam(fmt.Sprintf("%s.%d.weight", name, i), l.rows, l.cols)
		n.weights = append(n.weights, nn.Uniform(w, gain*math.Sqrt(6/float64(l.rows+l.cols)), rnd))
		n.biases = append(n.biases, tensor.NewParam(fmt.Sprintf("%s.%d.bias", name, i), l.rows))
	}
	return n
}

func (n *layers) params() (ps nn.Params) {
	for i, w := range n.weights {
		ps = append(ps, w, n.biases[i])
	}
	return ps
}

func (n *layers) apply(tp *tensor.Tape, x *tensor.Tensor) *tensor.Tensor {
	for i, w := range n.weights {
		if i > 0 {
			x = n.between.f(tp, x)
		}
		x = tensor.Linear(tp, x, w, n.biases[i])
	}
	return x
}

func (n *layers) outputs() []*tensor.Param { return n.biases[len(n.biases)-1:] }

func reversed(x []int) []int {
	y := make([]int, len(x))
	for i, v := range x {
		y[len(x)-1-i] = v
	}
	return y
}
