package vae

import (
	"fmt"
	"math/rand/v2"

	"inkling/nn"
)

// Model is a VAE: next to the data an encoder, which gives q(z_1|x), and a decoder, p(x|z_1); for each stochastic layer above the first a
// network that gives q(z_l | z_{l−1}) and one that gives p(z_{l−1} | z_l). The prior of the last layer is N(0, I).
type Model struct {
	Config   Config
	encoder  Encoder
	decoder  Decoder
	up, down []network // of layer l at l−2: means and log deviations of q of that layer, and of p of the one below
	pictures *pictures // what encoder and decoder are made of, where x is a picture
	atOnce   int       // samples of an example that are decoded at a time
	params   nn.Params
}

// New makes a model of pictures with random weights.
func New(c Config) (*Model, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	rnd := seeded(c)
	p, err := newPictures(c, rnd)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: c, encoder: pictureEncoder{p}, decoder: pictureDecoder{p}, pictures: p, atOnce: DrawnAtOnce}
	m.between(rnd)
	m.Config.Mean, m.Config.Deviation = nil, nil
	p.config = m.Config
	return m, nil
}

func seeded(c Config) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, 0xae)) }

// between makes the networks of layers above the first.
func (m *Model) between(rnd *rand.Rand) {
	c := m.Config
	for l := 1; l < len(c.Latent); l++ {
		below, d, hidden := c.Latent[l-1], c.Latent[l], c.Hidden[l]
		m.up = append(m.up, newLayers(fmt.Sprintf("encoder.%d", l), c.Activation, below, hidden, 2*d, rnd))
		m.down = append(m.down, newLayers(fmt.Sprintf("decoder.%d", l), c.Activation, d, reversed(hidden), 2*below, rnd))
	}
	m.params = append(m.EncoderParams(), m.DecoderParams()...)
}

// Params lists the parameters: encoder.0.…, encoder.1.…, decoder.0.…, decoder.1.….
func (m *Model) Params() nn.Params { return m.params }

// EncoderParams are those of q(z|x).
func (m *Model) EncoderParams() nn.Params { return withThose(m.encoder.Params(), m.up) }

// DecoderParams are those of p(x|z) and p(z).
func (m *Model) DecoderParams() nn.Params { return withThose(m.decoder.Params(), m.down) }

func withThose(of nn.Params, nets []network) nn.Params {
	ps := append(nn.Params{}, of...)
	for _, n := range nets {
		ps = append(ps, n.params()...)
	}
	return ps
}
