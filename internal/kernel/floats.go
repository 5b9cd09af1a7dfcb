package kernel

import "unsafe"

// Floats is make([]float32, n), in large pages where it is large and the system has them: products go through matrices
// of many megabytes in every direction, and with pages of 4 KiB each row of a tile is another page to look up. On
// an AMD EPYC under Linux a training step takes 4 to 8 % less time with it where the output layer has 10,000 × 512
// weights, and 0 to 4 % where layers of 2×512 are all there is. Advising slices of 256 KiB and more gained nothing on top.
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
