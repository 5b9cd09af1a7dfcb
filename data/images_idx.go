package data

import "encoding/binary"

// idxTypes are the types of numbers that the third byte of an IDX file can name.
var idxTypes = map[byte]string{0x09: "signed bytes", 0x0B: "16-bit integers", 0x0C: "32-bit integers", 0x0D: "32-bit floats", 0x0E: "64-bit floats"}

// readIDX reads the header of an IDX file, the form of MNIST (yann.lecun.com/exdb/mnist): two bytes of 0, the type of
// numbers, how many dimensions, and each as a big-endian integer of 32 bits.
func (a *arrayFile) readIDX() ([]int64, error) {
	head, err := a.take(4)
	if err != nil {
		return nil, err
	}
	kind, dims := head[2], int(head[3])
	switch name, known := idxTypes[kind]; {
	case known:
		return nil, a.bad("is an IDX file of %s, and pictures are of unsigned bytes (type 8): write it so", name)
	case kind != 0x08:
		return nil, a.bad("is no IDX file of pictures, since it begins with % x and not with 00 00 08 03: copy it again, or name another", head)
	case dims == 1:
		return nil, a.bad("is an IDX file of labels, of one dimension: name the one of pictures")
	case dims < 2 || dims > 4:
		return nil, a.bad("is an IDX file of %d dimensions, and pictures have two to four: copy it again, or name another", dims)
	}
	sizes, err := a.take(4 * dims)
	if err != nil {
		return nil, err
	}
	var all []int64
	for i := range dims {
		all = append(all, int64(binary.BigEndian.Uint32(sizes[4*i:])))
	}
	a.number = uint8s
	return all, nil
}
