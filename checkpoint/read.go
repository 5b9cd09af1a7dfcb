package checkpoint

import (
	"fmt"
	"hash/crc32"
	"io"
)

// Read reads a safetensors file of the given size in bytes: the tensors in the order of
// their data, as float32, and the metadata. It trusts nothing: sizes are checked before
// anything is allocated, the checksums where the file has them; numbers that are not
// finite are refused. An error is one line that begins with file and names the tensor,
// and is [ErrFormat] if the file is at fault.
func Read(r io.Reader, size int64, file string) ([]Tensor, map[string]string, error) {
	h, err := ReadHeader(r, size, file)
	if err != nil {
		return nil, nil, err
	}
	tensors, err := h.read(r, file, allocate)
	if err != nil {
		return nil, nil, err
	}
	return tensors, h.Metadata, nil
}

// allocate is the place of a tensor that has none yet.
func allocate(t Info) ([]float32, error) { return make([]float32, t.Elements()), nil }

// read reads the data that follow a header to where into says, as many numbers as the tensor has.
func (h *Header) read(r io.Reader, file string, into func(Info) ([]float32, error)) ([]Tensor, error) {
	var longest int
	for _, t := range h.Tensors {
		longest = max(longest, t.end-t.begin)
	}
	buf := make([]byte, min(chunk, longest))
	tensors := make([]Tensor, len(h.Tensors))
	var sum uint32
	var notFinite error
	for i, t := range h.Tensors {
		d := typeOf([]byte(t.DType))
		data, err := into(t)
		if err != nil {
			return nil, malformed(file, err)
		}
		if len(data) != t.Elements() {
			panic(fmt.Sprintf("checkpoint: a place of %d numbers for tensor %q of %d", len(data), t.Name, t.Elements()))
		}
		tensors[i] = Tensor{t.Name, t.Shape, data}
		for len(data) > 0 {
			b := buf[:min(len(buf), len(data)*d.size)]
			if err := readFull(r, b, file); err != nil {
				return nil, err
			}
			sum = crc32.Update(sum, castagnoli, b)
			n := len(b) / d.size
			if !d.decode(data[:n], b) && notFinite == nil {
				notFinite = malformed(file, fmt.Errorf("tensor %s holds numbers that are not finite", quote(t.Name)))
				if !h.sums {
					return nil, notFinite
				}
			}
			data = data[n:]
		}
	}
	// A flipped bit may make an infinity of a number: damage goes first.
	if h.sums && sum != h.dataSum {
		return nil, malformed(file, fmt.Errorf("damaged: the data do not match their checksum"))
	}
	if notFinite != nil {
		return nil, notFinite
	}
	return tensors, nil
}
