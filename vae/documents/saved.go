package documents

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/internal/strictjson"
	"inkling/vae"
)

// Format is the version of config.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Kind is what config.json calls a VAE of documents.
const Kind = "documents"

// VocabFile is the file of a run with its words, as data.BagVocab writes them.
const VocabFile = "words.tsv"

// Header is what config.json must say for a folder to be a VAE of documents; other fields are the business of whoever trained it.
type Header struct {
	Format    int             `json:"format"`
	Kind      string          `json:"kind"` // "documents"
	Model     Config          `json:"model"`
	Objective vae.Objective   `json:"objective"`
	Words     data.BagOptions `json:"words"` // what a word is
}

var configLimits = strictjson.Limits{Depth: 8, Values: 4096}

// Unmarshal reads config.json into v, a pointer, strictly.
func Unmarshal(run *checkpoint.Run, v any) error {
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(raw, configLimits, v); err != nil {
		return fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	return nil
}

// ReadHeader reads config.json, completed and checked, and the words. If there are weights, their number must be what the config asks for.
func ReadHeader(run *checkpoint.Run) (h Header, v *data.BagVocab, err error) {
	if err := Unmarshal(run, &h); err != nil {
		return h, nil, err
	}
	switch {
	case h.Format > Format:
		return h, nil, fmt.Errorf("%s: config.json was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != Kind:
		return h, nil, fmt.Errorf("%s: config.json is of a %.64q of format %d, not a VAE of documents", run.Dir(), h.Kind, h.Format)
	}
	raw, err := run.ReadFile(VocabFile)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil, fmt.Errorf("%w: without its words no model can be used; put the file back, or, if the run was killed as it began, inkling resume %s", err, run.Dir())
	}
	if err != nil {
		return h, nil, err
	}
	if v, err = data.ReadBagVocab(raw); err != nil {
		return h, nil, fmt.Errorf("%s: %s %w", run.Dir(), VocabFile, err)
	}
	h.Model.Counts = v.Counts
	written := h.Model.Options
	for _, err := range []error{h.Model.Complete(), h.Objective.Complete()} {
		if err != nil {
			return h, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
		}
	}
	if !reflect.DeepEqual(written, h.Model.Options) { // what is chosen here and now may be other than what was trained
		return h, nil, fmt.Errorf("%s: config.json: output_options of %s leave some open: all must be there", run.Dir(), h.Model.Output)
	}
	return h, v, vae.CheckWeights(run, h.Model.Weights())
}

// Load reads a saved model, whose folder may come from anywhere: what is cheap to check comes first, and memory is taken when the weights are
// known to be as many as the config asks for.
func Load(run *checkpoint.Run) (*Model, *data.BagVocab, Header, error) {
	h, v, err := ReadHeader(run)
	if err != nil {
		return nil, nil, h, err
	}
	if _, err := run.ModelHeader(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, h, fmt.Errorf("%s: not trained yet: inkling resume %s", run.Dir(), run.Dir())
	} else if err != nil {
		return nil, nil, h, err
	}
	m, err := New(h.Model)
	if err != nil {
		return nil, nil, h, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return m, v, h, m.VAE.ReadWeights(run)
}
