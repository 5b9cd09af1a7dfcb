package main

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"runtime"

	"inkling/checkpoint"
	"inkling/data"
	"inkling/lm"
	"inkling/vae"
	"inkling/vae/documents"
)

// documentsConfig is config.json of a VAE of documents.
type documentsConfig struct {
	documents.Header
	Train    settings       `json:"train"`
	Data     documentSource `json:"data"`
	MadeWith madeWith       `json:"made_with"`
}

// documentSource are the documents that a run learns from.
type documentSource struct {
	File       string   `json:"file"`            // an absolute path
	Ext        []string `json:"ext,omitempty"`   // of a folder's files, each of which is a document
	Lines      bool     `json:"lines,omitempty"` // of a folder: each line of a file is a document; of a file it is that anyway
	Field      string   `json:"field,omitempty"` // of the JSON object on each line: the document
	Bytes      int64    `json:"bytes"`
	SHA256     string   `json:"sha256"`
	ValidShare float64  `json:"valid_share,omitempty"` // of the documents, evenly spread, that are held out
	Documents  int      `json:"documents"`             // to learn from
	Held       int      `json:"held_out"`
	Empty      int      `json:"empty"` // documents without a word that is kept, which are left out
	Pairs      int64    `json:"pairs"` // of a document and a word in it
	Words      int64    `json:"words"` // to learn from, without those that are left out
}

// input is where the documents are.
func (d documentSource) input(path string) data.Input {
	if !isFolder(path) {
		return data.Input{Path: path, Lines: true, Field: d.Field}
	}
	return data.Input{Path: path, Ext: d.Ext, Lines: d.Lines, Field: d.Field}
}

func (c *documentsConfig) write(run *checkpoint.Run) error {
	return writeConfig(run, c)
}

// readDocumentsConfig reads config.json of a VAE of documents, and its words. What the model needs of it is checked by package documents, what training needs by
// train.Run.
func readDocumentsConfig(run *checkpoint.Run) (*documentsConfig, *data.BagVocab, error) {
	header, vocab, err := documents.ReadHeader(run)
	if err != nil {
		return nil, nil, err
	}
	c := new(documentsConfig)
	if err := documents.Unmarshal(run, c); err != nil {
		return nil, nil, err
	}
	c.Header = header
	c.Words = c.Words.Complete()
	d := c.Data
	err = c.Train.checkSizes()
	if err == nil {
		err = checkSizes(
			size{"data.bytes", d.Bytes, 1 << 60}, size{"data.documents", int64(d.Documents), 1 << 32}, size{"data.held_out", int64(d.Held), 1 << 32}, size{"data.empty", int64(d.Empty), 1 << 32},
			size{"data.pairs", d.Pairs, 1 << 40}, size{"data.words", d.Words, 1 << 60}, size{"words.size", int64(c.Words.Size), data.MaxBagWords}, size{"words.min_count", int64(c.Words.MinCount), math.MaxInt64},
		)
	}
	if err == nil && (!(d.ValidShare >= 0 && d.ValidShare < 1) || !(c.Words.MaxShare > 0 && c.Words.MaxShare <= 1)) {
		err = errors.New("data.valid_share or words.max_share is no share")
	}
	if err != nil {
		return nil, nil, badInput("%s: config.json: %w", run.Dir(), err)
	}
	return c, vocab, nil
}

// newDocumentsPlan is all that a command will hold that has bags in memory.
func newDocumentsPlan(m vae.Memory, vocab *data.BagVocab, bags int64) memoryPlan {
	p := newVAEPlan(m, 0)
	p.Memory, p.Tokenizer, p.Text = lm.Memory(m), vocab.Bytes(), bags
	p.Program += readingBytes
	p.Total += p.Tokenizer + p.Text + readingBytes
	return p
}

// plan is the memory that training takes.
func (c *documentsConfig) plan(vocab *data.BagVocab, sizes documents.Sizes, bags int64) (memoryPlan, error) {
	m, err := c.Model.PlanTraining(sizes, c.Objective, c.Train.vae(c.Data.Held))
	return newDocumentsPlan(m, vocab, bags), err
}

// sizes of the documents that a run learned from, as far as its config tells.
func (d documentSource) sizes() documents.Sizes {
	return documents.Likely(d.Documents+d.Held, d.Pairs)
}

func (d documentSource) memory() int64 {
	return 8*d.Pairs + 16*int64(d.Documents+d.Held)
}

// openDocuments reads a saved VAE of documents, to judge by so many samples of z for each, and if asked for with gradients by as many rows. What that takes must
// fit into the memory, and is checked before anything is made.
func openDocuments(a *app, dir string, samples int, gradients bool) (*documents.Model, *data.BagVocab, *documentsConfig, error) {
	run, err := checkpoint.OpenRead(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	defer run.Close()
	if kind := kindOf(run); kind != documents.Kind {
		return nil, nil, nil, badInput("%s: config.json is of another kind of model than a VAE of documents: train one with inkling train vae --as documents", dir)
	}
	c, vocab, err := readDocumentsConfig(run)
	if err != nil {
		return nil, nil, nil, err
	}
	if !run.HasModel() {
		return nil, nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	m, err := c.Model.PlanUse(c.Data.sizes(), samples, runtime.GOMAXPROCS(0), gradients)
	if err != nil {
		return nil, nil, nil, badInput("%s: config.json: %w", dir, err)
	}
	need := newDocumentsPlan(m, vocab, 0)
	if err := need.check(a.memory(), dir, "use it on a machine with more, or with fewer --threads, or raise --memory"); err != nil {
		return nil, nil, nil, err
	}
	model, _, _, err := documents.Load(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, badInput("%s: %s", dir, notTrained(run))
	}
	return model, vocab, c, err
}

// isFolder says whether there is a folder of this name.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
