package lm

import (
	"encoding/json"
	"fmt"
	"slices"

	"inkling/checkpoint"
	"inkling/data"
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

// Load reads a saved model: config.json, model.safetensors and tokenizer.json of a run folder.
func Load(run *checkpoint.Run) (*Model, *data.Vocab, error) {
	config, vocab, err := ReadConfig(run)
	if err != nil {
		return nil, nil, err
	}
	// Before memory is taken for what the config asks for: are there so many weights at all?
	header, err := run.ModelHeader()
	if err != nil {
		return nil, nil, err
	}
	have := int64(0)
	for _, t := range header.Tensors {
		have += int64(t.Elements())
	}
	if want, _ := config.weights(); want != have {
		return nil, nil, fmt.Errorf("%s: model.safetensors holds %d weights, and the config asks for %d", run.Dir(), have, want)
	}
	m, err := New(config)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	tensors, _, err := run.LoadModel()
	if err != nil {
		return nil, nil, err
	}
	return m, vocab, m.fill(run.Dir(), tensors)
}

// ReadConfig reads the config of a saved model, completed and checked, and its tokens.
func ReadConfig(run *checkpoint.Run) (Config, *data.Vocab, error) {
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return Config{}, nil, err
	}
	var h Header
	if err := json.Unmarshal(raw, &h); err != nil {
		return Config{}, nil, fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	switch {
	case h.Format > Format:
		return Config{}, nil, fmt.Errorf("%s was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != "lm":
		return Config{}, nil, fmt.Errorf("%s holds a %q of format %d, not a language model", run.Dir(), h.Kind, h.Format)
	}
	if raw, err = run.ReadFile("tokenizer.json"); err != nil {
		return Config{}, nil, err
	}
	vocab, err := data.ReadTokenizer(raw)
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: tokenizer.json: %w", run.Dir(), err)
	}
	h.Model.Counts = vocab.Counts
	if err := h.Model.complete(); err != nil {
		return Config{}, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return h.Model, vocab, nil
}

// fill copies saved weights into the model; each must be there, of the model's shape, and no other.
func (m *Model) fill(dir string, tensors []checkpoint.Tensor) error {
	if len(tensors) != len(m.params) {
		return fmt.Errorf("%s: model.safetensors holds %d tensors, and the config asks for %d", dir, len(tensors), len(m.params))
	}
	for _, t := range tensors {
		p := m.params.ByName(t.Name)
		if p == nil {
			return fmt.Errorf("%s: model.safetensors holds a tensor %q that the config does not ask for", dir, t.Name)
		}
		if !slices.Equal(p.Shape, t.Shape) {
			return fmt.Errorf("%s: tensor %s has shape %v, and the config asks for %v", dir, t.Name, t.Shape, p.Shape)
		}
		copy(p.Value, t.Data)
		p.Changed()
	}
	return nil
}
