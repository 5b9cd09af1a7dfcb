package checkpoint

import (
	"encoding/binary"
	"math"
)

// A dtype is a type of numbers that is read. decode makes float32 of len(dst) numbers
// and says whether all are finite; a float64 beyond the range of float32 is not.
type dtype struct {
	name   string
	size   int // bytes
	decode func(dst []float32, src []byte) (finite bool)
}

var dtypes = [...]dtype{
	{"F32", 4, decodeF32},
	{"F64", 8, decodeF64},
	{"F16", 2, decodeF16},
	{"BF16", 2, decodeBF16},
}

// typeOf finds a type by its name in the format, nil if it is not read.
func typeOf(name []byte) *dtype {
	for i := range dtypes {
		if dtypes[i].name == string(name) {
			return &dtypes[i]
		}
	}
	return nil
}

// decodeF32 undoes [encodeF32].
func decodeF32(dst []float32, src []byte) bool {
	var carry uint32
	for len(dst) >= 4 && len(src) >= 16 {
		a, b := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[4:])
		c, d := binary.LittleEndian.Uint32(src[8:]), binary.LittleEndian.Uint32(src[12:])
		carry |= overflow(a) | overflow(b) | overflow(c) | overflow(d)
		dst[0], dst[1], dst[2], dst[3] = math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c), math.Float32frombits(d)
		dst, src = dst[4:], src[16:]
	}
	for i := range dst {
		bits := binary.LittleEndian.Uint32(src[4*i:])
		carry |= overflow(bits)
		dst[i] = math.Float32frombits(bits)
	}
	return carry>>31 == 0
}

func decodeF64(dst []float32, src []byte) bool {
	finite := true
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		if math.Float32bits(dst[i])&exponent32 == exponent32 {
			finite = false
		}
	}
	return finite
}

// decodeBF16 widens the upper half of a float32.
func decodeBF16(dst []float32, src []byte) bool {
	finite := true
	for i := range dst {
		bits := uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16
		if bits&exponent32 == exponent32 {
			finite = false
		}
		dst[i] = math.Float32frombits(bits)
	}
	return finite
}

// decodeF16 widens IEEE 754 binary16: 1 bit of sign, 5 of exponent with bias 15, 10 of
// fraction. Every number is a float32.
func decodeF16(dst []float32, src []byte) bool {
	finite := true
	for i := range dst {
		half := binary.LittleEndian.Uint16(src[2*i:])
		sign, exp, frac := uint32(half>>15)<<31, uint32(half>>10&31), uint32(half&1023)
		switch exp {
		case 31:
			finite = false
			dst[i] = math.Float32frombits(sign | exponent32 | frac<<13)
		case 0: // zero and subnormal: frac·2⁻²⁴, exactly
			dst[i] = math.Float32frombits(math.Float32bits(float32(frac)*0x1p-24) | sign)
		default:
			dst[i] = math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
		}
	}
	return finite
}
