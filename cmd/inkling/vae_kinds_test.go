package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"inkling/vae"
)

// TestVAEKinds: with every network and every likelihood, a run is trained, opened again to go on, judged, and used; and of what is no probability
// no bits are told, but why.
func TestVAEKinds(t *testing.T) {
	f := vaeFolder(t)
	for _, net := range vae.Nets() {
		for _, like := range vae.Likelihoods() {
			for _, binarize := range []string{"", "none"} {
				if binarize != "" && like.Name != "bernoulli" {
					continue // as it is
				}
				dir := net.Name + "-" + like.Name + binarize
				flags := []string{"--steps", "20", "--net", net.Name, "--likelihood", like.Name, "--out", dir}
				if net.Name == "conv" {
					flags = append(flags, "--hidden", "4,8")
				}
				if binarize != "" {
					flags = append(flags, "--binarize", binarize)
				}
				if said := f.must(vaeArgs(dir, flags...)...).err; strings.Contains(said, "rounded to 16 levels") != (like.Name == "categorical") {
					t.Errorf("%s: it is said that %s", dir, said)
				}
				f.contains(f.must("info", dir).out, net.Name, like.Name)
				f.must("resume", dir, "bars.npy")
				f.must("sample", dir, "--out", dir+".png")
				var o evaluatedVAE
				f.json(&o, "eval", dir, "bars.npy")
				said := f.must("eval", dir, "bars.npy").out
				why := map[string]string{"gaussian": "knows a density", "bernoullinone": "these are grey", "categorical": "rounded to 16 levels"}[like.Name+binarize]
				if (o.BitsPerNumber == nil) != (why != "") || strings.Contains(said, "bits per number") != (why == "") || !strings.Contains(said, why) {
					t.Errorf("%s: bits per number %v:\n%s", dir, o.BitsPerNumber, said)
				}
			}
		}
	}
	// Of conv with relu the divergence comes up slowly, unless something else is asked for.
	for i, c := range []struct {
		flags string
		warm  float64
	}{
		{"--net conv --hidden 4,8 --activation relu", 100. / 9}, // 9 steps a pass
		{"--net conv --hidden 4,8 --activation relu --anneal none", 0},
		{"--net conv --hidden 4,8 --activation relu --anneal linear --warm 2", 2},
		{"--net conv --hidden 4,8 --activation relu --free-bits 0.1", 0},
		{"--net conv --hidden 4,8 --activation relu --objective iwae", 0},
		{"--net conv --hidden 4,8", 0},
		{"--activation relu", 0},
	} {
		dir := fmt.Sprint("warm", i)
		said := f.must(vaeArgs(dir, append(strings.Fields(c.flags), "--steps", "3")...)...).err
		var o vaeConfig
		if err := json.Unmarshal(f.read(dir+"/config.json"), &o); err != nil || math.Abs(o.Objective.Warm-c.warm) > 1e-9 || (o.Objective.Anneal == "linear") != (c.warm > 0) {
			t.Errorf("%s: %v, annealed %q over %g passes, want %g", c.flags, err, o.Objective.Anneal, o.Objective.Warm, c.warm)
		}
		if strings.Contains(said, "comes up slowly") != (i == 0) {
			t.Errorf("%s: it is said that %s", c.flags, said)
		}
	}
	f.must(vaeArgs("linear", "--hidden", "none", "--steps", "5", "--likelihood", "gaussian")...)
	f.contains(f.must("info", "linear").out, "dense 36–[3], tanh, gaussian")
	f.must("train", "vae", "bars.npy", "--out", "two", "--hidden", "8/none", "--latent", "3,2", "--steps", "5")
	f.contains(f.must("info", "two").out, "36–8–[3]–[2]")
}
