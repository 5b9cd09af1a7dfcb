package kernel

import "unsafe"

// Floats is make([]float32, n), in large pages where it is large and the system has them: products go through matrices
// of many megabytes in every direction, and with pages of 4 KiB each row of a tile is another page to look up. Training
// steps take 1 to 8 % less time with it (Linux, AMD EPYC), those with the largest matrices most.
func Floats(n int) []float32 {
	x := make([]float32, n)
	largePages(x)
	return x
}

// largePage is the size of one.
const largePage = 2 << 20

// largePages asks for large pages for a slice that has whole ones in it. To be refused does no harm.
func largePages[T any](x []T) {
	var element T
	if bytes := uintptr(len(x)) * unsafe.Sizeof(element); bytes >= 2*largePage {
		adviseLarge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), bytes))
	}
}
