package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// MaxInformation is how many examples Information looks at: its work goes with their square.
const MaxInformation = 2000

// Information is how much a draw of z tells about which example it is of, in nats: the mutual information I_q of x and z under the examples
// and q(z|x) (Hoffman & Johnson 2016, "ELBO surgery"),
//
//	I_q = E_x KL(q(z|x) ‖ p(z)) − KL(q(z) ‖ p(z)) = E_x E_q(z|x) [log q(z|x) − log q(z)],   q(z) = (1/n) Σ_i q(z|x_i)
//
// whatever p is. The part of the divergence in the evidence lower bound that the encoder makes use of: 0 of one that has collapsed, whatever its
// divergence is, and at most log n of n examples, which is 7.6 of 2,000.
//
// means and logDeviations are those of independent Gaussians, [n, d] each; only the first MaxInformation rows count. z is drawn once for each
// example, of few as often as comes to MaxInformation draws, and both logarithms are taken at it, so that what they have in common is no noise:
// of examples that are far apart, and of a collapsed encoder, the result is exact. Cost: at most MaxInformation·n·d. NaN of no example.
//
// About these examples the mean over draws has no bias; where it comes out below 0, which chance makes of little information, 0 is given, since no
// information is less. About all that they are examples of it says too little: n of them cannot show more than log n, so a value near that
// is a lower bound. standardError is that of the draws, and somewhat too large: what differs between examples counts too.
func Information(means, logDeviations []float32, d int, seed uint64) (nats, standardError float64) {
	if d < 1 || len(means)%d != 0 || len(means) != len(logDeviations) {
		panic(fmt.Sprintf("eval: Information of %d means and %d log deviations in rows of %d", len(means), len(logDeviations), d))
	}
	n := min(len(means)/d, MaxInformation)
	inverse, norms := make([]float64, n*d), make([]float64, n) // 1/σ; −Σ log σ, as the rest of the normalizer is the same for all
	for k := range inverse {
		inverse[k] = math.Exp(-float64(logDeviations[k]))
		norms[k/d] -= float64(logDeviations[k])
	}
	rnd := rand.New(rand.NewPCG(seed, 0x1f))
	z, logs := make([]float64, d), make([]float64, n)
	draws := (MaxInformation + n - 1) / max(n, 1)
	sum, squares := 0.0, 0.0
	for k := range n * draws {
		i := k % n
		for j := range z {
			z[j] = float64(means[i*d+j]) + rnd.NormFloat64()/inverse[i*d+j]
		}
		top := math.Inf(-1)
		for other := range logs {
			squares := 0.0
			for j, v := range z {
				u := (v - float64(means[other*d+j])) * inverse[other*d+j]
				squares += u * u
			}
			logs[other] = norms[other] - squares/2
			top = max(top, logs[other])
		}
		all := 0.0
		for _, l := range logs {
			all += math.Exp(l - top)
		}
		told := logs[i] - top - math.Log(all/float64(n))
		sum, squares = sum+told, squares+told*told
	}
	all := float64(n * draws)
	mean := sum / all
	return max(0, mean), math.Sqrt(max(0, squares/all-mean*mean) / all)
}
