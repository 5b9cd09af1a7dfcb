package lm

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/internal/strictjson"
)

// Format is the version of config.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Header is what config.json must say for a folder to be a language model; other fields are the
// business of whoever trained it.
type Header struct {
	Format int    `json:"format"`
	Kind   string `json:"kind"` // "lm"
	Model  Config `json:"model"`
}

// configLimits are far beyond any config of ours, which has a few dozen values.
var configLimits = strictjson.Limits{Depth: 8, Values: 4096}

// maxWord is the most bytes of a kind, an architecture, an output layer's name.
const maxWord = 64

// Load reads a saved model: config.json, model.safetensors and tokenizer.json of a run folder, which
// may come from anywhere. What is cheap to check comes first: config.json, then the header of the
// weights, which must hold as many as the config asks for, then the tokens, then the weights.
//
// It allocates at most 3 bytes for each byte of these files, 16 more for each byte of the weights'
// header, and 8 MiB.
func Load(run *checkpoint.Run) (*Model, *data.Vocab, error) {
	config, vocab, err := ReadConfig(run)
	if err != nil {
		return nil, nil, err
	}
	m, err := New(config)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	if err := run.LoadModelInto(m.place); err != nil {
		return nil, nil, err
	}
	return m, vocab, nil
}

// ReadConfig reads the config of a saved model, completed and checked, and its tokens. If there are
// weights, their number must be what the config asks for.
func ReadConfig(run *checkpoint.Run) (Config, *data.Vocab, error) {
	var h Header
	if err := UnmarshalConfig(run, &h); err != nil {
		return Config{}, nil, err
	}
	c := h.Model
	switch {
	case h.Format > Format:
		return Config{}, nil, fmt.Errorf("%s: config.json was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != "lm":
		return Config{}, nil, fmt.Errorf("%s: config.json is of a %.*q of format %d, not a language model", run.Dir(), maxWord, h.Kind, h.Format)
	case len(c.Arch) > maxWord || len(c.Output) > maxWord:
		return Config{}, nil, fmt.Errorf("%s: config.json: arch or output has more than %d bytes", run.Dir(), maxWord)
	}
	header, err := run.ModelHeader()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil, err
	}
	raw, err := run.ReadFile("tokenizer.json")
	if err != nil {
		return Config{}, nil, err
	}
	tokenizer, err := data.CheckTokenizer(raw)
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	c.Counts = make([]int64, tokenizer.Size()) // their number is all that is known before the tokens are read
	written := c.OutputOptions
	if err := c.complete(); err != nil {
		return Config{}, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	if !reflect.DeepEqual(written, c.OutputOptions) { // what is chosen here and now may be other than what was trained
		return Config{}, nil, fmt.Errorf("%s: config.json: output_options of %s leave some open: all must be there", run.Dir(), c.Output)
	}
	if header != nil {
		if err := c.matches(header, run.Dir()); err != nil {
			return Config{}, nil, err
		}
	}
	vocab, err := tokenizer.Vocab()
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	c.Counts = vocab.Counts
	return c, vocab, nil
}

// UnmarshalConfig reads config.json of a run into v, a pointer, as encoding/json does, but strictly: a
// key that is there twice, broken UTF-8, deep nesting and more after the end are refused. config.json
// is what a folder from anywhere begins to work with.
func UnmarshalConfig(run *checkpoint.Run, v any) error {
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(raw, configLimits, v); err != nil {
		return fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	return nil
}

// matches says whether there are as many weights as the config asks for, before memory is taken for them.
func (c Config) matches(header *checkpoint.Header, dir string) error {
	have := int64(0)
	for _, t := range header.Tensors {
		have += int64(t.Elements())
	}
	if want := c.weights(); want != have {
		return fmt.Errorf("%s: model.safetensors holds %d weights, and the config asks for %d", dir, have, want)
	}
	return nil
}

// place is where a saved tensor belongs. There are as many weights in the file as in the model, no name is
// there twice, and so all have their place when none was refused.
func (m *Model) place(t checkpoint.Info) ([]float32, error) {
	p := m.params.ByName(t.Name)
	if p == nil {
		return nil, fmt.Errorf("tensor %q is none that the config asks for", t.Name)
	}
	if !slices.Equal(p.Shape, t.Shape) {
		return nil, fmt.Errorf("tensor %s has shape %v, and the config asks for %v", t.Name, t.Shape, p.Shape)
	}
	p.Changed()
	return p.Value, nil
}
