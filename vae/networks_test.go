package vae

// encoders are the networks of a model of pictures that give q, from the data up.
func (m *Model) encoders() []network { return append([]network{m.pictures.up}, m.up...) }

// decoders are those that give p, from the data up.
func (m *Model) decoders() []network { return append([]network{m.pictures.down}, m.down...) }
