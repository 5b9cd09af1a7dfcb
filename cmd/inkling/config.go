package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
	"inkling/tensor"
	"inkling/train"
)

// runConfig is config.json of a run: what the model is (lm.Header) and all that was given, chosen or
// measured before the first step, so that the run can go on from the folder alone.
type runConfig struct {
	lm.Header
	Tokens string `json:"tokens"` // "char", "byte", "word" or "bpe"
	// Vocabulary says which of these tokens there are, where that is not given by the text.
	Vocabulary tokenSettings `json:"vocabulary,omitzero"`
	Train      settings      `json:"train"`
	Data       dataSource    `json:"data"`
	MadeWith   madeWith      `json:"made_with"`
	From       *origin       `json:"from,omitempty"` // where the first weights and the tokens come from; nil: chance, and the text
}

// settings of training, with no default left open.
type settings struct {
	Batch           int                   `json:"batch"`                // lanes
	Time            int                   `json:"time,omitempty"`       // steps of a window of text
	Accumulate      int                   `json:"accumulate,omitempty"` // windows of a step; 0: 1
	Steps           int                   `json:"steps,omitempty"`
	Epochs          float64               `json:"epochs,omitempty"`
	Budget          duration              `json:"budget,omitempty"`
	Optimizer       string                `json:"optimizer"`
	Options         train.Options         `json:"options"`
	Schedule        string                `json:"schedule"`
	ScheduleOptions train.ScheduleOptions `json:"schedule_options,omitzero"`
	Clip            float64               `json:"clip"` // negative: no clipping
	Seed            uint64                `json:"seed"`
	Shards          int                   `json:"shards"`
	Precision       string                `json:"precision"` // of products: "float32" or "bfloat16"
	Validations     int                   `json:"validations"`
	Patience        int                   `json:"patience,omitempty"`         // validations without a new best that end the run; 0: any
	Average         float64               `json:"average,omitempty"`          // decay of the averaged weights; 0: none are kept
	CheckpointEvery int                   `json:"checkpoint_every,omitempty"` // steps; 0: once a minute
	Keep            int                   `json:"keep,omitempty"`             // states; 0: 2
	Sampling        lm.Sampling           `json:"scheduled_sampling,omitzero"`
}

// dataSource is the text that a run learns from.
type dataSource struct {
	File        string   `json:"file"`            // an absolute path; "-" for standard input; or the built-in text
	Ext         []string `json:"ext,omitempty"`   // of a folder's files
	Lines       bool     `json:"lines,omitempty"` // each line is an item
	Field       string   `json:"field,omitempty"` // of the JSON object on each line: the item
	Bytes       int64    `json:"bytes"`
	SHA256      string   `json:"sha256"`
	ValidShare  float64  `json:"valid_share,omitempty"` // of the text's end that is held out
	ValidFile   string   `json:"valid_file,omitempty"`  // or a text of its own
	ValidBytes  int64    `json:"valid_bytes,omitempty"`
	ValidSHA256 string   `json:"valid_sha256,omitempty"`
	Items       int      `json:"items,omitempty"` // of both sides of a list
	TrainTokens int      `json:"train_tokens"`
	ValidTokens int      `json:"valid_tokens"`
}

// memory is what the text takes when it is read again, in bytes, where memory is enough for its tokens.
func (d dataSource) memory(vocab *data.Vocab) int64 {
	tokens := int64(data.IDBytes(vocab.Size())) * int64(d.TrainTokens+d.ValidTokens)
	return tokens + data.ItemBytes*int64(d.Items) + min(d.Bytes, tailBytes+headBytes) + min(2*d.Bytes, readingBytes)
}

// madeWith is what else a result may depend on.
type madeWith struct {
	build
	Threads int     `json:"threads"`
	GFLOPS  float64 `json:"gflops,omitempty"` // measured speed in training, if sizes were chosen by it
	Why     string  `json:"why,omitempty"`    // the sizes are what they are
}

// duration is a time.Duration that is written as 10m0s.
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}

// writeConfig writes config.json of a run of any kind.
func writeConfig(run *checkpoint.Run, config any) error {
	raw, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	return run.WriteFile("config.json", append(raw, '\n'))
}

func (c *runConfig) write(run *checkpoint.Run) error {
	return writeConfig(run, c)
}

// readConfig reads config.json. What the model needs of it is checked by lm.ReadConfig; what training
// needs, by train.Run. A run that was killed right after its config was written has no tokenizer yet.
func readConfig(run *checkpoint.Run) (*runConfig, error) {
	if _, _, err := lm.ReadConfig(run); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c := new(runConfig)
	if err := lm.UnmarshalConfig(run, c); err != nil {
		return nil, err
	}
	if err := c.checkSizes(); err != nil {
		return nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, nil
}

// checkSizes refuses what no run can have, so that whoever adds sizes up need not mind.
func (c *runConfig) checkSizes() error {
	if err := c.Train.checkSizes(); err != nil {
		return err
	}
	return checkSizes(
		size{"data.bytes", c.Data.Bytes, 1 << 60},
		size{"data.valid_bytes", c.Data.ValidBytes, 1 << 60},
		size{"data.items", int64(c.Data.Items), 1 << 32},
		size{"data.train_tokens", int64(c.Data.TrainTokens), 1 << 56},
		size{"data.valid_tokens", int64(c.Data.ValidTokens), 1 << 56},
	)
}

func (s settings) checkSizes() error {
	return checkSizes(
		size{"train.batch", int64(s.Batch), mostLanes},
		size{"train.time", int64(s.Time), mostTime},
		size{"train.steps", int64(s.Steps), math.MaxInt64},
		size{"train.budget", int64(s.Budget), math.MaxInt64},
		size{"train.shards", int64(s.Shards), mostShards},
		size{"train.validations", int64(s.Validations), mostValidations},
		size{"train.accumulate", int64(s.Accumulate), mostAccumulate},
		size{"train.patience", int64(s.Patience), mostValidations},
		size{"train.checkpoint_every", int64(s.CheckpointEvery), math.MaxInt64},
	)
}

// size is a number of config.json, and the most that it may be.
type size struct {
	name string
	n    int64
	most int64
}

func checkSizes(sizes ...size) error {
	for _, s := range sizes {
		if s.n < 0 || s.n > s.most {
			return fmt.Errorf("%s is %d: must be at least 0 and at most %d", s.name, s.n, s.most)
		}
	}
	return nil
}

// checkTokens refuses tokens that this program cannot make of a text.
func (c *runConfig) checkTokens() error {
	v := c.Vocabulary
	switch {
	case !slices.Contains([]string{"char", "byte", "word", "bpe"}, c.Tokens):
		return fmt.Errorf("no tokens %.64q: char, byte, word and bpe are known", c.Tokens)
	case v.Split != "" && v.Split != "unicode" && v.Split != "space":
		return fmt.Errorf("vocabulary.split is %.64q: must be unicode or space", v.Split)
	case v.Size < 0 || v.Size > mostVocab || v.MinCount < 0:
		return fmt.Errorf("vocabulary of %d tokens that occur %d times: must be at least 0, and at most %d tokens", v.Size, v.MinCount, mostVocab)
	case c.Tokens == "bpe" && c.From == nil:
		return data.CheckBPESize(v.Size)
	}
	return nil
}

// precisions by the name that flags and config.json use.
var precisions = map[string]tensor.Precision{"float32": tensor.Float32, "bfloat16": tensor.BFloat16}

func (s settings) loop() (train.Config, error) {
	precision, ok := precisions[s.Precision]
	if !ok {
		return train.Config{}, fmt.Errorf("no precision %q: choose float32 or bfloat16", s.Precision)
	}
	return train.Config{
		Steps: s.Steps, Epochs: s.Epochs, Budget: time.Duration(s.Budget),
		Optimizer: s.Optimizer, Options: s.Options, Schedule: s.Schedule, ScheduleOptions: s.ScheduleOptions, Clip: s.Clip,
		Accumulate: s.Accumulate, Shards: s.Shards, Seed: s.Seed, Precision: precision,
		Validations: s.Validations, Patience: s.Patience, Average: s.Average, CheckpointEvery: s.CheckpointEvery,
	}, nil
}

// batch is what a step reads, in words.
func (s settings) batch() string {
	b := fmt.Sprintf("batch %d × %d steps", s.Batch, s.Time)
	if s.Accumulate > 1 {
		b += fmt.Sprintf(" × %d windows", s.Accumulate)
	}
	return b
}

// optimizer is how a step changes the weights, in words.
func (s settings) optimizer() string {
	o := fmt.Sprintf("%s, learning rate %.3g, %s schedule", s.Optimizer, s.Options.Rate, s.Schedule)
	switch d := s.ScheduleOptions; {
	case d.After > 0:
		o += fmt.Sprintf(" (times %.3g with each epoch after %d)", d.Factor, d.After)
	case d.Patience > 0:
		o += fmt.Sprintf(" (times %.3g after %s without a new best)", d.Factor, plural(d.Patience, "validation"))
	}
	if s.Average > 0 {
		o += fmt.Sprintf(", weights averaged with decay %g", s.Average)
	}
	if s.Sampling.Kind != "" {
		o += ", " + s.Sampling.Describe()
	}
	return o
}
