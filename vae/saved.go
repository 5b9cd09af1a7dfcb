package vae

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"inkling/checkpoint"
	"inkling/internal/strictjson"
)

// Format is the version of config.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Kind is what config.json calls a VAE.
const Kind = "vae"

// Header is what config.json must say for a folder to be a VAE; other fields are the business of whoever trained it.
type Header struct {
	Format    int       `json:"format"`
	Kind      string    `json:"kind"` // "vae"
	Model     Config    `json:"model"`
	Objective Objective `json:"objective"`
	Binarize  string    `json:"binarize"` // one of Binarizations: what was done to the pictures that it saw
}

var configLimits = strictjson.Limits{Depth: 8, Values: 4096}

// ReadHeader reads config.json, completed and checked. If there are weights, their number must be what the config asks for.
func ReadHeader(run *checkpoint.Run) (Header, error) {
	var h Header
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return h, err
	}
	if err := strictjson.Unmarshal(raw, configLimits, &h); err != nil {
		return h, fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	switch {
	case h.Format > Format:
		return h, fmt.Errorf("%s: config.json was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != Kind:
		return h, fmt.Errorf("%s: config.json is of a %.64q of format %d, not a VAE", run.Dir(), h.Kind, h.Format)
	}
	for _, err := range []error{h.Model.Complete(), h.Objective.Complete()} {
		if err != nil {
			return h, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
		}
	}
	if !slices.Contains(Binarizations, h.Binarize) {
		return h, fmt.Errorf("%s: config.json: no binarization %.64q: choose one of %q", run.Dir(), h.Binarize, Binarizations)
	}
	return h, CheckWeights(run, h.Model.Weights())
}

// CheckWeights returns an error if a run has weights and they are not so many, as its config asks for, before memory is taken for them.
func CheckWeights(run *checkpoint.Run, want int64) error {
	header, err := run.ModelHeader()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	have := int64(0)
	for _, t := range header.Tensors {
		have += int64(t.Elements())
	}
	if want != have {
		return fmt.Errorf("%s: model.safetensors holds %d weights, and the config asks for %d", run.Dir(), have, want)
	}
	return nil
}

// Load reads a saved model, whose folder may come from anywhere: what is cheap to check comes first, and memory is taken when the weights
// are known to be as many as the config asks for.
func Load(run *checkpoint.Run) (*Model, Header, error) {
	h, err := ReadHeader(run)
	if err != nil {
		return nil, h, err
	}
	if _, err := run.ModelHeader(); errors.Is(err, fs.ErrNotExist) {
		return nil, h, fmt.Errorf("%s: not trained yet: inkling resume %s", run.Dir(), run.Dir())
	} else if err != nil {
		return nil, h, err
	}
	m, err := New(h.Model)
	if err != nil {
		return nil, h, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return m, h, m.ReadWeights(run)
}

// ReadWeights takes the weights of a model of the same config from a folder.
func (m *Model) ReadWeights(run *checkpoint.Run) error { return run.LoadModelInto(m.place) }

// place is where a saved tensor belongs. There are as many weights in the file as in the model, no name is there twice, and so all have
// their place when none was refused.
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
