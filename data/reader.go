package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// A text is read in blocks: of running text so many bytes that are whole characters, of a list as many whole items.
// The blocks of a text are always the same, so that a place in it is a number.

var blockBytes = 1 << 16 // which tests make smaller

const maxItem = 64 << 20 // bytes; a longer line means that the file is no list

// block is a part of a text.
type block struct {
	text string
	// Of a list:
	ends    []int  // where each of its items ends
	bare    int    // how many empty lines were left out
	invalid int    // bytes of its items that are no UTF-8, before those in JSON are replaced
	where   string // the first of them is
}

// blocks reads a stream of the text to its end.
func (t *Text) blocks(in *textStream) iter.Seq2[block, error] {
	if t.items {
		return t.itemBlocks(in)
	}
	return func(yield func(block, error) bool) {
		defer in.Close()
		buf, rest := make([]byte, blockBytes), 0
		for {
			n, err := io.ReadFull(in, buf[rest:])
			n += rest
			last := err == io.EOF || err == io.ErrUnexpectedEOF // of ReadFull itself, not of a packed file within
			if err != nil && !last {
				yield(block{}, err)
				return
			}
			whole := n
			if !last {
				whole -= cutOff(buf[:n])
			}
			if whole > 0 && !yield(block{text: string(buf[:whole])}, nil) || last {
				return
			}
			rest = copy(buf, buf[whole:n])
		}
	}
}

// cutOff is how many bytes at the end of a text begin a character that may go on.
func cutOff(text []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if at := len(text) - back; utf8.RuneStart(text[at]) {
			if utf8.FullRune(text[at:]) {
				return 0
			}
			return back
		}
	}
	return 0
}

// itemBlocks is blocks for a list. A carriage return before a line end belongs to it.
func (t *Text) itemBlocks(stream *textStream) iter.Seq2[block, error] {
	return func(yield func(block, error) bool) {
		defer stream.Close()
		in := bufio.NewReaderSize(stream, 1<<16)
		var b block
		var text strings.Builder
		flush := func() bool {
			b.text = text.String()
			ok := yield(b, nil)
			b, text = block{}, strings.Builder{}
			return ok
		}
		var line []byte
		at, file, number := 0, 0, 0 // where the line begins, the file it is in, and its number there
		for {
			var err error
			line, err = readLine(in, line[:0])
			if now := stream.file(at); now == file {
				number++
			} else {
				file, number = now, 1
			}
			at += len(line)
			name := t.files[max(0, file)].name
			if err != nil && !errors.Is(err, io.EOF) {
				if errors.Is(err, errLongItem) {
					err = fmt.Errorf("%s: line %d is longer than %d MiB: is this a list, with an item on each line?", name, number, maxItem>>20)
				}
				yield(block{}, err)
				return
			}
			if err != nil && len(line) == 0 {
				break
			}
			item := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			raw := item
			if t.field != "" && len(bytes.TrimSpace(item)) > 0 {
				var wrong error
				if item, raw, wrong = fieldOf(item, t.field); wrong != nil {
					yield(block{}, fmt.Errorf("%s: line %d %w", name, number, wrong))
					return
				}
			}
			if !utf8.Valid(raw) {
				if b.invalid == 0 {
					b.where = fmt.Sprintf("in line %d of %s", number, name)
				}
				b.invalid += CheckUTF8(string(raw)).Invalid
			}
			if len(item) == 0 {
				b.bare++
			} else {
				text.Write(item)
				b.ends = append(b.ends, text.Len())
			}
			if text.Len() >= blockBytes && !flush() {
				return
			}
			if err != nil {
				break
			}
		}
		if len(b.ends) > 0 || b.bare > 0 {
			flush()
		}
	}
}

var errLongItem = errors.New("an item is too long")

// readLine appends a line with its end.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		piece, err := in.ReadSlice('\n')
		line = append(line, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxItem {
			return line, errLongItem
		}
	}
}

// fieldOf is a string in a JSON object, and how it stands there; null is an empty one.
func fieldOf(line []byte, name string) (field, raw []byte, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, nil, errors.New("is no JSON object: the file must have one on each line")
	}
	raw, ok := object[name]
	if !ok {
		var names []string
		for n := range object {
			names = append(names, n)
		}
		slices.Sort(names)
		have := strings.Join(names[:min(len(names), 8)], ", ")
		return nil, nil, fmt.Errorf("has no field %q, but %.200q", name, have)
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, nil, fmt.Errorf("has in its field %q something else than a string: %.60q", name, raw)
	}
	if text == nil {
		return nil, nil, nil
	}
	return []byte(*text), raw, nil
}
