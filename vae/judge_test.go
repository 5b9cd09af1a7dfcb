package vae

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"inkling/data"
)

// greyExamples are n pictures of 3×3, grey, to be binarized.
func greyExamples(t testing.TB, n int) Pictures {
	t.Helper()
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, []uint32{0x803, uint32(n), 3, 3})
	rnd := rand.New(rand.NewPCG(8, 8))
	for range n * 9 {
		b.WriteByte(byte(rnd.IntN(256)))
	}
	file := filepath.Join(t.TempDir(), "pictures.idx")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := data.OpenImages(file, data.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return Pictures{Images: set.Train, Binarize: "dynamic", Seed: 3}
}

func TestExamplesStayTheSame(t *testing.T) {
	e := greyExamples(t, 50)
	x := e.Rows(0, 50)
	if !reflect.DeepEqual(x[20*9:30*9], e.Rows(20, 30)) {
		t.Error("an example depends on which others are read")
	}
	white, grey := 0.0, 0.0
	own := make([]float32, 9)
	for i := range 50 {
		e.Images.Read(own, i)
		for j, v := range own {
			if b := x[i*9+j]; b != 0 && b != 1 {
				t.Fatalf("a number is %g", b)
			}
			white, grey = white+float64(x[i*9+j]), grey+float64(v)
		}
	}
	if math.Abs(white-grey) > 4*math.Sqrt(450.0/6) {
		t.Errorf("%g are white, %g were to be expected", white, grey)
	}
}

// TestImportance holds bounds against the formula in float64, with the very draws: with one of them it is the sampled bound.
func TestImportance(t *testing.T) {
	for _, latent := range [][]int{{2}, {1, 1}, {3, 2}} {
		s, e := newSpelled(t, 9, latent...), greyExamples(t, 5)
		for _, k := range []int{1, 3, DrawnAtOnce + 2} {
			bounds, err := s.Importance(context.Background(), e, k, 7, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range bounds {
				rnd, x := rand.New(rand.NewPCG(7^0x1a, uint64(i))), wide(e.Rows(i, i+1))
				total := math.Inf(-1)
				for at := 0; at < k; at += DrawnAtOnce {
					n := min(DrawnAtOnce, k-at)
					z := make([][]float64, n)
					for l, d := range s.Config.Latent { // drawn layer by layer
						noise := make([]float32, n*d)
						normal(noise, rnd)
						for r := range z {
							from := x
							if l > 0 {
								from = z[r][len(z[r])-s.Config.Latent[l-1]:]
							}
							q := s.net(s.encoders()[l], from)
							for j := range d {
								z[r] = append(z[r], q[j]+math.Exp(q[d+j])*float64(noise[r*d+j]))
							}
						}
					}
					for _, own := range z {
						total = logAdd(total, s.joint(x, own)-s.approximate(x, own))
					}
				}
				if want := total - math.Log(float64(k)); math.Abs(got-want) > 1e-3 {
					t.Errorf("%v: %d samples of example %d give %g, want %g", latent, k, i, got, want)
				}
			}
		}
	}
}

// TestBoundAndDivergenceAreEvidence: ELBO + KL(q(z|x) ‖ p(z|x)) = log p(x), the two last by quadrature.
func TestBoundAndDivergenceAreEvidence(t *testing.T) {
	for _, latent := range [][]int{{2}, {1, 1}} {
		s, e := newSpelled(t, 10, latent...), greyExamples(t, 4)
		const rounds = 1500
		sums, squares := make([]float64, 4), make([]float64, 4)
		for seed := range uint64(rounds) {
			j, err := s.Judge(context.Background(), e, seed)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range j.Bound() {
				sums[i], squares[i] = sums[i]+b, squares[i]+b*b
			}
		}
		for i := range sums {
			x := wide(e.Rows(i, i+1))
			truth, divergence, mass := s.evidenceOf(x), 0.0, 0.0
			area := plane(func(z []float64) {
				q := s.approximate(x, z)
				divergence += math.Exp(q) * (q - s.joint(x, z) + truth)
				mass += math.Exp(q)
			})
			if math.Abs(mass*area-1) > 1e-3 {
				t.Fatalf("%v: q has a mass of %g on the grid", latent, mass*area)
			}
			mean := sums[i] / rounds
			chance := math.Sqrt((squares[i]/rounds - mean*mean) / rounds)
			t.Logf("%v: ELBO %.4f ± %.4f, KL(q ‖ posterior) %.4f, log p(x) %.4f", latent, mean, chance, divergence*area, truth)
			if off := mean + divergence*area - truth; math.Abs(off) > 4*chance+1e-3 || chance > 0.1 {
				t.Errorf("%v: ELBO and divergence from the posterior are %.4f off log p(x), with a standard error of %.4f", latent, off, chance)
			}
		}
	}
}

// TestJudgeAddsUp: what is said of variables is what is said of examples, on more of them than are judged at once.
func TestJudgeAddsUp(t *testing.T) {
	s, e := newSpelled(t, 11, 3, 2), greyExamples(t, 2*judgedAtOnce+5)
	j, err := s.Judge(context.Background(), e, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := float64(e.Len())
	byVariable, byExample := 0.0, 0.0
	for _, layer := range j.Variables {
		for _, v := range layer {
			byVariable += v
		}
	}
	for _, v := range j.KL {
		byExample += v / n
	}
	if math.Abs(byVariable-byExample) > 1e-9 {
		t.Errorf("%g nats of all variables, %g of all examples", byVariable, byExample)
	}
	x := e.Rows(0, e.Len())
	for i := range e.Len() {
		q := s.net(s.encoders()[0], wide(x[i*9:(i+1)*9]))
		for v := range 3 {
			if math.Abs(float64(j.Means[0][i*3+v])-q[v]) > 1e-4 || math.Abs(float64(j.LogDeviations[0][i*3+v])-q[3+v]) > 1e-4 {
				t.Fatalf("q of variable %d of example %d is %g and %g, want %g and %g", v, i, j.Means[0][i*3+v], j.LogDeviations[0][i*3+v], q[v], q[3+v])
			}
		}
	}
	one := newSpelled(t, 11, 2) // of one layer, the divergence is in closed form
	if j, err = one.Judge(context.Background(), e, 1); err != nil {
		t.Fatal(err)
	}
	for i, got := range j.KL {
		q, want := one.net(one.encoders()[0], wide(x[i*9:(i+1)*9])), 0.0
		for v := range 2 {
			want += (q[v]*q[v]+math.Exp(2*q[2+v])-1)/2 - q[2+v]
		}
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("the divergence of example %d is %g, want %g", i, got, want)
		}
	}
}

func TestJudgeIsTheSameOnAnyCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	s, e := newSpelled(t, 12, 3, 2), greyExamples(t, 3*judgedAtOnce+1)
	var judged [2]*Judged
	var bounds [2][]float64
	for i, cores := range []int{1, 4} {
		runtime.GOMAXPROCS(cores)
		var err error
		if judged[i], err = s.Judge(context.Background(), e, 5); err != nil {
			t.Fatal(err)
		}
		var told []float64
		if bounds[i], err = s.Importance(context.Background(), e, 20, 5, func(at int, bound float64) {
			if told = append(told, bound); at != len(told)-1 {
				t.Errorf("the bound of %d is told as number %d", at, len(told)-1)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(told, bounds[i]) {
			t.Errorf("bounds are told as %v, and are %v", told, bounds[i])
		}
	}
	if !reflect.DeepEqual(judged[0], judged[1]) {
		t.Error("Judge depends on how many cores there are")
	}
	if !reflect.DeepEqual(bounds[0], bounds[1]) {
		t.Error("Importance depends on how many cores there are")
	}
}

// TestJudgeDrawsByNumber: what is said of an example is the same whatever is judged beside it.
func TestJudgeDrawsByNumber(t *testing.T) {
	s, all := newSpelled(t, 12, 3, 2), greyExamples(t, 2*judgedAtOnce+9)
	some := all
	from, to := 40, judgedAtOnce+31
	some.Images = all.Images.Slice(from, to)
	judge := func(e Examples) (*Judged, []float64) {
		j, err := s.Judge(context.Background(), e, 5)
		if err != nil {
			t.Fatal(err)
		}
		bounds, err := s.Importance(context.Background(), e, 3, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		return j, bounds
	}
	whole, bounds := judge(all)
	part, own := judge(some)
	for i := range to - from {
		if a, b := whole.LogLikelihood[from+i]-whole.KL[from+i], part.LogLikelihood[i]-part.KL[i]; math.Abs(a-b) > 1e-4 || bounds[from+i] != own[i] {
			t.Fatalf("example %d: %g and %g among all, %g and %g among some", from+i, a, bounds[from+i], b, own[i])
		}
	}
	if a, b := whole.LogLikelihood[0]-whole.KL[0], bounds[0]; a == b {
		t.Error("Judge and Importance draw the same")
	}
}

func TestJudgeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, e := newSpelled(t, 12, 2), greyExamples(t, 3)
	if _, err := s.Judge(ctx, e, 5); err == nil {
		t.Error("Judge went on")
	}
	if _, err := s.Importance(ctx, e, 20, 5, nil); err == nil {
		t.Error("Importance went on")
	}
}

func TestActive(t *testing.T) {
	j := &Judged{
		Variables: [][]float64{{0, 0, 0}, {0, 0}},
		Means: [][]float32{
			{5, 0.2, 0, 5, -0.2, 0.05, 5, 0.2, -0.05, 5, -0.2, 0},
			{0, 1, 0, 2, 0, 3, 0, 4},
		},
	}
	if got := j.Active(); !reflect.DeepEqual(got, []int{1, 4}) {
		t.Errorf("units %v are active, want 1 and 4", got)
	}
}

// TestActiveAboveNoise: a unit of the second layer that reacts to z of the first is not active where that z is noise, the same for all x.
func TestActiveAboveNoise(t *testing.T) {
	m, err := New(Config{Height: 3, Width: 3, Latent: []int{2, 2}, Hidden: [][]int{{}, {}}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	clear(m.Params().ByName("encoder.0.0.weight").Value)
	second := m.Params().ByName("encoder.1.0.weight")
	for i := range second.Value {
		second.Value[i] = float32(i%3) - 1
	}
	for _, p := range m.Params() {
		p.Changed()
	}
	j, err := m.Judge(context.Background(), greyExamples(t, 50), 1)
	if err != nil {
		t.Fatal(err)
	}
	if active := j.Active(); len(active) != 0 {
		t.Errorf("units %v are active", active)
	}
	if j.Variables[1][0]+j.Variables[1][1] < 0.1 {
		t.Errorf("the second layer does not react: %v", j.Variables)
	}
}
