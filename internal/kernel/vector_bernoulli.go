package kernel

import "math"

// Bernoulli is the log-probability of x, each in [0, 1], under independent Bernoulli variables of finite logits l:
//
//	Σ x[i]·l[i] − log(1+e^l[i]) = Σ x[i]·l[i] − max(l[i], 0) − log(1+e^−|l[i]|)
//
// and sets d[i] to its derivative by l[i], x[i] − σ(l[i]). d may be l or x.
//
// The logarithms are one: of the product of 1+e^−|l|, which no 500 factors can bring out of a float64, nor the lanes of
// a vector out of a float32. So an element costs an exponential, a division and little more. The product is known to
// 2⁻²⁵ a factor, which makes as many nats: what is lost is Σ log(1+e^−|l|) of elements that are known to a certainty
// beyond 10⁻⁷.
func Bernoulli(d, l, x []float32) float64 {
	same(d, l)
	same(x, l)
	total := 0.0
	for len(l) > 0 {
		n := min(len(l), 504)
		total += active.bernoulli(d[:n], l[:n], x[:n])
		d, l, x = d[n:], l[n:], x[n:]
	}
	return total
}

func bernoulliGo(d, l, x []float32) float64 {
	total := 0.0
	for i, v := range l {
		y, logit := x[i], float64(v)
		total += float64(y)*logit - max(logit, 0) - math.Log1p(math.Exp(-math.Abs(logit)))
		d[i] = y - sigmoidf(v)
	}
	return total
}

var ones = [16]float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}

// logProduct is the logarithm of the product of all lanes.
func logProduct(p *[16]float32) float64 {
	product := 1.0
	for _, v := range p {
		product *= float64(v)
	}
	return math.Log(product)
}
