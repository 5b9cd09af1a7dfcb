package wordvec

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
)

// NumPy's format .npy, version 1.0, of a matrix: 6 bytes of magic, 2 of version, the length of the header in 2, the header,
// which is the text of a Python dictionary, padded such that the data begin at a multiple of 64, and the numbers, row after
// row. It has no words: they are in a text of their own, one a line. The library npyio was not taken: it panics at headers
// that are not well formed, and takes what memory one asks for.

const npyMagic = "\x93NUMPY\x01\x00"

// WriteNPY writes the numbers as a matrix of float32, [len(Words),Dim].
func (v *Vectors) WriteNPY(w io.Writer) error {
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", len(v.Words), v.Dim)
	length := (len(npyMagic)+2+len(header)+1+63)/64*64 - len(npyMagic) - 2
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString(npyMagic)
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(length)))
	fmt.Fprintf(b, "%-*s\n", length-1, header)
	for _, x := range v.Data {
		b.Write(binary.LittleEndian.AppendUint32(b.AvailableBuffer(), math.Float32bits(x)))
	}
	return b.Flush()
}

// WriteWords writes the words, one a line.
func (v *Vectors) WriteWords(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	for _, word := range v.Words {
		b.WriteString(word)
		b.WriteByte('\n')
	}
	return b.Flush()
}

var npyHeader = regexp.MustCompile(`^\{'descr': ?'([^']*)', ?'fortran_order': ?(True|False), ?'shape': ?\((\d{1,18}), ?(\d{1,18}),?\),? ?\} *\n$`)

// ReadNPY reads a matrix of float32 or float64 and its words, one a line. With a limit above 0 it reads so many vectors at
// most, and else both must end together, since words that are not those of the matrix would stand for wrong vectors. The error
// says what is wrong, and whether with the matrix or with the words.
func ReadNPY(matrix, words io.Reader, limit int) (*Vectors, error) {
	room := left(matrix)
	r := bufio.NewReaderSize(matrix, 1<<16)
	rows, dim, wide, err := readShapeNPY(r)
	if err != nil {
		return nil, err
	}
	c := newCollector(rows, dim, limit, room/int64(wide*dim))
	names := bufio.NewReaderSize(words, 1<<16)
	raw := make([]byte, dim*wide)
	for n := 0; n < rows && (limit <= 0 || n < limit); n++ {
		word, err := readWord(names, '\n')
		if err == io.EOF && word == "" {
			return nil, fmt.Errorf("%d words for a matrix of %d rows", n, rows)
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("word %d: %w", n+1, err)
		}
		if _, err := io.ReadFull(r, raw); err != nil {
			return nil, cutShort(err)
		}
		if wide == 4 {
			err = c.add(word, raw, float32s)
		} else {
			err = c.add(word, raw, float64s)
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", n+1, err)
		}
	}
	if limit <= 0 {
		if more, err := goesOn(r); more || err != nil {
			return nil, cmp.Or(err, fmt.Errorf("goes on after %d rows of %d numbers, where its header says that there are no more", rows, dim))
		}
		if more, err := goesOn(names); more || err != nil {
			return nil, cmp.Or(err, fmt.Errorf("more than %d words for a matrix of %d rows", rows, rows))
		}
	}
	return c.vectors()
}

// ShapeNPY gives the number of rows and their length that the header of a matrix says. It reads on, and does not go back.
func ShapeNPY(matrix io.Reader) (rows, dim int, err error) {
	rows, dim, _, err = readShapeNPY(bufio.NewReader(matrix))
	return rows, dim, err
}

// readShapeNPY reads all that is before the numbers, and gives the bytes of one, too.
func readShapeNPY(r *bufio.Reader) (rows, dim, wide int, err error) {
	var begin [len(npyMagic) + 2]byte
	if _, err := io.ReadFull(r, begin[:]); err != nil {
		return 0, 0, 0, cutShort(err)
	}
	if string(begin[:len(npyMagic)]) != npyMagic {
		return 0, 0, 0, errors.New("not a matrix of NumPy in version 1.0 of its format")
	}
	header := make([]byte, binary.LittleEndian.Uint16(begin[len(npyMagic):]))
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, 0, 0, cutShort(err)
	}
	f := npyHeader.FindSubmatch(header)
	if f == nil {
		return 0, 0, 0, fmt.Errorf("not a matrix of NumPy: its header is %.120q", header)
	}
	kind, fortran := string(f[1]), string(f[2])
	rows, _ = strconv.Atoi(string(f[3]))
	dim, _ = strconv.Atoi(string(f[4]))
	switch {
	case kind != "<f4" && kind != "<f8":
		return 0, 0, 0, fmt.Errorf("a matrix of NumPy of type %.20q: must be <f4 or <f8 (float32 or float64)", kind)
	case fortran == "True":
		return 0, 0, 0, errors.New("a matrix of NumPy that is stored column by column: save numpy.ascontiguousarray of it")
	case rows < 1 || dim < 1 || dim > MaxDim:
		return 0, 0, 0, fmt.Errorf("a matrix of %d × %d: there must be a row, and rows of 1 to %d", rows, dim, MaxDim)
	}
	return rows, dim, int(kind[2] - '0'), nil
}

func float64s(dst []float32, raw []byte) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
	}
}
