package sentences

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/internal/strictjson"
	"inkling/vae"
)

// Format is the version of config.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Kind is what config.json calls a VAE of sentences.
const Kind = "sentences"

// Header is what config.json must say for a folder to be a VAE of sentences; other fields are the business of whoever trained it.
type Header struct {
	Format    int           `json:"format"`
	Kind      string        `json:"kind"` // "sentences"
	Model     Config        `json:"model"`
	Objective vae.Objective `json:"objective"`
}

var configLimits = strictjson.Limits{Depth: 8, Values: 4096}

// maxWord is the most bytes of the name of a cell or of an output layer.
const maxWord = 64

// ReadConfig reads config.json into v, a pointer, as encoding/json does, but strictly.
func ReadConfig(run *checkpoint.Run, v any) error {
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(raw, configLimits, v); err != nil {
		return fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	return nil
}

// ReadHeader reads config.json and tokenizer.json, completed and checked. If there are weights, their number must be what the config asks for,
// which is known before tokens are read.
func ReadHeader(run *checkpoint.Run) (h Header, vocab *data.Vocab, err error) {
	if err := ReadConfig(run, &h); err != nil {
		return h, nil, err
	}
	switch {
	case h.Format > Format:
		return h, nil, fmt.Errorf("%s: config.json was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != Kind:
		return h, nil, fmt.Errorf("%s: config.json is of a %.64q of format %d, not a VAE of sentences", run.Dir(), h.Kind, h.Format)
	case len(h.Model.Cell) > maxWord || len(h.Model.Output) > maxWord:
		return h, nil, fmt.Errorf("%s: config.json: cell or output has more than %d bytes", run.Dir(), maxWord)
	}
	if err := h.Objective.Complete(); err != nil {
		return h, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	raw, err := run.ReadFile("tokenizer.json")
	if err != nil {
		return h, nil, err
	}
	tokenizer, err := data.CheckTokenizer(raw)
	if err != nil {
		return h, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	c := &h.Model
	c.Counts = make([]int64, tokenizer.Size()) // their number is all that is known before the tokens are read
	c.Begin, c.End = 0, min(1, len(c.Counts)-1)
	written := c.OutputOptions
	if err := c.Complete(); err != nil {
		return h, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	if !reflect.DeepEqual(written, c.OutputOptions) { // what is chosen here and now may be other than what was trained
		return h, nil, fmt.Errorf("%s: config.json: output_options of %s leave some open: all must be there", run.Dir(), c.Output)
	}
	if err := vae.CheckWeights(run, c.Weights()); err != nil {
		return h, nil, err
	}
	if vocab, err = tokenizer.Vocab(); err != nil {
		return h, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	c.Speak(vocab)
	if err := c.Complete(); err != nil {
		return h, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	return h, vocab, nil
}

// Speak makes it a model of the tokens of a vocabulary.
func (c *Config) Speak(v *data.Vocab) {
	c.Counts, c.Begin, c.End, c.Dropped = slices.Clone(v.Counts), v.Begin, v.End, v.Unknown
	if c.Begin >= 0 {
		c.Counts[c.Begin] = 0 // which is read and never written
	}
	if c.Dropped < 0 {
		c.Dropped = v.Begin
	}
}

// Load reads a saved model, whose folder may come from anywhere.
func Load(run *checkpoint.Run) (*Model, *data.Vocab, error) {
	h, vocab, err := ReadHeader(run)
	if err != nil {
		return nil, nil, err
	}
	if _, err := run.ModelHeader(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: not trained yet: inkling resume %s", run.Dir(), run.Dir())
	} else if err != nil {
		return nil, nil, err
	}
	m, err := New(h.Model)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return m, vocab, m.ReadWeights(run)
}
