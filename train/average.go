package train

import (
	"math"

	"inkling/internal/kernel"
	"inkling/internal/parallel"
)

// Averages of the weights over the steps (Polyak & Juditsky 1992; Ruppert 1988) as they are used for networks:
// an exponential moving average with decay d, which forgets where the run began. Its weights are
//
//	a_t = Σ_i d^(t−i)·w_i / Σ_i d^(t−i),   i = 1 … t
//
// The division makes up for there being only t terms, as in Adam (Kingma & Ba 2015, section 7.2); carried out
// at every step it costs nothing, since
//
//	a_t = a_{t−1} + c_t·(w_t − a_{t−1}),   c_t = (1−d) / (1−d^t)
//
// begins with a_1 = w_1, is the plain mean while t is far below 1/(1−d), and tends to the usual a + (1−d)·(w−a).
// So there is no step to choose at which to begin, and no share of the first weights that lingers. Rejected: to
// begin at w_0 without correction, of which d^t is left, 37 % after 1/(1−d) steps; and a trigger that begins
// at a plateau (NT-ASGD, Merity et al. 2018): of the raw weights and their average the better is kept at each
// validation anyhow.
//
// Cost: a float a weight, in the state as well, and one pass over the piece of weights that the optimizer has
// just written, so that it is in cache; and a second measurement at each validation.

// average moves the averages of a piece towards its weights after step t.
func (l *loop) average(p piece, t int) {
	c := averageShare(l.cfg.Average, t)
	a := l.averages[p.param][p.from:p.to]
	kernel.Scale(a, float32(1-c))
	kernel.Axpy(a, float32(c), l.params[p.param].Value[p.from:p.to])
}

// averageShare is c_t.
func averageShare(decay float64, t int) float64 {
	return (1 - decay) / (1 - math.Pow(decay, float64(t)))
}

// averaged calls f with the averages in the model and the weights in their place, and puts all back. Nobody
// else can see that: between steps no tape reads the weights, a state that is being written is a copy, and what
// was made of the weights, packed matrices and tables, is made anew by whoever looks at their version.
func (l *loop) averaged(f func() error) error {
	l.exchange()
	defer l.exchange()
	return f()
}

func (l *loop) exchange() {
	for _, pieces := range [][]piece{l.pieces, l.sparse} {
		parallel.For(l.workers, len(pieces), func(_, i int) {
			p := pieces[i]
			a := l.averages[p.param][p.from:p.to]
			for j, w := range l.params[p.param].Value[p.from:p.to] {
				l.params[p.param].Value[p.from+j], a[j] = a[j], w
			}
		})
	}
	for _, p := range l.params {
		p.Changed()
	}
}
