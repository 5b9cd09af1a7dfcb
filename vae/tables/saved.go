package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"unicode/utf8"

	"inkling/checkpoint"
	"inkling/internal/strictjson"
	"inkling/vae"
)

// Format is the version of config.json and columns.json that this program writes. Older ones are read, newer ones refused.
const Format = 1

// Kind is what config.json calls a VAE of a table.
const Kind = "table"

// ColumnsFile is the file of a run with what was learned of columns.
const ColumnsFile = "columns.json"

// Header is what config.json must say for a folder to be a VAE of a table; other fields are the business of whoever trained it.
type Header struct {
	Format    int           `json:"format"`
	Kind      string        `json:"kind"` // "table"
	Model     Config        `json:"model"`
	Objective vae.Objective `json:"objective"`
}

// Saved is columns.json: every column of the table, and what was learned of those that are modelled.
type Saved struct {
	Schema
	Learned []*Column `json:"learned"`
}

var (
	configLimits  = strictjson.Limits{Depth: 8, Values: 1 << 16}
	columnsLimits = strictjson.Limits{Depth: 8, Values: 1 << 23}
)

// ReadSaved reads columns.json, checked.
func ReadSaved(raw []byte) (*Saved, error) {
	s := new(Saved)
	if err := strictjson.Unmarshal(raw, columnsLimits, s); err != nil {
		return nil, err
	}
	if err := s.Schema.check(); err != nil {
		return nil, err
	}
	if len(s.Learned) == 0 || len(s.Learned) > MaxColumns {
		return nil, fmt.Errorf("%d columns: must be at least 1 and at most %d", len(s.Learned), MaxColumns)
	}
	seen := map[string]bool{}
	for i, c := range s.Learned {
		if c == nil {
			return nil, fmt.Errorf("column %d is not there", i)
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("column %q is there twice", short(c.Name))
		}
		seen[c.Name] = true
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("column %q: %w", short(c.Name), err)
		}
		c.settle()
	}
	return s, nil
}

// Bytes is s as a file.
func (s *Saved) Bytes() ([]byte, error) {
	raw, err := json.Marshal(s)
	return append(raw, '\n'), err
}

// check refuses what could not have been learned.
func (c *Column) check() error {
	if err := (Schema{[]Field{c.Field}}).check(); err != nil {
		return err
	}
	if c.Rows < 1 || c.Rows > MaxRows || c.Blank < 0 || c.Blank > int64(c.Rows) {
		return fmt.Errorf("%d rows, %d of them missing", c.Rows, c.Blank)
	}
	if c.Numeric() {
		return c.checkGrid()
	}
	if c.Type == Skip {
		return errors.New("it is left out, and something was learned of it")
	}
	if len(c.Edges)+len(c.Logits)+c.Levels > 0 {
		return errors.New("a category with a grid")
	}
	if len(c.Values) != len(c.Counts) || len(c.Values) > maxKept || c.Type == Category && len(c.Values) > maxCategory {
		return fmt.Errorf("%d values with %d counts", len(c.Values), len(c.Counts))
	}
	total, seen := c.Rare+c.Blank, make(map[string]bool, len(c.Values))
	for i, v := range c.Values {
		if seen[v] || len(v) > maxValue || !utf8.ValidString(v) {
			return fmt.Errorf("value %d is there twice, is too long, or is not UTF-8", i)
		}
		seen[v] = true
		if c.Counts[i] < 1 || c.Counts[i] > int64(c.Rows) {
			return fmt.Errorf("value %d was there %d times", i, c.Counts[i])
		}
		total += c.Counts[i]
	}
	if c.Rare < 0 || c.Rare > int64(c.Rows) || total != int64(c.Rows) {
		return fmt.Errorf("counts add up to %d, and there are %d rows", total, c.Rows)
	}
	return nil
}

func (c *Column) checkGrid() error {
	n := len(c.Edges)
	switch {
	case len(c.Values)+len(c.Counts) > 0 || c.Rare != 0:
		return errors.New("numbers with values of a category")
	case c.Blank == int64(c.Rows):
		return errors.New("every number is missing")
	case c.Levels < 2 || c.Levels > mostLevels:
		return fmt.Errorf("a grid of %d numbers: must be at least 2 and at most %d", c.Levels, mostLevels)
	case !(c.Grid > 0 && c.Grid <= math.MaxFloat64) || !(math.Abs(c.Low) <= math.MaxFloat64) || !(c.Grid*float64(c.Levels) <= math.MaxFloat64):
		return fmt.Errorf("a grid from %g by %g", c.Low, c.Grid)
	case c.Decimals < -1 || c.Decimals > 15:
		return fmt.Errorf("%d digits after the point", c.Decimals)
	case n == 0 || n != len(c.Logits) || c.Edges[0] != 1 || int(c.Edges[n-1]) != c.Levels-1:
		return fmt.Errorf("%d edges with %d places: must begin at 1 and end at the last number", n, len(c.Logits))
	}
	for i := range n {
		if l := c.Logits[i]; !(l >= -100 && l <= 100) || i > 0 && (c.Edges[i] <= c.Edges[i-1] || l < c.Logits[i-1]) {
			return fmt.Errorf("edge %d or its place does not rise", i)
		}
	}
	return nil
}

// ReadHeader reads config.json and columns.json, completed and checked. If there are weights, their number must be what these ask for.
func ReadHeader(run *checkpoint.Run) (Header, *Saved, error) {
	var h Header
	raw, err := run.ReadFile("config.json")
	if err != nil {
		return h, nil, err
	}
	if err := strictjson.Unmarshal(raw, configLimits, &h); err != nil {
		return h, nil, fmt.Errorf("%s: config.json is not a config of ours: %w", run.Dir(), err)
	}
	switch {
	case h.Format > Format:
		return h, nil, fmt.Errorf("%s: config.json was written by a newer inkling (format %d; this one reads up to %d): update inkling", run.Dir(), h.Format, Format)
	case h.Format < 1 || h.Kind != Kind:
		return h, nil, fmt.Errorf("%s: config.json is of a %.64q of format %d, not a VAE of a table", run.Dir(), h.Kind, h.Format)
	}
	if raw, err = run.ReadFile(ColumnsFile); err != nil {
		return h, nil, err
	}
	saved, err := ReadSaved(raw)
	if err != nil {
		return h, nil, fmt.Errorf("%s: %s: %w", run.Dir(), ColumnsFile, err)
	}
	for _, err := range []error{h.Model.Complete(saved.Learned), CompleteObjective(&h.Objective)} {
		if err != nil {
			return h, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
		}
	}
	return h, saved, vae.CheckWeights(run, h.Model.Weights(saved.Learned))
}

// CompleteObjective fills in the defaults of an objective, and refuses what says nothing of tables.
func CompleteObjective(o *vae.Objective) error {
	if o.Name == "ae" {
		return errors.New("objective ae says nothing of how rows are distributed, which is what a table is modelled for: choose elbo or iwae")
	}
	return o.Complete()
}

// Load reads a saved model, whose folder may come from anywhere: what is cheap to check comes first, and memory is taken when the weights are
// known to be as many as the config asks for.
func Load(run *checkpoint.Run) (*Model, Header, *Saved, error) {
	h, saved, err := ReadHeader(run)
	if err != nil {
		return nil, h, nil, err
	}
	if _, err := run.ModelHeader(); errors.Is(err, fs.ErrNotExist) {
		return nil, h, nil, fmt.Errorf("%s: not trained yet: inkling resume %s", run.Dir(), run.Dir())
	} else if err != nil {
		return nil, h, nil, err
	}
	m, err := New(h.Model, saved.Learned)
	if err != nil {
		return nil, h, nil, fmt.Errorf("%s: config.json: %w", run.Dir(), err)
	}
	return m, h, saved, m.ReadWeights(run)
}

// Same says whether two lists of columns were learned from the same table.
func Same(a, b []*Column) bool {
	return slices.EqualFunc(a, b, func(x, y *Column) bool {
		return x.Name == y.Name && x.Type == y.Type && x.Rows == y.Rows && x.Blank == y.Blank && x.Low == y.Low && x.Grid == y.Grid && x.Levels == y.Levels &&
			x.Rare == y.Rare && slices.Equal(x.Edges, y.Edges) && slices.Equal(x.Logits, y.Logits) && slices.Equal(x.Values, y.Values) && slices.Equal(x.Counts, y.Counts)
	})
}
