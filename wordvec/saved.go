package wordvec

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"

	"inkling/checkpoint"
	"inkling/internal/strictjson"
)

// Format is the version of config.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Kind is what config.json calls word vectors.
const Kind = "vectors"

// Header is what config.json must say for a folder to be word vectors; other fields are the business of whoever
// trained them.
type Header struct {
	Format int    `json:"format"`
	Kind   string `json:"kind"` // "vectors"
	Model  Config `json:"model"`
}

// The files of a saved model beside config.json: vocab.txt has a line for each word, the word and how often it occurs, as
// word2vec writes it with -save-vocab; model.safetensors the matrices in.weight and out.weight, [words,dim] each.
const (
	VocabFile = "vocab.txt"
	inName    = "in.weight"
	outName   = "out.weight"
)

var configLimits = strictjson.Limits{Depth: 8, Values: 4096}

// ReadHeader reads config.json, completed and checked.
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
		return h, fmt.Errorf("%s: config.json is of a %.64q of format %d, not word vectors", run.Dir(), h.Kind, h.Format)
	}
	if err := h.Model.Complete(); err != nil {
		return h, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return h, nil
}

// AppendVocab appends the text of [VocabFile].
func AppendVocab(dst []byte, words []string, counts []int64) []byte {
	for w, word := range words {
		dst = append(append(dst, word...), ' ')
		dst = append(strconv.AppendInt(dst, counts[w], 10), '\n')
	}
	return dst
}

// readVocab undoes AppendVocab.
func readVocab(raw []byte) (words []string, counts []int64, err error) {
	known := map[string]bool{}
	for n := 1; len(raw) > 0; n++ {
		var line []byte
		line, raw, _ = bytes.Cut(raw, []byte("\n"))
		word, count, _ := bytes.Cut(line, []byte(" "))
		c, err := strconv.ParseInt(string(count), 10, 64)
		if err != nil || c < 1 || c > math.MaxInt64>>20 {
			return nil, nil, fmt.Errorf("line %d is not a word and how often it occurs", n)
		}
		if err := checkWord(string(word)); err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n, err)
		}
		if known[string(word)] {
			return nil, nil, fmt.Errorf("line %d: the word %.60q is there a second time", n, word)
		}
		if len(counts) > 0 && counts[len(counts)-1] < c {
			return nil, nil, fmt.Errorf("line %d: words are not in the order of their counts", n)
		}
		known[string(word)] = true
		words, counts = append(words, string(word)), append(counts, c)
	}
	return words, counts, nil
}

// ReadVocab reads the words of a saved model and their counts.
func ReadVocab(run *checkpoint.Run) ([]string, []int64, error) {
	raw, err := run.ReadFile(VocabFile)
	if err != nil {
		return nil, nil, err
	}
	words, counts, err := readVocab(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", run.Dir(), VocabFile, err)
	}
	return words, counts, nil
}

// Tensors are the matrices of the model, as copies.
func (m *Model) Tensors() []checkpoint.Tensor {
	shape := []int{len(m.Words), m.Config.Dim}
	return []checkpoint.Tensor{{Name: inName, Shape: shape, Data: m.dense(m.in)}, {Name: outName, Shape: shape, Data: m.dense(m.out)}}
}

// Restore takes the matrices over from tensors that [Model.Tensors] gave.
func (m *Model) Restore(tensors []checkpoint.Tensor) error {
	for _, want := range []struct {
		name   string
		matrix []float32
	}{{inName, m.in}, {outName, m.out}} {
		i := slices.IndexFunc(tensors, func(t checkpoint.Tensor) bool { return t.Name == want.name })
		if i < 0 || !slices.Equal(tensors[i].Shape, []int{len(m.Words), m.Config.Dim}) {
			return fmt.Errorf("there is no tensor %s of %d × %d", want.name, len(m.Words), m.Config.Dim)
		}
		m.undense(want.matrix, tensors[i].Data)
	}
	return nil
}

// Load reads the vectors of a saved model, whose folder may come from anywhere: what is cheap to check comes first.
func Load(run *checkpoint.Run) (*Vectors, error) {
	h, err := ReadHeader(run)
	if err != nil {
		return nil, err
	}
	header, err := run.ModelHeader()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: not trained yet: inkling resume %s", run.Dir(), run.Dir())
	}
	if err != nil {
		return nil, err
	}
	words, _, err := ReadVocab(run)
	if err != nil {
		return nil, err
	}
	for _, t := range header.Tensors {
		if (t.Name != inName && t.Name != outName) || !slices.Equal(t.Shape, []int{len(words), h.Model.Dim}) {
			return nil, fmt.Errorf("%s: model.safetensors has a tensor %.64q of %v, and the vocabulary and config ask for %s and %s of [%d %d]",
				run.Dir(), t.Name, t.Shape, inName, outName, len(words), h.Model.Dim)
		}
	}
	if len(header.Tensors) != 2 {
		return nil, fmt.Errorf("%s: model.safetensors has %d tensors: must have %s and %s", run.Dir(), len(header.Tensors), inName, outName)
	}
	tensors, _, err := run.LoadModel()
	if err != nil {
		return nil, err
	}
	for _, t := range tensors {
		if t.Name == inName {
			return NewVectors(words, h.Model.Dim, t.Data), nil
		}
	}
	panic("wordvec: a tensor was there and is not")
}
