package vae

import (
	"fmt"
	"math/rand/v2"

	"inkling/nn"
)

// Model is a VAE: for each stochastic layer a network of the encoder, which gives q(z_l | z_{l−1}) with z_0 = x, and one of the decoder,
// p(z_{l−1} | z_l). The prior of the last layer is N(0, I).
type Model struct {
	Config   Config
	encoders []network // means and log deviations of layer l, given the layer below
	decoders []network // of what is below layer l: parameters of p(x|z) for the first, means and log deviations for others
	like     likelihood
	params   nn.Params
}

// New makes a model with random weights.
func New(c Config) (*Model, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	net, err := netNamed(c.Net)
	if err != nil {
		return nil, err
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		return nil, err
	}
	rnd := rand.New(rand.NewPCG(c.Seed, 0xae))
	m := &Model{Config: c, like: like}
	m.encoders = append(m.encoders, net.encoder(c, 2*c.Latent[0], rnd))
	m.decoders = append(m.decoders, net.decoder(c, c.Latent[0], like.width(c), rnd))
	if c.Mean != nil {
		bias := lastBias(m.decoders[0])
		like.begin(c, bias.Value)
		bias.Changed()
	}
	for l := 1; l < len(c.Latent); l++ {
		below, d, hidden := c.Latent[l-1], c.Latent[l], c.Hidden[l]
		m.encoders = append(m.encoders, newLayers(fmt.Sprintf("encoder.%d", l), c.Activation, below, hidden, 2*d, rnd))
		m.decoders = append(m.decoders, newLayers(fmt.Sprintf("decoder.%d", l), c.Activation, d, reversed(hidden), 2*below, rnd))
	}
	m.Config.Mean, m.Config.Deviation = nil, nil
	m.params = append(m.EncoderParams(), m.DecoderParams()...)
	return m, nil
}

// Params lists the parameters: encoder.0.…, encoder.1.…, decoder.0.…, decoder.1.….
func (m *Model) Params() nn.Params { return m.params }

// EncoderParams are those of q(z|x).
func (m *Model) EncoderParams() nn.Params { return paramsOf(m.encoders) }

// DecoderParams are those of p(x|z) and p(z).
func (m *Model) DecoderParams() nn.Params { return paramsOf(m.decoders) }

func paramsOf(nets []network) (ps nn.Params) {
	for _, n := range nets {
		ps = append(ps, n.params()...)
	}
	return ps
}
