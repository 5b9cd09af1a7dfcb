package data

import (
	"bytes"
	"math"
)

// amatMagic says whether a file begins as an .amat file of pictures of 0 and 1 does.
func amatMagic(head []byte) bool {
	return len(head) >= 2 && head[0]|1 == '1' && (head[1] == ' ' || head[1] == '\n')
}

// readAMAT reads what an .amat file (the form of the binarized MNIST of H. Larochelle) says of itself: it has no header,
// and each picture is a line of digits, 0 or 1, with a space between. So all lines are equally long. A picture of a
// square number of digits is taken as a square.
func (a *arrayFile) readAMAT() ([]int64, error) {
	if a.packed {
		return nil, a.bad("is a packed .amat file, of which the size is not known: unpack it")
	}
	head, _ := a.Peek(1 << 16)
	line := int64(bytes.IndexByte(head, '\n') + 1)
	if line == 0 || line%2 != 0 {
		return nil, a.bad("begins with a line that is not of digits, 0 or 1, with a space between: name a file of pictures")
	}
	if a.size%line != 0 {
		return nil, a.bad("has lines of unequal length, and all pictures are to be of %d digits: copy it again", line/2)
	}
	n, digits := a.size/line, line/2
	at := int64(0) // digits read
	a.number = number{name: "digits", width: 2, bytes: func(dst, src []byte) (int, string) {
		for i := range dst {
			after := byte(' ')
			if at++; at%digits == 0 {
				after = '\n'
			}
			if src[2*i]|1 != '1' || src[2*i+1] != after {
				return i, "something else than 0 and 1 with a space between"
			}
			dst[i] = src[2*i] - '0'
		}
		return -1, ""
	}}
	if side := int64(math.Sqrt(float64(digits))); side*side == digits {
		return []int64{n, side, side}, nil
	}
	return []int64{n, digits}, nil
}
