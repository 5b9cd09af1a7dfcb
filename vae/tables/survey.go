package tables

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// What is told apart of a column at most.
const (
	maxValues  = 1 << 20 // different values that are counted
	maxNumbers = 1 << 12 // different numbers that are counted, past which they can be no categories
	maxValue   = 1 << 10 // bytes of a value of a category
	MaxRows    = 1 << 30
)

// A Survey is what a first reading says of a table.
type Survey struct {
	Rows     int
	Header   []string
	profiles []profile
	given    Schema
	name     string
}

// profile is what was seen of a column.
type profile struct {
	missing   []string         // cells that stand for nothing; nil: the usual
	blank     int              // rows with such a cell
	numbers   int              // rows with a number
	low, high float64          // of them
	decimals  int              // the most digits after a point
	whole     bool             // all numbers are whole
	rising    bool             // each is above the one before
	infinite  int              // line of the first infinite one; 0: none
	odd       string           // the first cell that is none
	oddLine   int              // of it; 0: none
	values    map[string]int32 // how often each is there; nil: too many
	words     int              // in all cells
	longest   int              // bytes of a cell
	longLine  int
	last      float64
	keep      bool // numbers are values too, as many as there are
}

// NewSurvey reads all rows. given is what the user says of some columns.
func NewSurvey(r *Reader, given Schema) (*Survey, error) {
	if err := given.within(r.Header); err != nil {
		return nil, err
	}
	s := &Survey{Header: r.Header, profiles: make([]profile, len(r.Header)), given: given, name: r.name}
	for i, name := range r.Header {
		s.profiles[i] = profile{values: map[string]int32{}, low: math.Inf(1), high: math.Inf(-1), whole: true, rising: true, last: math.Inf(-1)}
		if f := given.Field(name); f != nil {
			s.profiles[i].missing = f.Missing
			s.profiles[i].keep = f.Type == Category || f.Type == Vocabulary
			if f.Type == Skip {
				s.profiles[i].values = nil
			}
		}
	}
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if s.Rows++; s.Rows > MaxRows {
			return nil, fmt.Errorf("%s has more than %d rows", r.name, MaxRows)
		}
		for i, cell := range row {
			if err := s.profiles[i].see(r, i, cell); err != nil {
				return nil, fmt.Errorf("%s: line %d: column %q: %w", r.name, r.Line(i), short(r.Header[i]), err)
			}
		}
	}
	if s.Rows == 0 {
		return nil, fmt.Errorf("%s has a header and no rows", r.name)
	}
	return s, nil
}

// isBlank says whether a cell stands for nothing.
func isBlank(cell string, missing []string) bool {
	if missing == nil {
		return isMissing(cell)
	}
	for _, m := range missing {
		if cell == m {
			return true
		}
	}
	return false
}

// see takes in a cell.
func (p *profile) see(r *Reader, i int, cell string) error {
	cell = strings.TrimSpace(cell)
	if isBlank(cell, p.missing) {
		p.blank++
		return nil
	}
	if len(cell) > p.longest {
		p.longest, p.longLine = len(cell), r.Line(i)
	}
	if v, ok := parseNumber(cell); ok {
		p.seeNumber(r, i, cell, v)
	} else {
		if p.oddLine == 0 {
			p.odd, p.oddLine = strings.Clone(short(cell)), r.Line(i)
		}
		p.words += 1 + strings.Count(cell, " ")
	}
	if p.values == nil || len(cell) > maxValue {
		return nil
	}
	if n, known := p.values[cell]; known {
		p.values[cell] = n + 1
		return nil
	}
	if !utf8.ValidString(cell) {
		return fmt.Errorf("the cell is not UTF-8: convert the file, with iconv for example")
	}
	if len(p.values) >= maxValues || len(p.values) >= maxNumbers && p.oddLine == 0 && !p.keep {
		p.values = nil
		return nil
	}
	p.values[strings.Clone(cell)] = 1
	return nil
}

func (p *profile) seeNumber(r *Reader, i int, cell string, v float64) {
	p.numbers++
	if math.IsInf(v, 0) {
		if p.infinite == 0 {
			p.infinite = r.Line(i)
		}
		return
	}
	p.rising = p.rising && v > p.last
	p.last = v
	p.low, p.high = min(p.low, v), max(p.high, v)
	p.whole = p.whole && v == math.Trunc(v)
	p.decimals = max(p.decimals, decimals(cell))
}

// Schema is what the columns are: what the user says, and else what they look like. It refuses what cannot be.
func (s *Survey) Schema() (Schema, error) {
	var all Schema
	for i, name := range s.Header {
		p := &s.profiles[i]
		f := Field{Name: name, Missing: p.missing}
		var err error
		if g := s.given.Field(name); g != nil {
			f = *g
			err = p.fits(f)
		} else {
			f.Type, f.Why, err = p.guess(s.Rows)
		}
		if err != nil {
			return all, fmt.Errorf("%s: column %q: %w", s.name, short(name), err)
		}
		all.Columns = append(all.Columns, f)
	}
	return all, nil
}

// fits refuses a type that the cells are not of.
func (p *profile) fits(f Field) error {
	switch f.Type {
	case Number, Integer:
		switch {
		case p.oddLine > 0:
			return fmt.Errorf(`line %d has %q, which is no number: correct it, or give the column another type, or name it in "missing" of the schema`, p.oddLine, p.odd)
		case p.infinite > 0:
			return p.infinity()
		case p.numbers == 0:
			return fmt.Errorf("every cell is missing: leave it out, with type skip")
		case f.Type == Integer && !p.whole:
			return fmt.Errorf("not all numbers are whole: its type is number")
		case p.low == p.high:
			return fmt.Errorf("every number is %g: leave it out, with type skip, or make it a category if some cells are missing", p.low)
		}
	case Category, Vocabulary:
		if p.longest > maxValue {
			return fmt.Errorf("line %d has a cell of %d bytes, and at most %d are taken for a value: leave it out, with type skip", p.longLine, p.longest, maxValue)
		}
		if p.values == nil {
			return fmt.Errorf("more different values than can be told apart: its type is number, or skip")
		}
		if f.Type == Category && len(p.values) > maxCategory {
			return fmt.Errorf("%d different values: as a category at most %d, its type is vocabulary", len(p.values), maxCategory)
		}
	}
	return nil
}

func (p *profile) infinity() error {
	return fmt.Errorf("line %d has an infinite number, of which no model can be made: take the row out, or name the cell in \"missing\" of a schema", p.infinite)
}

// What makes a column what it is.
const (
	fewNumbers  = 10   // different numbers that are a category
	fewValues   = 200  // different values that are a category
	maxCategory = 4096 // as a user may have it
	fewRows     = 20   // of which unique values say nothing
	manyRows    = 100  // of which rising numbers are a count of rows
)

// guess is what a column looks like, and why it is left out if it is.
func (p *profile) guess(rows int) (kind, why string, err error) {
	cells, different := rows-p.blank, len(p.values)
	switch {
	case cells == 0:
		return Skip, "without a cell that is not missing", nil
	case different == 1 && p.blank == 0:
		return Skip, "the same in every row", nil
	case p.numbers == cells:
		return p.guessNumber(rows)
	case p.longest > maxValue:
		return Skip, fmt.Sprintf("free text: line %d has %d bytes", p.longLine, p.longest), nil
	case p.values == nil && p.words < cells, p.values != nil && 20*(cells-p.numbers) < cells && different > 50:
		return "", "", fmt.Errorf(`%d of %d cells are numbers, and line %d has %q: correct it, or say what it is in a schema: name it in "missing", or make the column a vocabulary`, p.numbers, cells, p.oddLine, p.odd)
	case p.values == nil:
		return Skip, "of more different values than can be told apart", nil
	case different == cells && rows >= fewRows && p.words <= 2*cells:
		return Skip, "unique to each row, as a key is", nil
	case different > cells/2 && p.words > 3*cells:
		return Skip, "free text", nil
	case p.singles() > cells/2 && rows >= fewRows:
		return Skip, "of values that are mostly there only once", nil
	case different <= fewValues:
		return Category, "", nil
	}
	return Vocabulary, "", nil
}

func (p *profile) guessNumber(rows int) (kind, why string, err error) {
	different := len(p.values)
	switch {
	case p.infinite > 0:
		return "", "", p.infinity()
	case p.values != nil && different <= fewNumbers && (p.singles() == 0 || p.low == p.high):
		return Category, "", nil
	case p.low == p.high: // written in several ways
		return Skip, "the same in every row", nil
	case p.whole && p.rising && p.blank == 0 && rows >= manyRows:
		return Skip, "rising and unique to each row, as a key is", nil
	case p.whole:
		return Integer, "", nil
	}
	return Number, "", nil
}

// singles is how many values are there once.
func (p *profile) singles() (n int) {
	for _, times := range p.values {
		if times == 1 {
			n++
		}
	}
	return n
}
