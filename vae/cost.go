package vae

// layers are those of the encoder and of the decoder. c is complete.
func (c Config) layers() (encoder, decoder []layer) {
	net, err := netNamed(c.Net)
	if err != nil {
		panic("vae: " + err.Error())
	}
	like, err := likelihoodNamed(c.Likelihood)
	if err != nil {
		panic("vae: " + err.Error())
	}
	encoder, decoder = net.encoderLayers(c, 2*c.Latent[0]), net.decoderLayers(c, c.Latent[0], like.width(c))
	for l := 1; l < len(c.Latent); l++ {
		up, down := c.between(l)
		encoder, decoder = append(encoder, up...), append(decoder, down...)
	}
	return encoder, decoder
}

// Weights counts the parameters, before there are any. c is complete.
func (c Config) Weights() (n int64) {
	encoder, decoder := c.layers()
	for _, l := range append(encoder, decoder...) {
		n += l.weights()
	}
	return n
}
