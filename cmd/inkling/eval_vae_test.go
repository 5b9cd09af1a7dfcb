package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"inkling/infer"
	"inkling/vae"
)

// barsIDX is n pictures as an IDX file: a bar of grey, up or across, which is what there is to learn.
func barsIDX(n, side int, seed uint64) string {
	b := []byte{0, 0, 8, 3, 0, 0, byte(n >> 8), byte(n), 0, 0, 0, byte(side), 0, 0, 0, byte(side)}
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range n {
		at, across := rnd.IntN(side), rnd.IntN(2) == 0
		for i := range side {
			for j := range side {
				grey := byte(rnd.IntN(20))
				if across && i == at || !across && j == at {
					grey = byte(200 + rnd.IntN(50))
				}
				b = append(b, grey)
			}
		}
	}
	return string(b)
}

// picturesFolder has pictures of bars, and the run of a model of them: "vae", with a test part of 40.
func picturesFolder(t *testing.T, flags ...string) *folder {
	f := newFolder(t)
	f.mkdir("bars")
	f.write("bars/train-images-idx3-ubyte", barsIDX(300, 5, 1))
	f.write("bars/t10k-images-idx3-ubyte", barsIDX(40, 5, 2))
	f.must(append([]string{"train", "vae", "bars", "--out", "vae", "--hidden", "8", "--latent", "3", "--steps", "300", "--lr", "0.01", "--validations", "1"}, flags...)...)
	return f
}

// TestEvalVAE: bounds are in order, parts add up, and results are the same on any number of cores.
func TestEvalVAE(t *testing.T) {
	f := picturesFolder(t)
	judge := func(flags ...string) (o evaluatedVAE) {
		t.Helper()
		f.json(&o, append([]string{"eval", "vae", "bars"}, flags...)...)
		return o
	}
	elbo, one, many := judge("--limit", "20"), judge("--limit", "20", "--bound", "iwae:1"), judge("--limit", "20", "--bound", "iwae:3000")
	ais := judge("--limit", "20", "--bound", "ais", "--temperatures", "100", "--chains", "8", "--leapfrog", "3", "--gaps")
	for kind, o := range map[string]evaluatedVAE{"elbo": elbo, "iwae:1": one, "iwae:3000": many, "ais": ais} {
		if o.BoundKind != kind || o.Examples != 20 || o.StandardError == nil {
			t.Errorf("%s: %q of %d examples, standard error %v", kind, o.BoundKind, o.Examples, o.StandardError)
		}
		sum := 0.0
		for _, v := range o.Divergences[0] {
			sum += v
		}
		if math.Abs(sum-o.KL) > 1e-6 || math.Abs(o.Reconstruction-o.KL-o.ELBO) > 1e-6 {
			t.Errorf("%s: units cost %g, all %g; ELBO %g of %g", kind, sum, o.KL, o.ELBO, o.Reconstruction)
		}
		if bits := -o.Bound / math.Ln2 / 25; o.BitsPerNumber == nil || math.Abs(*o.BitsPerNumber-bits) > 1e-9 {
			t.Errorf("%s: %v bits", kind, o.BitsPerNumber)
		}
	}
	if math.Abs(elbo.Bound-elbo.ELBO) > 1e-9 || math.Abs(one.Bound-elbo.ELBO) > 2 {
		t.Errorf("ELBO %g as a bound is %g; with one sample %g", elbo.ELBO, elbo.Bound, one.Bound)
	}
	if !(many.Bound > elbo.Bound+0.05) || math.Abs(ais.Bound-many.Bound) > 0.1 {
		t.Errorf("ELBO %g, of many samples %g, AIS %g", elbo.Bound, many.Bound, ais.Bound)
	}
	s := ais.AIS.Simulated
	if s.Examples != 20 || math.Abs(s.Gap-(s.Upper-s.Lower)) > 1e-9 || math.Abs(s.Gap) > 3**s.Error+0.05 || *s.Error > 0.2 {
		t.Errorf("from both sides: %+v, ± %g", s, *s.Error)
	}
	if g := ais.Gaps; !(g.Amortization > 0) || !(g.Approximation > -0.05) || math.Abs(g.Encoder+g.Amortization+g.Approximation-ais.Bound) > 1e-9 || math.Abs(g.Encoder-ais.ELBO) > 1e-9 {
		t.Errorf("gaps %+v between %g and %g", g, ais.ELBO, ais.Bound)
	}
	if i := elbo.Information; !(i > 1 && i <= math.Log(20)+1e-9) {
		t.Errorf("mutual information %g of 20 pictures", i)
	}
	flags := []string{"--bound", "ais", "--temperatures", "20", "--limit", "9", "--leapfrog", "2"}
	if a, b := judge(append(flags, "--threads", "1")...), judge(append(flags, "--threads", "3")...); !reflect.DeepEqual(a, b) {
		t.Errorf("on one core and three:\n%+v\n%+v", a, b)
	}
	if a, b := judge(append(flags, "--seed", "2")...), judge(flags...); a.Bound == b.Bound {
		t.Error("the seed changes nothing")
	}
	prior := judge("--bound", "ais", "--temperatures", "150", "--chains", "8", "--leapfrog", "3", "--limit", "20", "--start", "prior")
	if math.Abs(prior.Bound-ais.Bound) > 0.1 || prior.AIS.Start != "prior" {
		t.Errorf("from the prior %g, from the encoder %g", prior.Bound, ais.Bound)
	}
	r := f.must("eval", "vae", "bars", "--limit", "7")
	f.contains(r.out, "7 pictures", "ELBO", "active units", "KL by unit")
	f.contains(r.err, "test part")
}

// TestCollapsedVAE: a model that makes no use of its variables is said to have collapsed.
func TestCollapsedVAE(t *testing.T) {
	f := picturesFolder(t, "--beta", "100")
	f.contains(f.must("eval", "vae", "bars").out, "collapsed: units 1–3", "--free-bits")
	o := judgedVAE{ActiveUnits: 2, Variables: 4, Collapsed: []int{2, 4}}
	f.contains(o.partly(), "units 2, 4 say nothing of x")
}

// TestInformationInWords: what so many pictures cannot tell is said.
func TestInformationInWords(t *testing.T) {
	for _, c := range []struct{ nats, err, pictures float64 }{{2, 0.1, 1000}, {5.29, 0, 2000}, {2.8, 0, 20}, {0.01, 0.01, 20}, {0, 0, 20}, {0, 0, 1}} {
		want := map[float64]string{2.8: "more than log 20 = 3.00", 0.01: "from 0"}[c.nats]
		if c.pictures == 1 {
			want = "one example"
		}
		o := judgedVAE{Information: c.nats, InformationSE: c.err, most: math.Log(c.pictures)}
		if got := o.information(); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

func TestEvalVAERefuses(t *testing.T) {
	f := picturesFolder(t)
	f.write("bars/more.idx", barsIDX(3, 4, 5))
	f.must("train", "vae", "bars/t10k-images-idx3-ubyte", "--out", "deep", "--hidden", "4/3", "--latent", "2,1", "--steps", "5")
	for _, c := range []struct {
		code       int
		args, want string
	}{
		{codeUsage, "vae bars --bound iwae", "choose elbo, ais, or iwae:K"},
		{codeUsage, "vae bars --bound iwae:0", "at least 1"},
		{codeUsage, "vae bars --bound best", "choose elbo"},
		{codeUsage, "vae bars --bound elbo:5", "choose elbo"},
		{codeUsage, "vae bars --chains 4", "--chains is for --bound ais"},
		{codeUsage, "vae bars --bound ais --chains 0", "at least 1"},
		{codeUsage, "vae bars --bound ais --temperatures 2", "at least 3"},
		{codeUsage, "vae bars --bound ais --leapfrog 0", "at least 1"},
		{codeUsage, "vae bars --bound ais --start here", "encoder"},
		{codeUsage, "vae bars --gaps", "add --bound ais"},
		{codeUsage, "deep bars --gaps --bound iwae:5", "one stochastic layer"},
		{codeUsage, "vae bars --lines", "one of pictures"},
		{codeUsage, "vae bars --limit -1", "at least 0"},
		{codeInput, "vae bars/more.idx", "4 × 4"},
		{codeIO, "vae none", "there is no file none"},
	} {
		r := f.run(append([]string{"eval"}, strings.Fields(c.args)...)...)
		if r.code != c.code || !strings.Contains(r.err, c.want) || strings.Count(r.err, "inkling: ") != 1 {
			t.Errorf("eval %s: code %d, %s", c.args, r.code, fmt.Sprint(r.err))
		}
	}
}

// TestAISIsTrusted: by the gap with its error, and only where several chains count.
func TestAISIsTrusted(t *testing.T) {
	for _, c := range []struct {
		gap, err, effective float64
		chains              int
		want                string
	}{
		{0.1, 0.1, 12, 16, "at most 0.30, two standard errors above its mean, and 12.0 of 16 chains count: so far can AIS be trusted"},
		{0.9, 0.04, 12, 16, "so far"},
		{0.9, 0.06, 12, 16, "the gap may be 1.02"},
		{-0.5, 0.9, 12, 16, "the gap may be 1.30"},
		{3, 0.1, 1, 16, "raise --temperatures"},
		{0.1, 0.1, 1.4, 16, "1.4 of 16 count"},
		{0.1, 0.1, 1, 1, "so far"},
		{math.NaN(), 0.1, 5, 16, "the gap may be"},
	} {
		o := aisJudged{Chains: c.chains, Effective: c.effective, Simulated: &simulated{Gap: c.gap, Error: &c.err}}
		if got := o.trust("picture"); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
	o := aisJudged{Chains: 16, Effective: 12, Simulated: &simulated{}}
	if got := o.trust("picture"); !strings.Contains(got, "cannot be trusted") {
		t.Errorf("of one picture: %s", got)
	}
}

// TestAnnealingGroups: with two temperatures a bound from above is log p(x, z) − log p(z) at the exact z, so that a picture that was given
// another's z shows.
func TestAnnealingGroups(t *testing.T) {
	m, err := vae.New(vae.Config{Height: 3, Width: 3, Latent: []int{2}, Hidden: [][]int{{4}}})
	if err != nil {
		t.Fatal(err)
	}
	n := annealing{m: m, start: "prior", AISOptions: infer.AISOptions{Temperatures: 2, Pilot: 21, Chains: 16, Leapfrog: 1}}
	examples := 2*n.group() + 1
	z, x := m.DrawJoint(examples, rand.New(rand.NewPCG(1, 1)))
	found, err := n.run(t.Context(), drawnPictures{m, x}, z, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	joint, prior := make([]float64, examples), make([]float64, examples)
	m.Joint(m.Batch(x), 1).At(joint, nil, z)
	m.PriorDensity(examples, 1).At(prior, nil, z)
	for i, got := range found.upper {
		if want := joint[i] - prior[i]; math.Abs(got-want) > 1e-4 {
			t.Errorf("picture %d: %g, want %g", i, got, want)
		}
	}
}
