package tables

import (
	"math/rand/v2"

	"inkling/vae"
)

// Model is a VAE of the rows of a table. Batches carry *Rows.
type Model struct {
	*vae.Model
	Table   Config // complete
	Columns []*Column
	encoder *encoder
	decoder *decoder
}

// New makes a model of columns with random weights. It begins with what the columns say by themselves, each independent of the others.
func New(c Config, columns []*Column) (*Model, error) {
	if err := c.Complete(columns); err != nil {
		return nil, err
	}
	m := &Model{Table: c, Columns: columns}
	rnd := rand.New(rand.NewPCG(c.Seed, 0x7ab1e))
	m.encoder = newEncoder(&m.Table, columns, rnd)
	var err error
	if m.decoder, err = newDecoder(&m.Table, columns, rnd); err != nil {
		return nil, err
	}
	m.Model, err = vae.Compose(c.latents(), c.Costs(columns), m.encoder, m.decoder)
	return m, err
}
