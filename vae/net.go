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
}

// A net is a kind of network next to the data: the encoder up to the first stochastic layer, and the decoder from it.
type net interface {
	about() part
	settle(c *Config) error // sets its defaults, and refuses what it does not have

	// encoder maps an example to out numbers, decoder in numbers to out, which are as many for each number of an example.
	encoder(c Config, out int, rnd *rand.Rand) network
	decoder(c Config, in, out int, rnd *rand.Rand) network

	// shapes are the weight matrices [rows, cols] of an encoder of out numbers and a decoder of in to out; each has a bias for each row.
	encoderShapes(c Config, out int) [][2]int
	decoderShapes(c Config, in, out int) [][2]int

	// encoderResults and decoderResults count what rows through an encoder or a decoder make on a tape, which is what they put out and all
	// between. What a decoder puts out has no gradient of its own: the likelihood writes that over it.
	encoderResults(t *tally, c Config, out int, rows int64)
	decoderResults(t *tally, c Config, in, out int, rows int64)
}

// nets are the kinds there are, the default first. A new one is a file and a line here.
var nets = []net{dense{}}

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

func (dense) settle(*Config) error { return nil }

func (dense) encoder(c Config, out int, rnd *rand.Rand) network {
	return newLayers("encoder.0", c.Activation, c.Inputs(), c.Hidden[0], out, rnd)
}

func (dense) decoder(c Config, in, out int, rnd *rand.Rand) network {
	return newLayers("decoder.0", c.Activation, in, reversed(c.Hidden[0]), out, rnd)
}

func (dense) encoderShapes(c Config, out int) [][2]int { return chain(c.Inputs(), c.Hidden[0], out) }

func (dense) decoderShapes(c Config, in, out int) [][2]int {
	return chain(in, reversed(c.Hidden[0]), out)
}

func (n dense) encoderResults(t *tally, c Config, out int, rows int64) {
	t.layers(n.encoderShapes(c, out), rows, false)
}

func (n dense) decoderResults(t *tally, c Config, in, out int, rows int64) {
	t.layers(n.decoderShapes(c, in, out), rows, true)
}

// chain are the weight matrices of layers.
func chain(in int, hidden []int, out int) (shapes [][2]int) {
	for _, size := range append(append([]int(nil), hidden...), out) {
		shapes = append(shapes, [2]int{size, in})
		in = size
	}
	return shapes
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
	for i, shape := range chain(in, hidden, out) {
		gain := act.gain
		if i == len(hidden) {
			gain = 0.1
		}
		w := tensor.NewParam(fmt.Sprintf("%s.%d.weight", name, i), shape[0], shape[1])
		n.weights = append(n.weights, nn.Uniform(w, gain*math.Sqrt(6/float64(shape[0]+shape[1])), rnd))
		n.biases = append(n.biases, tensor.NewParam(fmt.Sprintf("%s.%d.bias", name, i), shape[0]))
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

// lastBias is the bias of what a network puts out.
func lastBias(n network) *tensor.Param {
	ps := n.params()
	return ps[len(ps)-1]
}

func reversed(x []int) []int {
	y := make([]int, len(x))
	for i, v := range x {
		y[len(x)-1-i] = v
	}
	return y
}
