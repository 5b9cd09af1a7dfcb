package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/softmax"
	"inkling/train"
)

// compareOutputsCmd is inkling compare outputs: a model of the same sizes and the same budget for each output layer.
type compareOutputsCmd struct {
	File    string   `arg:"" help:"The text to learn from: a file, a folder, or - for standard input; gzip and zstd are unpacked."`
	Out     string   `help:"Folder of the comparison, with a run for each output layer; compare/ and the name of the text unless given." placeholder:"DIR"`
	Outputs []string `help:"The output layers to compare: ${enum}; all of them unless given. SVD-softmax, which trains nothing, is measured on full." enum:"${outputs}" placeholder:"NAME" group:"The output layer"`

	trainFlags
}

// What a comparison has unless something else is given: its models are to differ in their output layer only, so their
// sizes are not chosen by what each can do in the time.
const (
	comparedBudget = time.Minute
	comparedHidden = 256
	comparedEmbed  = 128
	comparedBatch  = 32
	comparedTime   = 35
	comparedWords  = 30_000 // of the held-out text, to measure the time of a score
	worstDrawn     = 2      // times the perplexity of a guess: what is worse is not in the picture
)

// compared is how one of them did.
type compared struct {
	Output     string          `json:"output"`
	Options    softmax.Options `json:"options,omitzero"`
	Out        string          `json:"out"`
	Valid      *float64        `json:"valid"`      // nats per token of the held-out text, exact
	Perplexity *float64        `json:"perplexity"` // of the same; null where it is too large for a number
	Speed      float64         `json:"tokens_per_s"`
	Steps      int             `json:"steps"`
	Seconds    float64         `json:"seconds"`
	Epochs     float64         `json:"epochs"`
	Score      float64         `json:"us_per_scored_token"` // wall time of an exact probability in running text, with all cores
	Memory     int64           `json:"memory"`              // planned for training, in bytes
	Curve      []curvePoint    `json:"curve"`
	Preview    *previewed      `json:"svd,omitempty"`   // of full: what SVD-softmax makes of it
	Error      string          `json:"error,omitempty"` // what ended it
}

// curvePoint is a validation along the way.
type curvePoint struct {
	Seconds float64 `json:"seconds"`
	Nats    float64 `json:"nats"` // per token
}

// comparison is the whole result, and compare.json.
type comparison struct {
	File    string     `json:"file"`
	Tokens  string     `json:"tokens"`
	Vocab   int        `json:"vocab"`
	Valid   int        `json:"valid_tokens"`
	Picture string     `json:"picture"`
	Results []compared `json:"results"`
}

func (c *compareOutputsCmd) Run(a *app) error {
	kinds, err := c.kinds(a)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if err := c.train(k).check(); err != nil {
			return err
		}
	}
	text, err := c.train(kinds[0]).corpus(a, nil)
	if err != nil {
		return err
	}
	defer text.close()
	if text.valid.Len() == 0 {
		return usage("--valid %s holds nothing out, and it is what the output layers are judged by: leave it out, or name a text", c.Valid)
	}
	if c.Steps == nil && c.Epochs == nil && c.Budget == nil {
		a.note("no --steps, --epochs or --budget: training for %s each", span(comparedBudget))
	}
	// What cannot be trained is found out before there is a folder.
	for _, k := range kinds[1:] {
		t := c.train(k)
		if err := t.suits(t.model(), text.vocab.Counts); err != nil {
			return err
		}
	}
	first, err := c.train(kinds[0]).sit(a, text, nil)
	if err != nil {
		return err
	}
	dir, err := newComparison(c.Out, c.File)
	if err != nil {
		return err
	}
	result := comparison{File: c.File, Tokens: text.vocab.Kind, Vocab: text.vocab.Size(), Valid: text.validSide.Judged, Picture: filepath.Join(dir, "compare.png")}
	for i, k := range kinds {
		if a.ctx.Err() != nil {
			break
		}
		a.note("\n%s, %d of %d", k, i+1, len(kinds))
		s := first
		if i > 0 {
			if s, err = c.train(k).sit(a, text, nil); err != nil {
				return err
			}
		}
		first = nil
		one, err := s.compare(a, k, filepath.Join(dir, k))
		if err != nil {
			return err
		}
		result.Results = append(result.Results, one)
		if err := result.save(dir); err != nil { // so that nothing is lost whatever happens to the next
			return err
		}
	}
	if err := result.print(a); err != nil {
		return err
	}
	if a.ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}

// kinds are the output layers to compare.
func (c *compareOutputsCmd) kinds(a *app) (names []string, err error) {
	for _, k := range softmax.Kinds() {
		switch {
		case len(c.Outputs) > 0 && !slices.Contains(c.Outputs, k.Name):
		case c.Tied && !k.Ties && len(c.Outputs) > 0:
			return nil, usage("--tied with --outputs %s, which has nothing to share the embedding with: leave one of them out", k.Name)
		case c.Tied && !k.Ties:
			a.note("%s has nothing to share the embedding with, and is left out", k.Name)
		default:
			names = append(names, k.Name)
		}
	}
	if unused := c.unused(names); unused != "" {
		return nil, usage("--%s with --outputs %s, none of which has it: leave it out", unused, strings.Join(names, ","))
	}
	return names, nil
}

// unused is an option that was given and that none of the kinds has.
func (c *compareOutputsCmd) unused(kinds []string) string {
	given := c.options().Given()
	for _, k := range softmax.Kinds() {
		if slices.Contains(kinds, k.Name) {
			given = slices.DeleteFunc(given, func(o string) bool { return slices.Contains(k.Options, o) })
		}
	}
	return strings.Join(given[:min(1, len(given))], "")
}

// train is the command that trains one of them. Options are given to those that have them.
func (c *compareOutputsCmd) train(kind string) *trainCmd {
	t := &trainCmd{File: c.File, Output: &kind, trainFlags: c.trainFlags}
	usual := func(flag **int, v int) {
		if *flag == nil {
			*flag = &v
		}
	}
	usual(&t.Hidden, comparedHidden)
	usual(&t.Layers, 1)
	usual(&t.Batch, comparedBatch)
	usual(&t.Time, comparedTime)
	if !t.Tied && valueOr(t.Arch, "") != "window" {
		usual(&t.Embed, comparedEmbed)
	}
	if t.Steps == nil && t.Epochs == nil && t.Budget == nil {
		budget := comparedBudget
		t.Budget = &budget
	}
	for _, k := range softmax.Kinds() {
		if k.Name == kind {
			t.keep(k.Options)
		}
	}
	return t
}

// compare trains with one output layer and measures what came of it.
func (s *sitting) compare(a *app, kind, dir string) (r compared, err error) {
	if s.run, err = checkpoint.Create(dir); err != nil {
		return compared{}, err
	}
	defer s.run.Close()
	if err := s.record(); err != nil {
		return compared{}, err
	}
	runtime.GC() // what the one before held
	r = compared{Output: kind, Options: s.cfg.Model.OutputOptions, Out: dir, Memory: s.need.Total}
	result, err := s.train(a)
	if err != nil && !errors.Is(err, train.ErrDiverged) {
		return compared{}, err
	}
	if err != nil { // what it came to until then is a result
		r.Error = err.Error()
		a.note("%s: %v", kind, err)
	}
	r.Steps, r.Seconds, r.Speed = result.Steps, result.Seconds, result.Weight/max(result.Seconds, 1e-9)
	r.Epochs = float64(result.Steps*s.cfg.Train.Accumulate) / float64(s.windows.StepsPerEpoch())
	if err := r.draw(dir); err != nil {
		return compared{}, err
	}
	if r.Error != "" || result.Interrupted && len(r.Curve) == 0 {
		return r, nil
	}
	valid := result.Best
	r.Valid = &valid
	if p := math.Exp(valid); !math.IsInf(p, 0) {
		r.Perplexity = &p
	}
	if r.Score, err = s.scoreTime(a.ctx); err == nil && kind == "full" {
		r.Preview, err = s.preview(a)
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return r, err
}

// preview is what SVD-softmax of the usual size makes of the model.
func (s *sitting) preview(a *app) (*previewed, error) {
	var size previewSize
	size.settle(s.model.Config)
	p, err := size.of(s.model, s.run.Dir())
	if err != nil {
		return nil, err
	}
	r, err := size.measure(a, p, s.text.valid, s.text.begin())
	if err != nil || math.IsInf(r.Perplexity, 0) {
		return nil, err
	}
	return r, nil
}

// draw reads what was measured along the way.
func (r *compared) draw(dir string) error {
	curve, err := readCurve(dir)
	for _, p := range curve {
		if loss := p.heldOut(); !math.IsNaN(loss) {
			r.Curve = append(r.Curve, curvePoint{p.Seconds, loss})
		}
	}
	return err
}

// scoreTime is how long the exact probability of a token takes, in microseconds, of the held-out text's first.
func (s *sitting) scoreTime(ctx context.Context) (float64, error) {
	some := data.Part(s.text.valid, 0, min(s.text.valid.Len(), comparedWords))
	began := time.Now()
	_, n, err := s.model.Evaluate(ctx, some, s.text.begin(), precisions["float32"], s.cfg.Train.Shards)
	if err != nil || n == 0 {
		return 0, err
	}
	return float64(time.Since(began).Microseconds()) / float64(n), nil
}

// save writes what there is, as JSON and as a picture.
func (c *comparison) save(dir string) error {
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "compare.json"), append(raw, '\n'), 0o644); err != nil {
		return ioFault("%w", err)
	}
	var lines []line
	for _, r := range c.Results {
		l := line{name: r.Output}
		for _, p := range r.Curve {
			if perplexity := math.Exp(p.Nats); perplexity < worstDrawn*float64(c.Vocab) {
				l.x, l.y = append(l.x, p.Seconds), append(l.y, perplexity)
			}
		}
		if len(l.x) > 0 {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	title := fmt.Sprintf("%s: %s tokens", filepath.Base(c.File), thousands(c.Vocab))
	return drawLines(c.Picture, title, "seconds of training", "perplexity of the held-out text", lines)
}

func (c *comparison) print(a *app) error {
	if a.json {
		return a.printJSON(c)
	}
	one, _ := units(c.Tokens)
	rows := [][]string{{"output", "perplexity", one + "s/s", "passes", "µs to score", "memory"}}
	for _, r := range c.Results {
		perplexity, score := "–", "–"
		if r.Perplexity != nil {
			perplexity = fmt.Sprintf("%.1f", *r.Perplexity)
		}
		if r.Score > 0 {
			score = fmt.Sprintf("%.1f", r.Score)
		}
		rows = append(rows, []string{r.Output, perplexity, thousands(int(r.Speed)), fmt.Sprintf("%.2f", r.Epochs), score, sizeOf(r.Memory)})
	}
	table(a.out, rows...)
	for _, r := range c.Results {
		if p := r.Preview; p != nil {
			fmt.Fprintf(a.out, "\nSVD-softmax of full (svd:%d,%d): approximate perplexity %.1f, the 10 likeliest %ss the same for %.1f %% (proven for %.1f %%), found in %.0f µs instead of %.0f.\n",
				p.Dims, p.Full, p.Perplexity, one, 100*p.Equal, 100*p.Certified, 1e6*p.Single, 1e6*p.ExactSingle)
		}
	}
	fmt.Fprintf(a.out, "\nPerplexity is exact, of %s held-out %ss. Seconds against perplexity: %s\n", thousands(c.Valid), one, c.Picture)
	return nil
}

// newComparison makes the folder of a comparison: the one asked for, which must be new or empty, or the first free one of
// compare/text, compare/text-2, …
func newComparison(out, text string) (string, error) {
	if out != "" {
		if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
			return "", badInput("%s is not empty: name a new folder for the comparison", out)
		}
		if err := os.MkdirAll(out, 0o755); err != nil {
			return "", ioFault("%w", err)
		}
		return out, nil
	}
	if err := os.MkdirAll("compare", 0o755); err != nil {
		return "", ioFault("%w", err)
	}
	base := filepath.Join("compare", runName(text))
	for n, dir := 2, base; ; n++ {
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, os.ErrExist) {
			return dir, err
		}
		dir = fmt.Sprintf("%s-%d", base, n)
	}
}
