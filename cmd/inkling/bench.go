package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"inkling/internal/kernel"
	"inkling/lm"
	"inkling/tensor"
)

// benchCmd is inkling bench. Each measurement is repeated and its median told, with the spread of the
// repetitions; the machine's peak is the best of them, since nothing but the machine limits it. Shares
// are of the float32 peak of all threads, measured in the same call.
type benchCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"What to measure: peak, memory, matmul, lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train, sgns; all of them unless given."`

	M      int    `help:"Rows of the product." env:"-" placeholder:"N" group:"matmul"`
	N      int    `help:"Columns of the product." env:"-" placeholder:"N" group:"matmul"`
	K      int    `help:"What is summed over." env:"-" placeholder:"N" group:"matmul"`
	Form   string `help:"Which operand is stored transposed: nn none, nt the right one, tn the left one." enum:"nn,nt,tn" default:"nn" group:"matmul"`
	Packed bool   `help:"The right operand is packed beforehand, as weights are in a training step; each thread multiplies M rows of its own." group:"matmul"`

	Hidden *int    `help:"Size of each layer; 512, and 128 beside it; 400 of vae-train." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Layers *int    `help:"Layers; 2, and 1 of wordlm-train." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Batch  *int    `help:"Lanes; 64, and 32 of wordlm-train; of lstm-beam its width, 8; of vae-train pictures, 128." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Time   *int    `help:"Steps of a window of text; 100, and 64 of wordlm-train." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Vocab  *int    `help:"Different tokens; 65, and 10,000, 33,278 and 267,735 of wordlm-train." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Output *string `help:"Output layer of wordlm-train: ${enum}; full of window, and adaptive of lstm." enum:"${outputs}" placeholder:"NAME" env:"-" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Arch   *string `help:"Architecture of wordlm-train: window or lstm; both unless given." enum:"window,lstm" placeholder:"NAME" env:"-" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Embed  *int    `help:"Size of the embeddings of wordlm-train; 100, and 256 of lstm." placeholder:"N" env:"-" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Latent *int    `help:"Latent variables of vae-train; 20." placeholder:"N" env:"-" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`
	Shards int     `help:"Parts of a batch; one a thread unless given." placeholder:"N" group:"lstm-train, gru-train, wordlm-train, lstm-generate, lstm-beam, vae-train"`

	Dtype  string        `help:"Of products in matmul and training: ${enum}; all is each that the machine is fast at." enum:"all,float32,bfloat16" default:"all"`
	Repeat int           `help:"Repetitions of each measurement." default:"7"`
	Limit  time.Duration `help:"Longest time for one measurement; at least one repetition is always made." default:"20s"`
}

// row is one result. Shape fields that do not apply are left out of the JSON.
type row struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	GFLOPS    float64 `json:"gflops,omitempty"`
	PeakShare float64 `json:"peak_share,omitempty"` // of the float32 peak: 1 is all of it
	ISA       string  `json:"isa"`
	Threads   int     `json:"threads"`
	Spread    float64 `json:"spread"` // (highest − lowest) / median of the repetitions
	Dtype     string  `json:"dtype,omitempty"`
	M         int     `json:"m,omitempty"`
	N         int     `json:"n,omitempty"`
	K         int     `json:"k,omitempty"`
	Form      string  `json:"form,omitempty"`
	Packed    bool    `json:"packed,omitempty"` // beforehand, outside the time
	Arch      string  `json:"arch,omitempty"`
	Hidden    int     `json:"hidden,omitempty"`
	Latent    int     `json:"latent,omitempty"`
	Layers    int     `json:"layers,omitempty"`
	Batch     int     `json:"batch,omitempty"`
	Time      int     `json:"time,omitempty"`
	Vocab     int     `json:"vocab,omitempty"`
	Embed     int     `json:"embed,omitempty"`
	Context   int     `json:"context,omitempty"`
	Output    string  `json:"output,omitempty"`
	Optimizer string  `json:"optimizer,omitempty"` // "": adamw
	Shards    int     `json:"shards,omitempty"`
	Negative  int     `json:"negative,omitempty"`
	Window    int     `json:"window,omitempty"`
	Hogwild   bool    `json:"hogwild,omitempty"`
}

var benchNames = []string{"peak", "memory", "matmul", "lstm-train", "gru-train", "wordlm-train", "lstm-generate", "lstm-beam", "vae-train", "sgns"}

func (b *benchCmd) Run(a *app) error {
	if err := b.check(a.memory()); err != nil {
		return err
	}
	a.note("%s; takes a minute or two", machine())
	rows := []row{b.peak(a)}
	for _, m := range []struct {
		name    string
		measure func(*app) ([]row, error)
	}{{"memory", b.memory}, {"matmul", b.matmul}, {"lstm-train", b.train("lstm-train")}, {"gru-train", b.train("gru-train")}, {"wordlm-train", b.train("wordlm-train")}, {"lstm-generate", b.lstmGenerate}, {"lstm-beam", b.lstmBeam}, {"vae-train", b.vaeTrain}, {"sgns", b.sgns}} {
		if !b.wanted(m.name) {
			continue
		}
		rs, err := m.measure(a)
		if err == nil {
			err = a.ctx.Err()
		}
		if err != nil {
			return err
		}
		for _, r := range rs {
			a.note("%s: %s", r.what(), r.value())
		}
		rows = append(rows, rs...)
		// Others may have been at work when the peak was measured first.
		if again := b.peak(a); again.Value > rows[0].Value {
			rows[0] = again
		}
	}
	for i := range rows {
		rows[i].ISA, rows[i].PeakShare = kernel.ISA(), rows[i].GFLOPS/rows[0].GFLOPS
	}
	if a.json {
		return a.printJSON(rows)
	}
	lines := [][]string{{"", "value", "GFLOP/s", "of peak", "spread"}}
	for _, r := range rows {
		gflops, share := "", ""
		if r.GFLOPS > 0 {
			gflops, share = fmt.Sprintf("%.1f", r.GFLOPS), fmt.Sprintf("%.1f %%", 100*r.PeakShare)
		}
		lines = append(lines, []string{r.what(), r.value(), gflops, share, fmt.Sprintf("%.1f %%", 100*r.Spread)})
	}
	table(a.out, lines...)
	return nil
}

func (b *benchCmd) check(limit int64) error {
	for _, name := range b.Names {
		if !slices.Contains(benchNames, name) {
			return usage("nothing called %q can be measured: choose from %s", name, strings.Join(benchNames, ", "))
		}
	}
	err := check(
		bound{"--m", &b.M, 0, mostRows},
		bound{"--n", &b.N, 0, mostRows},
		bound{"--k", &b.K, 0, mostRows},
		bound{"--hidden", b.Hidden, 1, mostSize},
		bound{"--latent", b.Latent, 1, mostSize},
		bound{"--layers", b.Layers, 1, mostLayers},
		bound{"--batch", b.Batch, 1, mostLanes},
		bound{"--time", b.Time, 1, mostTime},
		bound{"--vocab", b.Vocab, 1, mostVocab},
		bound{"--shards", &b.Shards, 0, mostShards},
		bound{"--repeat", &b.Repeat, 1, unbounded},
	)
	if err != nil {
		return err
	}
	if given := b.M > 0 || b.N > 0 || b.K > 0; given && (b.M < 1 || b.N < 1 || b.K < 1) {
		return usage("--m, --n and --k go together: a product needs all three sizes")
	}
	if b.Packed && b.Form == "tn" {
		return usage("--packed with --form tn: that product packs nothing")
	}
	if b.Dtype == "bfloat16" && !tensor.HasBFloat16() {
		return usage("--dtype bfloat16: this processor has no bfloat16 matrix units; choose float32")
	}
	for _, name := range benchNames {
		for _, r := range append(b.models(name), b.vaes(name)...) {
			if b.Shards > r.Batch {
				return usage("--shards %d: more than the %d lanes of a batch", b.Shards, r.Batch)
			}
		}
	}
	return b.checkMemory(limit)
}

// checkMemory refuses what would not fit, before anything is made.
func (b *benchCmd) checkMemory(limit int64) error {
	refuse := func(what string, bytes int64) error {
		if limit <= 0 || bytes <= limit {
			return nil
		}
		return badInput("%s would take %s of memory, which is too much: there are %s", what, sizeOf(bytes), sizeOf(limit))
	}
	if b.M > 0 && b.wanted("matmul") {
		r := row{M: b.M, N: b.N, K: b.K, Form: b.Form, Packed: b.Packed, Threads: runtime.GOMAXPROCS(0)}
		if err := refuse(fmt.Sprintf("a product of %d×%d×%d", r.M, r.N, r.K), r.productMemory()); err != nil {
			return err
		}
	}
	for _, name := range benchNames {
		if !b.wanted(name) {
			continue
		}
		for _, r := range b.vaes(name) {
			need, err := r.vaeMemory(b.shards(r))
			if err != nil {
				return usage("%w", err)
			}
			if err := refuse(fmt.Sprintf("a VAE of %d with batches of %d", r.Hidden, r.Batch), need); err != nil {
				return err
			}
		}
		for _, r := range b.models(name) {
			lanes, time, shards, slots := r.Batch, r.Time, b.shards(r), 2
			if decodes(name) {
				lanes, time, shards, slots = 1, 1, 1, 0
			}
			need, err := r.config().PlanTraining(lm.Training{Lanes: lanes, Time: time, Shards: shards, Slots: slots})
			if err != nil {
				return usage("%w", err)
			}
			tokens := 8 * int64(trainTokens(lanes, time))
			if err := refuse(fmt.Sprintf("a model of %d×%d with batches of %d×%d", r.Layers, r.Hidden, lanes, time), need.Total()+tokens); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted says whether something is to be measured.
func (b *benchCmd) wanted(name string) bool {
	return len(b.Names) == 0 || slices.Contains(b.Names, name)
}

// dtypes are the precisions asked for.
func (b *benchCmd) dtypes() []string {
	switch {
	case b.Dtype != "all":
		return []string{b.Dtype}
	case tensor.HasBFloat16():
		return []string{"float32", "bfloat16"}
	}
	return []string{"float32"}
}

func (r row) value() string {
	if r.Value >= 1000 {
		return thousands(int(r.Value)) + " " + r.Unit
	}
	return fmt.Sprintf("%.1f %s", r.Value, r.Unit)
}

// what is the work in words.
func (r row) what() string {
	s := fmt.Sprintf("%-13s ", r.Name)
	switch {
	case r.M > 0:
		s += fmt.Sprintf("%d×%d×%d %s, %s", r.M, r.N, r.K, r.Form, r.Dtype)
		if r.Packed {
			s += ", packed before"
		}
	case r.Negative > 0:
		s += fmt.Sprintf("%s words, %d numbers, window %d, %d negatives, %s", thousands(r.Vocab), r.Embed, r.Window, r.Negative, r.Dtype)
		if r.Hogwild {
			s += ", hogwild"
		}
	case r.Context > 0:
		s += fmt.Sprintf("%d×%d over %d embeddings of %d, %s words, %s softmax, batch %d × %d, %s", r.Layers, r.Hidden, r.Context, r.Embed, thousands(r.Vocab), r.Output, r.Batch, r.Time, r.Dtype)
	case r.Output != "":
		s += fmt.Sprintf("%s %d×%d, %s words, %s, batch %d × %d, %s", r.Arch, r.Layers, r.Hidden, thousands(r.Vocab), r.Output, r.Batch, r.Time, r.Dtype)
	case r.Latent > 0:
		s += fmt.Sprintf("%d–%d–%d, relu, batch %d, %s", greySize, r.Hidden, r.Latent, r.Batch, r.Dtype)
	case r.Batch > 0 && r.Time == 0:
		s += fmt.Sprintf("%d×%d, %d beginnings, %s", r.Layers, r.Hidden, r.Batch, r.Dtype)
	case r.Batch > 0:
		s += fmt.Sprintf("%d×%d, batch %d × %d, %s", r.Layers, r.Hidden, r.Batch, r.Time, r.Dtype)
	case r.Hidden > 0:
		s += fmt.Sprintf("%d×%d, %s", r.Layers, r.Hidden, r.Dtype)
	case r.Form != "":
		s += r.Form
	default:
		s += r.Dtype
	}
	return s + ", " + plural(r.Threads, "thread")
}

// repeat calls f, which returns the seconds that count, once to warm up and then until it was timed
// often enough or time is over. It returns the median and the spread, and the fastest.
func (b *benchCmd) repeat(a *app, f func() float64) (median, spread, fastest float64) {
	began := time.Now()
	first := f()
	var times []float64
	for len(times) < b.Repeat && a.ctx.Err() == nil && time.Since(began) < b.Limit {
		times = append(times, f())
	}
	if len(times) == 0 {
		times = []float64{first}
	}
	return summary(times)
}

func summary(times []float64) (median, spread, fastest float64) {
	slices.Sort(times)
	n := len(times)
	median = (times[(n-1)/2] + times[n/2]) / 2
	return median, (times[n-1] - times[0]) / median, times[0]
}

// machine says what is measured.
func machine() string {
	return fmt.Sprintf("%s, %s, %s", processor(), plural(runtime.GOMAXPROCS(0), "thread"), kernel.ISA())
}
