package wordvec

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The formats of the program word2vec, which gensim, fastText and others read and write. Both begin with a line of two
// numbers, of words and of the length of a vector. Then come, as text, a line for each word: the word and its numbers,
// with spaces between; in binary, for each word the word, a space, its numbers as float32, little-endian, and, from most
// programs, a line end. So a word has no white space in it.

// maxWord is the longest word that is read, in bytes.
const maxWord = 1 << 12

// WriteText writes the format as text. Numbers have as many digits as give them back exactly.
func (v *Vectors) WriteText(w io.Writer) error {
	return v.write(w, func(b *bufio.Writer, x []float32) {
		for _, a := range x {
			b.WriteByte(' ')
			b.Write(strconv.AppendFloat(b.AvailableBuffer(), float64(a), 'g', -1, 32))
		}
	}, "")
}

// WriteBinary writes the binary format.
func (v *Vectors) WriteBinary(w io.Writer) error {
	return v.write(w, func(b *bufio.Writer, x []float32) {
		for _, a := range x {
			b.Write(binary.LittleEndian.AppendUint32(b.AvailableBuffer(), math.Float32bits(a)))
		}
	}, " ")
}

func (v *Vectors) write(w io.Writer, numbers func(*bufio.Writer, []float32), after string) error {
	b := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(b, "%d %d\n", len(v.Words), v.Dim)
	for i, word := range v.Words {
		if err := checkWord(word); err != nil {
			return err
		}
		b.WriteString(word)
		b.WriteString(after)
		numbers(b, v.Data[i*v.Dim:(i+1)*v.Dim])
		b.WriteByte('\n')
	}
	return b.Flush()
}

// checkWord refuses what the formats cannot hold.
func checkWord(word string) error {
	switch {
	case word == "":
		return errors.New("an empty word")
	case len(word) > maxWord:
		return fmt.Errorf("a word of %d bytes: at most %d", len(word), maxWord)
	case strings.ContainsAny(word, " \t\r\n"):
		return fmt.Errorf("the word %.60q has white space in it, which this format cannot hold", word)
	case !utf8.ValidString(word):
		return fmt.Errorf("the word %.60q is no UTF-8", word)
	}
	return nil
}

// ReadText reads the format as text. With a limit above 0 it reads so many vectors at most. Nothing is believed: memory
// is taken for as many vectors as the first line says, if the rest has room for them, and else as they come. The error says in
// which line what is wrong.
func ReadText(r io.Reader, limit int) (*Vectors, error) {
	room := left(r)
	lines := bufio.NewReaderSize(r, 1<<16)
	rows, dim, err := readShape(lines)
	if err != nil {
		return nil, err
	}
	c := newCollector(rows, dim, limit, room/int64(2*dim)) // a digit and a space each
	var line []byte
	for n := 0; n < rows && (limit <= 0 || n < limit); n++ {
		line, err = readLine(lines, line[:0], maxWord+64*dim)
		if err == io.EOF && len(line) == 0 {
			return nil, fmt.Errorf("ends after %d vectors, where its first line says %d", n, rows)
		}
		if err == nil || err == io.EOF {
			err = c.addLine(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	if limit <= 0 {
		if rest, err := readLine(lines, line[:0], maxWord); err != io.EOF || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("goes on after %d vectors, where its first line says that there are no more", rows)
		}
	}
	return c.vectors()
}

// ErrNoVectors is the error of what does not begin as a file of word2vec does.
var ErrNoVectors = errors.New("must be two numbers, of words and of the length of a vector")

// Shape gives the number of vectors and their length that the first line of a file says, in either format. It reads on, and
// does not go back.
func Shape(r io.Reader) (rows, dim int, err error) { return readShape(bufio.NewReader(r)) }

// readShape reads the first line.
func readShape(r *bufio.Reader) (rows, dim int, err error) {
	line, err := readLine(r, nil, 256)
	var long longLine
	if errors.As(err, &long) {
		return 0, 0, fmt.Errorf("the first line %w: it %w", err, ErrNoVectors)
	}
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	f := strings.Fields(string(line))
	if len(f) == 2 {
		var wrong error
		rows, err = strconv.Atoi(f[0])
		dim, wrong = strconv.Atoi(f[1])
		err = errors.Join(err, wrong)
	}
	switch {
	case len(line) == 0:
		return 0, 0, emptyFile{}
	case len(f) != 2 || err != nil:
		return 0, 0, fmt.Errorf("the first line is %.60q: %w", line, ErrNoVectors)
	case rows < 1 || rows > math.MaxInt32 || dim < 1 || dim > MaxDim:
		return 0, 0, fmt.Errorf("the first line says %d vectors of %d numbers: there must be a vector, of 1 to %d numbers", rows, dim, MaxDim)
	}
	return rows, dim, nil
}

// emptyFile is the error of a file without a byte.
type emptyFile struct{}

func (emptyFile) Error() string { return "is empty" }
func (emptyFile) Unwrap() error { return ErrNoVectors }

// longLine is the error of a line of more bytes than it may have.
type longLine int

func (most longLine) Error() string { return fmt.Sprintf("is longer than %d bytes", int(most)) }

// readLine appends a line without its end; io.EOF with what is there if the file ends first.
func readLine(r *bufio.Reader, line []byte, most int) ([]byte, error) {
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		if len(line) > most {
			return line, longLine(most)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), err
		}
	}
}

// ReadBinary reads the binary format, as ReadText does the other.
func ReadBinary(r io.Reader, limit int) (*Vectors, error) {
	room := left(r)
	b := bufio.NewReaderSize(r, 1<<16)
	rows, dim, err := readShape(b)
	if err != nil {
		return nil, err
	}
	c := newCollector(rows, dim, limit, room/int64(4*dim))
	raw := make([]byte, 4*dim)
	for n := 0; n < rows && (limit <= 0 || n < limit); n++ {
		word, err := readWord(b, ' ')
		word = strings.TrimLeft(word, "\n") // the end of the line before, from most programs
		if err == nil {
			_, err = io.ReadFull(b, raw)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("ends within vector %d, where its first line says %d", n+1, rows)
		}
		if err == nil {
			err = c.add(word, raw, float32s)
		}
		if err != nil {
			return nil, fmt.Errorf("vector %d: %w", n+1, err)
		}
	}
	if limit <= 0 {
		if more, err := goesOn(b); more || err != nil {
			return nil, cmp.Or(err, fmt.Errorf("goes on after %d vectors, where its first line says that there are no more", rows))
		}
	}
	return c.vectors()
}

// goesOn says whether there is anything left but line ends.
func goesOn(r *bufio.Reader) (bool, error) {
	for {
		switch b, err := r.ReadByte(); {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case b != '\n' && b != '\r':
			return true, nil
		}
	}
}

// readWord reads up to a byte that ends it; io.EOF with what is there if the file ends first.
func readWord(r *bufio.Reader, end byte) (string, error) {
	var word []byte
	for {
		b, err := r.ReadByte()
		if err != nil {
			return string(word), err
		}
		if b == end {
			return string(word), nil
		}
		if word = append(word, b); len(word) > maxWord {
			return "", fmt.Errorf("a word of more than %d bytes: the file is damaged, or of another format", maxWord)
		}
	}
}

func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("is cut short")
	}
	return err
}
