package checkpoint

import (
	"fmt"
	"hash/crc32"
	"math"
	"strings"

	"inkling/internal/strictjson"
)

// The safetensors format: 8 bytes, little-endian, the length N of the header; N
// bytes of JSON, padded with spaces; the data of all tensors, end to end.
//
//	{"__metadata__":{"key":"text",…},
//	 "name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…}
//
// Two keys of the metadata are ours, each a CRC-32C as eight hexadecimal digits:
// inkling.data_crc32c is that of the data, and inkling.header_crc32c that of the
// length and the header, with its own eight digits read as zeros. So the sum of the
// header protects the sum of the data. Files of others have neither and are read
// without; one key without the other is damage. CRC-32C finds every flipped bit and
// every burst of up to 32 bits, and costs less than copying the data; SHA-256 was
// rejected, since it takes ten times as long and a forger could make either.

// A Tensor is a named array of float32 in row-major order: Data has as many elements
// as the product of Shape, which is empty for a scalar.
//
// A name is valid UTF-8 of 1 to 1024 bytes without control characters, "/" and "\",
// other than ".", ".." and "__metadata__".
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

const (
	maxHeader   = 8 << 20                 // bytes
	maxTensors  = 1 << 16                 // in one file
	maxMetadata = 1 << 12                 // in one file
	maxRank     = 8                       // dimensions of a tensor
	maxName     = 1024                    // bytes
	maxData     = min(1<<36, math.MaxInt) // bytes: 64 GiB, where an int holds it
	chunk       = 256 << 10               // bytes encoded, summed and written at a time
	prefixLen   = 8                       // bytes before the header
	metadataKey = "__metadata__"          // the one name that is no tensor
	keyData     = "inkling.data_crc32c"   // metadata
	keyHeader   = "inkling.header_crc32c" // metadata
	headerMark  = `"` + keyHeader + `":"` // what stands before the digits of the header's sum
	zeroSum     = "00000000"              // what they are read as
	exponent32  = uint32(0xff) << 23      // all ones: infinite or not a number
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkName says what is wrong with a tensor's name, or nothing.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a tensor has no name")
	case len(name) > maxName:
		return fmt.Errorf("tensor %s has a name of %d bytes, more than %d", quote(name), len(name), maxName)
	case name == "." || name == ".." || strings.ContainsAny(name, `/\`):
		return fmt.Errorf("tensor %s has path elements in its name", quote(name))
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("tensor %s has control characters in its name", quote(name))
	}
	return nil
}

// elements is the product of a shape, or false if it overflows; a dimension of zero
// does not hide an overflow.
func elements(shape []int) (n int, ok bool) {
	n, zero := 1, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, false
		case d == 0:
			zero = true
		case n > math.MaxInt/8/d:
			return 0, false
		default:
			n *= d
		}
	}
	if zero {
		n = 0
	}
	return n, true
}

// quote makes a text of any length and content fit for a line.
func quote(s string) string { return strictjson.Quote(s) }
