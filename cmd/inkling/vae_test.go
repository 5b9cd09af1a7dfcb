package main

import (
	"bytes"
	endian "encoding/binary"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// barPictures are pictures of 6 × 6 with a bar, upright or lying, as bytes of a .npy file: little to learn, and something.
func barPictures(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0))
	pixels := make([]byte, n*36)
	for i := range n {
		at, down, up := r.IntN(6), r.IntN(2), byte(200+r.IntN(56))
		for j := range 6 {
			pixels[i*36+[2]int{6*at + j, 6*j + at}[down]] = up
		}
	}
	return npyBytes(pixels, n, 6, 6)
}

// npyBytes is a .npy file of bytes.
func npyBytes(values []byte, shape ...int) string {
	return strings.Replace(string(npyHeader(shape...)), "<f4", "|u1", 1) + string(values)
}

// npyFloats is a .npy file of float32.
func npyFloats(values []float32, shape ...int) string {
	b := npyHeader(shape...)
	for _, v := range values {
		b = endian.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return string(b)
}

// floatsOf are the numbers of a .npy file of ours, which must be of such a shape.
func (f *folder) floatsOf(name string, shape ...int) (x []float32) {
	f.Helper()
	raw := f.read(name)
	header := npyHeader(shape...)
	if !bytes.HasPrefix(raw, header) {
		f.Fatalf("%s is no file of %v: %.100q", name, shape, raw)
	}
	for at := len(header); at < len(raw); at += 4 {
		x = append(x, math.Float32frombits(endian.LittleEndian.Uint32(raw[at:])))
	}
	if n := len(x); n*4 != len(raw)-len(header) {
		f.Fatalf("%s is cut", name)
	}
	return x
}

// vaeArgs train a VAE that is done in no time.
func vaeArgs(out string, more ...string) []string {
	return append([]string{"train", "vae", "bars.npy", "--out", out, "--latent", "3", "--hidden", "8", "--batch", "20", "--shards", "2", "--validations", "4"}, more...)
}

func vaeFolder(t *testing.T) *folder {
	f := newFolder(t)
	f.write("bars.npy", barPictures(200, 1))
	return f
}

// pixelsOf is the size of a PNG file.
func (f *folder) pixelsOf(name string) (width, height int) {
	f.Helper()
	m, err := png.DecodeConfig(bytes.NewReader(f.read(name)))
	if err != nil {
		f.Fatalf("%s: %v", name, err)
	}
	return m.Width, m.Height
}

// TestVAE trains, and goes through all that a VAE is for.
func TestVAE(t *testing.T) {
	f := vaeFolder(t)
	var o trainedVAE
	f.json(&o, vaeArgs("m", "--steps", "300", "--lr", "0.02", "--seed", "3")...)
	if o.Steps != 300 || o.Valid == nil || math.Abs(o.ELBO-(o.Reconstruction-o.KL)) > 1e-9 || math.Abs(*o.Valid+o.ELBO) > 0.5 || o.Variables != 3 {
		t.Fatalf("%+v", o)
	}
	curve, err := readCurve(f.dir + "/m")
	if err != nil || len(curve) != 4 {
		t.Fatal(curve, err)
	}
	for _, p := range curve {
		if p.Valid == nil || math.Abs(-*p.Valid-p.Also["log_likelihood"]+p.Also["kl"]) > 1e-6 || p.Also["active_units"] > 3 {
			t.Errorf("the metrics say %+v", p)
		}
	}

	// Draws: the same of the same seed, on any number of cores.
	f.must("sample", "m", "-n", "700", "--seed", "7", "--out", "a.npy", "--threads", "1")
	f.must("sample", "m", "-n", "700", "--seed", "7", "--out", "b.npy", "--threads", "3")
	x := f.floatsOf("a.npy", 700, 6, 6)
	if !reflect.DeepEqual(x, f.floatsOf("b.npy", 700, 6, 6)) {
		t.Error("draws depend on the number of cores")
	}
	f.must("sample", "m", "-n", "700", "--seed", "8", "--out", "b.npy")
	if reflect.DeepEqual(x, f.floatsOf("b.npy", 700, 6, 6)) {
		t.Error("draws do not depend on the seed")
	}
	f.must("sample", "m", "-n", "3", "--temp", "0", "--out", "b.npy")
	if z := f.floatsOf("b.npy", 3, 6, 6); !reflect.DeepEqual(z[:36], z[36:72]) {
		t.Error("draws of no deviation differ")
	}
	f.must("sample", "m", "-n", "50", "--draw", "--out", "b.npy")
	for _, v := range f.floatsOf("b.npy", 50, 6, 6) {
		if v != 0 && v != 1 {
			t.Fatalf("a draw of black and white is %v", v)
		}
	}
	var d drawn
	f.json(&d, "sample", "m", "--seed", "7")
	if w, h := f.pixelsOf("samples.png"); d.Out != "samples.png" || d.Pictures != 64 || *d.Seed != 7 || w != 8*(54+1)-1 || w != h {
		t.Errorf("%+v, of %d × %d", d, w, h)
	}

	f.must("reconstruct", "m", "bars.npy", "-n", "20")
	if w, h := f.pixelsOf("reconstructions.png"); w != 16*55-1 || h != 4*55-1 {
		t.Errorf("%d × %d", w, h)
	}
	f.contains(f.must("reconstruct", "m", "bars.npy", "-n", "999", "--out", "r.npy", "--draw").err, "only 200 pictures")
	f.floatsOf("r.npy", 200, 6, 6)

	// Codes, in each form.
	f.must("encode", "m", "bars.npy", "--out", "z.npy", "--deviations")
	z := f.floatsOf("z.npy", 200, 6)
	f.must("encode", "m", "bars.npy", "--out", "z.csv", "--deviations", "--threads", "1")
	lines := strings.Split(strings.TrimSpace(string(f.read("z.csv"))), "\n")
	if len(lines) != 201 || lines[0] != "z1,z2,z3,log_sigma1,log_sigma2,log_sigma3" || lines[5] != joined(z[24:30], ",") {
		t.Errorf("%d lines, %q, %q", len(lines), lines[0], lines[5])
	}
	if out := f.must("encode", "m", "bars.npy", "--limit", "2").out; out != joined(z[:3], "\t")+"\n"+joined(z[6:9], "\t")+"\n" {
		t.Errorf("%q, and the codes are %v", out, z[:12])
	}
	var e encoded
	first, _, _ := strings.Cut(f.must("encode", "m", "bars.npy", "--json", "--deviations").out, "\n")
	if err := json.Unmarshal([]byte(first), &e); err != nil || !reflect.DeepEqual(append(e.Mean, e.LogSigma...), z[:6]) {
		t.Errorf("%v, %+v", err, e)
	}

	// A way from one picture to another begins and ends with what the model makes of them.
	f.must("reconstruct", "m", "bars.npy", "-n", "8", "--out", "r.npy")
	made := f.floatsOf("r.npy", 8, 6, 6)
	for _, how := range []string{"--slerp", "--slerp=false"} {
		f.must("interpolate", "m", "bars.npy", "--from", "2", "--to", "7", "--steps", "5", how, "--out", "way.npy")
		way := f.floatsOf("way.npy", 5, 6, 6)
		if !close32(way[:36], made[2*36:3*36]) || !close32(way[4*36:], made[7*36:]) || close32(way[:36], way[2*36:3*36]) {
			t.Errorf("%s: not a way from one picture to the other", how)
		}
	}
	f.must("interpolate", "m", "bars.npy")
	if w, h := f.pixelsOf("interpolation.png"); w != 10*55-1 || h != 54 {
		t.Errorf("%d × %d", w, h)
	}

	f.contains(f.must("manifold", "m", "--size", "4").err, "which say most")
	if w, h := f.pixelsOf("manifold.png"); w != 4*55-1 || h != w {
		t.Errorf("%d × %d", w, h)
	}
	f.must("manifold", "m", "--dims", "2", "--size", "3", "--out", "one.npy")
	one := f.floatsOf("one.npy", 3, 6, 6)
	f.must("sample", "m", "-n", "1", "--temp", "0", "--out", "b.npy")
	if !close32(one[36:72], f.floatsOf("b.npy", 1, 6, 6)) {
		t.Error("in the middle of the manifold is not z = 0")
	}
	f.must("manifold", "m", "--dims", "2,3", "--size", "3", "--at", "bars.npy:5", "--out", "at.npy")
	if at := f.floatsOf("at.npy", 9, 6, 6); close32(at[4*36:5*36], one[36:72]) {
		t.Error("--at changes nothing")
	}

	var scores []scoredPicture
	for line := range strings.Lines(f.must("score", "m", "bars.npy", "--json", "--samples", "200").out) {
		var s scoredPicture
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Index != len(scores) {
			t.Fatal(err, line)
		}
		scores = append(scores, s)
	}
	more := 0.0
	for _, s := range scores {
		more += s.Bound - (s.LogLikelihood - s.KL)
	}
	if len(scores) != 200 || !(more > 0) {
		t.Errorf("%d scores; the bound of 200 samples is on the average %g above that of one", len(scores), more/200)
	}
	text := f.must("score", "m", "bars.npy", "--samples", "200").out
	if s := scores[1]; !strings.Contains(text, fmt.Sprintf("\n%.2f\t%.2f\t%.2f\t1\n", s.Bound, s.LogLikelihood, s.KL)) {
		t.Errorf("%+v is said as %.200s", s, text)
	}

	var info vaeInfo
	info.vaeConfig = new(vaeConfig)
	f.json(&info, "info", "m")
	if !info.Trained || info.Bound == nil || *info.Bound != -*o.Valid || info.ActiveUnits == nil || len(info.Curve) != 4 || info.Weights != info.Model.Weights() {
		t.Errorf("%+v", info)
	}
	f.contains(f.must("info", "m").out, "variational auto-encoder, dense 36–8–[3], tanh, bernoulli", "of 6 × 6, 190 to learn from, 10 held out; binarized: dynamic", "latent variables active", "KL")
	f.contains(f.must("info", "m", "--plan").out, "training", "sample", "score", "pictures")
	if l := f.runs(".")["m"]; l.Status != "finished" || l.Step != 300 || l.Model != "vae dense 3 bernoulli elbo" || l.Tokens != "6×6" || *l.Best != *o.Valid {
		t.Errorf("list says %+v", l)
	}
	f.contains(f.must("resume", "m").out, "finished, at step 300")
	f.contains(f.must(vaeArgs("none", "--plan")...).out, "training", "activations", "pictures")
	var plan struct{ Training memoryPlan }
	f.json(&plan, vaeArgs("none", "--plan")...)
	if p := plan.Training; p.Pictures != 7200 || p.Weights != 4*info.Weights || p.Activations == 0 || p.Validation == 0 || f.exists("none") {
		t.Errorf("%+v", plan)
	}
}

// joined is a line of text of numbers.
func joined(x []float32, between string) string {
	var s []string
	for _, v := range x {
		raw, _ := json.Marshal(v)
		s = append(s, string(raw))
	}
	return strings.Join(s, between)
}

// close32 says whether numbers are equal but for their last bits.
func close32(a, b []float32) bool {
	for i, v := range a {
		if !(math.Abs(float64(v-b[i])) < 1e-4) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestVAEOfTwoLayers goes through the same with two stochastic layers and colour.
func TestVAEOfTwoLayers(t *testing.T) {
	f := newFolder(t)
	r := rand.New(rand.NewPCG(1, 1))
	pixels := make([]byte, 60*4*5*3)
	for i := range pixels {
		pixels[i] = byte(r.IntN(256))
	}
	f.write("bars.npy", npyBytes(pixels, 60, 4, 5, 3))
	f.must("train", "vae", "bars.npy", "--out", "m", "--latent", "4,3", "--hidden", "8/6", "--steps", "10", "--batch", "10", "--shards", "1", "--objective", "iwae", "--k", "3")
	f.must("sample", "m", "-n", "300", "--out", "a.npy", "--seed", "1", "--draw")
	f.floatsOf("a.npy", 300, 4, 5, 3)
	f.must("sample", "m", "--out", "a.png")
	f.must("reconstruct", "m", "bars.npy", "--draw")
	f.must("encode", "m", "bars.npy", "--out", "z.npy")
	f.floatsOf("z.npy", 60, 3)
	f.must("interpolate", "m", "bars.npy", "--slerp")
	f.must("manifold", "m", "--size", "3")
	f.must("score", "m", "bars.npy", "--samples", "10")
	f.contains(f.must("info", "m").out, "4 3 variables", "in colour")
}

// latent changes how many latent variables some arguments ask for.
func latent(args []string, to string) []string {
	args[slices.Index(args, "--latent")+1] = to
	return args
}

// TestVAEResume goes on with runs that were stopped, for each way of training, and where samples.png cannot be written.
func TestVAEResume(t *testing.T) {
	f := vaeFolder(t)
	for _, how := range []string{"", "--objective iwae --hidden 8/4", "--anneal cyclical --warm 1 --free-bits 0.1", "--binarize fixed --valid 0", "--net conv --hidden 4,8 --likelihood logistic"} {
		for _, dir := range []string{"whole", "run"} {
			args := vaeArgs(dir, append(strings.Fields(how), "--steps", "60", "--checkpoint-every", "20", "--keep", "4")...)
			if strings.Contains(how, "/") {
				args = latent(args, "3,2")
			}
			f.must(args...)
		}
		f.remove("run/state/000000060.safetensors")
		f.remove("run/samples.png")
		f.must("resume", "run", "--threads", "1")
		f.equal("run")
		f.must("rm", "whole", "run", "--yes")
	}
	f.must(vaeArgs("run", "--steps", "60", "--checkpoint-every", "20", "--keep", "4")...)
	f.remove("run/state/000000060.safetensors")
	f.remove("run/samples.png")
	f.mkdir("run/samples.png")
	f.contains(f.must("resume", "run").err, "samples.png: not written")
}

// TestVAENotes: pictures that there is nothing to learn from train all the same, and what is odd is said.
func TestVAENotes(t *testing.T) {
	f := newFolder(t)
	f.write("bars.npy", npyBytes(make([]byte, 40*36), 40, 6, 6))
	r := f.must(vaeArgs("black", "--steps", "30")...)
	f.contains(r.err, "all pixels of the train part are equal, 0: there is nothing to learn from it")
	for what, out := range map[string]string{"train": r.out, "eval": f.must("eval", "black", "bars.npy").out, "the card": string(f.read("black/README.md"))} {
		if strings.Contains(out, "collapsed") || strings.Contains(out, "--free-bits") || !strings.Contains(out, "ictures are all the same") {
			t.Errorf("%s says of black pictures\n%s", what, out)
		}
	}
	f.write("bars.npy", barPictures(200, 1))
	f.contains(f.must(latent(vaeArgs("many", "--steps", "3"), "100")...).err, "more latent variables, 100, than a picture has numbers, 36")
	f.write("three.npy", barPictures(3, 1))
	f.must("train", "vae", "three.npy", "--steps", "3", "--out", "three")
}

// TestFewPictures: fewer pictures than shards, and one alone, are trained on by every objective, with one stochastic layer and with two.
func TestFewPictures(t *testing.T) {
	f := newFolder(t)
	for n := 1; n <= 3; n++ {
		f.write(fmt.Sprintf("%d.npy", n), barPictures(n, 1))
		for _, objective := range strings.Split(names("objectives"), ",") {
			for _, latent := range []string{"2", "3,2"} {
				r := f.run("train", "vae", fmt.Sprintf("%d.npy", n), "--valid", "0", "--steps", "3", "--shards", "4", "--objective", objective, "--latent", latent, "--out", fmt.Sprintf("%s-%d-%s", objective, n, latent))
				if r.code != 0 {
					t.Errorf("%d pictures, %s, latent %s: exit %d, %s", n, objective, latent, r.code, r.err)
				}
			}
		}
	}
}

// TestAutoEncoder: nothing is said of an auto-encoder that stands for a distribution over z.
func TestAutoEncoder(t *testing.T) {
	f := newFolder(t)
	f.write("bars.npy", barPictures(100, 1))
	var trained, judged map[string]any
	f.json(&trained, vaeArgs("ae", "--objective", "ae", "--steps", "20")...)
	f.json(&judged, "eval", "ae", "bars.npy")
	for what, said := range map[string]map[string]any{"train": trained, "eval": judged} {
		for _, name := range []string{"kl", "elbo", "mutual_information", "active_units", "collapsed"} {
			if _, there := said[name]; there {
				t.Errorf("%s says %s of an auto-encoder", what, name)
			}
		}
		if x, _ := said["reconstruction"].(float64); !(x < 0) {
			t.Errorf("%s: %v", what, said)
		}
	}
	f.contains(f.must("sample", "ae", "--seed", "1").err, "an auto-encoder has no prior")
	f.must("encode", "ae", "bars.npy", "--out", "z.npy")
	z := f.floatsOf("z.npy", 100, 3)
	v := variances(z, 3)
	most, least := 1, 1
	for i := range v {
		if v[i] > v[most-1] {
			most = i + 1
		}
		if v[i] < v[least-1] {
			least = i + 1
		}
	}
	said := f.must("manifold", "ae", "--size", "3").err // of the 95 pictures that it learnt from
	f.contains(said, "an auto-encoder has no prior", fmt.Sprintf("latent variables %d and %d, which vary most", most, 6-most-least))
	if r := f.run("encode", "ae", "bars.npy", "--deviations"); r.code != codeUsage || !strings.Contains(r.err, "a point") {
		t.Errorf("deviations of a point: %d, %s", r.code, r.err)
	}
}
