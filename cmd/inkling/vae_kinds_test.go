package main

import (
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
	f.must(vaeArgs("linear", "--hidden", "none", "--steps", "5", "--likelihood", "gaussian")...)
	f.contains(f.must("info", "linear").out, "dense 36–[3], tanh, gaussian")
	f.must("train", "vae", "bars.npy", "--out", "two", "--hidden", "8/none", "--latent", "3,2", "--steps", "5")
	f.contains(f.must("info", "two").out, "36–8–[3]–[2]")
}
