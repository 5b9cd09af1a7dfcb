package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Write writes tensors as a safetensors file of F32 with checksums, in the order given.
// Equal arguments give equal bytes. It holds 256 KiB of the data at a time, and goes
// through them twice, since the header with their sum stands before them. The first time
// is about a quarter of the work of a checkpoint; going back to patch the header was
// rejected, since it needs more than an io.Writer, and since the second sum finds tensors
// that changed while they were written, which would be a damaged file.
//
// A tensor with numbers that are not finite is refused by name before anything is
// written, and so is a header of more than 8 MiB. Names and metadata that break the rules
// of [Tensor], repeat or are not UTF-8, shapes that do not fit the data or have more than
// 8 dimensions, and more than 65,536 tensors or 4,000 metadata panic. The data must not change meanwhile.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	check(tensors, metadata)
	sum, err := writeData(io.Discard, tensors)
	if err != nil {
		return err
	}
	header, err := appendHeader(tensors, metadata, sum)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	again, err := writeData(w, tensors)
	if err != nil {
		return err
	}
	if again != sum {
		return fmt.Errorf("the tensors changed while they were written")
	}
	return nil
}

// check panics on what a caller must not do.
func check(tensors []Tensor, metadata map[string]string) {
	if len(tensors) > maxTensors {
		panic(fmt.Sprintf("checkpoint: %d tensors, more than %d", len(tensors), maxTensors))
	}
	names := make(map[string]struct{}, len(tensors))
	for _, t := range tensors {
		if err := checkName(t.Name); err != nil {
			panic("checkpoint: " + err.Error())
		}
		if _, twice := names[t.Name]; twice || t.Name == metadataKey || !utf8.ValidString(t.Name) {
			panic(fmt.Sprintf("checkpoint: tensor %q repeats, is reserved or is not UTF-8", t.Name))
		}
		names[t.Name] = struct{}{}
		if n, ok := elements(t.Shape); !ok || n != len(t.Data) || len(t.Shape) > maxRank {
			panic(fmt.Sprintf("checkpoint: tensor %q of shape %v has %d elements", t.Name, t.Shape, len(t.Data)))
		}
	}
	if len(metadata) > maxMetadata-2 {
		panic(fmt.Sprintf("checkpoint: %d metadata, more than %d", len(metadata), maxMetadata-2))
	}
	for k, v := range metadata {
		if k == keyData || k == keyHeader || !utf8.ValidString(k) || !utf8.ValidString(v) {
			panic(fmt.Sprintf("checkpoint: metadata %q is reserved or not UTF-8", k))
		}
	}
}

// appendHeader is the length, the JSON and the spaces that make it a multiple of 8.
func appendHeader(tensors []Tensor, metadata map[string]string, dataSum uint32) ([]byte, error) {
	all := maps.Clone(metadata)
	if all == nil {
		all = map[string]string{}
	}
	all[keyData] = fmt.Sprintf("%08x", dataSum)
	all[keyHeader] = zeroSum

	h := make([]byte, prefixLen, prefixLen+128*(len(tensors)+2))
	h = append(h, '{')
	h = appendString(h, metadataKey)
	h = append(h, ':')
	digits, open := 0, byte('{')
	for _, key := range slices.Sorted(maps.Keys(all)) {
		h = appendString(append(h, open), key)
		h = append(h, ':')
		if key == keyHeader {
			digits = len(h) + len(`"`)
		}
		h = appendString(h, all[key])
		open = ','
	}
	h = append(h, '}')
	at := 0
	for _, t := range tensors {
		h = appendString(append(h, ','), t.Name)
		h = append(h, `:{"dtype":"F32","shape":[`...)
		for i, d := range t.Shape {
			if i > 0 {
				h = append(h, ',')
			}
			h = strconv.AppendInt(h, int64(d), 10)
		}
		h = append(h, `],"data_offsets":[`...)
		h = append(strconv.AppendInt(h, int64(at), 10), ',')
		at += 4 * len(t.Data)
		h = append(strconv.AppendInt(h, int64(at), 10), `]}`...)
	}
	h = append(h, '}')
	h = append(h, bytes.Repeat([]byte(" "), -len(h)&7)...)
	if n := len(h) - prefixLen; n > maxHeader {
		return nil, fmt.Errorf("its header would have %d bytes, more than %d: the metadata are too long", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(h, uint64(len(h)-prefixLen))
	copy(h[digits:], fmt.Sprintf("%08x", crc32.Checksum(h, castagnoli)))
	return h, nil
}

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	buf := bytes.NewBuffer(b)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("checkpoint: " + err.Error()) // a string is always JSON
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// writeData writes the numbers of all tensors and returns the sum of their bytes.
func writeData(w io.Writer, tensors []Tensor) (sum uint32, err error) {
	buf := make([]byte, chunk)
	used := 0
	flush := func() error {
		if used == 0 {
			return nil
		}
		sum = crc32.Update(sum, castagnoli, buf[:used])
		_, err := w.Write(buf[:used])
		used = 0
		return err
	}
	for _, t := range tensors {
		for data := t.Data; len(data) > 0; {
			n := min(len(data), (len(buf)-used)/4)
			if !encodeF32(buf[used:], data[:n]) {
				return 0, fmt.Errorf("tensor %s holds numbers that are not finite", quote(t.Name))
			}
			data = data[n:]
			if used += 4 * n; used == len(buf) {
				if err := flush(); err != nil {
					return 0, err
				}
			}
		}
	}
	return sum, flush()
}

// encodeF32 writes len(src) numbers and says whether all are finite. Four at a time, with
// the question answered by a carry in place of a branch, take 45 % of the time of one.
func encodeF32(dst []byte, src []float32) bool {
	var carry uint32
	for len(src) >= 4 && len(dst) >= 16 {
		a, b, c, d := math.Float32bits(src[0]), math.Float32bits(src[1]), math.Float32bits(src[2]), math.Float32bits(src[3])
		carry |= overflow(a) | overflow(b) | overflow(c) | overflow(d)
		binary.LittleEndian.PutUint32(dst, a)
		binary.LittleEndian.PutUint32(dst[4:], b)
		binary.LittleEndian.PutUint32(dst[8:], c)
		binary.LittleEndian.PutUint32(dst[12:], d)
		src, dst = src[4:], dst[16:]
	}
	for i, v := range src {
		bits := math.Float32bits(v)
		carry |= overflow(bits)
		binary.LittleEndian.PutUint32(dst[4*i:], bits)
	}
	return carry>>31 == 0
}

// overflow has its highest bit set if the exponent of a float32 is all ones.
func overflow(bits uint32) uint32 { return bits&exponent32 + 1<<23 }
