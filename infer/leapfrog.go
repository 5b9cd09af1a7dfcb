package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// A walker makes transitions of Hamiltonian Monte Carlo (S. Duane et al., 1987; R. Neal, "MCMC using Hamiltonian
// dynamics", 2011) for every row at once, each accepted or not by itself, that leave invariant
//
//	π(z) ∝ exp Σ weight·part(z)
//
// A transition draws a momentum p ~ N(0, I), follows the dynamics of the energy H = −log π(z) + |p|²/2 by a number of
// leapfrog steps of size ε, and accepts where that leads with probability min(1, exp(H − H')). Each row's ε is its group's, times
// a factor drawn in 1 ± jitter: with fixed trajectories a Gaussian whose period divides their length would never be left.
// The draw knows nothing of z, so it changes nothing of invariance.
//
// Values and gradients of the parts are kept apart, so that weights can change between transitions without looking at a
// density again: a transition costs one evaluation for each leapfrog step. All draws of a transition are made whether or not
// they are needed, so what happens to a row never reaches the random numbers of another.
type walker struct {
	parts               []Density
	weights             []float64
	rows, dim, leapfrog int
	rnd                 *rand.Rand
	here, there         point
	momentum            []float32 // [rows, dim]
	size, coin, energy  []float64 // of each row: ε in this transition, a uniform draw, H where it began
	accept              []float64 // of each row: the probability with which the last transition was accepted
	lost                []bool    // of each row: whether the trajectory left what numbers can say
	divergences         int       // trajectories so far that were lost, ended where none can be, or were off in energy
}

// A point is a place for every row and what the parts say there.
type point struct {
	z     []float32   // [rows, dim]
	value [][]float64 // of each part: [rows]
	grad  [][]float32 // of each part: [rows, dim]
}

const (
	jitter = 0.2
	// divergent is the error of the energy, in nats, from which a trajectory counts as lost: as Stan has it.
	divergent = 1000
)

func newWalker(leapfrog int, rnd *rand.Rand, parts ...Density) *walker {
	rows, dim := parts[0].Rows(), parts[0].Dim()
	newPoint := func() point {
		p := point{z: make([]float32, rows*dim)}
		for range parts {
			p.value = append(p.value, make([]float64, rows))
			p.grad = append(p.grad, make([]float32, rows*dim))
		}
		return p
	}
	return &walker{
		parts: parts, weights: make([]float64, len(parts)), rows: rows, dim: dim, leapfrog: leapfrog, rnd: rnd,
		here: newPoint(), there: newPoint(), momentum: make([]float32, rows*dim),
		size: make([]float64, rows), coin: make([]float64, rows), energy: make([]float64, rows),
		accept: make([]float64, rows), lost: make([]bool, rows),
	}
}

// begin puts all rows at z. It is an error where one is at a place that cannot be.
func (w *walker) begin(z []float32) error {
	copy(w.here.z, z)
	for k, v := range z {
		if v-v != 0 {
			return fmt.Errorf("row %d starts at %g, which is not finite", k/w.dim, v)
		}
	}
	w.look(&w.here)
	for i := range w.rows {
		if math.IsInf(w.logDensity(&w.here, i), -1) {
			return fmt.Errorf("row %d starts where its density is zero or not a number: start it elsewhere", i)
		}
	}
	return nil
}

func (w *walker) look(p *point) {
	for k, part := range w.parts {
		part.At(p.value[k], p.grad[k], p.z)
	}
}

// logDensity is log π of a row at a point, −∞ where it is not a number. A part with weight 0 has no say, even where it is −∞.
func (w *walker) logDensity(p *point, row int) float64 {
	sum := 0.0
	for k, weight := range w.weights {
		if weight != 0 {
			sum += weight * p.value[k][row]
		}
	}
	return logDensity(sum)
}

// kick moves a row's momentum along the gradient of log π at a point.
func (w *walker) kick(p *point, row int, size float64) {
	momentum := w.momentum[row*w.dim:][:w.dim]
	for k, weight := range w.weights {
		if weight == 0 {
			continue
		}
		factor := float32(size * weight)
		for j, g := range p.grad[k][row*w.dim:][:w.dim] {
			momentum[j] += factor * g
		}
	}
}

// drift moves a row along its momentum and reports whether it is still at finite numbers.
func (w *walker) drift(row int, size float64) bool {
	z, zero := w.there.z[row*w.dim:][:w.dim], float32(0)
	for j, p := range w.momentum[row*w.dim:][:w.dim] {
		z[j] += float32(size) * p
		zero += 0 * z[j]
	}
	return zero == 0
}

// hamiltonian is H of a row at a point with its momentum.
func (w *walker) hamiltonian(p *point, row int) float64 {
	squares := 0.0
	for _, v := range w.momentum[row*w.dim:][:w.dim] {
		squares += float64(v) * float64(v)
	}
	return squares/2 - w.logDensity(p, row)
}

// transition moves every row by one transition, row i with the step size steps[i/group].
func (w *walker) transition(steps []float64, group int) {
	for i := range w.rows {
		for j := range w.dim {
			w.momentum[i*w.dim+j] = float32(w.rnd.NormFloat64())
		}
		w.size[i] = steps[i/group] * (1 + jitter*(2*w.rnd.Float64()-1))
		w.coin[i] = w.rnd.Float64()
		w.energy[i] = w.hamiltonian(&w.here, i)
	}
	w.trajectory()
	for i := range w.rows {
		change := w.hamiltonian(&w.there, i) - w.energy[i] // −∞ from a place that cannot be, from where every place is accepted
		w.accept[i] = 0
		if w.lost[i] || !(change < divergent) {
			w.divergences++
			continue
		}
		w.accept[i] = math.Exp(min(0, -change))
		if w.coin[i] < w.accept[i] {
			w.move(&w.here, &w.there, i)
		}
	}
}

// trajectory follows the dynamics from here to there. A row is lost where its numbers are no longer finite; it then waits where it
// started, so that no density sees such numbers. One that crosses places that cannot be, and ends where it can, has done nothing
// wrong: the way back does the same.
func (w *walker) trajectory() {
	copy(w.there.z, w.here.z)
	for i := range w.rows {
		w.lost[i] = false
		w.kick(&w.here, i, w.size[i]/2)
	}
	for step := range w.leapfrog {
		for i := range w.rows {
			if !w.lost[i] && !w.drift(i, w.size[i]) {
				w.lose(i)
			}
		}
		w.look(&w.there)
		for i := range w.rows {
			size := w.size[i]
			if step == w.leapfrog-1 {
				size /= 2
			}
			w.kick(&w.there, i, size)
		}
	}
}

func (w *walker) lose(row int) {
	w.lost[row] = true
	copy(w.there.z[row*w.dim:][:w.dim], w.here.z[row*w.dim:][:w.dim])
}

// move makes a row of one point that of another.
func (w *walker) move(to, from *point, row int) {
	begin, end := row*w.dim, (row+1)*w.dim
	copy(to.z[begin:end], from.z[begin:end])
	for k := range w.parts {
		to.value[k][row] = from.value[k][row]
		copy(to.grad[k][begin:end], from.grad[k][begin:end])
	}
}
