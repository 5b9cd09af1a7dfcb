package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"inkling/data"
	"inkling/vae"
)

// peak runs a command to its end, and gives the most memory that it had, in bytes. The system keeps that figure for each
// process while it lasts, so it is asked again and again; what it says when a process has ended counts the memory of
// the one that started it too, which is larger than the smallest of these.
func (f *folder) peak(args ...string) (bytes int64) {
	f.Helper()
	cmd, out, stderr := f.command(args...)
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				f.Fatalf("inkling %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
			}
			return bytes
		case <-time.After(time.Millisecond):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			for line := range strings.Lines(string(status)) {
				if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
					kib, _ := strconv.ParseInt(f[1], 10, 64)
					bytes = max(bytes, kib<<10)
				}
			}
		}
	}
}

// within holds what is planned against what the system measures: 15 % either way.
func (f *folder) within(what string, planned, measured int64) {
	f.Helper()
	ratio := float64(measured) / float64(planned)
	f.Logf("planned %6.1f MB, measured %6.1f MB (%+5.1f %%): %s", float64(planned)/1e6, float64(measured)/1e6, 100*(ratio-1), what)
	if ratio < 0.85 || ratio > 1.15 {
		f.Errorf("%s: planned %d bytes, and it takes %d", what, planned, measured)
	}
}

// TestMemoryPlanned compares what is planned with what the system measures, for trainings of all kinds and
// for what is done with their models: within 15 % either way. A plan that is too small lets a machine run out
// of memory; one too large refuses what would fit.
func TestMemoryPlanned(t *testing.T) {
	f := newFolder(t)
	f.write("large.txt", sampleText(2_000_000, 7))
	f.write("middle.txt", sampleText(200_000, 8))
	f.write("lines.txt", strings.Repeat(sampleText(10_000, 4)+"\n", 20)+strings.Repeat("x", longestLine)+"\n")
	type plans struct {
		Training, Eval, Generate, Score struct{ Total int64 }
	}
	for i, settings := range []string{
		"middle.txt --hidden 64 --batch 8 --time 32 --shards 1 --steps 30",
		"middle.txt --hidden 256 --layers 2 --batch 32 --steps 4 --precision float32",
		"middle.txt --hidden 256 --layers 2 --batch 32 --steps 4 --dropout 0.3",
		"middle.txt --hidden 512 --layers 2 --batch 64 --time 100 --steps 3 --valid 0",
		"middle.txt --hidden 512 --layers 1 --batch 32 --steps 3 --optimizer sgd",
		"middle.txt --hidden 512 --layers 1 --batch 32 --steps 3 --optimizer sgd --momentum 0.9",
		"middle.txt --hidden 1024 --layers 2 --batch 16 --steps 2 --valid 0",
		"middle.txt --hidden 1024 --layers 1 --batch 16 --time 32 --steps 2 --average 0.9 --accumulate 2",
		"middle.txt --hidden 384 --layers 3 --tied --batch 16 --time 128 --shards 4 --steps 2",
		"middle.txt --hidden 256 --embed 64 --tokens byte --batch 32 --steps 4",
		"middle.txt --hidden 128 --batch 2 --time 1000 --steps 3",
		"large.txt --hidden 128 --batch 16 --steps 3 --valid 0.01",
		"large.txt --hidden 64 --batch 16 --steps 3 --tokens byte",
		"middle.txt --arch gru --hidden 512 --layers 2 --norm --batch 32 --steps 3 --dropout 0.2",
		"middle.txt --arch window --hidden 512 --context 8 --direct --batch 64 --time 100 --steps 4",
	} {
		dir := fmt.Sprint("run", i)
		args := append([]string{"train", "lm", "--out", dir}, strings.Fields(settings)...)
		var planned, again plans
		f.json(&planned, append(args, "--plan")...)
		measured := f.peak(args...)
		f.within(settings, planned.Training.Total, measured)
		f.json(&again, "info", dir, "--plan")
		if again.Training.Total != planned.Training.Total {
			t.Errorf("%s: train --plan says %d bytes, info --plan %d", settings, planned.Training.Total, again.Training.Total)
		}
		switch i {
		case 1, 3, 6, 9, 13, 14:
			f.within("generate with it", again.Generate.Total, f.peak("generate", dir, "--max-tokens", "200"))
		}
		if i == 1 || i == 9 || i == 14 {
			f.write("held.txt", sampleText(100_000, 9))
			f.within("eval with it", again.Eval.Total+textMemory(f.dir+"/held.txt", 0), f.peak("eval", dir, "held.txt"))
			f.within("score with it", again.Score.Total, f.peak("score", dir, "lines.txt"))
		}
	}
}

// TestMemoryPlannedOfVAEs does so for training one, for each way to judge by it, and for comparing ways to fit one.
func TestMemoryPlannedOfVAEs(t *testing.T) {
	f := newFolder(t)
	rnd := rand.New(rand.NewPCG(1, 1))
	pixels := make([]byte, 2000*28*28)
	for i := range pixels {
		pixels[i] = byte(rnd.IntN(256))
	}
	f.write("noise.npy", npyBytes(pixels, 2000, 28, 28))
	f.write("few.npy", npyBytes(pixels[:200*28*28], 200, 28, 28))
	for i, settings := range []string{"--hidden 800,800 --latent 40 --batch 200", "--net conv --hidden 8,16,64 --latent 20 --batch 50 --likelihood categorical"} {
		dir := fmt.Sprint("run", i)
		args := append([]string{"train", "vae", "noise.npy", "--out", dir, "--steps", "3"}, strings.Fields(settings)...)
		var planned struct{ Training memoryPlan }
		f.json(&planned, append(args, "--plan")...)
		f.within(settings, planned.Training.Total, f.peak(args...))

		var c vaeConfig
		if err := json.Unmarshal(f.read(dir+"/config.json"), &c); err != nil {
			t.Fatal(err)
		}
		set, err := data.OpenImages(f.dir+"/few.npy", data.ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, flags := range []struct {
			boundFlags
			more string
		}{
			{boundFlags{}, ""},
			{boundFlags{Bound: "iwae:300"}, ""},
			{boundFlags{Bound: "ais", Chains: new(40)}, "--chains 40 --temperatures 3 --leapfrog 1 --limit 2"},
			{boundFlags{Bound: "iwae:2", Gaps: true}, "--gaps --limit 2"},
		} {
			if i > 0 && flags.Bound != "iwae:300" {
				continue // beside the program, what a model as small as this one takes of a few pictures is too little to measure
			}
			kind, err := flags.kind()
			if err != nil {
				t.Fatal(err)
			}
			need, err := flags.plan(c.Model, kind)
			if err != nil {
				t.Fatal(err)
			}
			need = need.with(judgedBytes(c.Model, vae.Pictures{Images: set.Train}, kind)).afterReading()
			args := append([]string{"eval", dir, "few.npy"}, strings.Fields(flags.more)...)
			if flags.Bound != "" {
				args = append(args, "--bound", flags.Bound)
			}
			f.within(strings.Join(args, " "), need.Total, f.peak(args...))
		}
	}
	c := compareEMCmd{Limit: 2000, Held: 4, Latent: 20, Hidden: "800,800", Batch: 100}
	set, err := data.OpenImages(f.dir+"/noise.npy", data.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	held, rest := set.Train.Spread(200)
	config := vae.Config{Height: 28, Width: 28, Latent: []int{20}, Hidden: [][]int{{800, 800}}}
	need, err := c.plan(config, emPictures{train: vae.Pictures{Images: rest}, held: vae.Pictures{Images: held}}, set.Train.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	f.within("compare em", need.Total, f.peak("compare", "em", "noise.npy", "--hidden", "800,800", "--steps", "6", "--held", "4"))
}
