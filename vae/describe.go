package vae

import (
	"fmt"
	"strings"
)

// Describe is the model in words: "784–200–200–50, tanh, bernoulli, 416,584 weights". c is complete.
func (c Config) Describe() string {
	sizes := []string{fmt.Sprint(c.Inputs())}
	for l, d := range c.Latent {
		for _, h := range c.Hidden[l] {
			sizes = append(sizes, fmt.Sprint(h))
		}
		sizes = append(sizes, fmt.Sprintf("[%d]", d))
	}
	return fmt.Sprintf("%s %s, %s, %s, %d weights", c.Net, strings.Join(sizes, "–"), c.Activation, c.Likelihood, c.Weights())
}

// Describe is the objective in words. o is complete.
func (o Objective) Describe() string {
	s := o.Name
	if o.K > 1 {
		s += fmt.Sprintf(", %d samples of each example", o.K)
	}
	if o.Beta != 1 && o.Name == "elbo" {
		s += fmt.Sprintf(", the divergence times %g", o.Beta)
	}
	if o.FreeBits > 0 {
		s += fmt.Sprintf(", %g nats of each variable free", o.FreeBits)
	}
	if o.FreeRate > 0 {
		s += fmt.Sprintf(", %g nats of all variables together free", o.FreeRate)
	}
	if o.Sampled {
		s += ", the divergence at the sample"
	}
	if o.Anneal != "" {
		s += fmt.Sprintf(", %s annealing by %g passes", o.Anneal, o.Warm)
	}
	if o.Aggressive {
		s += ", the encoder trained ahead of the decoder"
	}
	return s
}

// Weighted says whether the objective is the importance-weighted bound.
func (o Objective) Weighted() bool { return o.Name == "iwae" || o.Name == "dreg" }
