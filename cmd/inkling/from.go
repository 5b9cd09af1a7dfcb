package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
)

// origin is where the first weights of a run come from: another run. Until a state of the run itself is saved,
// which is before its first step, going on with it needs them again.
type origin struct {
	Run    string `json:"run"`    // an absolute path
	SHA256 string `json:"sha256"` // of its model.safetensors
}

// inheritance is what --from gives to a new run.
type inheritance struct {
	origin
	model lm.Config
	vocab *data.Vocab
}

// inherit reads what the run named by --from is, but for its weights, and refuses flags that ask for something
// else; nil without --from.
func (t *trainCmd) inherit() (*inheritance, error) {
	if t.From == "" {
		return nil, nil
	}
	run, err := checkpoint.OpenRead(t.From)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if !run.HasModel() {
		return nil, badInput("%s: %s", t.From, notTrained(run))
	}
	if err := refuseVAE(run); err != nil {
		return nil, err
	}
	i := new(inheritance)
	if i.model, i.vocab, err = lm.ReadConfig(run); err != nil {
		return nil, err
	}
	if err := t.contradicts(i.model, i.vocab); err != nil {
		return nil, err
	}
	if i.Run, err = filepath.Abs(t.From); err != nil {
		return nil, fmt.Errorf("%s: %w", t.From, err)
	}
	i.SHA256, err = hashOfWeights(i.Run)
	return i, err
}

// contradicts refuses flags that say something else of the model than it is.
func (t *trainCmd) contradicts(m lm.Config, vocab *data.Vocab) error {
	for _, size := range []struct {
		flag  string
		given *int
		is    int
	}{
		{"--hidden", t.Hidden, m.Hidden}, {"--layers", t.Layers, m.Layers}, {"--embed", t.Embed, m.Embed}, {"--context", t.Context, m.Context},
	} {
		if size.given != nil && *size.given != size.is {
			return usage("%s %d with --from %s, where it is %d: leave it out", size.flag, *size.given, t.From, size.is)
		}
	}
	switch {
	case t.Arch != nil && *t.Arch != m.Arch:
		return usage("--arch %s with --from %s, where it is %s: leave it out", *t.Arch, t.From, m.Arch)
	case t.Tokens != nil && *t.Tokens != vocab.Kind:
		return usage("--tokens %s with --from %s, where it is %s: leave it out", *t.Tokens, t.From, vocab.Kind)
	case t.Output != nil && *t.Output != m.Output:
		return usage("--output %s with --from %s, where it is %s: leave it out", *t.Output, t.From, m.Output)
	case t.Direct && !m.Direct:
		return usage("--direct with --from %s, which has no direct connections: leave it out", t.From)
	case t.Norm && !m.Norm:
		return usage("--norm with --from %s, which has no normalization: leave it out", t.From)
	case t.dropsInput() && m.Embed == 0:
		return usage("--dropout-in with --from %s, whose tokens enter one-hot: leave it out", t.From)
	case t.Tied && !m.Tied:
		return usage("--tied with --from %s, whose output layer has weights of its own: leave it out", t.From)
	}
	return nil
}

// vocabulary is the inherited one; nil without --from.
func (i *inheritance) vocabulary() *data.Vocab {
	if i == nil {
		return nil
	}
	return i.vocab
}

// adopt puts the weights of the origin into a model of its sizes. The hash is taken after they were read: a run
// that is still training may have better ones meanwhile.
func (o *origin) adopt(m *lm.Model) error {
	run, err := checkpoint.OpenRead(o.Run)
	if err != nil {
		return fmt.Errorf("the run that this one begins with: %w", err)
	}
	defer run.Close()
	first, _, err := lm.Load(run)
	if err != nil {
		return err
	}
	now, err := hashOfWeights(o.Run)
	if err != nil {
		return err
	}
	if now != o.SHA256 {
		return badInput("%s: its weights are not those that this run began with (their hash is %.12s… instead of %.12s…): put those back, or begin another run", o.Run, now, o.SHA256)
	}
	for _, p := range m.Params() {
		from := first.Params().ByName(p.Name)
		if from == nil || len(from.Value) != len(p.Value) {
			return badInput("%s: its weights do not fit this run: %s is missing or of another size", o.Run, p.Name)
		}
		copy(p.Value, from.Value)
		p.Changed()
	}
	return nil
}

// inheritedVocab is the vocabulary of a run that did not make its own, nil of others: its tokenizer.json; or, if
// it was killed before it had one, that of its origin.
func (c *runConfig) inheritedVocab(run *checkpoint.Run) (*data.Vocab, error) {
	if c.From == nil {
		return nil, nil
	}
	_, vocab, err := lm.ReadConfig(run)
	if !errors.Is(err, fs.ErrNotExist) {
		return vocab, err
	}
	first, err := checkpoint.OpenRead(c.From.Run)
	if err != nil {
		return nil, fmt.Errorf("the run that this one begins with: %w", err)
	}
	defer first.Close()
	_, vocab, err = lm.ReadConfig(first)
	return vocab, err
}

// hashOfWeights is the SHA-256 of a run's model.safetensors.
func hashOfWeights(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	file, err := root.Open("model.safetensors")
	if err != nil {
		return "", fmt.Errorf("%s: its weights: %w", dir, err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("%s: its weights: %w", dir, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
