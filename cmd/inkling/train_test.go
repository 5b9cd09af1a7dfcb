package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/train"
)

func TestTrain(t *testing.T) {
	f := newFolder(t)
	var got struct {
		Out       string
		Steps     int
		Seconds   float64
		CharsPerS float64 `json:"chars_per_s"`
		Valid     float64
		Baselines []struct {
			Name string
			Bits float64 `json:"bits_per_char"`
		}
	}
	r := f.json(&got, trainArgs("runs/a", "--steps", "300", "--lr", "0.02")...)
	if got.Out != "runs/a" || got.Steps != 300 || got.Seconds <= 0 || got.CharsPerS <= 0 {
		t.Errorf("%+v", got)
	}
	if len(got.Baselines) != 3 || got.Baselines[2].Name != "unigram" {
		t.Fatalf("baselines %+v", got.Baselines)
	}
	if bits := got.Valid / math.Ln2; !(bits < got.Baselines[2].Bits && bits > 0.5) {
		t.Errorf("%.3f bits a character after training, and the unigram has %.3f", bits, got.Baselines[2].Bits)
	}
	f.contains(r.err, "step 300", "loss", "valid", "chars/s", "10,800 characters to learn from, 1,200 held out")
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer.json", "metrics.jsonl", "README.md", "state"} {
		if !f.exists("runs/a/" + name) {
			t.Errorf("no %s", name)
		}
	}
	var c struct {
		Format int
		Kind   string
		Model  struct{ Hidden, Layers int }
		Tokens string
		Train  struct {
			Batch, Time, Steps, Shards int
			Precision, Optimizer       string
			Options                    struct{ Rate float64 }
		}
		Data     struct{ SHA256, File string }
		MadeWith struct{ Version, ISA string } `json:"made_with"`
	}
	if err := json.Unmarshal(f.read("runs/a/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Format != 1 || c.Kind != "lm" || c.Model.Hidden != 16 || c.Model.Layers != 1 || c.Tokens != "char" || c.Train.Batch != 4 || c.Train.Shards != 2 ||
		c.Train.Options.Rate != 0.02 || c.Train.Optimizer != "adamw" || c.Train.Precision == "auto" || len(c.Data.SHA256) != 64 || c.MadeWith.ISA == "" {
		t.Errorf("config.json: %+v", c)
	}
	f.contains(string(f.read("runs/a/README.md")), c.Data.SHA256, "this model", "trigram", "held out: the last 10 %")

	text := f.must(trainArgs("runs/b", "--steps", "20")...)
	f.contains(text.out, "this model", "unigram", "trigram", "gzip", "bits/char", "try next:", "inkling generate runs/b", "finished at step 20")
}

// TestTrainFlags sees to it that every flag reaches config.json.
func TestTrainFlags(t *testing.T) {
	f := newFolder(t)
	f.write("other.txt", sampleText(500, 2))
	f.must(strings.Fields("train lm text.txt --tokens byte --valid other.txt --hidden 8 --layers 2 --tied --dropout 0.25 --epochs 0.05 --batch 3 --time 10 --lr 0.1 " +
		"--optimizer sgd --momentum 0.5 --decay 0.01 --schedule cosine --clip 0 --seed 9 --precision float32 --shards 1 --validations 2 --checkpoint-every 7 --out a")...)
	var c runConfig
	if err := json.Unmarshal(f.read("a/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	m, s := c.Model, c.Train
	if m.Hidden != 8 || m.Layers != 2 || !m.Tied || m.Embed != 8 || m.Dropout != 0.25 || m.DropoutOut != 0.25 || m.Output != "full" {
		t.Errorf("model %+v", m)
	}
	if s.Epochs != 0.05 || s.Batch != 3 || s.Time != 10 || s.Options.Rate != 0.1 || s.Optimizer != "sgd" || s.Options.Momentum != 0.5 || s.Options.Decay != 0.01 ||
		s.Schedule != "cosine" || s.Clip != -1 || s.Seed != 9 || s.Precision != "float32" || s.Shards != 1 || s.Validations != 2 || s.CheckpointEvery != 7 {
		t.Errorf("settings %+v", s)
	}
	if c.Tokens != "byte" || c.Data.ValidTokens != 500 || c.Data.TrainTokens != 12_000 || len(c.Data.ValidSHA256) != 64 {
		t.Errorf("data %+v", c.Data)
	}
	f.must(strings.Fields("train lm text.txt --valid 0 --steps 3 --hidden 8 --dropout-out 0.5 --embed 5 --beta2 0.99 --out b")...)
	c = runConfig{}
	if err := json.Unmarshal(f.read("b/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Model.Dropout != 0 || c.Model.DropoutOut != 0.5 || c.Model.Embed != 5 || c.Data.ValidTokens != 0 || c.Train.Options.Beta2 != 0.99 {
		t.Errorf("%+v", c)
	}
	f.must(strings.Fields("train lm text.txt --arch window --steps 3 --hidden 8 --context 3 --direct --norm --embed 6 --dropout-in 0.25 --variational --out f")...)
	c = runConfig{}
	if err := json.Unmarshal(f.read("f/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	if m := c.Model; m.Arch != "window" || m.Context != 3 || !m.Direct || !m.Norm || m.Embed != 6 || m.DropoutIn != 0.25 || !m.Variational || m.Dropout != 0 {
		t.Errorf("%+v", m)
	}
	f.contains(string(f.read("f/README.md")), "A feed-forward network with 1 layer of 8 over the last 3 tokens, with direct connections, normalized, ",
		"has the shapes of PyTorch's `nn.Embedding`", "dropout 0 between layers, 0 after them, 0.25 of the input, the same along")
	f.contains(f.must("info", "f").out, "window, 1 layer of 8 over the last 3 tokens, with direct connections, normalized, embedding of 6, output full", "0.25 of the input, the same along")
	f.must(strings.Fields("train lm text.txt --arch gru --steps 3 --hidden 8 --layers 2 --valid 0 --out g")...)
	f.contains(string(f.read("g/README.md")), "A GRU with 2 layers of 8, ", "the names and shapes of PyTorch's `nn.GRU`")
	f.contains(f.must("info", "g").out, "gru, 2 layers of 8, one-hot, output full")

	f.must(strings.Fields("train lm text.txt --hidden 4 --batch 2 --time 10 --steps 4 --accumulate 3 --average 0.9 --patience 2 --validations 4 --schedule step --schedule-after 4 --schedule-factor 0.8 --out c")...)
	f.must(strings.Fields("train lm text.txt --hidden 4 --steps 4 --optimizer adagrad --schedule plateau --schedule-patience 3 --validations 2 --out d")...)
	f.must(strings.Fields("train lm text.txt --hidden 4 --steps 4 --schedule plateau --patience 25 --out e")...)
	read := func(dir string) (s settings) {
		var c runConfig
		if err := json.Unmarshal(f.read(dir+"/config.json"), &c); err != nil {
			t.Fatal(err)
		}
		return c.Train
	}
	if s := read("c"); s.Accumulate != 3 || s.Average != 0.9 || s.Patience != 2 || s.ScheduleOptions != (train.ScheduleOptions{Factor: 0.8, After: 4}) {
		t.Errorf("%+v", s)
	}
	if s := read("d"); s.Optimizer != "adagrad" || s.Options.Epsilon != 1e-10 || s.Accumulate != 1 || s.ScheduleOptions != (train.ScheduleOptions{Factor: 0.5, Patience: 3}) {
		t.Errorf("%+v", s)
	}
	if s := read("e"); s.Validations != 26 || s.ScheduleOptions != (train.ScheduleOptions{Factor: 0.5, Patience: 2}) {
		t.Errorf("%+v", s)
	}
	if o := c.Train.Options; o.Momentum != 0.9 || o.Epsilon != 1e-8 {
		t.Errorf("what was used but not given is not in config.json: %+v", o)
	}
}

// TestUsualOptions wants every optimizer to have its options written down.
func TestUsualOptions(t *testing.T) {
	for _, k := range train.Optimizers {
		o, ok := usualOptions[k.Name]
		if given, none := k.New(o), k.New(train.Options{}); !ok || !reflect.DeepEqual(given, none) {
			t.Errorf("%s: %+v is written down, and %+v is its default", k.Name, given, none)
		}
	}
}

// TestZaremba wants the schedule of Zaremba's small model of PTB: a rate of 1 for four passes, and half of what
// it was with each after them.
func TestZaremba(t *testing.T) {
	f := newFolder(t)
	f.must(strings.Fields("train lm text.txt --hidden 4 --batch 20 --time 20 --optimizer sgd --lr 1 --clip 5 --epochs 13 --validations 13 --schedule step --schedule-after 4 --out a")...)
	var rates []float64
	for line := range strings.Lines(string(f.read("a/metrics.jsonl"))) {
		var at struct{ Rate float64 }
		if err := json.Unmarshal([]byte(line), &at); err != nil {
			t.Fatal(err)
		}
		rates = append(rates, at.Rate) // of the last step of each pass
	}
	if want := []float64{1, 1, 1, 1, 1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256, 1. / 512}; !slices.Equal(rates, want) {
		t.Errorf("rates %v, want %v", rates, want)
	}
}

// TestPatience ends a run that can only get worse, and says so wherever a run is described.
func TestPatience(t *testing.T) {
	f := newFolder(t)
	f.write("held.txt", strings.Repeat("z", 500))
	args := trainArgs("a", "--steps", "400", "--valid", "held.txt", "--patience", "3", "--average", "0.9")
	args = append(args, "--validations", "40")
	r := f.must(args...)
	f.contains(r.out, "early, since 3 validations brought no new best", "the best weights are ")
	f.contains(r.err, "averaged ")
	f.contains(string(f.read("a/README.md")), "early, since 3 validations", "to end after 3 validations without a new best", "weights averaged with decay 0.9")
	f.contains(f.must("info", "a").out, "or 3 validations without a new best", "weights averaged with decay 0.9")
	f.contains(f.must("resume", "a").out, "is finished")
	var got struct {
		Steps           int
		Early, Averaged bool
	}
	args[4] = "b"
	f.json(&got, args...)
	if got.Steps >= 400 || !got.Early {
		t.Errorf("%+v", got)
	}
}

// TestInvalidBytes wants what is no UTF-8 in a text to be said once.
func TestInvalidBytes(t *testing.T) {
	f := newFolder(t)
	text := f.read("text.txt")
	text[100] = 0xff
	f.write("text.txt", string(text))
	r := f.must(trainArgs("a", "--steps", "4")...)
	if n := strings.Count(r.err, "UTF-8"); n != 1 || !strings.Contains(r.err, "text.txt: 1 byte is not UTF-8, read as U+FFFD; the first is byte 101 of text.txt") {
		t.Errorf("said %d times:\n%s", n, r.err)
	}
	r = f.must("generate", "a", "--prompt", "the Ω", "--max-tokens", "5")
	if n := strings.Count(r.err, "vocabulary"); n != 1 || strings.Count(r.err, "\n") != 1 {
		t.Errorf("said %d times:\n%s", n, r.err)
	}
}

func TestEnvironment(t *testing.T) {
	f := newFolder(t)
	f.env = []string{"INKLING_HIDDEN=8", "INKLING_STEPS=5", "INKLING_CHECKPOINT_EVERY=2", "INKLING_BETA2=0.5", "INKLING_JSON=true", "INKLING_OUT=e"}
	r := f.must("train", "lm", "text.txt", "--steps", "3")
	var got struct{ Steps int }
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.Steps != 3 {
		t.Errorf("a flag must win over its variable: %v, %q", err, r.out)
	}
	var c runConfig
	if err := json.Unmarshal(f.read("e/config.json"), &c); err != nil || c.Model.Hidden != 8 || c.Train.CheckpointEvery != 2 || c.Train.Options.Beta2 != 0.5 {
		t.Errorf("variables: %v, %+v", err, c)
	}
}

// TestBudget leaves the sizes to the program.
func TestBudget(t *testing.T) {
	f := newFolder(t)
	r := f.must("train", "lm", "text.txt", "--budget", "1s", "--layers", "1")
	f.contains(r.err, "sizes for 1s", "because", "with the sizes you gave")
	var c runConfig
	if err := json.Unmarshal(f.read("runs/text/config.json"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Train.Budget != duration(time.Second) || c.MadeWith.Why == "" || c.MadeWith.GFLOPS <= 0 || c.Model.Hidden == 0 || c.Model.Layers != 1 {
		t.Errorf("%+v", c)
	}
	if f.must("train", "lm", "text.txt", "--hidden", "4", "--steps", "1"); !f.exists("runs/text-2/model.safetensors") {
		t.Error("a second run of the same text has no folder of its own")
	}
}

func TestStandardInput(t *testing.T) {
	f := newFolder(t)
	f.in = sampleText(3000, 3)
	f.must("train", "lm", "-", "--hidden", "8", "--steps", "5", "--checkpoint-every", "1")
	f.contains(string(f.read("runs/text/config.json")), `"file": "-"`)
}

// TestThreads wants the same bits on one core and on two.
func TestThreads(t *testing.T) {
	f := newFolder(t)
	f.write("held.txt", sampleText(20_000, 5)) // read in lanes, which are shared out among workers
	for _, threads := range []string{"1", "2"} {
		f.must(trainArgs("on"+threads, "--steps", "60", "--dropout", "0.2", "--valid", "held.txt", "--threads", threads)...)
	}
	if !bytes.Equal(f.read("on1/model.safetensors"), f.read("on2/model.safetensors")) {
		t.Error("the weights depend on the number of threads")
	}
	if a, b := steps(t, f, "on1"), steps(t, f, "on2"); !reflect.DeepEqual(a, b) {
		t.Errorf("the losses depend on the number of threads:\n%v\n%v", a, b)
	}
}

// TestResume stops a run, by Ctrl-C and by killing it, goes on with it until it is finished, and wants
// the bits of a run that was never stopped.
func TestResume(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	f := newFolder(t)
	length := []string{"--steps", "1500", "--checkpoint-every", "100", "--dropout", "0.1", "--validations", "40", "--scheduled-sampling", "linear", "--sampling-share", "0.5"}
	f.must(trainArgs("whole", length...)...)
	for name, how := range map[string]struct {
		signal syscall.Signal
		code   int
	}{"interrupted": {syscall.SIGINT, 130}, "terminated": {syscall.SIGTERM, 130}, "killed": {syscall.SIGKILL, -1}} {
		t.Run(name, func(t *testing.T) {
			cmd, out, stderr := f.command(trainArgs(name, length...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for began := time.Now(); !f.exists(name+"/metrics.jsonl") && time.Since(began) < 20*time.Second; {
				time.Sleep(time.Millisecond)
			}
			cmd.Process.Signal(how.signal)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != how.code {
				t.Fatalf("exit code %d instead of %d: the run may have been too short to stop\n%s%s", code, how.code, out, stderr)
			}
			if how.code == 130 {
				f.contains(out.String(), "stopped at step", "inkling resume "+name)
				f.contains(stderr.String(), "stopping after this step")
			}
			r := f.must("resume", name)
			f.contains(r.out, "finished at step 1,500")
			f.contains(r.err, "goes on after step")
			for _, file := range []string{"model.safetensors", "tokenizer.json"} {
				if !bytes.Equal(f.read("whole/"+file), f.read(name+"/"+file)) {
					t.Errorf("%s differs from that of a run that was never stopped", file)
				}
			}
			if a, b := steps(t, f, "whole"), steps(t, f, name); !reflect.DeepEqual(a, b) {
				t.Errorf("metrics differ:\n%v\n%v", a, b)
			}
			r = f.must("resume", name)
			f.contains(r.out, "is finished, at step 1,500")
		})
	}
}

// TestInterruptedValidation stops a run that does little but measure its held-out text: that is waited
// for, and the run saved and reported.
func TestInterruptedValidation(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	f := newFolder(t)
	f.write("held.txt", sampleText(300_000, 4))
	cmd, out, stderr := f.command(trainArgs("a", "--valid", "held.txt", "--steps", "300", "--validations", "300")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); !f.exists("a/metrics.jsonl") && time.Since(began) < 20*time.Second; {
		time.Sleep(time.Millisecond)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(out.String(), "stopped at step") {
		t.Errorf("exit code %d\n%s%s", code, out, stderr)
	}
}

// steps are the metrics without what wall time there is in them.
func steps(t *testing.T, f *folder, run string) (points []point) {
	curve, err := readCurve(f.dir + "/" + run)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range curve {
		p.Seconds = 0
		if p.Valid != nil {
			p.Loss += 1000 * *p.Valid // one number, so that points compare
			p.Valid = nil
		}
		points = append(points, p)
	}
	return points
}

// TestSecondInterrupt ends the program at once, in the middle of a step.
func TestSecondInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	f := newFolder(t)
	cmd, out, _ := f.command(strings.Fields("train lm text.txt --hidden 384 --layers 2 --batch 16 --time 500 --steps 1000 --precision float32 --out a")...)
	stderr, err := os.Create(filepath.Join(f.dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait := func(there func() bool) {
		for began := time.Now(); !there() && time.Since(began) < 20*time.Second; {
			time.Sleep(time.Millisecond)
		}
	}
	wait(func() bool { return f.exists("a/state/000000000.safetensors") })
	cmd.Process.Signal(os.Interrupt)
	// Two signals that are both on their way would be one.
	wait(func() bool { return bytes.Contains(f.read("stderr"), []byte("stopping after this step")) })
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	// The step would have taken much longer: nothing is reported.
	if code := cmd.ProcessState.ExitCode(); code != 130 || out.Len() > 0 {
		t.Errorf("exit code %d\n%s%s", code, out, f.read("stderr"))
	}
	if f.exists("a/README.md") {
		t.Error("there is a model card of a run that ended at once")
	}
}
