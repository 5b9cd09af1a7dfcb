package tensor

import (
	"fmt"
	"math"

	"inkling/internal/kernel"
)

// The ops of this file take diagonal Gaussians as one tensor q [n, 2d]: means first, then logarithms of standard deviations, as one
// product makes them. A tensor of samples [n·k, d] has k rows for each of q's.

const halfLogTwoPi = 0.91893853320467274178

func gaussians(op string, q *Tensor) (d int) {
	if q.Cols%2 != 0 {
		panic(fmt.Sprintf("tensor: %s with a %v, not means and log deviations side by side", op, q))
	}
	return q.Cols / 2
}

// repeats is how many rows of z belong to each of n.
func repeats(op string, z, n int) int {
	if n == 0 || z%n != 0 {
		panic(fmt.Sprintf("tensor: %s with %d rows for %d", op, z, n))
	}
	return z / n
}

// Reparametrize (Kingma & Welling 2014; Rezende et al. 2014) is z = μ + σ·noise, k samples of each row of q: noise is [n·k, d] long,
// standard normal, and the caller's. A gradient reaches μ as it is, and log σ multiplied by σ·noise.
func Reparametrize(tp *Tape, q *Tensor, noise []float32, k int) *Tensor {
	d := gaussians("Reparametrize", q)
	if len(noise) != q.Rows*k*d {
		panic(fmt.Sprintf("tensor: Reparametrize of a %v, %d times, with %d numbers of noise", q, k, len(noise)))
	}
	z := tp.New(q.Rows*k, d, q.Wanted())
	moved := tp.New(z.Rows, d, false) // σ·noise
	sigma := tp.Scratch(d)
	for i := range q.Rows {
		kernel.Exp(sigma, q.Row(i)[d:])
		for r := i * k; r < (i+1)*k; r++ {
			kernel.Mul(moved.Row(r), sigma, noise[r*d:(r+1)*d])
			copy(z.Row(r), q.Row(i)[:d])
			kernel.Add(z.Row(r), moved.Row(r))
		}
	}
	z.whenGrad(func(r int) {
		dq, dz := q.GradRow(r/k), z.GradRow(r)
		kernel.Add(dq[:d], dz)
		kernel.MulAdd(dq[d:], dz, moved.Row(r))
	})
	return z
}

// GaussianKL is KL(q ‖ N(0, 1)) in nats of each variable: ½(μ² + σ² − 1) − log σ, [n, d].
func GaussianKL(tp *Tape, q *Tensor) *Tensor {
	d := gaussians("GaussianKL", q)
	y := tp.New(q.Rows, d, q.Wanted())
	variance := tp.New(q.Rows, d, false)
	for i := range y.Rows {
		mean, log, v := q.Row(i)[:d], q.Row(i)[d:], variance.Row(i)
		for j := range v {
			v[j] = 2 * log[j]
		}
		kernel.Exp(v, v)
		for j, m := range mean {
			y.Row(i)[j] = 0.5*(m*m+v[j]-1) - log[j]
		}
	}
	y.whenGrad(func(i int) {
		mean, v, dq, dy := q.Row(i)[:d], variance.Row(i), q.GradRow(i), y.GradRow(i)
		for j, g := range dy {
			dq[j] += g * mean[j]
			dq[d+j] += g * (v[j] - 1)
		}
	})
	return y
}

// GaussianLogProb is log N(z; μ, σ) of each variable, [n·k, d], with a gradient to z and to q.
func GaussianLogProb(tp *Tape, z, q *Tensor) *Tensor {
	d, k := gaussians("GaussianLogProb", q), repeats("GaussianLogProb", z.Rows, q.Rows)
	if z.Cols != d {
		panic(fmt.Sprintf("tensor: GaussianLogProb of a %v with a %v", z, q))
	}
	y := tp.New(z.Rows, d, z.Wanted() || q.Wanted())
	inverse, from := tp.New(q.Rows, d, false), tp.New(z.Rows, d, false) // 1/σ; (z − μ)/σ
	for i := range q.Rows {
		mean, log, inv := q.Row(i)[:d], q.Row(i)[d:], inverse.Row(i)
		for j := range inv {
			inv[j] = -log[j]
		}
		kernel.Exp(inv, inv)
		for r := i * k; r < (i+1)*k; r++ {
			row, e := y.Row(r), from.Row(r)
			for j, v := range z.Row(r) {
				e[j] = (v - mean[j]) * inv[j]
				row[j] = -0.5*e[j]*e[j] - log[j] - halfLogTwoPi
			}
		}
	}
	y.whenGrad(func(r int) {
		inv, e, dy := inverse.Row(r/k), from.Row(r), y.GradRow(r)
		if z.Wanted() {
			dz := z.GradRow(r)
			for j, g := range dy {
				dz[j] -= g * e[j] * inv[j]
			}
		}
		if q.Wanted() {
			dq := q.GradRow(r / k)
			for j, g := range dy {
				dq[j] += g * e[j] * inv[j]
				dq[d+j] += g * (e[j]*e[j] - 1)
			}
		}
	})
	return y
}

// NormalLogProb is log N(z; 0, 1) of each element.
func NormalLogProb(tp *Tape, z *Tensor) *Tensor {
	y := tp.New(z.Rows, z.Cols, z.Wanted())
	for i := range y.Rows {
		for j, v := range z.Row(i) {
			y.Row(i)[j] = -0.5*v*v - halfLogTwoPi
		}
	}
	y.whenGrad(func(i int) {
		dz, v := z.GradRow(i), z.Row(i)
		for j, g := range y.GradRow(i) {
			dz[j] -= g * v[j]
		}
	})
	return y
}

// FreeBits (Kingma et al. 2016) is Σ_j max(n·λ, Σ_i kl[i, j]), a scalar: a variable that tells less than λ nats on the mean over the
// rows is not pushed down any further, since no gradient reaches it.
func FreeBits(tp *Tape, kl *Tensor, lambda float32) *Tensor {
	sums := tp.Scratch(kl.Cols)
	clear(sums)
	for i := range kl.Rows {
		kernel.Add(sums, kl.Row(i))
	}
	floor := float32(kl.Rows) * lambda
	total := 0.0
	for _, s := range sums {
		total += math.Max(float64(s), float64(floor))
	}
	y := tp.New(1, 1, kl.Wanted())
	y.Data[0] = float32(total)
	y.whenGrad(func(int) {
		g := y.Grad()[0]
		for i := range kl.Rows {
			dkl := kl.GradRow(i)
			for j, s := range sums {
				if s > floor {
					dkl[j] += g
				}
			}
		}
	})
	return y
}
