package tables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"inkling/internal/strictjson"
)

// The types of columns.
const (
	Number     = "number"     // decimals, on a grid
	Integer    = "integer"    // whole numbers
	Category   = "category"   // few values, with a score for each
	Vocabulary = "vocabulary" // many values, through a layer of softmax/
	Skip       = "skip"       // left out
)

// Types lists them.
var Types = []string{Number, Integer, Category, Vocabulary, Skip}

// A Field is what a schema says of a column.
type Field struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Why     string   `json:"why,omitempty"`     // of a column that is left out
	Missing []string `json:"missing,omitempty"` // cells that stand for nothing, in place of the usual ones
	Step    float64  `json:"step,omitempty"`    // of a number: how far neighbours on its grid are apart; the last digit that the data have unless given
}

// A Schema says what the columns of a table are: all of them, in order, or, to correct what was inferred, some.
type Schema struct {
	Columns []Field `json:"columns"`
}

// Field is that of a name; nil if there is none.
func (s Schema) Field(name string) *Field {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i]
		}
	}
	return nil
}

var schemaLimits = strictjson.Limits{Depth: 8, Values: 1 << 16}

// ReadSchema reads a schema that a user wrote, or that --plan --json wrote, of which only "columns" counts.
func ReadSchema(raw []byte) (s Schema, err error) {
	var file struct {
		Schema
		Rows, Training, Available json.RawMessage // of --plan
	}
	if err := strictjson.Unmarshal(raw, schemaLimits, &file); err != nil {
		return s, err
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&file); err != nil {
		return s, fmt.Errorf("%.200s: a column has name, type, missing and step", err)
	}
	s = file.Schema
	if len(s.Columns) == 0 {
		return s, fmt.Errorf(`it has no columns: write {"columns": [{"name": "age", "type": "integer"}]}`)
	}
	return s, s.check()
}

func (s Schema) check() error {
	seen := map[string]bool{}
	for i, f := range s.Columns {
		switch {
		case f.Name == "":
			return fmt.Errorf("column %d has no name", i+1)
		case seen[f.Name]:
			return fmt.Errorf("column %q is there twice", short(f.Name))
		case !slices.Contains(Types, f.Type):
			return fmt.Errorf("column %q has type %q: choose one of %s", short(f.Name), short(f.Type), strings.Join(Types, ", "))
		case f.Step != 0 && f.Type != Number:
			return fmt.Errorf("column %q has a step, which is of numbers, and its type is %s", short(f.Name), f.Type)
		case !(f.Step >= 0 && f.Step <= 1e300):
			return fmt.Errorf("column %q has a step of %g: must be above 0", short(f.Name), f.Step)
		}
		for _, m := range f.Missing {
			if !utf8.ValidString(m) || len(m) > maxValue {
				return fmt.Errorf("column %q: a missing cell of more than %d bytes, or not in UTF-8", short(f.Name), maxValue)
			}
		}
		seen[f.Name] = true
	}
	return nil
}

// within refuses a schema of columns that a table does not have.
func (s Schema) within(header []string) error {
	for _, f := range s.Columns {
		if !slices.Contains(header, f.Name) {
			return fmt.Errorf("the schema has a column %q, and the table has none of that name", short(f.Name))
		}
	}
	return nil
}
