package tables

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"inkling/data"
)

// What a table may be at most. A row that is longer is one of which a quote is never closed.
const (
	MaxColumns = 4096
	MaxRow     = 16 << 20 // bytes
	maxName    = 1 << 10  // bytes of a column's name
)

// A Reader gives the rows of comma-separated values with a header (RFC 4180; in place of commas semicolons or tabs, whichever the header has most of).
type Reader struct {
	Header []string // names, each there once

	name string // of the file, for errors
	csv  *csv.Reader
	in   *bounded
	file io.Closer // nil: of others
}

// Open opens a file, which may be packed by gzip or zstd.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, data.InWords(path, err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s is a folder: name a table in it", path)
	}
	r, err := NewReader(file, path)
	if err != nil {
		file.Close()
		return nil, err
	}
	r.file = file
	return r, nil
}

// NewReader reads the header. name is what errors call the input, and says by its ending whether it is separated by tabs.
func NewReader(in io.Reader, name string) (*Reader, error) {
	unpacked, err := data.Unpack(in)
	if err != nil {
		return nil, data.InWords(name, err)
	}
	r := &Reader{name: name, in: &bounded{r: unpacked}}
	text := bufio.NewReaderSize(r.in, 1<<18)
	r.csv = csv.NewReader(text)
	r.csv.ReuseRecord = true
	r.csv.Comma = separator(text, name)
	header, err := r.Next()
	if err == io.EOF {
		return nil, fmt.Errorf("%s is empty: a table begins with the names of its columns", name)
	}
	if err != nil {
		return nil, err
	}
	r.Header, err = names(header)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// separator is what stands between cells, by the first line.
func separator(text *bufio.Reader, name string) rune {
	for _, ending := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, ending)
	}
	if strings.HasSuffix(name, ".tsv") || strings.HasSuffix(name, ".tab") {
		return '\t'
	}
	line, _ := text.Peek(1 << 16)
	line, _, _ = bytes.Cut(line, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// names are those of columns. One without a name, as of an index that other programs write, gets one.
func names(header []string) ([]string, error) {
	if len(header) > MaxColumns {
		return nil, fmt.Errorf("%d columns: at most %d", len(header), MaxColumns)
	}
	list, seen := make([]string, len(header)), map[string]int{}
	for i, cell := range header {
		name := strings.TrimSpace(cell)
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		switch {
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("the name of column %d is not UTF-8: convert the file, with iconv for example", i+1)
		case len(name) > maxName:
			return nil, fmt.Errorf("the name of column %d has %d bytes, and at most %d are taken: is the first line a header?", i+1, len(name), maxName)
		}
		if before, twice := seen[name]; twice {
			return nil, fmt.Errorf("columns %d and %d are both named %q: give each a name of its own", before+1, i+1, short(name))
		}
		seen[name] = i
		list[i] = name
	}
	return list, nil
}

// short is the beginning of a cell, for messages.
func short(s string) string {
	if len(s) <= 40 {
		return s
	}
	end := 40
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Next is the next row, io.EOF after the last. The strings stay, the slice is used again.
func (r *Reader) Next() ([]string, error) {
	row, err := r.csv.Read()
	if err == nil {
		r.in.since = 0
		return row, nil
	}
	if err == io.EOF {
		return nil, err
	}
	return nil, r.inWords(row, err)
}

// Line is where a cell of the row that was read last begins, from 1.
func (r *Reader) Line(cell int) int {
	line, _ := r.csv.FieldPos(cell)
	return line
}

// Name is what errors call the input.
func (r *Reader) Name() string { return r.name }

func (r *Reader) inWords(row []string, err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return data.InWords(r.name, err)
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("%s: line %d has %d cells, and the header %d: give every row as many", r.name, parse.Line, len(row), len(r.Header))
	case errors.Is(err, csv.ErrBareQuote):
		return fmt.Errorf("%s: line %d has a quote in a cell without quotes around it: put the cell into quotes, and write each quote in it twice", r.name, parse.Line)
	case errors.Is(err, csv.ErrQuote):
		return fmt.Errorf("%s: the quoted cell that begins in line %d does not end as one: close the quotes, and write each quote in it twice", r.name, parse.StartLine)
	}
	return fmt.Errorf("%s: line %d: %w", r.name, parse.Line, parse.Err)
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// bounded ends an input in the middle of a row that does not end by itself, which encoding/csv would gather in memory.
type bounded struct {
	r     io.Reader
	since int // bytes since a row ended
}

var errLongRow = fmt.Errorf("a row has more than %d MiB: is a quote not closed?", MaxRow>>20)

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.since += n; b.since > MaxRow {
		return 0, errLongRow
	}
	return n, err
}
