package vae

// shapes are the weight matrices [rows, cols] of the encoder and of the decoder, each with a bias for each row. c is complete.
func (c Config) shapes() (encoder, decoder [][2]int) {
	net, err := netNamed(c.Net)
	if err != nil {
		panic("vae: " + err.Error())
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		panic("vae: " + err.Error())
	}
	encoder, decoder = net.encoderShapes(c, 2*c.Latent[0]), net.decoderShapes(c, c.Latent[0], like.width(c))
	for l := 1; l < len(c.Latent); l++ {
		up, down := c.between(l)
		encoder, decoder = append(encoder, up...), append(decoder, down...)
	}
	return encoder, decoder
}

// Weights counts the parameters, before there are any. c is complete.
func (c Config) Weights() (n int64) {
	encoder, decoder := c.shapes()
	for _, s := range append(encoder, decoder...) {
		n += int64(s[0]) * int64(s[1]+1)
	}
	return n
}
