package data

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The header of a .npy file is a Python dictionary of three entries, in any order (numpy.lib.format). Each pattern
// takes one.
var (
	npyDescr   = regexp.MustCompile(`['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|\[.*\])`)
	npyFortran = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([0-9,\s]*)\)`)
)

// npyHeaderMost is how long a header may be, in bytes. That of an array of numbers is about 100.
const npyHeaderMost = 1 << 16

// readNPY reads the header of a .npy file, of version 1 or 2: magic bytes, version, length and a dictionary that says the
// type of the numbers, their order and how many there are in each dimension. npyio is not used, since headers that are
// not as it expects make it panic or take memory as they like.
func (a *arrayFile) readNPY() ([]int64, error) {
	head, err := a.take(len(npyMagic) + 2)
	if err != nil {
		return nil, err
	}
	width := 2
	switch major := head[len(npyMagic)]; major {
	case 1:
	case 2:
		width = 4
	default:
		return nil, a.bad("is of version %d of .npy, and 1 and 2 are known: write it again by numpy.save, as an array of plain numbers", major)
	}
	length, err := a.take(width)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(append(length, 0, 0)[:4])
	if n > npyHeaderMost {
		return nil, a.bad("has a header of %d bytes, more than %d: write it again by numpy.save, as an array of plain numbers", n, npyHeaderMost)
	}
	text, err := a.take(int(n))
	if err != nil {
		return nil, err
	}
	return a.npyHeader(string(text))
}

// npyHeader reads the dictionary.
func (a *arrayFile) npyHeader(text string) ([]int64, error) {
	var values [3]string
	rest := text
	for i, pattern := range []*regexp.Regexp{npyDescr, npyFortran, npyShape} {
		at := pattern.FindStringSubmatchIndex(rest)
		if at == nil {
			return nil, a.bad("has a header that does not say %s as NumPy does: write it again by numpy.save", []string{"its type of numbers", "its order", "its shape"}[i])
		}
		if at[2] < 0 {
			return nil, a.bad("holds records of several fields, not numbers: write one array of numbers by numpy.save")
		}
		values[i] = rest[at[2]:at[3]]
		rest = rest[:at[0]] + rest[at[1]:]
	}
	if strings.Trim(rest, "{}, \n") != "" {
		return nil, a.bad("has a header that says more than type, order and shape: write it again by numpy.save")
	}
	var err error
	if a.number, err = npyNumber(values[0]); err != nil {
		return nil, a.bad("%w", err)
	}
	var dims []int64
	for _, s := range strings.Split(values[2], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		d, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, a.bad("has a header with the shape (%s), which is none: write it again by numpy.save", values[2])
		}
		dims = append(dims, d)
	}
	if values[1] == "True" && len(dims) > 1 {
		return nil, a.bad("has its numbers in Fortran's order, column by column: write numpy.ascontiguousarray of it")
	}
	return dims, nil
}

// npyOther are the types of NumPy that are no numbers to be read as pixels, by their letter.
var npyOther = map[byte]string{
	'O': "Python objects", 'S': "text", 'a': "text", 'U': "text", 'V': "raw bytes", 'c': "complex numbers", 'M': "dates", 'm': "times",
}

// npyNumber is how numbers of a type are written, which NumPy spells as byte order, letter and width.
func npyNumber(descr string) (number, error) {
	bad := func(what string) (number, error) {
		return number{}, fmt.Errorf("holds %s (type %q): write uint8, or float32 by numpy.asarray(x, numpy.float32)", what, descr)
	}
	if len(descr) < 2 || !strings.Contains("<>|=", descr[:1]) {
		return bad("numbers of an unknown type")
	}
	if what, ok := npyOther[descr[1]]; ok {
		return bad(what)
	}
	if descr[0] == '>' && descr[2:] != "1" {
		return bad("big-endian numbers")
	}
	switch descr[1:] {
	case "u1":
		return uint8s, nil
	case "b1":
		return whole("bool", 1, 1, func(p []byte) int64 { return int64(p[0]) }), nil
	case "i1":
		return whole("int8", 1, 255, func(p []byte) int64 { return int64(int8(p[0])) }), nil
	case "i2":
		return whole("int16", 2, 255, func(p []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(p))) }), nil
	case "u2":
		return whole("uint16", 2, 255, func(p []byte) int64 { return int64(binary.LittleEndian.Uint16(p)) }), nil
	case "i4":
		return whole("int32", 4, 255, func(p []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(p))) }), nil
	case "u4":
		return whole("uint32", 4, 255, func(p []byte) int64 { return int64(binary.LittleEndian.Uint32(p)) }), nil
	case "i8":
		return whole("int64", 8, 255, func(p []byte) int64 { return int64(binary.LittleEndian.Uint64(p)) }), nil
	case "u8": // what is too large for int64 is negative, and as wrong
		return whole("uint64", 8, 255, func(p []byte) int64 { return int64(binary.LittleEndian.Uint64(p)) }), nil
	case "f4":
		return floating("float32", 4, func(p []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(p))) }), nil
	case "f8":
		return floating("float64", 8, func(p []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(p)) }), nil
	}
	return bad("numbers of another type than bool, integers, float32 and float64")
}

// whole are integers, which must be 0 to most, as bytes are.
func whole(name string, width int, most int64, decode func([]byte) int64) number {
	return number{name: name, width: width, bytes: func(dst, src []byte) (int, string) {
		for i := range dst {
			v := decode(src[i*width:])
			if v < 0 || v > most {
				return i, fmt.Sprintf("a number that is not 0 to %d, as %s are to be,", most, name)
			}
			dst[i] = byte(v)
		}
		return -1, ""
	}}
}

// floating are floats, which must be numbers that float32 can hold.
func floating(name string, width int, decode func([]byte) float64) number {
	return number{name: name, width: width, floats: func(dst []float32, src []byte) (int, string) {
		for i := range dst {
			v := decode(src[i*width:])
			switch dst[i] = float32(v); {
			case math.IsNaN(v):
				return i, "NaN"
			case math.IsInf(v, 0):
				return i, "an infinite number"
			case math.IsInf(float64(dst[i]), 0):
				return i, fmt.Sprintf("%.3g, which is too large for float32,", v)
			}
		}
		return -1, ""
	}}
}
