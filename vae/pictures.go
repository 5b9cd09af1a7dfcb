package vae

import (
	"math/rand/v2"

	"inkling/nn"
	"inkling/tensor"
)

// pictures are an encoder and a decoder of rows of numbers: two networks, and what the numbers mean that the second puts out.
type pictures struct {
	config Config
	up     network // means and log deviations of q, given x
	down   network // parameters of p(x|z), given z
	like   likelihood
}

func newPictures(c Config, rnd *rand.Rand) (*pictures, error) {
	net, err := netNamed(c.Net)
	if err != nil {
		return nil, err
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		return nil, err
	}
	p := &pictures{config: c, like: like, up: net.encoder(c, 2*c.Latent[0], rnd), down: net.decoder(c, c.Latent[0], like.width(c), rnd)}
	if c.Mean != nil {
		begins := make([]float32, like.width(c))
		like.begin(c, begins)
		for _, b := range p.down.outputs() {
			begins = begins[copy(b.Value, begins):]
			b.Changed()
		}
	}
	return p, nil
}

// pictureEncoder and pictureDecoder are its two sides.
type (
	pictureEncoder struct{ *pictures }
	pictureDecoder struct{ *pictures }
)

func (p pictureEncoder) Params() nn.Params { return p.up.params() }

func (p pictureDecoder) Params() nn.Params { return p.down.params() }

func (p *pictures) x(tp *tensor.Tape, b Batch) *tensor.Tensor {
	return tp.Const(b.Rows, p.config.Inputs(), b.X)
}

func (p pictureEncoder) Encode(tp *tensor.Tape, b Batch) *tensor.Tensor {
	return p.up.apply(tp, p.x(tp, b))
}

func (p pictureDecoder) LogLikelihood(tp *tensor.Tape, b Batch, z *tensor.Tensor) *tensor.Tensor {
	return p.like.logProb(tp, p.config, p.down.apply(tp, z), p.x(tp, b))
}

// show is the expectation of x given each row of z, or a draw from p(x|z) where rnd is not nil: [rows, Inputs].
func (p *pictures) show(tp *tensor.Tape, z *tensor.Tensor, rnd *rand.Rand) *tensor.Tensor {
	params := p.down.apply(tp, z)
	x := tp.New(z.Rows, p.config.Inputs(), false)
	for i := range x.Rows {
		if rnd == nil {
			p.like.mean(p.config, x.Row(i), params.Row(i))
		} else {
			p.like.sample(p.config, x.Row(i), params.Row(i), rnd)
		}
	}
	return x
}
