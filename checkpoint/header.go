package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"inkling/internal/strictjson"
)

// A Header says what a safetensors file holds.
type Header struct {
	Tensors  []Info            // in the order of their data
	Metadata map[string]string // without the checksums; never nil

	sums    bool   // the file carries checksums
	dataSum uint32 // the one of the data
}

// An Info is a tensor without its data.
type Info struct {
	Name  string
	DType string // F64, F32, F16 or BF16; all become float32
	Shape []int

	begin, end int // of the bytes of the data
}

// Elements is the product of the shape.
func (t Info) Elements() int {
	n, _ := elements(t.Shape)
	return n
}

// ReadHeader reads and checks the header of a safetensors file of the given size in
// bytes and leaves r at the first byte of data. What it returns is consistent: the
// tensors fill the data without holes and overlaps. An error is one line that begins
// with file, and is [ErrFormat] if the file is at fault.
func ReadHeader(r io.Reader, size int64, file string) (*Header, error) {
	raw, err := readRaw(r, size, file)
	if err != nil {
		return nil, err
	}
	sums, err := checkHeaderSum(raw)
	if err != nil {
		return nil, malformed(file, err)
	}
	h, err := parseHeader(raw[prefixLen:])
	if err != nil {
		return nil, malformed(file, err)
	}
	if err := h.takeSums(sums); err != nil {
		return nil, malformed(file, err)
	}
	if err := h.layOut(size - int64(len(raw))); err != nil {
		return nil, malformed(file, err)
	}
	return h, nil
}

// readRaw reads the length and the header.
func readRaw(r io.Reader, size int64, file string) ([]byte, error) {
	if size < prefixLen+2 {
		return nil, malformed(file, fmt.Errorf("%d bytes are too few for a safetensors file", size))
	}
	var prefix [prefixLen]byte
	if err := readFull(r, prefix[:], file); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	switch {
	case n < 2:
		return nil, malformed(file, fmt.Errorf("its header would have %d bytes (is it a safetensors file?)", n))
	case n > maxHeader:
		return nil, malformed(file, fmt.Errorf("its header would have %d bytes, more than %d (is it a safetensors file?)", n, maxHeader))
	case n > uint64(size-prefixLen):
		return nil, malformed(file, fmt.Errorf("cut short: its header has %d bytes, the file %d", n, size))
	case size-prefixLen-int64(n) > maxData:
		return nil, malformed(file, fmt.Errorf("more than %d bytes of data", int64(maxData)))
	}
	raw := make([]byte, prefixLen+n)
	copy(raw, prefix[:])
	return raw, readFull(r, raw[prefixLen:], file)
}

// readFull fills b; a file that ends before is malformed.
func readFull(r io.Reader, b []byte, file string) error {
	_, err := io.ReadFull(r, b)
	switch err {
	case nil:
		return nil
	case io.EOF, io.ErrUnexpectedEOF:
		return malformed(file, fmt.Errorf("cut short while it was read"))
	}
	return readFault(file, err)
}

// parseHeader reads the JSON of a header with what pads it.
func parseHeader(text []byte) (*Header, error) {
	if text[0] != '{' {
		return nil, fmt.Errorf("the header does not begin with '{'")
	}
	s, err := strictjson.New("header", text)
	if err != nil {
		return nil, err
	}
	// No tensor takes fewer characters than this, so nothing is allocated that is not used.
	most := min(maxTensors, len(text)/len(`"n":{"dtype":"F32","shape":[],"data_offsets":[0,0]}`)+1, bytes.Count(text, []byte("{")))
	h := &Header{Tensors: make([]Info, 0, most)}
	names := make(map[string]struct{}, most)
	err = s.Members(func(key []byte) error {
		if string(key) == metadataKey {
			if h.Metadata != nil {
				return s.Errorf("%s is there twice", metadataKey)
			}
			h.Metadata = map[string]string{}
			return readMetadata(s, h.Metadata)
		}
		name := string(key)
		if err := checkName(name); err != nil {
			return err
		}
		if _, twice := names[name]; twice {
			return fmt.Errorf("tensor %s is there twice", quote(name))
		}
		if len(h.Tensors) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		names[name] = struct{}{}
		info := Info{Name: name}
		if err := readInfo(s, &info); err != nil {
			return fmt.Errorf("tensor %s: %w", quote(name), err)
		}
		h.Tensors = append(h.Tensors, info)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(bytes.Trim(text[s.At():], " ")) > 0 {
		return nil, s.Errorf("something other than spaces follows the object")
	}
	if h.Metadata == nil {
		h.Metadata = map[string]string{}
	}
	return h, nil
}

// readMetadata reads an object of strings.
func readMetadata(s *strictjson.Scanner, m map[string]string) error {
	return s.Members(func(key []byte) error {
		name := string(key)
		if _, twice := m[name]; twice {
			return s.Errorf("metadata %s is there twice", quote(name))
		}
		if len(m) == maxMetadata {
			return s.Errorf("more than %d metadata", maxMetadata)
		}
		if s.Next() != '"' {
			return s.Errorf("metadata %s is not a string", quote(name))
		}
		value, err := s.Text()
		m[name] = string(value)
		return err
	})
}

// readInfo reads what describes a tensor: three fields, each once, in any order.
func readInfo(s *strictjson.Scanner, t *Info) error {
	var dtype, shape, offsets bool
	once := func(seen *bool, key []byte) error {
		if *seen {
			return s.Errorf("%s is there twice", key)
		}
		*seen = true
		return nil
	}
	err := s.Members(func(key []byte) error {
		switch string(key) {
		case "dtype":
			if err := once(&dtype, key); err != nil {
				return err
			}
			name, err := s.Text()
			if err != nil {
				return err
			}
			d := typeOf(name)
			if d == nil {
				return s.Errorf("dtype %s is not one that is read: F32, F64, F16, BF16", quote(string(name)))
			}
			t.DType = d.name
		case "shape":
			if err := once(&shape, key); err != nil {
				return err
			}
			var dims [maxRank]int
			n, err := readIntegers(s, dims[:], "dimensions")
			if err != nil {
				return err
			}
			t.Shape = make([]int, n)
			copy(t.Shape, dims[:n])
		case "data_offsets":
			if err := once(&offsets, key); err != nil {
				return err
			}
			var ends [2]int
			n, err := readIntegers(s, ends[:], "data_offsets")
			if err != nil {
				return err
			}
			if n != 2 {
				return s.Errorf("%d data_offsets in place of 2", n)
			}
			t.begin, t.end = ends[0], ends[1]
		default:
			return s.Errorf("field %s is not one of dtype, shape, data_offsets", quote(string(key)))
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !dtype:
		return s.Errorf("dtype is missing")
	case !shape:
		return s.Errorf("shape is missing")
	case !offsets:
		return s.Errorf("data_offsets are missing")
	}
	return nil
}

// readIntegers reads an array of whole numbers into dst and says how many there were.
func readIntegers(s *strictjson.Scanner, dst []int, what string) (n int, err error) {
	err = s.Array(func() error {
		if n == len(dst) {
			return s.Errorf("more than %d %s", len(dst), what)
		}
		v, err := s.Integer(math.MaxInt)
		if err != nil {
			return err
		}
		dst[n] = int(v)
		n++
		return nil
	})
	return n, err
}

// layOut puts the tensors in the order of their data and checks that they fill it.
// The order of the names in the JSON is free, as in the format.
func (h *Header) layOut(size int64) error {
	slices.SortStableFunc(h.Tensors, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := 0
	for i := range h.Tensors {
		t := &h.Tensors[i]
		n, ok := elements(t.Shape)
		width := typeOf([]byte(t.DType)).size
		switch {
		case !ok:
			return fmt.Errorf("tensor %s: the shape %v is too large", quote(t.Name), t.Shape)
		case t.end < t.begin:
			return fmt.Errorf("tensor %s: its data end at %d, before they begin at %d", quote(t.Name), t.end, t.begin)
		case t.begin > at:
			return fmt.Errorf("tensor %s: a hole before its data, from %d to %d", quote(t.Name), at, t.begin)
		case t.begin < at:
			return fmt.Errorf("tensor %s: its data begin at %d, within those of the tensor before, which end at %d", quote(t.Name), t.begin, at)
		case int64(t.end) > size:
			return fmt.Errorf("tensor %s: cut short: its data end at %d, those of the file at %d", quote(t.Name), t.end, size)
		case n*width != t.end-t.begin:
			return fmt.Errorf("tensor %s: the shape %v of %s needs %d bytes, the offsets give %d", quote(t.Name), t.Shape, t.DType, n*width, t.end-t.begin)
		}
		at = t.end
	}
	if int64(at) != size {
		return fmt.Errorf("%d bytes follow the last tensor", size-int64(at))
	}
	return nil
}
