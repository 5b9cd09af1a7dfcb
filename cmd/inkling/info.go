package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/decode"
	"inkling/internal/kernel"
	"inkling/lm"
	"inkling/softmax"
	"inkling/tensor"
	"inkling/train"
	"inkling/vae"
)

type infoCmd struct {
	Dir  string `arg:"" optional:"" name:"dir" help:"Folder of a model or run; or architectures, outputs, decoders, filters, optimizers, schedules, nets, likelihoods, objectives: what there is of each."`
	Plan bool   `help:"Show the memory that training, measuring and writing take." env:"-"`
}

// known is one variant of a family.
type known struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// families are what can be chosen by name, under the name that info knows them by.
func families() map[string][]known {
	f := map[string][]known{}
	for _, k := range lm.Architectures() {
		f["architectures"] = append(f["architectures"], known{k.Name, k.Doc})
	}
	for _, k := range softmax.Kinds() {
		f["outputs"] = append(f["outputs"], known{k.Name, k.Doc})
	}
	for _, k := range decode.Kinds() {
		f["decoders"] = append(f["decoders"], known{k.Name, k.Doc})
	}
	for _, k := range decode.Filters() {
		f["filters"] = append(f["filters"], known{k.Name, k.Doc})
	}
	for _, k := range train.Optimizers {
		f["optimizers"] = append(f["optimizers"], known{k.Name, k.Doc})
	}
	for _, k := range train.Schedules {
		f["schedules"] = append(f["schedules"], known{k.Name, k.Doc})
	}
	for _, k := range vae.Nets() {
		f["nets"] = append(f["nets"], known(k))
	}
	for _, k := range vae.Likelihoods() {
		f["likelihoods"] = append(f["likelihoods"], known(k))
	}
	for _, k := range vae.Objectives() {
		f["objectives"] = append(f["objectives"], known(k))
	}
	return f
}

var familyNames = []string{"architectures", "outputs", "decoders", "filters", "optimizers", "schedules", "nets", "likelihoods", "objectives"}

// names are the values of a flag, the default first, for kong's enum.
func names(family string) string {
	var list []string
	for _, k := range families()[family] {
		list = append(list, k.Name)
	}
	return strings.Join(list, ",")
}

func (i *infoCmd) Run(a *app) error {
	switch {
	case i.Plan && (i.Dir == "" || slices.Contains(familyNames, i.Dir)):
		return usage("--plan needs the folder of a model; of a run that is not begun yet: inkling train lm FILE --plan")
	case i.Dir == "":
		return i.machine(a)
	case slices.Contains(familyNames, i.Dir):
		variants := families()[i.Dir]
		if a.json {
			return a.printJSON(variants)
		}
		list(a.out, rowsOf(variants, "")...)
		return nil
	}
	run, err := checkpoint.OpenRead(i.Dir)
	if err != nil {
		return err
	}
	defer run.Close()
	if isVectors(run) {
		return i.vectors(a, run)
	}
	if k := vaeKindIn(run); k != nil {
		return k.info(a, i, run)
	}
	return i.run(a, run)
}

func rowsOf(variants []known, indent string) (rows [][]string) {
	for _, k := range variants {
		rows = append(rows, []string{indent + k.Name, k.Doc})
	}
	return rows
}

// processor is the name of the machine's processor.
func processor() string {
	if name := strings.TrimSpace(cpuid.CPU.BrandName); name != "" {
		return name
	}
	return runtime.GOARCH
}

// machine tells what this program is and what it finds here.
func (i *infoCmd) machine(a *app) error {
	b := thisBuild()
	if a.json {
		out := map[string]any{
			"build": b, "processor": processor(), "threads": runtime.GOMAXPROCS(0),
			"isas": kernel.Available(), "bfloat16": tensor.HasBFloat16(), "memory_available": availableMemory(),
		}
		for _, name := range familyNames {
			out[name] = families()[name]
		}
		return a.printJSON(out)
	}
	fmt.Fprintln(a.out, b)
	fmt.Fprintf(a.out, "%s, %s\n", processor(), plural(runtime.GOMAXPROCS(0), "thread"))
	fmt.Fprintf(a.out, "instruction sets %s; in use %s (INKLING_ISA chooses another)\n", strings.Join(kernel.Available(), ", "), kernel.ISA())
	if tensor.HasBFloat16() {
		fmt.Fprintln(a.out, "bfloat16 matrix units: yes, training uses them (--precision float32 does not)")
	} else {
		fmt.Fprintln(a.out, "bfloat16 matrix units: no, training is in float32")
	}
	if m := availableMemory(); m > 0 {
		fmt.Fprintf(a.out, "memory available %s\n", sizeOf(m))
	}
	for _, name := range familyNames {
		fmt.Fprintf(a.out, "\n%s\n", name)
		list(a.out, rowsOf(families()[name], "  ")...)
	}
	return nil
}

// runInfo is what --json says of a run.
type runInfo struct {
	*runConfig
	Dir           string  `json:"dir"`
	Trained       bool    `json:"trained"` // there are weights
	Vocabulary    int     `json:"vocabulary"`
	Weights       int     `json:"weights"`
	ModelBytes    int64   `json:"model_bytes"`    // of weights, in memory and on disk
	TrainingBytes int64   `json:"training_bytes"` // memory that training takes
	Curve         []point `json:"curve"`
}

func (i *infoCmd) run(a *app, run *checkpoint.Run) error {
	cfg, err := readConfig(run)
	if err != nil {
		return err
	}
	trained := run.HasModel()
	m, vocab, err := lm.ReadConfig(run)
	if errors.Is(err, fs.ErrNotExist) && !trained {
		return badInput("%s: %s", i.Dir, notTrained(run)) // killed before there was a vocabulary
	}
	if err != nil {
		return err
	}
	curve, err := readCurve(i.Dir)
	if err != nil {
		return err
	}
	plans, err := plansOf(cfg, m, vocab)
	if err != nil {
		return badInput("%s: config.json: %w", i.Dir, err)
	}
	if i.Plan {
		return printPlansOf(a, plans)
	}
	info := runInfo{runConfig: cfg, Dir: i.Dir, Trained: trained, Vocabulary: vocab.Size(), Curve: curve}
	for _, p := range plans {
		info.Weights, info.ModelBytes = int(p.plan.Weights/4), p.plan.Weights
		if p.name == "training" {
			info.TrainingBytes = p.plan.Total
		}
	}
	if a.json {
		return a.printJSON(info)
	}
	info.print(a, m)
	if !trained {
		fmt.Fprintf(a.out, "\n%s\n", notTrained(run))
	}
	return nil
}

// plansOf are the memory of all that can be done with a model. One that was not made here can only be used.
func plansOf(cfg *runConfig, m lm.Config, vocab *data.Vocab) (plans []namedPlan, err error) {
	add := func(name string, need lm.Memory, e error, text int64) {
		plans, err = append(plans, namedPlan{name, newPlan(need, vocab, text)}), cmp.Or(err, e)
	}
	if t := cfg.Train; t.Batch > 0 && t.Time > 0 && t.Shards > 0 {
		need, e := planTraining(m, t, cfg.Data.ValidTokens)
		add("training", need, e, cfg.Data.memory(vocab))
	}
	need, e := forEvaluation(m)
	add("eval", need, e, 0)
	need, e = forDecoding(m)
	add("generate", need, e, 0)
	need, e = forScoring(m)
	add("score", need, e, scoringMemory)
	return plans, err
}

func printPlansOf(a *app, plans []namedPlan) error {
	if !a.json {
		printPlans(a, plans...)
		return nil
	}
	out := map[string]any{"available": a.memory()}
	for _, p := range plans {
		out[p.name] = p.plan
	}
	return a.printJSON(out)
}

// length is what ends a run, in words.
func (s settings) length() string {
	var ends []string
	if s.Steps > 0 {
		ends = append(ends, plural(s.Steps, "step"))
	}
	if s.Epochs > 0 {
		ends = append(ends, fmt.Sprintf("%g passes", s.Epochs))
	}
	if s.Budget > 0 {
		ends = append(ends, span(time.Duration(s.Budget)))
	}
	if s.Patience > 0 {
		ends = append(ends, plural(s.Patience, "validation")+" without a new best")
	}
	return strings.Join(ends, " or ")
}

func (i *runInfo) print(a *app, m lm.Config) {
	one, _ := units(i.Tokens)
	input := "one-hot"
	if m.Embed > 0 {
		input = fmt.Sprintf("embedding of %d", m.Embed)
	}
	if m.Tied {
		input += ", tied to the output"
	}
	t := i.Train
	rows := [][]string{
		{"model", fmt.Sprintf("%s, %s, %s, output %s", m.Arch, m.Sizes(), input, m.Output)},
		{"output", m.OutputSizes()},
		{"tokens", fmt.Sprintf("%s, %d different ones", plural(2, one)[2:], i.Vocabulary)},
		{"weights", fmt.Sprintf("%s (%s)", thousands(i.Weights), sizeOf(i.ModelBytes))},
		{"dropout", dropoutOf(m)},
	}
	if t.Batch > 0 {
		rows = append(rows,
			[]string{"text", fmt.Sprintf("%s, %s to learn from, %s held out", i.Data.File, plural(i.Data.TrainTokens, one), thousands(i.Data.ValidTokens))},
			[]string{"training", fmt.Sprintf("%s, %s, %s, seed %d, %s", t.length(), t.Precision, t.batch(), t.Seed, plural(t.Shards, "shard"))},
			[]string{"optimizer", t.optimizer()},
			[]string{"memory", sizeOf(i.TrainingBytes) + " in training"},
			[]string{"made with", i.MadeWith.String()},
		)
	}
	if i.From != nil {
		rows = append(rows, []string{"begun with", fmt.Sprintf("the weights of %s, SHA-256 %.12s…", i.From.Run, i.From.SHA256)})
	}
	if i.MadeWith.Why != "" {
		rows = append(rows, []string{"sizes", i.MadeWith.Why})
	}
	list(a.out, slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" })...)
	if len(i.Curve) == 0 {
		return
	}
	last, best := i.Curve[len(i.Curve)-1], math.NaN()
	for _, p := range i.Curve {
		if v := p.heldOut(); !math.IsNaN(v) && !(best <= v) {
			best = v
		}
	}
	fmt.Fprintf(a.out, "\nstep %s after %s: loss %.4f", thousands(last.Step), span(seconds(last.Seconds)), last.Loss)
	if !math.IsNaN(best) {
		fmt.Fprintf(a.out, ", best on the held-out text %.4f nats (%.4f bits) per %s", best, best/math.Ln2, one)
	}
	fmt.Fprintln(a.out)
	fmt.Fprint(a.out, plot(i.Curve))
}
